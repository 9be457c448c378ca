"""Matches on their way from a suggestion to an agreement: the pair, its moves, the questions that were asked."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.types import UtcDateTime, stored


class State(StrEnum):
    """The life of a match; `states.py` says who may move it where."""

    SUGGESTED = "suggested"
    # A broker has taken it, or was given it.
    IN_REVIEW = "in_review"
    ENDORSED = "endorsed"
    DECLINED = "declined"
    # Put aside by a broker until a day.
    PARKED = "parked"
    # One side is asked first; the other only after it said yes.
    OFFERED_FIRST = "offered_first"
    OFFERED_SECOND = "offered_second"
    # Both said yes; the gates (export control, declarations) are still to be passed.
    MUTUAL = "mutual"
    INTRODUCED = "introduced"
    MEETING = "meeting"
    NEGOTIATING = "negotiating"
    AGREEMENT = "agreement"
    CLOSED = "closed"
    # A deadline passed in silence.
    LAPSED = "lapsed"


class DeclineReason(StrEnum):
    """Why somebody declines; typed, so that the matcher can learn from it and the other side can read it."""

    WRONG_FIELD = "wrong_field"
    TOO_EARLY = "too_early"
    BENEFIT_UNCLEAR = "benefit_unclear"
    NOT_OUR_MARKET = "not_our_market"
    IP = "ip"
    PRICE = "price"
    PARTNER_TYPE = "partner_type"
    ALREADY_SOLVED = "already_solved"
    NO_CAPACITY = "no_capacity"
    OTHER = "other"


class CloseReason(StrEnum):
    """How a match ended that had begun."""

    COMPLETED = "completed"
    NO_AGREEMENT = "no_agreement"
    LISTING_WITHDRAWN = "listing_withdrawn"
    INTEREST_WITHDRAWN = "interest_withdrawn"
    EXPORT_PROHIBITED = "export_prohibited"
    OTHER = "other"


class Side(StrEnum):
    """Which of the two sides of a match."""

    NEED = "need"
    RESULT = "result"

    @property
    def other(self) -> "Side":
        return Side.RESULT if self is Side.NEED else Side.NEED


class Origin(StrEnum):
    """Where a match comes from."""

    RANKING = "ranking"
    INTEREST = "interest"


class Suggestion(SQLModel, table=True):
    """A need and a result that somebody or something put together.

    A match that began with an expression of interest may have one listing only: the other side is then an
    organisation without one.
    """

    __table_args__ = (
        UniqueConstraint("need_id", "result_id"),
        Index("ix_suggestion_desk", "state", "score"),
        Index("ix_suggestion_queue", "state", "broker_id", "priority"),
        Index("ix_suggestion_deadline", "state", "deadline_at"),
        Index("ix_suggestion_decided", "decided_by", "decided_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True, max_length=16)
    origin: Origin = Field(default=Origin.RANKING, sa_type=stored(Origin))
    need_id: int | None = Field(default=None, foreign_key="listing.id", index=True)
    result_id: int | None = Field(default=None, foreign_key="listing.id", index=True)
    # The organisations of the two sides, None where an imported listing has no owner with an account.
    need_org_id: int | None = Field(default=None, foreign_key="organisation.id", index=True)
    result_org_id: int | None = Field(default=None, foreign_key="organisation.id", index=True)
    # What the pair is worth to both sides, from 0 to 1: the harmonic mean of how the result stands in the need's list
    # and the need in the result's; of a pair that was scored before both were computed, the need's alone.
    score: float
    need_score: float | None = None
    result_score: float | None = None
    # What it got on top of its score when it was chosen, because one of its listings had never been suggested.
    coverage_bonus: float = 0.0
    # What the desk's queue is ordered by: expected value and age, see review/queue.py.
    priority: float = 0.0
    state: State = Field(default=State.SUGGESTED, sa_type=stored(State))
    # The broker who looks after it.
    broker_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    assigned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The side that is asked first, or that asked by itself.
    first_side: Side | None = Field(default=None, sa_type=stored(Side))
    # When each side said yes.
    need_yes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    result_yes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When an endorsed match is offered by itself: the broker's time to take the verdict back.
    offer_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When whoever is asked must have answered.
    deadline_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    parked_until: date | None = None
    decline_reason: DeclineReason | None = Field(default=None, sa_type=stored(DeclineReason))
    declined_by: Side | None = Field(default=None, sa_type=stored(Side))
    close_reason: CloseReason | None = Field(default=None, sa_type=stored(CloseReason))
    note: str = ""
    # Whether whoever declined lets the other side read reason and note.
    note_shared: bool = False
    decided_by: int | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Where the change log stood when the pair was scored; the market may have moved on since.
    log_position: int = Field(default=0, index=True)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    state_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    # Counts moves, so that two people cannot overwrite each other unseen.
    revision: int = 1


class KeptOut(StrEnum):
    """Which limit keeps a pair from the desk for now."""

    # One of the two organisations has its new matches of this week.
    WEEK = "week"
    # Its result stands in as many open matches as it may.
    RESULT = "result"


class WaitingPair(SQLModel, table=True):
    """A pair that the ranking found and that is not on the desk yet: see review/quotas.py."""

    __tablename__ = "waiting_pair"
    __table_args__ = (UniqueConstraint("need_id", "result_id"),)

    id: int | None = Field(default=None, primary_key=True)
    need_id: int = Field(foreign_key="listing.id")
    result_id: int = Field(foreign_key="listing.id", index=True)
    # The same as those of a suggestion.
    score: float
    need_score: float | None = None
    result_score: float | None = None
    # JSON: how the ranking came to it, see review/showings.py; empty where nobody wrote it down.
    shown: str = ""
    log_position: int = Field(default=0, index=True)
    found_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    # None before its first turn.
    kept_out: KeptOut | None = Field(default=None, sa_type=stored(KeptOut), index=True)


class SuggestionLimit(SQLModel, table=True):
    """A value that administrators set for the choice of suggestions; `limits.py` says what it means."""

    __tablename__ = "suggestion_limit"

    name: str = Field(primary_key=True, max_length=32)
    value: int
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class TasteReset(SQLModel, table=True):
    """From when on a broker's refusals for a reason say something of their taste; see review/taste.py."""

    __tablename__ = "taste_reset"

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    reason: DeclineReason = Field(primary_key=True, sa_type=stored(DeclineReason))
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class MoveKind(StrEnum):
    """What an entry of the timeline tells."""

    MOVE = "move"
    ASSIGN = "assign"
    NOTE = "note"
    UNDO = "undo"


