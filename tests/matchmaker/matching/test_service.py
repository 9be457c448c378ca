"""Listings get their vectors once, whatever else happens meanwhile."""

import logging
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from embeddings.encoders.base import Progress, Vectors
from embeddings.encoders.hashing import HashingEncoder
from matchmaker.config import Settings
from matchmaker.core.clock import now
from matchmaker.db import leases
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import ChangeKind, Listing, ListingChange
from matchmaker.matching import queries, runtime, service
from matchmaker.matching.models import Embedding, Passage
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Readiness, Scope
from tests.factories.market import NEED, RESULT, publish, translate, write
from tests.matchmaker.matching.conftest import CountingEncoder, People, changed, full, withdrawn

LONG = "".join(f"Sentence {number} tells of machine {number} and of what it drills. " for number in range(55))


def passages(engine: Engine, listing: Listing) -> list[Passage]:
    with reading_session(engine) as session:
        return queries.passages_of(session, [listing.id or 0])


def pending(engine: Engine) -> list[int]:
    with reading_session(engine) as session:
        return queries.pending(session, "hashing-256", 100)


def embedding(engine: Engine, listing: Listing) -> Embedding | None:
    with reading_session(engine) as session:
        return queries.embedding_of(session, listing.id or 0, "hashing-256")


def test_a_listing_is_stored_as_its_passages_with_the_vectors_of_the_encoder(engine: Engine, people: People) -> None:
    listing = publish(engine, people.of("CN"), NEED, description=LONG)
    assert service.embed(engine, HashingEncoder(), [listing.id or 0]) == 1
    rows = passages(engine, listing)
    assert len(rows) > 2
    expected = HashingEncoder().encode_passages([f"{NEED['title']}\n{row.text}" for row in rows])
    stored = np.stack([service.unpack(row.vector) for row in rows])
    np.testing.assert_allclose(stored, expected, atol=1e-3)
    kept = embedding(engine, listing)
    assert kept is not None
    assert (kept.revision, kept.passages, kept.encoder, kept.problem) == (1, len(rows), "hashing-256", "")


def test_embedding_again_encodes_nothing(engine: Engine, people: People, encoder: CountingEncoder) -> None:
    listing = publish(engine, people.of("CN"), NEED, description=LONG)
    service.embed(engine, encoder, [listing.id or 0])
    before = [(row.text, row.vector) for row in passages(engine, listing)]
    assert len(encoder.taken()) == len(before)
    assert service.embed(engine, encoder, [listing.id or 0]) == 1
    assert encoder.taken() == []
    assert [(row.text, row.vector) for row in passages(engine, listing)] == before


def test_an_edit_encodes_only_the_passages_that_it_changed(
    engine: Engine, people: People, encoder: CountingEncoder
) -> None:
    listing = publish(engine, people.of("CN"), NEED, description=LONG)
    service.embed(engine, encoder, [listing.id or 0])
    encoder.taken()
    changed(engine, people.of("CN"), listing, description=LONG.replace("machine 54", "machine 99"))
    assert service.embed(engine, encoder, [listing.id or 0]) == 1
    (text,) = encoder.taken()
    assert "machine 99" in text
    kept = embedding(engine, listing)
    assert kept is not None
    assert kept.revision == 2


def test_another_fact_encodes_nothing(engine: Engine, people: People, encoder: CountingEncoder) -> None:
    listing = publish(engine, people.of("CN"), NEED)
    service.embed(engine, encoder, [listing.id or 0])
    encoder.taken()
    changed(engine, people.of("CN"), listing, trl="9", ipr_notes="Nothing that is compared.")
    assert pending(engine) == [listing.id]
    assert service.embed(engine, encoder, [listing.id or 0]) == 1
    assert (encoder.taken(), pending(engine)) == ([], [])


def test_a_further_language_version_encodes_only_itself(
    engine: Engine, people: People, encoder: CountingEncoder
) -> None:
    listing = publish(engine, people.of("CN"), NEED)
    service.embed(engine, encoder, [listing.id or 0])
    encoder.taken()
    translate(engine, people.of("CN"), listing, lang="en", title="A robot for drilling", summary="For coal mines.")
    service.embed(engine, encoder, [listing.id or 0])
    assert encoder.taken() == ["A robot for drilling\nFor coal mines."]
    assert {row.lang for row in passages(engine, listing)} == {"zh", "en"}


