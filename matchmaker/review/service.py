"""What brokers do with matches before the sides are asked; every verb is kept with who, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from matchmaker.accounts import queries as accounts
from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.core.ids import new_public_id
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings.models import Listing
from matchmaker.notifications.service import News, tell
from matchmaker.review import desk_news as _news  # noqa: F401  (the kinds of news are declared on import)
from matchmaker.review import queue, showings, twins
from matchmaker.review.assignment import distribute
from matchmaker.review.handing import ALL
from matchmaker.review.models import DeclineReason, MatchMove, MoveKind, Side, State, Suggestion, WaitingPair
from matchmaker.review.moves import Move, advance, find, last_entry, last_move, note_down
from matchmaker.review.policy import STAFF, Why, is_interested, obstacle, require_handling
from matchmaker.review.queue import TO_DECIDE
from matchmaker.review.showings import Shown
from matchmaker.review.sides import expressed, listing_of, on_market
from matchmaker.review.states import BEFORE_OFFER, OVER, TOGETHER
from matchmaker.review.wording import clean_note, reason_of

# A place before every change log: what was scored there is out of date.
NEVER = -(2**31)
# How long a broker may take a deed back, and an endorsed match waits before anybody is asked.
TAKE_BACK = timedelta(minutes=10)
PARKED_DAYS, LONGEST_PARKED = 14, 366
# What a broker can begin again; an offer that somebody has read is not called back.
REOPENABLE = (State.DECLINED, State.LAPSED, State.ENDORSED, State.PARKED)
# What a verdict leaves behind, and a match that begins again forgets.
_UNDECIDED: dict[str, Any] = {
    "decided_at": None, "decided_by": None, "decline_reason": None, "declined_by": None, "note": "",
    "note_shared": False, "parked_until": None,
}  # fmt: skip
_UNASKED: dict[str, Any] = {"first_side": None, "need_yes_at": None, "result_yes_at": None}


@dataclass(frozen=True)
class Found:
    """A pair that the ranking put together: row ids of need and result, their score, and how it came about.

    `score` is what it is worth to both; what it is worth to each side stands beside it where it is known.
    """

    need_id: int
    result_id: int
    score: float
    need_score: float | None = None
    result_score: float | None = None
    shown: Shown | None = None
    coverage_bonus: float = 0.0


@dataclass(frozen=True)
class No:
    """Why a broker declines; `share` lets the sides that know of the match read the note."""

    reason: DeclineReason | None
    note: str = ""
    share: bool = False


@dataclass(frozen=True)
class Pause:
    """Until which day a match is put aside (two weeks from now by default), and why."""

    until: date | None = None
    note: str = ""


def suggest(uow: UnitOfWork, found: Sequence[Found], position: int = 0) -> int:
    """Put pairs on the desk; a known pair gets its new score and keeps its verdict. Answers how many are new.

    `position` is where the change log stood when the pairs were scored. New ones are given to brokers who take them.
    """
    pairs = {(pair.need_id, pair.result_id): pair for pair in found}
    rows = uow.session.exec(select(Suggestion).where(col(Suggestion.need_id).in_({need for need, _ in pairs}))).all()
    known = {(row.need_id, row.result_id): row for row in rows}
    listings = _listings(uow, {id_ for key in pairs for id_ in key})
    unknown = twins.once(uow.session, {key: pair.score for key, pair in pairs.items() if key not in known})
    new = [_new(pairs[key], listings) for key in unknown]
    # Nobody is introduced to themselves.
    fresh = [row for row in new if row.need_org_id is None or row.need_org_id != row.result_org_id]
    moment = now()
    standing = [*(known[key] for key in pairs if key in known), *fresh]
    for row in standing:
        pair = pairs[row.need_id or 0, row.result_id or 0]
        row.score, row.log_position = pair.score, position
        row.need_score, row.result_score = pair.need_score, pair.result_score
        row.priority = queue.priority(_case(row, listings.get(pair.need_id)), moment)
    uow.session.add_all(fresh)
    seen = [(row, pairs[row.need_id or 0, row.result_id or 0].shown) for row in standing if row.state in TO_DECIDE]
    showings.note(uow, [(row, shown) for row, shown in seen if shown is not None])
    distribute(uow, [row for row in fresh if on_market(uow.session, row)])
    return len(fresh)


def score_again(uow: UnitOfWork) -> None:
    """Let whoever follows the market score everything that is to be decided, or waits, since scores are made
    otherwise now."""
    uow.session.exec(update(Suggestion).where(col(Suggestion.state).in_(TO_DECIDE)).values(log_position=NEVER))
    uow.session.exec(update(WaitingPair).values(log_position=NEVER))


def take(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """Make a match one's own; one that is one's own already stays so."""
    suggestion = _for(uow, public_id, actor)
    if suggestion.broker_id == actor.person_id and suggestion.state not in OVER:
        return suggestion
    _require(suggestion, revision, actor)
    _hand(uow, suggestion, actor.person_id, Move(State.IN_REVIEW, actor))
    return suggestion


def give_back(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """Put a match back where every broker finds it."""
    suggestion = _for(uow, public_id, actor)
    if suggestion.broker_id is None and suggestion.state in TO_DECIDE:
        return suggestion
    _require(suggestion, revision, actor)
    if suggestion.state not in TO_DECIDE:
        raise Conflict("only what is still to be decided can be given back")
    if suggestion.state is State.IN_REVIEW and not expressed(suggestion):
        changes = {"broker_id": None, "assigned_at": None}
        advance(uow, suggestion, Move(State.SUGGESTED, actor, changes=changes))
    else:
        _hand(uow, suggestion, None, Move(State.IN_REVIEW, actor, reason=ALL))
    return suggestion


def assign(uow: UnitOfWork, public_id: str, colleague: str, *, revision: int, actor: Actor) -> Suggestion:
    """Give a match to a colleague, by public id; they are told. Raises Invalid where it cannot be theirs."""
    suggestion = _for(uow, public_id, actor)
    person = colleague_of(uow, colleague, suggestion)
    if suggestion.broker_id == person.id and suggestion.state not in OVER:
        return suggestion
    _require(suggestion, revision, actor)
    theirs = person.id != actor.person_id
    _hand(uow, suggestion, person.id, Move(State.IN_REVIEW, actor, reason=person.public_id if theirs else ""))
    if theirs:
        tell(uow, [person.id], news_of(uow, suggestion, "match.assigned"))
    return suggestion


def endorse(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor, first: Side | None = None) -> Suggestion:
    """Say that the two sides should meet; `first` is asked first, ten minutes from now.

    Where a side came by itself the other one is asked, whatever `first` says.
    """
    changes: dict[str, Any] = {"offer_at": now() + TAKE_BACK}
    if first is not None and not expressed(_for(uow, public_id, actor)):
        changes["first_side"] = first
    return _decide(uow, public_id, Move(State.ENDORSED, actor, changes=changes), TO_DECIDE, revision=revision)


def decline(uow: UnitOfWork, public_id: str, no: No, *, revision: int, actor: Actor) -> Suggestion:
    """Say that they should not, and why: a typed reason and a note, which "other" cannot do without."""
    note = reason_of(no.reason, no.note)
    assert no.reason is not None  # `reason_of` insists on it
    changes = {"decline_reason": no.reason, "note": note, "note_shared": no.share}
    move = Move(State.DECLINED, actor, reason=no.reason.value, note=note, shared=no.share, changes=changes)
    return _decide(uow, public_id, move, TO_DECIDE, revision=revision)


def park(uow: UnitOfWork, public_id: str, pause: Pause, *, revision: int, actor: Actor) -> Suggestion:
    """Put a pair aside until a day; an expression of interest cannot be: somebody waits for a word."""
    suggestion = _for(uow, public_id, actor)
    today = now().date()
    until = pause.until or today + timedelta(days=PARKED_DAYS)
    if until <= today:
        raise Invalid({"until": "deadline_past"})
    if until > today + timedelta(days=LONGEST_PARKED):
        raise Invalid({"until": "park_far"})
    if suggestion.state in TO_DECIDE and suggestion.revision == revision and expressed(suggestion):
        raise Invalid({"until": "interest_waits"})
    move = Move(State.PARKED, actor, note=clean_note(pause.note), changes={"parked_until": until})
    return _decide(uow, public_id, move, TO_DECIDE, revision=revision)


def unpark(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """Look at a parked match again before its day."""
    move = Move(State.IN_REVIEW, actor, changes={"parked_until": None})
    return _decide(uow, public_id, move, (State.PARKED,), revision=revision)


def reopen(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """Begin again with what was declined, endorsed, put aside, or has lapsed; what the sides once said is forgotten.

    An interest that nobody but a broker has declined still holds.
    """
    suggestion = _for(uow, public_id, actor)
    holds = suggestion.state in BEFORE_OFFER and suggestion.declined_by is None and expressed(suggestion)
    changes = dict(_UNDECIDED) | ({} if holds else _UNASKED)
    return _decide(uow, public_id, Move(State.SUGGESTED, actor, changes=changes), REOPENABLE, revision=revision)


def note(uow: UnitOfWork, public_id: str, text: str, *, actor: Actor) -> MatchMove | None:
    """Write something down for brokers; None where the same was written a moment ago."""
    suggestion = _for(uow, public_id, actor)
    require_handling(actor, suggestion)
    said = clean_note(text, needed=True)
    last = last_entry(uow, suggestion)
    if last and (last.kind, last.person_id, last.note) == (MoveKind.NOTE, actor.person_id, said):
        return None
    return note_down(uow, suggestion, Move(suggestion.state, actor, note=said), kind=MoveKind.NOTE)


def news_of(uow: UnitOfWork, suggestion: Suggestion, kind: str) -> News:
    """News for brokers about a match: they lead to its page on the desk and name its need, or its only listing."""
    listing_id = listing_of(suggestion, Side.NEED) or listing_of(suggestion, Side.RESULT)
    listing = uow.session.get(Listing, listing_id or 0)
    return News(kind, f"/desk/{suggestion.public_id}", {"listing": listing.public_id if listing else ""})


def colleague_of(uow: UnitOfWork, public_id: str, suggestion: Suggestion) -> Person:
    """A broker or administrator by public id who may look after the match; raises Invalid for anybody else."""
    person = uow.session.exec(select(Person).where(Person.public_id == public_id)).one_or_none()
    if person is None or person.role not in STAFF or person.closed_at is not None:
        raise Invalid({"colleague": "missing"})
    if is_interested(accounts.actor_of(uow.session, person), suggestion):
        raise Invalid({"colleague": "colleague_interested"})
    return person


def _for(uow: UnitOfWork, public_id: str, actor: Actor) -> Suggestion:
    """The match, for somebody who may handle matches, and is of neither side; whether it is theirs is asked later."""
    suggestion = find(uow, public_id)
    why = obstacle(actor, suggestion)
    if why not in {None, Why.COLLEAGUE}:
        require_handling(actor, suggestion)
    if suggestion.state in BEFORE_OFFER | {State.LAPSED} and not on_market(uow.session, suggestion):
        raise NotFound("no such match")
    return suggestion


def _require(suggestion: Suggestion, revision: int, actor: Actor) -> None:
    """Who was slower learns that, rather than that the match is a colleague's by now."""
    if suggestion.revision != revision:
        raise Conflict("this match was moved in the meantime")
    require_handling(actor, suggestion)


