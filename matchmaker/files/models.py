"""Files that people upload: a row for each, its bytes in the var folder under a name that says nothing."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.types import UtcDateTime, stored


class Scan(StrEnum):
    """What the scanner said of a file."""

    # No scanner is configured.
    UNSCANNED = "unscanned"
    CLEAN = "clean"
    REFUSED = "refused"


class StoredFile(SQLModel, table=True):
    """One upload. Its original name is a text like any other of its part, and never stands in an address."""

    __tablename__ = "stored_file"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    name: str = Field(max_length=256)
    # As sniffed from its first bytes, not as the browser said.
    media_type: str = Field(max_length=96)
    size: int
    sha256: str = Field(max_length=64)
    # Where the bytes are, below the folder of files; random.
    place: str = Field(max_length=64)
    scan: Scan = Field(default=Scan.UNSCANNED, sa_type=stored(Scan))
    uploaded_by: int = Field(foreign_key="person.id")
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