def test_the_same_text_in_two_listings_of_a_batch_is_encoded_once(
    engine: Engine, people: People, encoder: CountingEncoder
) -> None:
    ids = [publish(engine, people.of("CN"), NEED).id or 0 for _ in range(3)]
    assert service.embed(engine, encoder, ids) == 3
    assert len(encoder.taken()) == 1


def test_a_restart_encodes_nothing(
    engine: Engine, people: People, matcher: Matcher, encoder: CountingEncoder, settings: Settings
) -> None:
    for number in range(3):
        publish(engine, people.of("CN"), NEED, title=f"Need {number}")
    while matcher.round():
        pass
    matcher.snapshot()
    assert len(encoder.taken()) == 3
    restarted = Matcher(settings, engine)
    restarted._encoder = encoder
    assert restarted.round() == 0
    with reading_session(engine) as session:
        restarted.index.catch_up(session)
    assert encoder.taken() == []


def test_of_two_matchers_one_works_and_the_other_waits_for_its_lease(
    engine: Engine, people: People, matcher: Matcher, encoder: CountingEncoder, settings: Settings
) -> None:
    other = Matcher(settings, engine)
    other._encoder, other._holder = encoder, "another process"
    for number in range(runtime.BATCH + 3):
        publish(engine, people.of("CN"), NEED, title=f"Need {number}")
    assert matcher.round() == runtime.BATCH
    assert other.round() == 0
    assert matcher.round() == 3
    assert len(encoder.taken()) == runtime.BATCH + 3
    # Once the holder rests, the other one may, but finds nothing to do.
    matcher.rest()
    assert other.round() == 0
    assert encoder.taken() == []


def test_a_lease_that_ran_out_lets_another_matcher_work(
    engine: Engine, people: People, matcher: Matcher, settings: Settings
) -> None:
    publish(engine, people.of("CN"), NEED)
    with unit_of_work(engine) as uow:
        leases.acquire(uow, runtime.LEASE, "a process that died", seconds=3600)
    assert matcher.round() == 0
    with unit_of_work(engine) as uow:
        lease = uow.session.get(leases.Lease, runtime.LEASE)
        assert lease is not None
        lease.until = now() - timedelta(seconds=1)
    assert matcher.round() == 1


class Slower(Matcher):
    """Between its look at what waits and its lease, another process does the work and rests."""

    def _have_lease(self) -> bool:
        other = Matcher(self.settings, self.engine)
        other._holder = "another process"
        other.round()
        other.rest()
        return super()._have_lease()


def test_work_that_another_matcher_finished_meanwhile_is_not_done_again(
    engine: Engine, people: People, settings: Settings
) -> None:
    publish(engine, people.of("CN"), NEED)
    assert Slower(settings, engine).round() == 0
    with reading_session(engine) as session:
        kinds = select(func.count()).where(col(ListingChange.kind) == ChangeKind.EMBEDDED)
        assert session.execute(kinds).scalar_one() == 1


class EditsWhileEncoding(CountingEncoder):
    """Somebody saves an edit while the encoder is at work, once."""

    def __init__(self, engine: Engine, people: People, listing: Listing) -> None:
        super().__init__()
        self.engine, self.people, self.listing = engine, people, listing
        self.edits = 1

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        if self.edits:
            self.edits -= 1
            changed(self.engine, self.people.of("CN"), self.listing, title="煤矿井下的新标题")
        return super().encode_passages(texts, progress=progress)


def test_a_listing_that_changed_meanwhile_is_left_to_the_next_round(engine: Engine, people: People) -> None:
    edited, other = publish(engine, people.of("CN"), NEED), publish(engine, people.of("CN"), NEED, title="Another")
    encoder = EditsWhileEncoding(engine, people, edited)
    assert service.embed(engine, encoder, [edited.id or 0, other.id or 0]) == 1
    assert passages(engine, edited) == []
    assert pending(engine) == [edited.id]
    assert service.embed(engine, encoder, [edited.id or 0]) == 1
    assert encoder.texts[-1].startswith("煤矿井下的新标题")
    assert pending(engine) == []


def test_a_listing_that_is_gone_is_left_out(engine: Engine) -> None:
    assert service.embed(engine, HashingEncoder(), [4711]) == 0


class RefusesPoison(CountingEncoder):
    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        if any("☠" in text for text in texts):
            raise RuntimeError("this text breaks the encoder")
        return super().encode_passages(texts, progress=progress)


