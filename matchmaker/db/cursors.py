"""How far somebody has read a log, so that a crash or a restart misses nothing and repeats little."""

from sqlmodel import Field, Session, SQLModel

from matchmaker.db.uow import UnitOfWork


class LogCursor(SQLModel, table=True):
    """The last entry that the named reader has dealt with."""

    __tablename__ = "log_cursor"

    name: str = Field(primary_key=True, max_length=64)
    position: int = 0


def position(session: Session, name: str) -> int:
    """Where the reader stands; 0 before it began."""
    cursor = session.get(LogCursor, name)
    return cursor.position if cursor else 0


def advance(uow: UnitOfWork, name: str, to: int) -> None:
    """Move on, in the transaction of what was done with the entries; never back."""
    cursor = uow.session.get(LogCursor, name) or LogCursor(name=name)
    cursor.position = max(cursor.position, to)
    uow.session.add(cursor)
