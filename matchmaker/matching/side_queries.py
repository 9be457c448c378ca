"""What scoring asks of listings: their facts and codes, and what their owners are."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation
from matchmaker.listings.models import Listing, ListingCode, Scheme
from matchmaker.matching.schemas import Side

_SCORED = (
    Scheme.IPC,
    Scheme.NACE,
    Scheme.PARTNERSHIP,
    Scheme.PARTNER_TYPE,
    Scheme.PARTNER_SIZE,
    Scheme.TARGET_COUNTRY,
)


def sides(session: Session, listing_ids: Sequence[int]) -> dict[int, Side]:
    """What scoring asks of these listings."""
    codes: dict[int, dict[Scheme, list[str]]] = {}
    wanted = select(ListingCode).where(
        col(ListingCode.listing_id).in_(listing_ids), col(ListingCode.scheme).in_(_SCORED)
    )
    for row in session.execute(wanted.order_by(col(ListingCode.code))).scalars():
        codes.setdefault(row.listing_id, {}).setdefault(row.scheme, []).append(row.code)
    owned = select(Listing, col(Organisation.kind), col(Organisation.size)).outerjoin(
        Organisation, col(Organisation.id) == Listing.organisation_id
    )
    rows = session.execute(owned.where(col(Listing.id).in_(listing_ids)))
    # An anonymous owner's kind and size are shown to everybody as well.
    return {row[0].id: _side(row[0], codes.get(row[0].id, {}), row[1] or "", row[2] or "") for row in rows}


def _side(listing: Listing, codes: dict[Scheme, list[str]], kind: str, size: str) -> Side:
    return Side(
        country=listing.country,
        trl=listing.trl,
        ipc=tuple(codes.get(Scheme.IPC, ())),
        nace=tuple(codes.get(Scheme.NACE, ())),
        partnerships=tuple(codes.get(Scheme.PARTNERSHIP, ())),
        target_countries=tuple(codes.get(Scheme.TARGET_COUNTRY, ())),
        partner_types=tuple(codes.get(Scheme.PARTNER_TYPE, ())),
        partner_sizes=tuple(codes.get(Scheme.PARTNER_SIZE, ())),
        kind=kind,
        size=size,
        dated=listing.published_at,
        deadline=listing.deadline,
        budget=(listing.budget_min, listing.budget_max),
        currency=listing.budget_currency or "",
    )
