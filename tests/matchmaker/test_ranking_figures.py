"""The invented market is as large as was asked for, unlike itself, and is ranked and searched."""

import numpy as np
import pytest
from sqlmodel import select

from matchmaker.db.engine import reading_session
from matchmaker.listings.models import Direction, Listing
from matchmaker.matching.models import LexicalListing, Passage
from matchmaker.matching.queries import STORED
from matchmaker.ranking_figures import furnish, measure

INVENTED = 40


def test_results_are_invented_beside_the_demo_and_measured(app):
    matcher = app.extensions["matchmaker.matcher"]
    furnish(matcher, INVENTED)
    with reading_session(matcher.engine) as session:
        own = select(Listing.id).where(Listing.organisation_name.startswith("Institute "))
        ids = session.exec(own.where(Listing.direction == Direction.RESULT)).all()
        passages = session.exec(select(Passage).where(Passage.listing_id.in_(ids))).all()
        worded = set(session.exec(select(LexicalListing.listing_id)).all())
        shown = {int(owner) for layer in matcher.view(session).pool.layers for owner in layer.owners}
    assert len(ids) == INVENTED
    assert {passage.listing_id for passage in passages} == set(ids) <= worded & shown
    vectors = np.stack([np.frombuffer(passage.vector, STORED) for passage in passages]).astype(np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-2)
    assert len(np.unique(vectors, axis=0)) == len(passages)
    figures = measure(matcher)
    assert figures.needs > 50
    assert figures.results >= INVENTED + 70
    assert figures.passages >= len(passages)
    assert 0 < figures.ranking_p50_ms <= figures.ranking_p95_ms
    assert 0 < figures.search_p50_ms <= figures.search_p95_ms
