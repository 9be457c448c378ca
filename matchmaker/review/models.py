"""Suggested matches on the broker's desk."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.db.types import UtcDateTime, stored


class State(StrEnum):
    """The life of a suggested match."""

    SUGGESTED = "suggested"
    ENDORSED = "endorsed"
    DECLINED = "declined"


class DeclineReason(StrEnum):
    """Why a broker declines; typed, so that the matcher can learn from it."""

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


class Suggestion(SQLModel, table=True):
    """A need and a result that the ranking put together; a broker decides."""

    __table_args__ = (
        UniqueConstraint("need_id", "result_id"),
        Index("ix_suggestion_desk", "state", "score"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True, max_length=16)
    need_id: int = Field(foreign_key="listing.id", index=True)
    result_id: int = Field(foreign_key="listing.id", index=True)
    score: float
    state: State = Field(default=State.SUGGESTED, sa_type=stored(State))
    decline_reason: DeclineReason | None = Field(default=None, sa_type=stored(DeclineReason))
    note: str = ""
    decided_by: int | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Where the change log stood when the pair was scored; the market may have moved on since.
    log_position: int = Field(default=0, index=True)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    # Counts decisions, so that two brokers cannot overwrite each other unseen.
    revision: int = 1
