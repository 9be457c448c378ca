"""What a list says below a listing that stands for others: in which languages they are, and how many more there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from matchmaker.listings import queries
from matchmaker.listings.confidence import Reader
from matchmaker.listings.families import Families, families
from matchmaker.listings.schemas import ListingCard

# So many are named below one listing; the number of the others is told.
NAMED = 10


@dataclass(frozen=True)
class Kin:
    """Those for whom a listing stands: one for each other language, the rest, and how many are not named."""

    versions: Sequence[ListingCard] = ()
    similar: Sequence[ListingCard] = ()
    unnamed: int = 0

    @property
    def more(self) -> int:
        """How many there are besides the versions."""
        return len(self.similar) + self.unnamed

    @property
    def cards(self) -> Sequence[ListingCard]:
        return [*self.versions, *self.similar]

    def __bool__(self) -> bool:
        return bool(self.versions or self.similar or self.unnamed)


NO_KIN = Kin()


def shown_with(ids: Iterable[int], known: Families) -> list[int]:
    """These listings and those of their kin that are named below them."""
    return [*dict.fromkeys(one for id_ in ids for one in [id_, *known.kin(id_)[:NAMED]])]


def kin_of(id_: int, known: Families, cards: Mapping[int, ListingCard]) -> Kin:
    """The kin of a listing, from cards as `shown_with` asks for them."""
    everybody = known.kin(id_)
    if not everybody or id_ not in cards:
        return NO_KIN
    named = [cards[one] for one in everybody[:NAMED] if one in cards]
    versions: dict[str, ListingCard] = {}
    for card in named:
        if card.lang not in {cards[id_].lang, "und"}:
            versions.setdefault(card.lang, card)
    similar = [card for card in named if versions.get(card.lang) is not card]
    return Kin([*versions.values()], similar, len(everybody) - len(named))


def with_kin(session: Session, ids: Sequence[int], reader: Reader) -> dict[int, Kin]:
    """The same for listings whose own cards are known already; who is alone is not in it."""
    known = families(session, ids, reader)
    if not known.groups:
        return {}
    cards = queries.cards(session, shown_with([id_ for id_ in ids if id_ in known.groups], known), reader)
    found = {id_: kin_of(id_, known, cards) for id_ in ids}
    return {id_: kin for id_, kin in found.items() if kin}
