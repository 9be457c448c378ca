"""The titles of listings in news: what the receiver may know of a listing that they were told about."""

from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import Session, col

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.listings import policy, queries
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Listing, Status

# They are told of listings that were handed in, before anybody else may read them.
APPRAISERS = frozenset({Role.BROKER, Role.ADMINISTRATOR})


def titles(session: Session, public_ids: Collection[str], actor: Actor, lang: str) -> dict[str, str]:
    """Public id → title in the reader's language, for those that the reader may know; never an owner or a sealed word.

    A title that was public once is still named to those who were told of it then: that is how they know which it was.
    """
    rows = session.execute(select(Listing).where(col(Listing.public_id).in_(list(public_ids)))).scalars().all()
    known = [row.id for row in rows if row.id is not None and knows_title(actor, row)]
    return {card.public_id: card.title for card in queries.cards(session, known, Reader(lang, actor)).values()}


def knows_title(actor: Actor, listing: Listing) -> bool:
    """Whether the title may stand in news to this reader."""
    if policy.SEE.allows(actor, listing) or listing.published_at is not None:
        return True
    return listing.status is not Status.DRAFT and actor.role in APPRAISERS
