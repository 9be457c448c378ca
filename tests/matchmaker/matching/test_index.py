"""Every process's index holds what the database holds: at once, after a restart, and whatever happened before."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, event, select
from sqlmodel import col

from embeddings.encoders.hashing import HashingEncoder
from matchmaker.accounts import queries as accounts
from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.config import Settings
from matchmaker.core.clock import now
from matchmaker.db.engine import open_engine, reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings import service as listing_service
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.listings.tasks import expire
from matchmaker.matching import queries, service
from matchmaker.matching.index import ListingIndex, View
from matchmaker.matching.models import IndexSnapshot, Passage
from matchmaker.matching.runtime import Matcher
from tests.factories.market import NEED, RESULT, bring_out, publish, translate, write
from tests.matchmaker.matching.conftest import People, changed, withdrawn

ENCODER = HashingEncoder(32)
Opened = Callable[[], ListingIndex]


@pytest.fixture
def opened(settings: Settings) -> Opened:
    """Another process's index."""
    return lambda: ListingIndex(settings.index, ENCODER)


def embed(engine: Engine) -> None:
    with reading_session(engine) as session:
        waiting = queries.pending(session, ENCODER.name, 1000)
    service.embed(engine, ENCODER, waiting)


def snapshot(engine: Engine, index: ListingIndex) -> Path:
    with reading_session(engine) as session:
        manifest, folder, count = index.write_snapshot(session)
    with unit_of_work(engine) as uow:
        uow.session.add(
            IndexSnapshot(
                encoder=manifest.encoder, watermark=manifest.watermark, count=count, checksum=manifest.checksum
            )
        )
    return folder


def view_of(engine: Engine, index: ListingIndex) -> View:
    with reading_session(engine) as session:
        return index.catch_up(session)


def content(view: View) -> dict[int, tuple[int, str]]:
    """What can be found: passage → (listing, language)."""
    found: dict[int, tuple[int, str]] = {}
    for layer, keep in zip(view.pool.layers, view.keep(lambda columns: columns.alive), strict=True):
        for row in np.flatnonzero(keep):
            for place in range(layer.starts[row], layer.starts[row + 1]):
                passage = int(layer.passage_ids[place])
                assert passage not in found, "a passage is found once"
                found[passage] = (int(layer.owners[row]), view.pool.names[layer.languages[row]])
    return found


def database(engine: Engine) -> dict[int, tuple[int, str]]:
    """The same, as the database says."""
    wanted = (
        select(col(Passage.id), col(Passage.listing_id), col(Passage.lang))
        .join(Listing, col(Listing.id) == Passage.listing_id)
        .where(col(Listing.status) == Status.PUBLISHED, col(Passage.encoder) == ENCODER.name)
    )
    with reading_session(engine) as session:
        return {row[0]: (row[1], row[2]) for row in session.execute(wanted)}


def listed(view: View) -> set[int]:
    return {listing for listing, _ in content(view).values()}


def answers(view: View, text: str) -> list[tuple[int, float]]:
    market = view.keep(lambda columns: columns.alive)
    sought = view.pool.seek(ENCODER.encode_passages([text]), ["en"])
    return [(row.owner, row.standing) for row in view.pool.search(sought, 50, market=market)]


def test_what_one_process_publishes_another_finds_at_once(engine: Engine, people: People, opened: Opened) -> None:
    one, two = opened(), opened()
    assert content(view_of(engine, one)) == content(view_of(engine, two)) == {}
    listing = publish(engine, people.of("DE"), RESULT)
    embed(engine)
    for index in (one, two):
        assert listed(view_of(engine, index)) == {listing.id}
        assert content(view_of(engine, index)) == database(engine)


def test_what_one_process_withdraws_is_gone_from_all_at_once(engine: Engine, people: People, opened: Opened) -> None:
    one, two = opened(), opened()
    kept, gone = publish(engine, people.of("DE"), RESULT), publish(engine, people.of("DE"), RESULT)
    embed(engine)
    snapshot(engine, one)
    assert listed(view_of(engine, one)) == listed(view_of(engine, two)) == {kept.id, gone.id}
    withdrawn(engine, people.of("DE"), gone)
    for index in (one, two, opened()):
        assert listed(view_of(engine, index)) == {kept.id}


def test_an_edit_replaces_what_a_listing_is_found_by(engine: Engine, people: People, opened: Opened) -> None:
    index = opened()
    listing = publish(engine, people.of("DE"), RESULT)
    embed(engine)
    snapshot(engine, index)
    before = content(view_of(engine, index))
    changed(engine, people.of("DE"), listing, title="Etwas ganz anderes", country="AT")
    # Until the encoder has read them, the old words answer; the facts are new already.
    assert content(view_of(engine, index)) == before
    assert view_of(engine, index).facts[listing.id or 0].country == "AT"
    embed(engine)
    for each in (index, opened()):
        after = content(view_of(engine, each))
        assert after == database(engine)
        assert not after.keys() & before.keys()


