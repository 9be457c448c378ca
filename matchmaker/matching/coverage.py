"""Coverage and exposure of the running installation: every published listing asks, across borders.

Lists are those that strangers see, from open passages alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlmodel import Session, col

from embeddings.encoders.base import Progress
from embeddings.evaluation.exposure import Exposure, coverage, exposure, gini, lorenz
from matchmaker.db.engine import reading_session
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Scope

ALL = "all"
# How long a list is whose reader is thought to see all of it.
TOP = 20
# So many listings are held in memory at a time; of each only its list's row ids are kept.
BATCH = 100

Groups = Mapping[str, Exposure]


@dataclass(frozen=True)
class Coverage:
    """For the documents of each direction the figures of all, and of those in each language."""

    top: int
    directions: Mapping[Direction, Groups]

    def as_dict(self) -> dict[str, object]:
        """The figures as plain data."""
        directions = {
            direction.value: {lang: group.as_dict() for lang, group in groups.items()}
            for direction, groups in self.directions.items()
        }
        return {"top": self.top, **directions}

    @property
    def documents(self) -> int:
        """How many listings could be shown, in both directions."""
        return sum(groups[ALL].documents for groups in self.directions.values())

    def as_figures(self) -> dict[str, object]:
        """All listings together, as the quality page reads them (run_figures.py)."""
        counts = np.concatenate([groups[ALL].counts for groups in self.directions.values()])
        return {"coverage": coverage(counts), "gini": gini(counts), "lorenz": lorenz(counts)}


def measure(matcher: Matcher, top: int, say: Callable[[str], Progress]) -> Coverage:
    """Let every published listing ask; `say` opens a progress bar for each direction."""
    found = {}
    with reading_session(matcher.engine) as session:
        languages = {direction: _languages(session, direction) for direction in Direction}
        for asking, shown in ((Direction.NEED, Direction.RESULT), (Direction.RESULT, Direction.NEED)):
            ranking = Ranking(matcher, session, Reader("en"))
            lists = _lists(ranking, list(languages[asking]), top, say(f"{asking.value}s ask"))
            found[shown] = _groups(lists, languages[shown])
    return Coverage(top, found)


def _languages(session: Session, direction: Direction) -> dict[int, str]:
    """Row id → language of the original, of everything published in a direction."""
    wanted = select(col(Listing.id), col(Listing.lang)).where(
        col(Listing.status) == Status.PUBLISHED, col(Listing.direction) == direction
    )
    return dict(session.execute(wanted.order_by(col(Listing.id))).all())


def _lists(ranking: Ranking, ids: list[int], top: int, progress: Progress) -> list[NDArray[np.int64]]:
    found = []
    progress(0, len(ids))
    for start in range(0, len(ids), BATCH):
        for full in listings.fulls_by_id(ranking.session, ids[start : start + BATCH]).values():
            best = ranking.best(full, scope=Scope.CROSS_BORDER, limit=top)
            found.append(np.array(best, dtype=np.int64))
            progress(len(found), len(ids))
        # What was read for one batch is not read again.
        ranking.session.expunge_all()
    return found


def _groups(lists: list[NDArray[np.int64]], languages: Mapping[int, str]) -> dict[str, Exposure]:
    ids = np.array(list(languages), dtype=np.int64)
    codes = np.array(list(languages.values()), dtype=str)
    groups = {ALL: exposure(lists, ids)}
    for lang in sorted(set(languages.values())):
        groups[lang] = exposure(lists, ids[codes == lang])
    return groups
