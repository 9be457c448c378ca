"""Standing questions: saved searches and one's own listings, whose new answers are told once each."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.types import UtcDateTime


class SavedSearch(SQLModel, table=True):
    """A search that somebody keeps: the words and filters of its address."""

    __tablename__ = "saved_search"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    person_id: int = Field(foreign_key="person.id", index=True)
    name: str = Field(max_length=128)
    # The query part of the search page's address.
    query: str = Field(max_length=2048)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class ToldAnswer(SQLModel, table=True):
    """A listing that was told as the answer to a saved search or to a listing of one's own."""

    __tablename__ = "told_answer"
    __table_args__ = (
        UniqueConstraint("saved_search_id", "answer_id"),
        UniqueConstraint("listing_id", "answer_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    saved_search_id: int | None = Field(default=None, foreign_key="saved_search.id", ondelete="CASCADE")
    listing_id: int | None = Field(default=None, foreign_key="listing.id")
    answer_id: int = Field(foreign_key="listing.id", index=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
