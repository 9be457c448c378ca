"""The record can be read, filtered, taken along and checked; a change to it is found and named."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from matchmaker.accounts.models import Role
from matchmaker.audit import queries
from matchmaker.audit.models import AuditEvent
from matchmaker.audit.queries import Wanted
from matchmaker.audit.service import first_break, link, record
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from tests.factories.html import parse


@pytest.fixture
def office(signed_in):
    return signed_in(Role.ADMINISTRATOR)[0]


@pytest.fixture
def events(engine, office):
    """Nine events of three actors, after the one of the administrator's own sign-in."""
    with unit_of_work(engine) as uow:
        for i in range(9):
            actor, verb = f"actor{i % 3}", ("listing.publish", "listing.withdraw", "match.endorse")[i % 3]
            record(uow, actor, verb, (verb.split(".")[0], f"object{i}"), "100% of =1+1")
    return 9


def shown(client, **query) -> list[list[str]]:
    page = parse(client.get("/admin/audit", query_string=query).text)
    return [[cell.text for cell in row.all("td")] for row in page.all("tbody")[0].all("tr")]


def tamper(engine, statement: str) -> None:
    """Change the record as somebody would who holds the file: its guards are taken away first."""
    with engine.begin() as connection:
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
        for (guard,) in connection.execute(text(guards)).all():
            connection.execute(text(f"DROP TRIGGER {guard}"))
        connection.execute(text(statement))


def test_the_newest_event_stands_first(office, events):
    assert shown(office)[0][3] == "match object8"
    assert len(shown(office)) == events + 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"actor": "actor1"}, 3),
        ({"action": "listing."}, 6),
        ({"action": "listing.publish"}, 3),
        ({"object_kind": "match"}, 3),
        ({"object_kind": "listing", "object_id": "object4"}, 1),
        ({"actor": "actor1", "action": "match."}, 0),
        ({"action": "%"}, 0),
        ({"since": "not a day", "actor": "actor0"}, 3),
        ({"since": "2999-01-01"}, 0),
        ({"until": "2000-01-01"}, 0),
        ({"actor": "x" * 5000}, 0),
    ],
)
def test_filters_narrow_it_down(office, events, query, count):
    found = shown(office, **query)
    assert len([row for row in found if len(row) > 1]) == count


def test_days_count_in_utc_and_both_are_included(engine, session):
    noon = datetime(2026, 3, 5, 23, 59, tzinfo=UTC)
    with unit_of_work(engine) as uow:
        uow.session.add(AuditEvent(at=noon, actor="a", action="b", object_kind="c", object_id="d"))
    day, long = noon.date(), timedelta(days=1)
    for wanted, count in (
        (Wanted(since=day, until=day), 1),
        (Wanted(since=day + long), 0),
        (Wanted(until=day - long), 0),
    ):
        assert queries.page(session, wanted, 1).total == count


def test_a_long_record_comes_in_pages(engine, session):
    with unit_of_work(engine) as uow:
        for i in range(7):
            record(uow, "a", "b", ("c", str(i)))
    pages = [queries.page(session, Wanted(), number, size=3) for number in (1, 2, 3, 4)]
    assert [[event.object_id for event in page.rows] for page in pages] == [["6", "5", "4"], ["3", "2", "1"], ["0"], []]


def test_people_are_named_and_processes_are_as_they_call_themselves(office, engine, person):
    someone = person()
    with unit_of_work(engine) as uow:
        record(uow, someone.public_id, "a.b", ("c", "d"))
        record(uow, "import", "a.b", ("c", "d"))
    assert [row[1] for row in shown(office, action="a.b")] == ["import", someone.name]


def test_a_whole_chain_holds(office, events, app):
    page = office.post("/admin/audit/verify", follow_redirects=True).text
    assert "The chain holds" in page
    done = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert (done.exit_code, done.output) == (0, "the chain holds from the first event to the last\n")


