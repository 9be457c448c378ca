"""Which steps a listing can take in its life, and who may take each; nothing else decides it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from flask_babel import LazyString

from matchmaker.core.errors import Conflict, NotAllowed
from matchmaker.i18n import lazy
from matchmaker.listings.models import Status


class Party(StrEnum):
    """On whose behalf a step is taken."""

    # Somebody who writes for the organisation that owns the listing.
    OWNER = "owner"
    # Somebody who may judge listings, and neither wrote this one nor belongs to its organisation.
    REVIEWER = "reviewer"
    # Whoever runs the platform.
    ADMIN = "admin"
    CLOCK = "clock"
    # A published source, whose listings were judged elsewhere.
    IMPORT = "import"


S, P = Status, Party
_OWNER = frozenset({P.OWNER})
_REVIEWER = frozenset({P.REVIEWER})
_OWNER_OR_ADMIN = frozenset({P.OWNER, P.ADMIN})
_ANYBODY = frozenset({P.OWNER, P.REVIEWER, P.ADMIN})
_OWNER_OR_CLOCK = frozenset({P.OWNER, P.CLOCK})

# A draft that nobody else ever saw can be deleted: that is no step, since nothing is left that could be in a state.
TRANSITIONS: Mapping[tuple[Status, Status], frozenset[Party]] = {
    (S.DRAFT, S.SUBMITTED): _OWNER,
    (S.DRAFT, S.PUBLISHED): frozenset({P.IMPORT}),
    # An owner takes back what they handed in, also while it is looked at; what was on the market once is withdrawn.
    (S.SUBMITTED, S.DRAFT): _OWNER,
    (S.SUBMITTED, S.WITHDRAWN): _OWNER_OR_ADMIN,
    (S.SUBMITTED, S.UNDER_REVIEW): _REVIEWER,
    (S.UNDER_REVIEW, S.DRAFT): _OWNER,
    (S.UNDER_REVIEW, S.WITHDRAWN): _OWNER_OR_ADMIN,
    # Given back to the queue; an administrator does it for a reviewer who is away.
    (S.UNDER_REVIEW, S.SUBMITTED): frozenset({P.REVIEWER, P.ADMIN}),
    (S.UNDER_REVIEW, S.RETURNED): _REVIEWER,
    (S.UNDER_REVIEW, S.PUBLISHED): _REVIEWER,
    (S.RETURNED, S.SUBMITTED): _OWNER,
    (S.RETURNED, S.ARCHIVED): _OWNER_OR_CLOCK,
    (S.PUBLISHED, S.ON_HOLD): _ANYBODY,
    (S.PUBLISHED, S.WITHDRAWN): _OWNER_OR_ADMIN,
    (S.PUBLISHED, S.EXPIRED): frozenset({P.CLOCK}),
    # Who held it lets it go on; an owner who cannot wait for the desk hands it in again.
    (S.ON_HOLD, S.PUBLISHED): _ANYBODY,
    (S.ON_HOLD, S.SUBMITTED): _OWNER,
    (S.ON_HOLD, S.WITHDRAWN): _OWNER_OR_ADMIN,
    (S.ON_HOLD, S.EXPIRED): frozenset({P.CLOCK}),
    (S.WITHDRAWN, S.SUBMITTED): _OWNER,
    # Straight back, as it was: a withdrawal that was a slip of the finger.
    (S.WITHDRAWN, S.PUBLISHED): _OWNER_OR_ADMIN,
    (S.WITHDRAWN, S.ARCHIVED): _OWNER_OR_CLOCK,
    (S.EXPIRED, S.SUBMITTED): _OWNER,
    (S.EXPIRED, S.ARCHIVED): _OWNER_OR_CLOCK,
}

# Waits for a reviewer, or is with one.
IN_REVIEW = frozenset({S.SUBMITTED, S.UNDER_REVIEW})
# Somebody else reads it, or will: it must stay complete whatever its owner changes.
READ_BY_OTHERS = IN_REVIEW | {S.PUBLISHED, S.ON_HOLD}
# Runs towards its end.
RUNNING = frozenset({S.PUBLISHED, S.ON_HOLD})
# Off the market for good unless its owner does something; after two years it is put away.
ENDED = frozenset({S.WITHDRAWN, S.EXPIRED, S.RETURNED})

TITLES: Mapping[Status, LazyString] = {
    S.DRAFT: lazy("Draft"),
    S.SUBMITTED: lazy("Waiting for review"),
    S.UNDER_REVIEW: lazy("Under review"),
    S.RETURNED: lazy("Returned with remarks"),
    S.PUBLISHED: lazy("Published"),
    S.ON_HOLD: lazy("On hold"),
    S.EXPIRED: lazy("Expired"),
    S.WITHDRAWN: lazy("Withdrawn"),
    S.ARCHIVED: lazy("Archived"),
}

# A sign beside the word: colour never tells alone.
ICONS: Mapping[Status, str] = {
    S.DRAFT: "pencil",
    S.SUBMITTED: "send",
    S.UNDER_REVIEW: "clipboard-check",
    S.RETURNED: "reply",
    S.PUBLISHED: "globe",
    S.ON_HOLD: "pause-circle",
    S.EXPIRED: "calendar-x",
    S.WITHDRAWN: "x-circle",
    S.ARCHIVED: "archive",
}


def may_move(current: Status, wanted: Status, parties: Iterable[Party]) -> bool:
    """Whether the table has such a step for one of the parties."""
    return bool(TRANSITIONS.get((current, wanted), frozenset()) & set(parties))


def check_move(current: Status, wanted: Status, parties: Iterable[Party]) -> None:
    """Raise Conflict when the table has no such step, NotAllowed when it has, and it is for somebody else to take."""
    allowed = TRANSITIONS.get((current, wanted))
    if allowed is None:
        raise Conflict(f"a listing that is {current} cannot become {wanted}")
    if not allowed & set(parties):
        raise NotAllowed(f"it is for somebody else to make a listing {wanted} that is {current}")
