"""Thousands of rows in one statement, for markets that are invented to be measured."""

from collections.abc import Sequence

from sqlalchemy import insert
from sqlmodel import Session, SQLModel


def insert_rows(session: Session, rows: Sequence[SQLModel]) -> None:
    """Insert rows of one table; the database numbers them, and nothing learns its id."""
    if rows:
        columns = [{name: value for name, value in row if name != "id"} for row in rows]
        session.execute(insert(type(rows[0])), columns)