@pytest.mark.parametrize(
    ("statement", "at"),
    [
        ("UPDATE audit_event SET actor = 'nobody' WHERE object_id = 'object4'", "object4"),
        ("UPDATE audit_event SET detail = '' WHERE object_id = 'object0'", "object0"),
        ("UPDATE audit_event SET at = '2000-01-01 00:00:00.000000' WHERE object_id = 'object7'", "object7"),
        ("DELETE FROM audit_event WHERE object_id = 'object4'", "object5"),
        ("DELETE FROM audit_event WHERE id = 1", "object0"),
    ],
)
@pytest.mark.usefixtures("events")
def test_a_change_is_found_and_its_place_is_named(office, engine, session, statement, at):
    tamper(engine, statement)
    broken = session.exec(select(AuditEvent).where(AuditEvent.object_id == at)).one()
    page = office.post("/admin/audit/verify", follow_redirects=True).text
    assert f"The chain breaks at event {broken.id}:" in page
    done = office.application.test_cli_runner().invoke(args=["audit", "verify"])
    assert done.exit_code == 1
    assert f"breaks at event {broken.id} " in done.output


def test_a_long_chain_is_read_in_batches(engine, session):
    """Three batches and a piece, written as record() would, in one statement."""
    previous, rows = "", []
    for number in range(3 * queries.BATCH + 7):
        event = AuditEvent(id=number + 1, at=now(), actor="a", action="b", object_kind="c", object_id=str(number))
        previous = event.hash = link(previous, event)
        rows.append(event)
    with unit_of_work(engine) as uow:
        uow.session.add_all(rows)
    assert first_break(queries.stream(session)) is None
    session.rollback()
    tamper(engine, f"UPDATE audit_event SET action = 'x' WHERE id = {2 * queries.BATCH + 1}")
    with Session(engine) as fresh:
        assert first_break(queries.stream(fresh)).id == 2 * queries.BATCH + 1


def test_the_record_is_taken_along_as_csv_with_the_same_filters(office, events):
    answer = office.get("/admin/audit.csv?object_kind=listing")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == "attachment; filename=audit.csv"
    rows = list(csv.DictReader(StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert [row["object_id"] for row in rows] == [f"object{i}" for i in (0, 1, 3, 4, 6, 7)]
    assert datetime.fromisoformat(rows[0]["at"]).tzinfo is not None
    assert len(rows[0]["hash"]) == 64


def test_no_cell_is_a_formula(office, engine):
    with unit_of_work(engine) as uow:
        for start in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1"):
            record(uow, start, "a", ("formula", "x"))
    answer = office.get("/admin/audit.csv?object_kind=formula").get_data(as_text=True).lstrip("\ufeff")
    assert all(row["actor"].startswith("'") for row in csv.DictReader(StringIO(answer)))


def test_taking_it_along_is_a_deed_too(office, session):
    office.get("/admin/audit.csv")
    assert [event.action for event in session.exec(select(AuditEvent))][-1] == "audit.export"


def test_the_page_offers_the_same_filters_for_the_file(office, events):
    page = parse(office.get("/admin/audit?actor=actor1&page=1&evil=javascript:").text)
    addresses = [link.get("href") for link in page.all("a") if "audit.csv" in link.get("href")]
    assert addresses == ["/admin/audit.csv?actor=actor1"]


@pytest.mark.parametrize(("lang", "deed", "of"), [("en", "Published a listing", "Listing"), ("zh", "发布信息", "信息")])
def test_deeds_are_told_in_the_reader_s_language_beside_their_codes(engine, office, lang, deed, of):
    with unit_of_work(engine) as uow:
        record(uow, "somebody", "listing.published", ("listing", "object1"))
        record(uow, "somebody", "deed.of.an_older_version", ("thing", "object2"))
    old, new = shown(office, actor="somebody", lang=lang)
    assert new[2] == f"{deed} listing.published"
    assert new[3] == f"{of} object1"
    assert (old[2], old[3]) == ("deed.of.an_older_version", "thing object2")
