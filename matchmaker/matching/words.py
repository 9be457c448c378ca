"""Rank results by the words that they share with a need: a second opinion that knows no vectors."""

from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from embeddings.lexical import Bm25
from matchmaker.listings.models import Direction
from matchmaker.listings.queries import FullListing
from matchmaker.matching import queries
from matchmaker.matching.passages import BODY


@dataclass(frozen=True)
class Words:
    """BM25 over how published results begin, in every language version that anybody may read."""

    listing_ids: list[int]
    index: Bm25

    @classmethod
    def of_results(cls, session: Session) -> "Words":
        """Over the newest results; takes a second for some thousands, so it is made once for many needs."""
        rows = queries.openings(session, Direction.RESULT, own=())
        return cls([row.listing_id for row in rows], Bm25([f"{row.title}\n{row.beginning}" for row in rows]))

    def best(self, need: FullListing, k: int) -> list[int]:
        """Row ids of the k results that share most with the need's open words, best first; of those that share any"""
        if not self.listing_ids:
            return []
        said = (getattr(text, name) for text in need.texts for name in ("title", *BODY))
        scores = self.index.scores("\n".join(said))
        order = [int(row) for row in np.argsort(-scores, kind="stable") if scores[row] > 0]
        return list(dict.fromkeys(self.listing_ids[row] for row in order))[:k]
