"""What happened to a match, as each of its readers may know it: who, when, what, why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from flask_babel import LazyString
from sqlmodel import Session, col, select

from matchmaker.accounts.models import Person
from matchmaker.core.guess import guess_language
from matchmaker.i18n import lazy
from matchmaker.review import handing
from matchmaker.review.due import REMINDER, TOLD
from matchmaker.review.interest import REASON as INTEREST
from matchmaker.review.models import CloseReason, DeclineReason, MatchMove, MoveKind, Side, State, Suggestion
from matchmaker.review.sides import first_of
from matchmaker.review.states import OFFERED, OVER, TOGETHER, Party
from matchmaker.review.titles import REASONS, STATES


class Reader(StrEnum):
    """As whom somebody reads: a broker, or one of the two sides."""

    BROKER = "broker"
    NEED = "need"
    RESULT = "result"


@dataclass(frozen=True)
class Entry:
    """One line: when, who spoke (a name only where the reader may know it), what became of the match, why."""

    at: datetime
    voice: LazyString
    who: str
    title: LazyString
    kind: MoveKind
    reason: LazyString | str = ""
    note: str = ""
    note_lang: str = "und"


ENDINGS: dict[CloseReason, LazyString] = {
    CloseReason.COMPLETED: lazy("The aim was reached"),
    CloseReason.NO_AGREEMENT: lazy("No agreement"),
    CloseReason.LISTING_WITHDRAWN: lazy("A listing left the market"),
    CloseReason.INTEREST_WITHDRAWN: lazy("A side took its yes back"),
    CloseReason.EXPORT_PROHIBITED: lazy("Export control prohibits it"),
    CloseReason.OTHER: lazy("Another reason"),
}
# How a side reads the states; "the first" and "the second side" are the desk's words.
_FOR_A_SIDE: dict[State, LazyString] = {
    State.SUGGESTED: lazy("Back with the brokers"),
    State.IN_REVIEW: lazy("With a broker"),
    State.ENDORSED: lazy("Recommended by a broker"),
    State.PARKED: lazy("With a broker, for a later day"),
}
_YOU, _THEY = lazy("Your answer is asked for"), lazy("The other side is asked")
_NOTES: dict[str, LazyString] = {
    REMINDER: lazy("Reminded of the deadline"),
    TOLD: lazy("The sender was told"),
    INTEREST: lazy("Interest was expressed"),
}
_NOTE = lazy("A note")
_OWN, _OTHER = lazy("Your organisation"), lazy("The other side")
_VOICES: dict[str, LazyString] = {
    Side.NEED.value: lazy("The side of the need"),
    Side.RESULT.value: lazy("The side of the result"),
    Party.BROKER.value: lazy("Broker"),
    Party.CLOCK.value: lazy("Deadline"),
    Party.SYSTEM.value: lazy("Automatic"),
}
_SILENT: dict[str, LazyString] = {
    Side.NEED.value: lazy("No answer from the side of the need"),
    Side.RESULT.value: lazy("No answer from the side of the result"),
}
# What the sides read of each other and of the desk; the desk's own to and fro is not their business.
_SHOWN = OFFERED | TOGETHER | OVER | {State.MUTUAL, State.ENDORSED, State.IN_REVIEW}


def state_title(suggestion: Suggestion, side: Side | None) -> LazyString:
    """What the state is called for a side; the desk's word for None."""
    return _title(suggestion.state, suggestion, side)


def entries(
    session: Session, suggestion: Suggestion, reader: Reader, known: frozenset[Side] = frozenset()
) -> list[Entry]:
    """The timeline for a reader, oldest first.

    `known` are the sides that an introduction opened to a broker; of the others they read no names, and of what was
    said after the introduction nothing.
    """
    wanted = select(MatchMove).where(MatchMove.suggestion_id == suggestion.id).order_by(col(MatchMove.id))
    moves = session.exec(wanted).all()
    side = Side(reader.value) if reader is not Reader.BROKER else None
    people = _people(session, moves)
    met = next((move.id for move in moves if move.now is State.INTRODUCED), None)
    opened = frozenset(known if side is None else Side if met else {side})
    shown = moves if side is None else [move for move in moves if _is_for(move, moves, suggestion, side)]
    told = [
        _entry(move, suggestion, side, _Sight(people if _named(move, opened) else {}, _reads(move, side, met, opened)))
        for move in shown
    ]
    return told if side is not None else _with_hands(session, told, moves)


