"""Column types keep what SQLite would lose."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, Table, create_engine, insert, select, text
from sqlalchemy.exc import StatementError

from matchmaker.db.types import ExactDecimal, UtcDateTime, stored


class Light(StrEnum):
    RED = "red"
    GREEN = "green"


METADATA = MetaData()
TABLE = Table(
    "sample",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime),
    Column("amount", ExactDecimal),
    Column("light", stored(Light)),
)


@pytest.fixture(scope="module")
def rows() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def kept(rows: Connection, **values: object) -> object:
    """What comes back when this is stored."""
    (name,) = values
    key = rows.execute(insert(TABLE).values(**values)).inserted_primary_key[0]
    return rows.execute(select(TABLE.c[name]).where(TABLE.c.id == key)).scalar_one()


ZONES = [UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3.5))]
# At the ends of the calendar there is no UTC to turn to; hypothesis adds the zone by itself.
ENDS = {"min_value": datetime(2, 1, 1), "max_value": datetime(9998, 1, 1)}  # noqa: DTZ001


@given(moment=st.datetimes(**ENDS, timezones=st.sampled_from(ZONES)))
def test_a_moment_comes_back_the_same_in_utc(rows, moment):
    found = kept(rows, at=moment)
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(rows):
    with pytest.raises(StatementError, match="without a zone"):
        kept(rows, at=datetime(2026, 1, 1))  # noqa: DTZ001  (the point of the test)


def test_moments_are_compared_in_the_database_as_they_are_in_time(rows):
    early, late = datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=8))), datetime(2026, 2, 28, 18, tzinfo=UTC)
    assert early < late
    kept(rows, at=early)
    key = rows.execute(select(TABLE.c.id).where(TABLE.c.at < late).where(TABLE.c.at > early - timedelta(seconds=1)))
    assert key.scalars().all()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**15))
def test_an_amount_keeps_its_digits(rows, amount):
    found = kept(rows, amount=amount)
    assert found == amount
    assert str(found) == format(amount, "f")


def test_a_large_round_amount_is_not_written_with_an_exponent(rows):
    key = rows.execute(insert(TABLE).values(amount=Decimal("1E+12"))).inserted_primary_key[0]
    raw = rows.execute(text("SELECT amount FROM sample WHERE id = :id"), {"id": key}).scalar_one()
    assert raw == "1000000000000"


def test_an_enum_comes_back_as_its_member_and_is_stored_as_its_value(rows):
    assert kept(rows, light=Light.GREEN) is Light.GREEN
    assert kept(rows, light="red") is Light.RED
    assert set(rows.execute(text("SELECT light FROM sample WHERE light IS NOT NULL")).scalars()) == {"red", "green"}


def test_a_value_that_the_enum_does_not_have_is_refused_on_the_way_in_and_out(rows):
    with pytest.raises(StatementError, match="blue"):
        kept(rows, light="blue")
    rows.execute(text("INSERT INTO sample (id, light) VALUES (-1, 'blue')"))
    with pytest.raises(ValueError, match="blue"):
        rows.execute(select(TABLE.c.light).where(TABLE.c.id == -1)).scalar_one()


def test_nothing_stays_nothing(rows):
    assert [kept(rows, **{name: None}) for name in ("at", "amount", "light")] == [None, None, None]


def test_an_enum_has_one_type():
    assert stored(Light) is stored(Light)