def _decide(uow: UnitOfWork, public_id: str, wanted: Move, begins: Sequence[State], *, revision: int) -> Suggestion:
    """Move a match out of a state where that may begin; whoever decides looks after it from now on.

    The same click again changes nothing.
    """
    assert wanted.by is not None
    suggestion = _for(uow, public_id, wanted.by)
    if _is_repeated(uow, suggestion, wanted, revision):
        return suggestion
    _require(suggestion, revision, wanted.by)
    if suggestion.state not in begins:
        raise Conflict(f"a match that is {suggestion.state.value} cannot become {wanted.to.value}")
    broker = suggestion.broker_id or wanted.by.person_id
    changes: dict[str, Any] = {"broker_id": broker, "assigned_at": suggestion.assigned_at}
    if wanted.to in {State.ENDORSED, State.DECLINED, State.PARKED}:
        changes |= {"decided_by": wanted.by.person_id, "decided_at": now()}
    advance(uow, suggestion, replace(wanted, changes=changes | dict(wanted.changes or {})))
    _reorder(uow, suggestion)
    return suggestion


def _is_repeated(uow: UnitOfWork, suggestion: Suggestion, wanted: Move, revision: int) -> bool:
    if suggestion.revision != revision + 1 or suggestion.state is not wanted.to or wanted.by is None:
        return False
    last = last_move(uow, suggestion)
    return last is not None and last.kind is MoveKind.MOVE and last.person_id == wanted.by.person_id


