"""A change of encoder: what is answered comes from the old vectors until the new ones are all there."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from embeddings.encoders.base import Progress, Vectors
from embeddings.encoders.hashing import HashingEncoder
from matchmaker.config import Settings
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import ChangeKind, Listing, ListingChange
from matchmaker.listings.queries import Filters
from matchmaker.listings.schemas import Confidence
from matchmaker.matching import queries, runtime, scoring, service
from matchmaker.matching.answering import Renewing
from matchmaker.matching.models import Embedding, Passage
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Readiness, Scope
from matchmaker.review import reasons
from tests.factories.market import NEED, RESULT, publish
from tests.matchmaker.matching.conftest import People, changed, full, withdrawn

OLD, NEW = "hashing-64", "hashing-128"
SECRET = "zirconium whisker lattice"

Answers = list[tuple[int, float]]
Make = Callable[..., Matcher]


class Counting(HashingEncoder):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.texts: list[str] = []

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        self.texts += texts
        return super().encode_passages(texts, progress=progress)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "BATCH", 2)
    monkeypatch.setattr(runtime, "SWEEP", 2)


@pytest.fixture
def make(settings: Settings, engine: Engine) -> Make:
    """A process of its own with this encoder: `make(NEW)`; what it encodes is counted by the encoder it opens."""
    made = 0

    def process(spec: str) -> Matcher:
        nonlocal made
        made += 1
        matcher = Matcher(replace(settings, encoder=spec), engine)
        matcher._encoder, matcher._holder = Counting(int(spec.removeprefix("hashing-"))), f"process {made}"
        return matcher

    return process


@pytest.fixture
def market(engine: Engine, people: People, make: Make) -> list[Listing]:
    """A need and five results, all encoded by the old encoder."""
    titles = ("Bohrgerät", "Bohren im Bergbau", "Sensoren für Gestänge", "Steuerung der Bahn", "Bohrer aus Stahl")
    made = [publish(engine, people.of("CN"), NEED)]
    made += [publish(engine, people.of("DE"), RESULT, title=title) for title in titles]
    finish(make(OLD))
    return made


def finish(matcher: Matcher) -> int:
    """Everything that waits, as a server does it; answers in how many rounds."""
    rounds = 0
    while matcher.round():
        rounds += 1
    matcher.snapshot_if_due()
    matcher.rest()
    return rounds


def search(matcher: Matcher, text: str = "Bohrgerät Bergbau") -> Answers:
    with reading_session(matcher.engine) as session:
        hits = Ranking(matcher, session, Reader("en")).search(text, Filters(), (1, 20)).rows
    return [(hit.listing.id, round(hit.score, 4)) for hit in hits]


def matches(matcher: Matcher, listing: Listing, *, desk: bool = False) -> Answers:
    with reading_session(matcher.engine) as session:
        found = Ranking(matcher, session, Reader("en"), desk=desk).matches(
            full(session, listing), scope=Scope.EVERYWHERE
        )
    return [(match.listing.id, round(match.score, 4)) for match in found.matches]


def answers(matcher: Matcher, market: Sequence[Listing]) -> list[Answers]:
    return [search(matcher), *(matches(matcher, listing) for listing in market)]


def serves(matcher: Matcher) -> str:
    with reading_session(matcher.engine) as session:
        return matcher.view(session).encoder


def rows(engine: Engine, encoder: str) -> set[int]:
    with reading_session(engine) as session:
        found = session.execute(select(col(Passage.listing_id)).where(col(Passage.encoder) == encoder)).scalars()
        kept = session.execute(select(col(Embedding.listing_id)).where(col(Embedding.encoder) == encoder)).scalars()
        told = set(kept)
        assert set(found) <= told
        return told


def ids(market: Sequence[Listing]) -> set[int]:
    return {listing.id or 0 for listing in market}


def test_the_old_vectors_are_answered_from_until_the_new_ones_are_all_there(
    engine: Engine, make: Make, market: list[Listing]
) -> None:
    before = answers(make(OLD), market)
    matcher = make(NEW)
    for done in (2, 4, 6):
        assert matcher.round() == 2
        assert len(rows(engine, NEW)) == done
        assert (serves(matcher), answers(matcher, market)) == (OLD, before)
    assert matcher.round() == 1
    after = answers(matcher, market)
    assert (serves(matcher), rows(engine, OLD)) == (NEW, ids(market))
    finish(matcher)
    assert (rows(engine, OLD), rows(engine, NEW)) == (set(), ids(market))
    assert answers(matcher, market) == after
    assert all(len(found) == 5 for found in (after[0][:5], after[1]))


def test_what_a_process_answers_after_the_change_is_what_one_that_never_knew_the_old_encoder_does(
    engine: Engine, make: Make, market: list[Listing]
) -> None:
    finish(make(NEW))
    found = answers(make(NEW), market)
    with unit_of_work(engine) as uow:
        for table in (Passage, Embedding):
            uow.session.execute(table.__table__.delete())  # type: ignore[attr-defined]
    fresh = make(NEW)
    for listing in market:
        service.embed(engine, fresh.open(), [listing.id or 0])
    # What was read back from a snapshot has been rounded.
    for now_found, then_found in zip(answers(fresh, market), found, strict=True):
        assert dict(now_found) == pytest.approx(dict(then_found), abs=0.002)


def test_the_log_tells_nobody_of_vectors_that_do_not_serve(engine: Engine, make: Make, market: list[Listing]) -> None:
    count = select(func.count()).where(col(ListingChange.kind) == ChangeKind.EMBEDDED)
    finish(make(NEW))
    with reading_session(engine) as session:
        assert session.execute(count).scalar_one() == len(market)


def test_what_is_posted_meanwhile_is_found_at_once_and_made_for_both(
    engine: Engine, people: People, make: Make, market: list[Listing]
) -> None:
    matcher = make(NEW)
    matcher.round()
    new = publish(engine, people.of("IT"), RESULT, title="Nuova perforatrice Bohrgerät")
    changed(engine, people.of("DE"), market[1], title="Ganz anderer Titel")
    assert matcher.round() == 2
    assert serves(matcher) == OLD
    assert new.id in dict(search(matcher, "perforatrice per miniere e gallerie di carbone"))
    assert rows(engine, NEW) < ids(market)
    finish(matcher)
    assert serves(matcher) == NEW
    assert rows(engine, NEW) == ids(market) | {new.id}
    with reading_session(engine) as session:
        texts = [p.text for p in queries.passages_of(session, [market[1].id or 0])]
        assert queries.quotable_of(session, market[1].id or 0, NEW)[0].is_current
    assert texts


def test_a_restart_in_the_middle_goes_on_where_it_was(engine: Engine, make: Make, market: list[Listing]) -> None:
    before = answers(make(OLD), market)
    first = make(NEW)
    first.round()
    first.rest()  # and it is gone
    again = make(NEW)
    assert answers(again, market) == before
    finish(again)
    assert serves(again) == NEW
    encoded = [*first.open().texts, *again.open().texts]  # type: ignore[attr-defined]
    assert len([text for text in encoded if "\n" in text]) == len(market)


def test_a_crash_before_the_switch_is_durable_changes_nothing(
    make: Make, market: list[Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = answers(make(OLD), market)
    matcher = make(NEW)
    for _ in range(3):
        matcher.round()

    def crash(*_: object) -> bool:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(service, "serve", crash)
        with pytest.raises(OSError, match="disk"):
            matcher.round()
    assert (serves(matcher), answers(matcher, market)) == (OLD, before)
    restarted = make(NEW)
    assert answers(restarted, market) == before
    matcher.rest()
    finish(restarted)
    assert serves(restarted) == serves(matcher) == NEW


def test_every_process_switches_at_once(make: Make, market: list[Listing]) -> None:
    one, other = make(NEW), make(NEW)
    assert serves(other) == OLD
    assert one.round() == 2
    assert other.round() == 0  # it has not the lease
    finish(one)
    assert serves(other) == NEW
    assert answers(other, market) == answers(one, market)
    assert other.round() == 0
    assert not other.open().texts or all("\n" not in text for text in other.open().texts)  # type: ignore[attr-defined]


def test_a_process_that_is_still_set_to_the_old_encoder_follows(
    engine: Engine, people: People, make: Make, market: list[Listing]
) -> None:
    old, new = make(OLD), make(NEW)
    assert old.round() == 0
    finish(new)
    assert serves(old) == NEW
    assert answers(old, market) == answers(new, market)
    # It switches nothing back, and still helps whoever posts.
    assert old.round() == 0
    posted = publish(engine, people.of("IT"), RESULT, title="Nuova perforatrice")
    assert old.round() == 1
    assert posted.id in dict(search(new, "Nuova perforatrice"))
    assert (rows(engine, OLD), serves(new)) == (set(), NEW)


def test_a_change_back_before_the_end_encodes_nothing(engine: Engine, make: Make, market: list[Listing]) -> None:
    before = answers(make(OLD), market)
    started = make(NEW)
    started.round()
    started.rest()
    back = make(OLD)
    back.round()
    assert rows(engine, NEW) == set()
    assert answers(back, market) == before
    assert [text for text in back.open().texts if "\n" in text] == []  # type: ignore[attr-defined]
    # The one that was started for the change does not take it up again.
    back.rest()
    assert started.round() == 0
    assert serves(started) == OLD


def test_a_change_back_after_the_end_is_a_change_like_any_other(
    engine: Engine, make: Make, market: list[Listing]
) -> None:
    before = answers(make(OLD), market)
    finish(make(NEW))
    back = make(OLD)
    finish(back)
    assert (serves(back), rows(engine, NEW)) == (OLD, set())
    assert answers(back, market) == before


def test_old_vectors_go_in_small_batches(engine: Engine, make: Make, market: list[Listing]) -> None:
    matcher = make(NEW)
    while serves(matcher) == OLD:
        matcher.round()
    left = [len(rows(engine, OLD)) for _ in iter(matcher.round, 0)]
    assert left == [4, 2, 0]


class RefusesOne(Counting):
    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        if any("Stahl" in text for text in texts):
            raise RuntimeError("this text breaks the encoder")
        return super().encode_passages(texts, progress=progress)


def test_a_text_that_the_new_encoder_cannot_take_does_not_hold_up_the_change(
    engine: Engine, make: Make, market: list[Listing], caplog: pytest.LogCaptureFixture
) -> None:
    matcher = make(NEW)
    matcher._encoder = RefusesOne(128)
    with caplog.at_level(logging.CRITICAL):
        while serves(matcher) == OLD:
            assert matches(matcher, market[5])
            assert matcher.round()
    assert matches(matcher, market[5]) == []
    with reading_session(engine) as session:
        found = Ranking(matcher, session, Reader("en")).matches(full(session, market[5]), scope=Scope.EVERYWHERE)
    assert found.readiness is Readiness.IMPOSSIBLE


def test_what_is_withdrawn_meanwhile_is_found_by_neither(
    engine: Engine, people: People, make: Make, market: list[Listing]
) -> None:
    matcher = make(NEW)
    matcher.round()
    withdrawn(engine, people.of("DE"), market[1])
    assert market[1].id not in dict(matches(matcher, market[0]))
    finish(matcher)
    assert market[1].id not in dict(matches(matcher, market[0]))
    assert rows(engine, OLD) == set()


# What is sealed


def test_a_sealed_text_counts_for_the_desk_and_for_nobody_else_before_and_after(
    engine: Engine, people: People, make: Make, market: list[Listing]
) -> None:
    old = make(OLD)
    need = publish(engine, people.of("CN"), NEED, title=SECRET)
    result = publish(engine, people.of("HU"), RESULT, confidence=Confidence(sealed=f"{SECRET}. " * 3))
    finish(old)
    stranger, desk = matches(old, need), matches(old, need, desk=True)
    assert dict(stranger)[result.id or 0] < dict(desk)[result.id or 0]
    matcher = make(NEW)
    matcher.round()
    assert (matches(matcher, need), matches(matcher, need, desk=True)) == (stranger, desk)
    finish(matcher)
    assert serves(matcher) == NEW
    stranger, desk = matches(matcher, need), matches(matcher, need, desk=True)
    assert dict(stranger)[result.id or 0] < dict(desk)[result.id or 0]
    with reading_session(engine) as session:
        sealed = [p for p in queries.passages_of(session, [result.id or 0]) if p.sealed]
        view = matcher.view(session)
    assert sealed
    assert not {p.text for p in sealed} - {""}
    assert not {p.id for p in sealed} & {int(i) for layer in view.pool.layers for i in layer.passage_ids}


def test_an_embargo_that_ends_meanwhile_ends_for_both(
    engine: Engine, people: People, make: Make, market: list[Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now() + timedelta(days=3)
    held = publish(
        engine, people.of("DE"), RESULT, confidence=Confidence(embargo_until=later.date()), description=SECRET
    )
    finish(make(OLD))
    matcher = make(NEW)
    matcher.round()
    assert held.id in rows(engine, OLD) & rows(engine, NEW)
    monkeypatch.setattr(service, "now", lambda: later + timedelta(days=1))
    with unit_of_work(engine) as uow:
        assert queries.over_embargoes(uow.session, later.date() + timedelta(days=1), 10) == [held.id]
        service.reveal(uow, [held.id or 0])
    with reading_session(engine) as session:
        found = queries.passages_of(session, [held.id or 0])
        assert queries.over_embargoes(session, later.date() + timedelta(days=1), 10) == []
    assert {(p.encoder, p.sealed) for p in found} == {(OLD, False), (NEW, False)}


# An encoder that cannot be opened any more


class Vanished(Counting):
    def __init__(self) -> None:
        super().__init__(64)
        self.name = "vanished-1+somebody-2"


@pytest.fixture
def lost(engine: Engine, people: People, make: Make) -> list[Listing]:
    old = make(OLD)
    old._encoder = Vanished()
    made = [publish(engine, people.of("CN"), NEED)]
    made += [publish(engine, people.of("DE"), RESULT, title=f"Bohrgerät {number}") for number in range(4)]
    finish(old)
    return made


def test_matches_go_on_without_the_encoder_and_searches_say_that_they_wait(
    engine: Engine, make: Make, lost: list[Listing], caplog: pytest.LogCaptureFixture
) -> None:
    old = make(OLD)
    old._encoder = Vanished()
    before = matches(old, lost[0])
    matcher = make(NEW)
    matcher.round()
    assert serves(matcher) == "vanished-1+somebody-2"
    assert len(before) == 4
    assert matches(matcher, lost[0]) == before
    with pytest.raises(Renewing):
        search(matcher)
    assert "cannot be opened" in caplog.text
    finish(matcher)
    assert serves(matcher) == NEW
    assert len(search(matcher)) == 5


def test_followers_wait_for_it_without_an_error(
    make: Make, lost: list[Listing], caplog: pytest.LogCaptureFixture
) -> None:
    matcher = make(NEW)
    matcher.round()
    done: list[int] = []
    matcher.followers = [lambda: len(search(matcher)), lambda: done.append(1) or 0]  # type: ignore[func-returns-value]
    with caplog.at_level(logging.ERROR):
        matcher.follow()
    assert (done, [record for record in caplog.records if record.levelno >= logging.ERROR]) == ([1], [])


def test_a_question_is_answered_by_its_words_and_the_page_says_so(
    app: Flask, engine: Engine, people: People, lost: list[Listing]
) -> None:
    matcher: Matcher = app.extensions["matchmaker.matcher"]
    matcher.round()
    new = publish(engine, people.of("IT"), RESULT, title="Nuova perforatrice")
    browser = app.test_client()
    page = browser.get("/search?q=perforatrice", headers={"Accept-Language": "en"}).text
    assert "say its very words" in page
    assert new.public_id in page
    assert lost[1].public_id not in page
    page = browser.get("/search?q=wholly+unheard", headers={"Accept-Language": "en"}).text
    assert "No listing says its very words" in page
    assert lost[1].public_id in page
    assert browser.get(f"/listings/{new.public_id}").status_code == 200
    finish(matcher)
    page = browser.get("/search?q=perforatrice", headers={"Accept-Language": "en"}).text
    assert "very words" not in page


def test_what_is_sealed_meanwhile_is_out_of_the_old_vectors_at_once(
    engine: Engine, people: People, make: Make, lost: list[Listing]
) -> None:
    told = "".join(f"Sentence {number} of the machine tells what it drills and where. " for number in range(60))
    old = make(OLD)
    old._encoder = Vanished()
    listing = publish(engine, people.of("DE"), RESULT, description=told)
    finish(old)
    later = (now() + timedelta(days=90)).date()
    changed(engine, people.of("DE"), listing, confidence=Confidence(embargo_until=later))
    matcher = make(NEW)
    matcher.round()
    assert serves(matcher) != NEW
    with reading_session(engine) as session:
        kept = [p for p in queries.passages_of(session, [listing.id or 0]) if p.encoder != NEW]
        shown = {int(i) for layer in matcher.view(session).pool.layers for i in layer.passage_ids}
        alive = [c.owners[c.alive] for c in matcher.view(session).columns]
    assert all(p.sealed or "Sentence" not in p.text for p in kept)
    assert not {p.id for p in kept if p.sealed} & shown
    assert listing.id not in np.concatenate(alive) or any(not p.sealed for p in kept)
    with reading_session(engine) as session:
        found = Ranking(matcher, session, Reader("en")).matches(full(session, listing), scope=Scope.EVERYWHERE)
    assert found.readiness in {Readiness.PENDING, Readiness.READY}


# What is shown of it


def test_progress_is_counted_and_its_end_is_estimated(engine: Engine, make: Make, market: list[Listing]) -> None:
    make(NEW).round()
    with unit_of_work(engine) as uow:
        found = uow.session.execute(select(Embedding).where(col(Embedding.encoder) == NEW)).scalars().all()
        found[0].at = found[1].at - timedelta(minutes=5)
    with reading_session(engine) as session:
        old, new = queries.progress(session, OLD), queries.progress(session, NEW)
    assert (old.done, old.total, old.left) == (6, 6, None)
    assert (new.done, new.total, new.left) == (2, 6, timedelta(minutes=20))


def test_the_status_names_both(app: Flask, make: Make, market: list[Listing]) -> None:
    app.extensions["matchmaker.matcher"].round()  # set to hashing-256
    said = app.test_cli_runner().invoke(args=["matching", "status"]).output
    assert f"serves    {OLD}: 6 of 6 encoded (100.0%), 0 waiting" in said
    assert "follows   hashing-256: 2 of 6 encoded (33.3%), 4 waiting" in said


def test_reasons_are_not_those_of_the_encoder_before(make: Make, session: Session, market: list[Listing]) -> None:
    matcher = make(NEW)

    def value() -> float:
        with reading_session(matcher.engine) as fresh:
            ranking = Ranking(matcher, fresh, Reader("en"), desk=True)
            found = reasons.explain(ranking, full(fresh, market[0]), full(fresh, market[2]))
            assert found is not None
            assert found.score == pytest.approx(dict_of(ranking)[market[2].id or 0], abs=1e-6)
            return found.score

    def dict_of(ranking: Ranking) -> dict[int, float]:
        parts = ranking.among(full(ranking.session, market[0]), [market[2].id or 0])
        return {id_: scoring.total(found) for id_, found in parts.items()}

    before = value()
    finish(matcher)
    assert value() != before