class MatchMove(SQLModel, table=True):
    """One entry of a match's timeline: who, when, what, why. Rows are only ever added."""

    __tablename__ = "match_move"
    __table_args__ = (
        Index("ix_match_move_timeline", "suggestion_id", "id"),
        # All that the figures of many matches need, so that no row is read for them.
        Index("ix_match_move_steps", "kind", "now", "party", "reason", "at", "suggestion_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    suggestion_id: int = Field(foreign_key="suggestion.id")
    kind: MoveKind = Field(default=MoveKind.MOVE, sa_type=stored(MoveKind))
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    # None for the clock and the ranking.
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    # On whose behalf, "broker", "need", "result", "clock" or "system".
    party: str = Field(max_length=16)
    was: State = Field(sa_type=stored(State))
    now: State = Field(sa_type=stored(State))
    reason: str = Field(default="", max_length=32)
    note: str = ""
    # Whether the two sides may read `note`; a broker's own notes are for brokers.
    shared: bool = False
    # JSON of the columns as they were before, so that the last move can be taken back exactly.
    before: str = "{}"


class Audience(StrEnum):
    """Who is shown a match."""

    DESK = "desk"
    NEED = "need"
    RESULT = "result"


class Showing(SQLModel, table=True):
    """A match as it stood before the desk or a side: what verdicts on it can teach. Rows are only ever added."""

    __table_args__ = (Index("ix_showing_match", "suggestion_id", "audience", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    suggestion_id: int = Field(foreign_key="suggestion.id")
    audience: Audience = Field(sa_type=stored(Audience))
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    # JSON: name of a part → its value.
    parts: str
    # The version of the weights that made the score, 0 for those set by hand.
    weights: int
    encoder: str = Field(max_length=128)
    # The place in the listing's list that it was suggested from; None for an offer.
    rank: int | None = None
    # How likely it was to be suggested at all.
    propensity: float = 1.0
    # Drawn from further down the list, to learn.
    explored: bool = False


class Addressee(StrEnum):
    """Whom a broker asks about a match."""

    NEED = "need"
    RESULT = "result"
    # A colleague, for a second opinion.
    BROKER = "broker"


class Question(SQLModel, table=True):
    """Something that a broker asks one of the sides or a colleague; the sides see no more of each other by it."""

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    suggestion_id: int = Field(foreign_key="suggestion.id", index=True)
    addressee: Addressee = Field(sa_type=stored(Addressee))
    # The colleague, when one is asked.
    colleague_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    asked_by: int = Field(foreign_key="person.id")
    text: str
    asked_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    answer: str = ""
    answered_by: int | None = Field(default=None, foreign_key="person.id")
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