def _hand(uow: UnitOfWork, suggestion: Suggestion, broker_id: int | None, move: Move) -> None:
    """Change who looks after the match; a pair that nobody had taken is in review from then on."""
    moment = now()
    changes = {"broker_id": broker_id, "assigned_at": moment if broker_id else None}
    if suggestion.state is State.SUGGESTED:
        # Whoever waits for a word waits no longer because somebody takes the match.
        advance(uow, suggestion, replace(move, changes={**changes, "deadline_at": suggestion.deadline_at}))
        return
    if suggestion.state in OVER | TOGETHER:
        # From the introduction on its thread names the broker, whom both sides know.
        raise Conflict("what is over or introduced is not handed on")
    assert move.by is not None
    note_down(uow, suggestion, replace(move, to=suggestion.state), kind=MoveKind.ASSIGN)
    suggestion.broker_id, suggestion.assigned_at = broker_id, changes["assigned_at"]  # type: ignore[assignment]
    suggestion.revision += 1
    uow.session.add(suggestion)
    record(uow, move.by.public_id, "suggestion.assign", ("suggestion", suggestion.public_id))


def _new(pair: Found, listings: dict[int, Listing]) -> Suggestion:
    owners = [listings[id_].organisation_id if id_ in listings else None for id_ in (pair.need_id, pair.result_id)]
    return Suggestion(
        public_id=new_public_id(),
        need_id=pair.need_id,
        result_id=pair.result_id,
        need_org_id=owners[0],
        result_org_id=owners[1],
        score=pair.score,
        coverage_bonus=pair.coverage_bonus,
    )


def _listings(uow: UnitOfWork, ids: set[int]) -> dict[int, Listing]:
    rows = uow.session.exec(select(Listing).where(col(Listing.id).in_(ids)))
    return {row.id: row for row in rows if row.id is not None}


def _reorder(uow: UnitOfWork, suggestion: Suggestion) -> None:
    suggestion.priority = queue.priority(_case(suggestion, uow.session.get(Listing, suggestion.need_id or 0)), now())


def _case(suggestion: Suggestion, need: Listing | None) -> queue.Case:
    return queue.Case(
        score=suggestion.score,
        created_at=suggestion.created_at,
        is_interest=expressed(suggestion),
        deadline_at=suggestion.deadline_at,
        need_by=need.deadline if need else None,
    )