def test_a_text_that_breaks_the_encoder_is_given_up_and_the_others_go_on(
    engine: Engine, people: People, matcher: Matcher, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    matcher._encoder = RefusesPoison()
    poison = publish(engine, people.of("CN"), NEED, title="毒 ☠ 毒")
    others = [publish(engine, people.of("CN"), NEED, title=f"Need {number}") for number in range(3)]
    with caplog.at_level(logging.CRITICAL):
        assert matcher.round() == 4
    assert pending(engine) == []
    assert all(passages(engine, other) for other in others)
    kept = embedding(engine, poison)
    assert kept is not None
    assert (kept.problem, kept.revision) == ("RuntimeError", 1)
    found = Ranking(matcher, session, Reader("en")).matches(full(session, poison), scope=Scope.CROSS_BORDER)
    assert (found.readiness, list(found.matches)) == (Readiness.IMPOSSIBLE, [])


def test_a_listing_that_was_given_up_is_tried_again_when_it_changes(
    engine: Engine, people: People, matcher: Matcher
) -> None:
    matcher._encoder = RefusesPoison()
    poison = publish(engine, people.of("CN"), NEED, title="毒 ☠ 毒")
    matcher.round()
    changed(engine, people.of("CN"), poison, title="无毒的标题")
    assert pending(engine) == [poison.id]
    assert matcher.round() == 1
    kept = embedding(engine, poison)
    assert kept is not None
    assert (kept.problem, kept.revision, kept.passages) == ("", 2, 1)


def test_a_listing_that_is_given_up_is_not_found_by_what_it_said_before(
    engine: Engine, people: People, matcher: Matcher, session: Session
) -> None:
    matcher._encoder = RefusesPoison()
    listing = publish(engine, people.of("CN"), NEED)
    matcher.round()
    changed(engine, people.of("CN"), listing, title="毒 ☠ 毒")
    matcher.round()
    assert passages(engine, listing) == []
    view = matcher.index.catch_up(session)
    assert not any(keep.any() for keep in view.keep(lambda columns: columns.alive))


def test_a_follower_that_fails_takes_nothing_from_the_listing(
    engine: Engine, people: People, matcher: Matcher, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> int:
        raise RuntimeError("the desk is on fire")

    matcher.followers[:] = [fail]
    listing = publish(engine, people.of("CN"), NEED)
    assert matcher.round() == 1
    matcher.follow()
    kept = embedding(engine, listing)
    assert kept is not None
    assert kept.problem == ""
    assert "a follower of the change log failed" in caplog.text
    assert "builtins.RuntimeError" in caplog.text
    # The line that raised it, and not what it said: whatever an error quotes may be sealed.
    assert "RuntimeError: " not in caplog.text


def test_only_what_is_published_waits_peoples_own_before_imports_newest_first(engine: Engine, people: People) -> None:
    write(engine, people.of("CN"), NEED)
    gone = publish(engine, people.of("CN"), NEED)
    withdrawn(engine, people.of("CN"), gone)
    old, imported, new = (publish(engine, people.of("CN"), RESULT) for _ in range(3))
    with unit_of_work(engine) as uow:
        row = uow.session.get(Listing, imported.id)
        assert row is not None
        row.source, row.source_id = "somewhere", "1"
    assert pending(engine) == [new.id, old.id, imported.id]
    with reading_session(engine) as session:
        assert queries.count_pending(session, "hashing-256") == 3


def test_another_encoder_makes_everything_wait_and_stands_beside_what_was(
    engine: Engine, people: People, encoder: CountingEncoder
) -> None:
    listing = publish(engine, people.of("CN"), NEED)
    service.embed(engine, HashingEncoder(64), [listing.id or 0])
    assert pending(engine) == [listing.id]
    assert service.embed(engine, encoder, [listing.id or 0]) == 1
    assert [row.encoder for row in passages(engine, listing)] == ["hashing-64", "hashing-256"]
    assert len(encoder.texts) == 1


def test_the_change_log_tells_of_new_vectors(engine: Engine, people: People) -> None:
    listing = publish(engine, people.of("CN"), NEED)
    service.embed(engine, HashingEncoder(), [listing.id or 0])
    with reading_session(engine) as session:
        kinds = select(col(ListingChange.kind)).order_by(col(ListingChange.id))
        assert list(session.execute(kinds).scalars()) == [ChangeKind.PUBLISHED, ChangeKind.EMBEDDED]
