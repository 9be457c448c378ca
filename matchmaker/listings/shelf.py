"""One's own listings, narrowed down by status and direction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matchmaker.listings.models import Direction, Status
from matchmaker.listings.schemas import ListingCard


@dataclass(frozen=True)
class Shelf:
    """The listings of an organisation; `counts` are by status within the chosen direction, "" counts all."""

    cards: Sequence[ListingCard]
    counts: Mapping[str, int]
    total: int
    status: str = ""
    direction: str = ""


def arrange(cards: Sequence[ListingCard], wanted: Mapping[str, str]) -> Shelf:
    """Keep what the address asks for; an unknown status or direction asks for nothing."""
    status = wanted.get("status", "") if wanted.get("status") in set(Status) else ""
    direction = wanted.get("direction", "") if wanted.get("direction") in set(Direction) else ""
    sided = [card for card in cards if not direction or card.direction == direction]
    counts = Counter[str](card.status.value for card in sided)
    kept = [card for card in sided if not status or card.status == status]
    return Shelf(kept, {"": len(sided), **counts}, len(cards), status, direction)