def test_a_listing_published_again_is_found_again(engine: Engine, people: People, opened: Opened) -> None:
    index, actor = opened(), people.of("DE")
    listing = publish(engine, actor, RESULT)
    embed(engine)
    snapshot(engine, index)
    withdrawn(engine, actor, listing)
    assert listed(view_of(engine, index)) == set()
    with unit_of_work(engine) as uow:
        listing_service.republish(uow, listing.public_id, actor=actor)
    assert listed(view_of(engine, index)) == {listing.id}


def test_filters_see_direction_and_country_of_every_row(engine: Engine, people: People, opened: Opened) -> None:
    index = opened()
    need, first = publish(engine, people.of("CN"), NEED), publish(engine, people.of("DE"), RESULT)
    embed(engine)
    snapshot(engine, index)
    second = publish(engine, people.of("IT"), RESULT, country="IT")
    embed(engine)
    view = view_of(engine, index)
    assert len(view.pool.layers) == 2
    seen = {}
    for columns in view.columns:
        for owner, alive, is_need, country in zip(
            columns.owners, columns.alive, columns.is_need, columns.countries, strict=True
        ):
            seen[int(owner)] = (bool(alive), bool(is_need), str(country))
    assert seen == {
        need.id: (True, True, "CN"),
        first.id: (True, False, "DE"),
        second.id: (True, False, "IT"),
    }


def test_catching_up_with_nothing_new_gives_the_same_view(engine: Engine, people: People, opened: Opened) -> None:
    index = opened()
    publish(engine, people.of("DE"), RESULT)
    embed(engine)
    view = view_of(engine, index)
    with reading_session(engine) as session:
        assert view.cursor == listings.last_change(session)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert view_of(engine, index) is view
    assert len([each for each in statements if each.startswith("SELECT")]) == 2, (
        "where the log ends, and the newest snapshot"
    )


def test_a_search_keeps_the_view_that_it_began_with(engine: Engine, people: People, opened: Opened) -> None:
    index = opened()
    listing = publish(engine, people.of("DE"), RESULT)
    embed(engine)
    before = view_of(engine, index)
    withdrawn(engine, people.of("DE"), listing)
    after = view_of(engine, index)
    assert (listed(before), listed(after)) == ({listing.id}, set())
    assert after.cursor > before.cursor


@pytest.fixture
def market(engine: Engine, people: People) -> list[Listing]:
    words = ("coal drilling robot", "tea drying", "battery recycling", "rail welding robot", "kiwi orchard")
    made = [
        publish(engine, people.of(country), RESULT, country=country, lang=lang, title=f"{title} {country}")
        for title in words
        for country, lang in (("DE", "de"), ("CN", "zh"), ("HU", "hu"))
    ]
    translate(engine, people.of("DE"), made[0], lang="en", title="A robot that drills coal", summary="For mines.")
    embed(engine)
    return made


def test_a_snapshot_is_reopened_and_what_came_later_is_added(
    engine: Engine, people: People, opened: Opened, market: list[Listing]
) -> None:
    index = opened()
    folder = snapshot(engine, index)
    assert (folder / "manifest.json").is_file()
    later = publish(engine, people.of("IT"), RESULT, country="IT", lang="it", title="coal drilling robot IT")
    changed(engine, people.of("DE"), market[3], title="tea drying with heat pumps")
    withdrawn(engine, people.of("CN"), market[4])
    embed(engine)
    reopened = opened()
    view = view_of(engine, reopened)
    assert (view.generation, len(view.pool.layers)) == (1, 2)
    assert content(view) == content(view_of(engine, index)) == database(engine)
    assert view.newer == {later.id, market[3].id, market[4].id}
    assert view.pool.layers[0].owners.max() <= max(listing.id or 0 for listing in market)


def test_a_process_that_runs_takes_over_a_newer_snapshot(engine: Engine, opened: Opened, market: list[Listing]) -> None:
    index = opened()
    assert view_of(engine, index).generation == 0
    snapshot(engine, opened())
    view = view_of(engine, index)
    assert (view.generation, len(view.pool.layers), content(view)) == (1, 1, database(engine))


def test_two_processes_answer_alike(engine: Engine, people: People, opened: Opened, market: list[Listing]) -> None:
    one, two = opened(), opened()
    snapshot(engine, one)
    publish(engine, people.of("IT"), RESULT, country="IT", title="welding robot for rails")
    embed(engine)
    first, second = answers(view_of(engine, one), "rail robot"), answers(view_of(engine, two), "rail robot")
    assert [owner for owner, _ in first] == [owner for owner, _ in second]
    assert [s for _, s in first] == pytest.approx([s for _, s in second], abs=1e-6)


