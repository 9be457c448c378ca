"""The pool of a need: the union of what several rankings bring, so that grades favour none of them.

Everything is asked as a stranger asks: sealed passages have no part in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from matchmaker.gold import queries
from matchmaker.gold.drawing import chance, least_seen
from matchmaker.gold.models import GoldRound, Origin
from matchmaker.gold.policy import is_gradable
from matchmaker.gold.service import Pool
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Listing
from matchmaker.listings.queries import FullListing
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Readiness, Scope
from matchmaker.matching.scoring import total

# What chance brings, so that it can be told how much every ranking overlooks.
RANDOM_RESULTS = 3
# The languages that a round has seen least beside the need's, and the best results of each.
RARE_LANGUAGES, RARE_EACH = 2, 2
# Of a large language so many are looked at for its best: a search among all would cost more than the rest.
MOST_LOOKED_AT = 300

NOTHING: Pool = {}


@dataclass
class Pooler:
    """Draws pools in one reading session."""

    matcher: Matcher
    session: Session
    ranking: Ranking = field(init=False)

    def __post_init__(self) -> None:
        self.ranking = Ranking(self.matcher, self.session, Reader("en"))

    def pool(self, row: GoldRound, need_id: int) -> Pool | None:
        """What is graded beside the need; None while its texts wait for the encoder, empty when it is not judged."""
        need = self.session.get(Listing, need_id)
        if need is None or not is_gradable(need):
            return NOTHING
        full = listings.full(self.session, need)
        abroad = self.ranking.matches(full, scope=Scope.CROSS_BORDER, limit=row.depth)
        if abroad.readiness is Readiness.PENDING:
            return None
        whole = self.ranking.matches(full, scope=Scope.EVERYWHERE, limit=row.depth)
        results = queries.eligible(self.session, need)
        return union(
            {
                Origin.PRODUCT: [match.listing.id for match in abroad.matches],
                Origin.WHOLE: [match.listing.id for match in whole.matches],
                Origin.WORDS: self.ranking.saying(full, row.depth),
                Origin.RARE: self._rare(row, full, results),
                Origin.RANDOM: self._random(row, need_id, results),
            },
            results,
        )

    def _rare(self, row: GoldRound, need: FullListing, results: Mapping[int, str]) -> list[int]:
        lang, need_id = need.listing.lang, need.listing.id
        seen = queries.seen_languages(self.session, row.id or 0, lang)
        found: list[int] = []
        for rare in least_seen(results.values(), seen, RARE_LANGUAGES, chance(row.seed, "languages", need_id)):
            of_it = sorted(id_ for id_, other in results.items() if other == rare)
            looked_at = chance(row.seed, "look", need_id, rare).sample(of_it, min(len(of_it), MOST_LOOKED_AT))
            scores = {id_: total(parts) for id_, parts in self.ranking.among(need, looked_at).items()}
            found += sorted(scores, key=lambda id_: (-scores[id_], id_))[:RARE_EACH]
        return found

    def _random(self, row: GoldRound, need_id: int, results: Mapping[int, str]) -> list[int]:
        return chance(row.seed, "random", need_id).sample(sorted(results), min(len(results), RANDOM_RESULTS))


def union(lists: Mapping[Origin, Iterable[int]], eligible: Mapping[int, str]) -> Pool:
    """Every eligible result of any list, with its rank from 1 in each that brought it."""
    found: dict[int, dict[Origin, int]] = {}
    for origin, ids in lists.items():
        for rank, id_ in enumerate(ids, 1):
            if id_ in eligible:
                found.setdefault(id_, {})[origin] = rank
    return found
