"""Every SELECT of files."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from matchmaker.files.models import StoredFile


def by_public_id(session: Session, public_id: str) -> StoredFile | None:
    """The file of an address."""
    return session.exec(select(StoredFile).where(StoredFile.public_id == public_id)).one_or_none()


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, StoredFile]:
    """Files by row id."""
    rows = session.exec(select(StoredFile).where(col(StoredFile.id).in_(list(ids)))).all()
    return {row.id: row for row in rows if row.id is not None}


def places(session: Session) -> set[str]:
    """Where files with a row are."""
    return set(session.exec(select(StoredFile.place)))