def reason_title(code: str) -> LazyString | str:
    """The words for a typed reason of either kind, "" for none."""
    if code in set(DeclineReason):
        return REASONS[DeclineReason(code)]
    return ENDINGS[CloseReason(code)] if code in set(CloseReason) else _NOTES.get(code, "")


def reads_note(move: MatchMove, side: Side | None) -> bool:
    """Whether the note is for the reader: one's own, what is shared, and for brokers all."""
    return side is None or move.shared or move.party == side.value


def reads_reason(move: MatchMove, side: Side | None) -> bool:
    """Whether the typed reason is: also how a match ended, and why a broker declined; a side's no only as it allows."""
    return reads_note(move, side) or move.reason in {*CloseReason, INTEREST} or move.party == Party.BROKER


def _is_for(move: MatchMove, moves: Sequence[MatchMove], suggestion: Suggestion, side: Side) -> bool:
    """Whether a side reads the entry at all."""
    if move.kind is MoveKind.NOTE:
        return move.shared or move.party == side.value
    if move.kind is MoveKind.ASSIGN or move.now not in _SHOWN:
        return False
    if move.party == side.value:
        return True
    # Whoever is asked second learns nothing of how the first one was asked, and neither of a former round.
    began = State.OFFERED_SECOND if side is not first_of(suggestion) else State.OFFERED_FIRST
    earlier = [one for one in moves if (one.id or 0) <= (move.id or 0)]
    knew = any(one.now is began or one.party == side.value for one in earlier)
    return knew or move.now is State.ENDORSED


@dataclass(frozen=True)
class _Sight:
    """What of an entry is for its reader: the people whose names they may know, and whether its note is."""

    people: Mapping[int, Person]
    note: bool


def _named(move: MatchMove, opened: frozenset[Side]) -> bool:
    """Whether the reader may know the person's name: a broker's, or somebody's of a side that is open to them."""
    return move.party not in set(Side) or Side(move.party) in opened


def _reads(move: MatchMove, side: Side | None, met: int | None, opened: frozenset[Side]) -> bool:
    """Whether the note is for the reader; what the introduced say to each other is not for brokers who are not."""
    if side is None and met is not None and (move.id or 0) > met and move.party in set(Side):
        return opened == set(Side)
    return reads_note(move, side)


def _entry(move: MatchMove, suggestion: Suggestion, side: Side | None, sight: _Sight) -> Entry:
    person = sight.people.get(move.person_id or 0)
    note = move.note if sight.note else ""
    return Entry(
        at=move.at,
        voice=_voice(move, side),
        who=person.name if person else "",
        title=_NOTES.get(move.reason, _NOTE) if move.kind is MoveKind.NOTE else _title(move.now, suggestion, side),
        kind=move.kind,
        reason=_reason(move, side) if reads_reason(move, side) else "",
        note=note,
        note_lang=guess_language(note, [person.lang] if person and person.lang else []) if note else "und",
    )


def _with_hands(session: Session, told: Sequence[Entry], moves: Sequence[MatchMove]) -> list[Entry]:
    """The same with who was given the match, and why; that is for brokers alone."""
    receivers = {handing.receiver(move) for move in moves} - {""}
    people = session.exec(select(Person).where(col(Person.public_id).in_(receivers))) if receivers else ()
    names = {person.public_id: person.name for person in people}
    return [
        replace(
            entry,
            title=handing.title(move, names) or entry.title,
            note=handing.note(move) if handing.receiver(move) else entry.note,
        )
        for entry, move in zip(told, moves, strict=True)
    ]


def _reason(move: MatchMove, side: Side | None) -> LazyString | str:
    if move.now is State.LAPSED:
        return _SILENT.get(move.reason, "") if side is None else ""
    return reason_title(move.reason) if move.kind is MoveKind.MOVE else ""


def _voice(move: MatchMove, side: Side | None) -> LazyString:
    if side is None or move.party not in set(Side):
        return _VOICES.get(move.party, _VOICES[Party.SYSTEM.value])
    return _OWN if move.party == side.value else _OTHER


def _title(state: State, suggestion: Suggestion, side: Side | None) -> LazyString:
    if side is None:
        return STATES[state]
    if state in OFFERED:
        asked_first = state is State.OFFERED_FIRST
        return _YOU if asked_first is (side is first_of(suggestion)) else _THEY
    return _FOR_A_SIDE.get(state, STATES[state])


def _people(session: Session, moves: Sequence[MatchMove]) -> dict[int, Person]:
    ids = {move.person_id for move in moves} - {None}
    rows = session.exec(select(Person).where(col(Person.id).in_(ids))).all()
    return {row.id: row for row in rows if row.id is not None}
