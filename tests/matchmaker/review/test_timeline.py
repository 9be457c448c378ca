"""Each reader's timeline: what they may know of whom, and nothing else."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from matchmaker.accounts.schemas import Actor
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.review import answers
from matchmaker.review.models import DeclineReason, MoveKind, Side, State, Suggestion
from matchmaker.review.moves import Move, note_down
from matchmaker.review.timeline import Entry, Reader, entries, state_title
from tests.factories.matches import Arena, arena, reach

SECRET = "between us brokers: they are desperate"


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


def read(found: Arena, reader: Reader) -> list[Entry]:
    with reading_session(found.engine) as session:
        return entries(session, found.match(), reader)


def titles(found: Arena, reader: Reader) -> list[str]:
    return [str(entry.title) for entry in read(found, reader)]


def names(found: Arena, reader: Reader) -> set[str]:
    return {entry.who for entry in read(found, reader)} - {""}


def note(found: Arena, actor: Actor, text: str, side: Side | None = None) -> None:
    with unit_of_work(found.engine) as uow:
        row = uow.session.get_one(Suggestion, found.match().id)
        note_down(uow, row, Move(row.state, actor, side, note=text), kind=MoveKind.NOTE)


def test_each_side_reads_its_own_story(found: Arena) -> None:
    reach(found, State.OFFERED_SECOND)
    assert titles(found, Reader.BROKER) == ["Endorsed", "Offered to the first side", "Offered to the second side"]
    assert titles(found, Reader.NEED) == [
        "Recommended by a broker", "Your answer is asked for", "The other side is asked",
    ]  # fmt: skip
    # How and when the first side was asked is not the second one's business.
    assert titles(found, Reader.RESULT) == ["Recommended by a broker", "Your answer is asked for"]


def test_a_side_reads_names_of_its_own_people_and_of_brokers_only(found: Arena) -> None:
    reach(found, State.MUTUAL)
    assert names(found, Reader.NEED) == {found.broker.name, found.needer.name}
    assert names(found, Reader.RESULT) == {found.broker.name, found.resulter.name}
    # A side may be anonymous, and no role opens that.
    assert names(found, Reader.BROKER) == {found.broker.name}


@pytest.mark.parametrize("state", [State.INTRODUCED, State.NEGOTIATING])
def test_after_the_introduction_everybody_is_named(found: Arena, state: State) -> None:
    reach(found, state)
    for reader in (Reader.NEED, Reader.RESULT):
        assert names(found, reader) == {found.broker.name, found.needer.name, found.resulter.name}
    # The broker reads the names of the sides that are open to them, and of none without.
    assert names(found, Reader.BROKER) == {found.broker.name}


def test_the_notes_of_brokers_are_theirs(found: Arena) -> None:
    reach(found, State.INTRODUCED)
    note(found, found.broker, SECRET)
    assert SECRET in {entry.note for entry in read(found, Reader.BROKER)}
    for reader in (Reader.NEED, Reader.RESULT):
        assert SECRET not in {entry.note for entry in read(found, reader)}


def test_a_sides_question_to_the_broker_is_not_for_the_other_side(found: Arena) -> None:
    asked = reach(found, State.OFFERED_SECOND)
    with unit_of_work(found.engine) as uow:
        answers.ask_broker(uow, asked.public_id, "Are they solvent?", side=Side.NEED, actor=found.needer)
    assert "Are they solvent?" in {entry.note for entry in read(found, Reader.NEED)}
    assert "Are they solvent?" in {entry.note for entry in read(found, Reader.BROKER)}
    assert "Are they solvent?" not in {entry.note for entry in read(found, Reader.RESULT)}


@pytest.mark.parametrize("share", [True, False])
def test_a_reason_is_returned_where_the_decliner_allows_it(found: Arena, share: bool) -> None:
    reach(found, State.OFFERED_SECOND)
    found.say_no(Side.RESULT, reason=DeclineReason.NO_CAPACITY, note="今年没有人手", share=share)
    other = read(found, Reader.NEED)[-1]
    assert str(other.title) == "Declined"
    assert (str(other.reason), other.note) == (("No capacity at present", "今年没有人手") if share else ("", ""))
    assert other.note_lang == ("zh" if share else "und")
    for reader in (Reader.RESULT, Reader.BROKER):
        assert read(found, reader)[-1].note == "今年没有人手"


def test_only_brokers_read_who_was_silent(found: Arena) -> None:
    reach(found, State.LAPSED)
    assert str(read(found, Reader.BROKER)[-1].reason) == "No answer from the side of the need"
    assert str(read(found, Reader.NEED)[-1].reason) == ""
    assert [entry for entry in read(found, Reader.RESULT) if str(entry.title) == "Lapsed"] == []


def test_everybody_reads_how_it_ended(found: Arena) -> None:
    asked = reach(found, State.OFFERED_SECOND)
    with unit_of_work(found.engine) as uow:
        answers.withdraw(uow, asked.public_id, side=Side.NEED, revision=asked.revision, actor=found.needer)
    for reader in Reader:
        assert str(read(found, reader)[-1].reason) == "A side took its yes back"


def test_the_state_is_told_from_where_the_reader_stands(found: Arena) -> None:
    offered = found.offer()
    assert str(state_title(offered, None)) == "Offered to the first side"
    assert str(state_title(offered, Side.NEED)) == "Your answer is asked for"
    assert str(state_title(offered, Side.RESULT)) == "The other side is asked"
