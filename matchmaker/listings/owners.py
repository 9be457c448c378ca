"""What readers are told of who owns a listing: the name, or of an anonymous one no more than kind and size."""

from flask_babel import LazyString

from matchmaker.accounts.models import Organisation
from matchmaker.i18n import _, lazy
from matchmaker.listings.models import Listing
from matchmaker.taxonomy.vocabulary import OrganisationKind, OrganisationSize

SOMEBODY = lazy("An organisation")
KINDS: dict[str, LazyString] = {
    OrganisationKind.ENTERPRISE: lazy("An enterprise"),
    OrganisationKind.INSTITUTE: lazy("A research institute"),
    OrganisationKind.UNIVERSITY: lazy("A university"),
    OrganisationKind.BROKER_AGENCY: lazy("A technology transfer agency"),
    OrganisationKind.INVESTOR: lazy("An investor"),
    OrganisationKind.PUBLIC_BODY: lazy("A public body"),
}
SIZES: dict[str, LazyString] = {
    OrganisationSize.MICRO: lazy("fewer than 10 staff"),
    OrganisationSize.SMALL: lazy("10 to 49 staff"),
    OrganisationSize.MEDIUM: lazy("50 to 249 staff"),
    OrganisationSize.LARGE: lazy("250 staff or more"),
}


def owner_line(listing: Listing, organisation: Organisation | None, *, named: bool) -> str:
    """Who owns the listing, in the reader's language; `named` says whether the reader may know."""
    if named or not listing.anonymous:
        return organisation.name if organisation else listing.organisation_name
    return described(organisation)


def described(organisation: Organisation | None) -> str:
    """An organisation without its name, such as "An enterprise, 50 to 249 staff"."""
    kind = KINDS.get(organisation.kind, SOMEBODY) if organisation else SOMEBODY
    size = SIZES.get(organisation.size) if organisation else None
    return str(_("%(kind)s, %(size)s", kind=kind, size=size)) if size else str(kind)
