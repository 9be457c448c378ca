"""The gold set: rounds of pairs that people grade blind, so that a node knows how good its own matches are."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.types import UtcDateTime, stored

# Grades run from 0 (no relation) to BEST (answers the need); titles.py says what each means.
BEST = 3


class Origin(StrEnum):
    """What brought a result into a need's pool; stored for the analysis, never shown to who grades."""

    # The product's own list, as the need's page shows it: results from abroad.
    PRODUCT = "product"
    # The same without regard to borders.
    WHOLE = "whole"
    # Words alone: BM25 over titles and summaries.
    WORDS = "words"
    # The best in the languages that the round has seen least beside the need's.
    RARE = "rare"
    RANDOM = "random"


class Deed(StrEnum):
    """What somebody did to a pair."""

    GRADED = "graded"
    # Left to others: they cannot judge it.
    SKIPPED = "skipped"
    # Neither graded nor skipped any more.
    TAKEN_BACK = "taken_back"
    # Decided after two graders had been far apart.
    SETTLED = "settled"


class GoldRound(SQLModel, table=True):
    """A set of needs with the results that are graded beside them."""

    __tablename__ = "gold_round"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    name: str = Field(max_length=128)
    # Everything that is drawn or shuffled comes of this number.
    seed: int
    # How many results each ranking brings to a need.
    depth: int
    # How many of a hundred pairs go to two graders; the others to one.
    double_share: int
    created_by: int = Field(foreign_key="person.id")
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class GoldGrader(SQLModel, table=True):
    """Somebody who grades in a round."""

    __tablename__ = "gold_grader"

    round_id: int = Field(foreign_key="gold_round.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True, index=True)


class GoldNeed(SQLModel, table=True):
    """A need of a round; its pool is drawn once its texts are embedded."""

    __tablename__ = "gold_need"

    round_id: int = Field(foreign_key="gold_round.id", primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", primary_key=True)
    ordinal: int
    pooled_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class GoldPair(SQLModel, table=True):
    """A result in a need's pool."""

    __tablename__ = "gold_pair"
    __table_args__ = (
        UniqueConstraint("round_id", "need_id", "result_id"),
        Index("ix_gold_pair_waiting", "round_id", "graded"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    round_id: int = Field(foreign_key="gold_round.id")
    need_id: int = Field(foreign_key="listing.id")
    result_id: int = Field(foreign_key="listing.id", index=True)
    # JSON: origin → rank in it.
    origins: str
    # How many people are wanted to grade it, and how many have.
    seats: int
    graded: int = 0


class GoldGrade(SQLModel, table=True):
    """One deed of one person to a pair. Rows are only added: the one that nothing superseded holds."""

    __tablename__ = "gold_grade"
    __table_args__ = (
        UniqueConstraint("pair_id", "person_id", "version"),
        Index("ix_gold_grade_person", "person_id", "superseded_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    pair_id: int = Field(foreign_key="gold_pair.id")
    person_id: int = Field(foreign_key="person.id")
    # Counts this person's deeds to the pair, so that a form sent twice is taken once.
    version: int
    deed: Deed = Field(sa_type=stored(Deed))
    grade: int | None = None
    note: str = ""
    # The listings as they were read; a later change of their texts is told in the export.
    need_revision: int
    result_revision: int
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class GoldEvaluation(SQLModel, table=True):
    """What the ranking reached on a round, once: its figures over time."""

    __tablename__ = "gold_evaluation"

    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="gold_round.id", index=True)
    encoder: str = Field(max_length=128)
    # JSON as `flask matching evaluate --json` prints it.
    figures: str
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
