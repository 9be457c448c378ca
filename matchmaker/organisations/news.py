"""What people are told about the organisations that they act for, look after or check."""

from matchmaker.i18n import lazy
from matchmaker.notifications.kinds import Kind, declare

REQUESTED = Kind(
    "organisation.verification",
    lazy("Organisations that wait to be verified"),
    lazy("“%(organisation)s” asks to be verified."),
    icon="patch-question",
    staff=True,
)
VERIFIED = Kind(
    "organisation.verified",
    lazy("Your organisation is verified"),
    lazy("“%(organisation)s” is verified now."),
    icon="patch-check",
)
REJECTED = Kind(
    "organisation.rejected",
    lazy("Your organisation could not be verified"),
    lazy("“%(organisation)s” could not be verified; the reason is on its page."),
    icon="shield-exclamation",
)
JOINED = Kind(
    "organisation.joined",
    lazy("Somebody joined your organisation"),
    lazy("Somebody accepted an invitation to “%(organisation)s”."),
    icon="person-plus",
)
ROLE = Kind(
    "organisation.role",
    lazy("Your part in an organisation changed"),
    lazy("What you may do for “%(organisation)s” was changed."),
    icon="person-badge",
)
REMOVED = Kind(
    "organisation.removed",
    lazy("You were taken out of an organisation"),
    lazy("You do not act for “%(organisation)s” any more."),
    icon="person-x",
)
BROKER = Kind(
    "organisation.broker",
    lazy("An organisation chose you as its broker"),
    lazy("“%(organisation)s” would like you to look after it."),
    icon="person-workspace",
    staff=True,
)

declare(REQUESTED, VERIFIED, REJECTED, JOINED, ROLE, REMOVED, BROKER)