def damage(folder: Path, how: str) -> None:
    if how == "missing":
        shutil.rmtree(folder)
    elif how == "manifest":
        (folder / "manifest.json").write_text("{")
    else:
        content = (folder / how).read_bytes()
        (folder / how).write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("how", ["missing", "manifest", "wholes.faiss", "passages.faiss", "arrays.npz"])
def test_a_damaged_snapshot_is_replaced_by_the_database_with_a_warning(
    engine: Engine, opened: Opened, market: list[Listing], how: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = snapshot(engine, opened())
    good = answers(view_of(engine, opened()), "coal robot")
    damage(folder, how)
    index = opened()
    with caplog.at_level(logging.WARNING):
        view = view_of(engine, index)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "reading the vectors from the database instead" in record.getMessage()
    assert content(view) == database(engine)
    found = answers(view, "coal robot")
    assert [standing for _, standing in found] == pytest.approx([standing for _, standing in good], abs=5e-3)
    assert {owner for owner, _ in found[:3]} == {owner for owner, _ in good[:3]}
    # It is read once; the next look warns no more.
    assert view_of(engine, index) is view
    assert len(caplog.records) == 1


def test_a_snapshot_of_another_encoder_is_left_alone(
    engine: Engine, settings: Settings, opened: Opened, market: list[Listing]
) -> None:
    snapshot(engine, opened())
    other = HashingEncoder(16)
    with reading_session(engine) as session:
        service.embed(engine, other, queries.pending(session, other.name, 100))
    view = view_of(engine, ListingIndex(settings.index, other))
    assert (view.generation, view.pool.layers[0].wholes.dim) == (0, 16)
    assert listed(view) == {listing.id for listing in market}


def test_the_worker_writes_the_first_snapshot_when_nothing_waits_and_the_next_when_much_is_new(
    engine: Engine, people: People, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matchmaker.matching.runtime.SNAPSHOT_AFTER", 2)
    monkeypatch.setattr("matchmaker.matching.runtime.SETTLED_SHARE", 1.0)
    for _ in range(3):
        publish(engine, people.of("DE"), RESULT)
    assert matcher.round() == 3
    assert not matcher.snapshot_if_due()
    assert matcher.round() == 0
    assert matcher.snapshot_if_due()
    assert not matcher.snapshot_if_due()
    for expected in (False, False, True):
        publish(engine, people.of("DE"), RESULT)
        matcher.round()
        assert matcher.snapshot_if_due() is expected
    folders = [path.name.rpartition("-")[0] for path in matcher.settings.index.iterdir()]
    with reading_session(engine) as session:
        last, newest = queries.position(session)
        assert newest is not None
        assert (newest.generation, newest.count, folders) == (2, 6, [f"at-{last}"])


def test_what_was_fitted_to_a_part_is_fitted_again_when_the_backlog_is_done(
    engine: Engine, people: People, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matchmaker.matching.runtime.BATCH", 2)
    for _ in range(5):
        publish(engine, people.of("DE"), RESULT)
    while matcher.round():
        matcher.snapshot_if_due()
    assert matcher.snapshot_if_due()
    with reading_session(engine) as session:
        newest = queries.position(session)[1]
    assert newest is not None
    assert newest.count == 5


def test_a_snapshot_that_is_lost_is_written_again(engine: Engine, people: People, app: Flask) -> None:
    publish(engine, people.of("DE"), RESULT)
    first: Matcher = app.extensions["matchmaker.matcher"]
    while first.round():
        pass
    assert first.snapshot_if_due()
    for folder in first.settings.index.iterdir():
        shutil.rmtree(folder)
    second = Matcher(first.settings, engine)
    assert second.round() == 0
    assert second.snapshot_if_due()
    assert not second.snapshot_if_due()


def test_an_empty_market_can_be_written_and_searched(engine: Engine, opened: Opened, people: People) -> None:
    snapshot(engine, opened())
    index = opened()
    assert answers(view_of(engine, index), "anything") == []
    listing = publish(engine, people.of("DE"), RESULT)
    embed(engine)
    assert [owner for owner, _ in answers(view_of(engine, index), "Bohrgerät")] == [listing.id]


def actor_of(engine: Engine) -> Actor:
    with unit_of_work(engine) as uow:
        person = Person(email="p@example.org", name="P", password_hash="-", email_confirmed_at=now())
        owner = Organisation(name="O", kind="enterprise", country="CN")
        uow.session.add_all([person, owner])
        uow.session.flush()
        uow.session.add(Membership(person_id=person.id or 0, organisation_id=owner.id or 0, role=MembershipRole.OWNER))
        uow.session.flush()
        return accounts.actor_of(uow.session, person)


class Market(RuleBasedStateMachine):
    """Anything may happen in any order; two indexes and the database agree after every step."""

    folder: Path
    empty: bytes

    def __init__(self) -> None:
        super().__init__()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "matchmaker.db").write_bytes(self.empty)
        self.engine = open_engine(f"sqlite:///{self.folder / 'matchmaker.db'}")
        self.actor = actor_of(self.engine)
        self.listings: list[Listing] = []
        self.one, self.two = self.open(), self.open()

    def teardown(self) -> None:
        self.engine.dispose()

    def open(self) -> ListingIndex:
        return ListingIndex(self.folder / "index", ENCODER)

    def with_status(self, data: st.DataObject, *wanted: Status) -> Listing | None:
        with reading_session(self.engine) as session:
            rows = session.execute(select(Listing).order_by(col(Listing.id))).scalars().all()
        fitting = [row for row in rows if row.status in wanted]
        return data.draw(st.sampled_from(fitting), label="listing") if fitting else None

    @rule(need=st.booleans(), word=st.sampled_from(["coal", "tea", "rail"]), shown=st.booleans())
    def create(self, need: bool, word: str, shown: bool) -> None:
        make = publish if shown else write
        make(self.engine, self.actor, NEED if need else RESULT, title=f"{word} {word}")

    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        found = self.with_status(data, Status.DRAFT, Status.WITHDRAWN, Status.EXPIRED)
        if found is not None:
            bring_out(self.engine, self.actor, found)

    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        found = self.with_status(data, Status.PUBLISHED)
        if found is not None:
            with unit_of_work(self.engine) as uow:
                listing_service.hold(uow, found.public_id, actor=self.actor)

    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        found = self.with_status(data, Status.ON_HOLD)
        if found is not None:
            with unit_of_work(self.engine) as uow:
                listing_service.resume(uow, found.public_id, actor=self.actor)

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        found = self.with_status(data, Status.PUBLISHED, Status.ON_HOLD)
        if found is not None:
            with unit_of_work(self.engine) as uow:
                row = uow.session.get(Listing, found.id)
                assert row is not None
                row.expires_at = now()
            expire(self.engine)

    @rule(data=st.data(), word=st.sampled_from(["kiwi", "rail", "steel"]), country=st.sampled_from(["CN", "DE"]))
    def edit(self, data: st.DataObject, word: str, country: str) -> None:
        found = self.with_status(data, *Status)
        if found is not None:
            changed(self.engine, self.actor, found, title=f"{word} {found.id}", country=country)

    @rule(data=st.data())
    def translate(self, data: st.DataObject) -> None:
        found = self.with_status(data, *Status)
        if found is not None:
            translate(self.engine, self.actor, found, lang="en", title="An English version", summary="Of it.")

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        found = self.with_status(data, Status.PUBLISHED)
        if found is not None:
            withdrawn(self.engine, self.actor, found)

    @rule()
    def embed(self) -> None:
        embed(self.engine)

    @rule()
    def give_up(self) -> None:
        with reading_session(self.engine) as session:
            waiting = queries.pending(session, ENCODER.name, 1)
        for listing_id in waiting:
            with unit_of_work(self.engine) as uow:
                service.give_up(uow, listing_id, ENCODER.name, "Poison")

    @rule()
    def snapshot(self) -> None:
        snapshot(self.engine, self.one)

    @rule()
    def reopen(self) -> None:
        self.two = self.open()

    @rule()
    @precondition(lambda self: (self.folder / "index").is_dir())
    def damage(self) -> None:
        for folder in (self.folder / "index").iterdir():
            (folder / "arrays.npz").write_bytes(b"")

    @invariant()
    def both_indexes_hold_what_the_database_holds(self) -> None:
        wanted = database(self.engine)
        with reading_session(self.engine) as session:
            facts = queries.facts(session)
        for index in (self.one, self.two):
            view = view_of(self.engine, index)
            assert content(view) == wanted
            assert view.facts == facts
            for columns in view.columns:
                for owner in columns.owners[columns.alive].tolist():
                    row = int(np.flatnonzero(columns.owners == owner)[0])
                    assert columns.countries[row] == facts[owner].country
                    assert columns.is_need[row] == (facts[owner].direction is Direction.NEED)


def test_whatever_happens_every_index_holds_what_the_database_holds(tmp_path: Path, migrated: bytes) -> None:
    bound = type("BoundMarket", (Market,), {"folder": tmp_path / "machine", "empty": migrated})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        bound,
        settings=settings(
            max_examples=24,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
