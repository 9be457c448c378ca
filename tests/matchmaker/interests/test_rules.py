"""The table of export control as administrators keep it: nothing is overwritten, files come back as they went."""

import io
from datetime import date, timedelta

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Role
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import rules
from matchmaker.interests.models import ExportRule, Verdict
from matchmaker.interests.rule_schemas import RuleDraft, draft_of, read_csv, write_csv

FORM = {
    "ipc": "e21b 7/04", "origin": "CN", "destination": "", "verdict": "restricted", "title": "Drilling",
    "source": "A law of 2023", "source_url": "https://example.org/law", "valid_from": "2023-12-21", "valid_until": "",
}  # fmt: skip


@pytest.fixture
def office(someone):
    return someone(Role.ADMINISTRATOR)


@pytest.fixture
def table(session):
    def read():
        session.rollback()
        session.expire_all()
        return session.exec(select(ExportRule).order_by(ExportRule.id)).all()

    return read


def post(office, path, **changes):
    return office.client.post(f"/admin/export-rules{path}", data={**FORM, **changes})


def test_a_rule_is_added_as_it_was_written(office, table):
    assert post(office, "/new").status_code == 303
    (rule,) = table()
    assert (rule.ipc, rule.origin, rule.destination, rule.verdict) == ("E21B", "CN", "", Verdict.RESTRICTED)
    assert (rule.valid_from, rule.valid_until, rule.is_example) == (date(2023, 12, 21), None, False)
    assert "Drilling" in office.client.get("/admin/export-rules").text


@pytest.mark.parametrize(
    ("field", "value", "at"),
    [
        ("ipc", "Z99", "ipc"),
        ("origin", "XX", "origin"),
        ("verdict", "maybe", "verdict"),
        ("verdict", "", "verdict"),
        ("title", " ", "title"),
        ("title", "x" * 257, "title"),
        ("source", "", "source"),
        ("source_url", "javascript:alert(1)", "source_url"),
        ("source_url", "ftp://example.org", "source_url"),
        ("source_url", "https://[", "source_url"),
        ("valid_from", "yesterday", "valid_from"),
        ("valid_from", "", "valid_from"),
        ("valid_until", "2023-12-20", "valid_until"),
    ],
)
def test_a_rule_that_cannot_be_is_said_at_its_field(field, value, at, office, table):
    answer = post(office, "/new", **{field: value})
    assert answer.status_code == 422
    assert f'id="{at}-problem"' in answer.text
    assert table() == []


def test_a_change_ends_the_old_rule_and_adds_a_new_one(office, table, session):
    post(office, "/new")
    (old,) = table()
    assert post(office, f"/{old.public_id}/change", verdict="prohibited").status_code == 303
    before, after = table()
    assert (before.verdict, before.ended_at is None) == (Verdict.RESTRICTED, False)
    assert (after.verdict, after.ended_at) == (Verdict.PROHIBITED, None)
    past = office.client.get("/admin/export-rules?time=past").text
    assert past.count("Drilling") == 1
    actions = [event.action for event in session.exec(select(AuditEvent).order_by(AuditEvent.id)).all()]
    assert actions[1:] == ["export_rule.add", "export_rule.add", "export_rule.change"]


def test_a_change_for_later_leaves_no_day_without_a_rule(office, table):
    post(office, "/new")
    later = now().date() + timedelta(days=30)
    path = f"/{table()[0].public_id}/change"
    for _click in range(2):
        assert post(office, path, valid_from=later.isoformat()).status_code == 303
    old, new = table()
    assert (old.ended_at, old.valid_until, new.valid_from) == (None, later - timedelta(days=1), later)


def test_a_change_that_changes_nothing_is_none(office, table):
    post(office, "/new")
    (rule,) = table()
    assert post(office, f"/{rule.public_id}/change").status_code == 303
    assert len(table()) == 1


def test_the_second_of_two_who_change_a_rule_is_told(office, table):
    post(office, "/new")
    (rule,) = table()
    post(office, f"/{rule.public_id}/change", verdict="free")
    late = post(office, f"/{rule.public_id}/change", verdict="prohibited", title="Typed late")
    assert late.status_code == 409
    assert "Typed late" in late.text
    assert len(table()) == 2


def test_a_rule_ends_once(office, table):
    post(office, "/new")
    (rule,) = table()
    assert office.client.post(f"/admin/export-rules/{rule.public_id}/end").status_code == 303
    assert office.client.post(f"/admin/export-rules/{rule.public_id}/end").status_code == 409
    with unit_of_work(office.client.application.extensions["matchmaker.engine"]) as uow, pytest.raises(Conflict):
        rules.end(uow, rule.public_id, actor=office.actor)


@pytest.mark.parametrize(
    ("time", "shown"), [("now", {"Now"}), ("future", {"Then"}), ("past", {"Over", "Ended"}), ("nonsense", {"Now"})]
)
def test_the_list_is_by_time(time, shown, office, add_rule):
    today = now().date()
    add_rule(Verdict.FREE, title="Now")
    add_rule(Verdict.FREE, title="Then", valid_from=today + timedelta(days=1))
    add_rule(Verdict.FREE, title="Over", valid_until=today - timedelta(days=1))
    add_rule(Verdict.FREE, title="Ended", ended_at=now())
    page = office.client.get(f"/admin/export-rules?time={time}").text
    assert {title for title in ("Now", "Then", "Over", "Ended") if f"<bdi>{title}</bdi></h2>" in page} == shown


def test_the_list_is_narrowed_by_verdict_and_place(office, add_rule):
    add_rule(Verdict.FREE, title="First", origin="CN")
    add_rule(Verdict.PROHIBITED, title="Second", destination="CN")
    add_rule(Verdict.PROHIBITED, title="Third", origin="IT")
    page = office.client.get("/admin/export-rules?verdict=prohibited&place=CN").text
    assert [title for title in ("First", "Second", "Third") if title in page] == ["Second"]


def test_the_file_comes_back_as_it_went(add_rule, table):
    add_rule(
        Verdict.PROHIBITED, ipc="E21B", origin="CN", destination="EU", title='=cmd|"x", y', source="法律 2023\u2014号"
    )
    add_rule(Verdict.FREE, valid_until=date(2030, 1, 1), is_example=True, source_url="https://example.org/")
    add_rule(Verdict.FREE, title="Ended", ended_at=now())
    written = write_csv(table())
    assert "\n=cmd" not in written
    assert ",\"'=cmd" in written
    drafts, bad = read_csv(written)
    assert bad == []
    assert drafts == [draft_of(rule) for rule in table() if rule.ended_at is None]


def upload(office, text):
    data = {"file": (io.BytesIO(text if isinstance(text, bytes) else text.encode()), "rules.csv")}
    return office.client.post("/admin/export-rules/import", data=data, content_type="multipart/form-data")


def test_a_file_adds_what_is_not_there_yet(office, table):
    post(office, "/new")
    file = office.client.get("/admin/export-rules/table.csv").text
    assert upload(office, file).status_code == 303
    assert len(table()) == 1
    more = file + ",G01S,CN,,prohibited,Lidar,A law,,2023-12-21,,no,\r\n"
    assert upload(office, more).status_code == 303
    assert upload(office, more).status_code == 303
    assert [rule.ipc for rule in table()] == ["E21B", "G01S"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Please choose a file"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("a" * (400 * 1024 + 1), "larger than 400 kB"),
        ("a,b\n1,2\n", "line 1:"),
        ("verdict,title,source,valid_from\nfree,A,B,2020-01-01\nnever,A,B,2020-01-01\n", "line 3:"),
        ('verdict,title,source,valid_from\nfree,"A,B,2020-01-01\n', "line 2:"),
        ("verdict,title,source,valid_from\nfree\n", "line 2:"),
    ],
)
def test_a_file_that_is_wrong_somewhere_adds_nothing_and_says_where(text, said, office, table):
    answer = upload(office, text)
    assert answer.status_code == 422
    assert said in answer.text
    assert table() == []


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        ("ipc=E21B&origin=CN&destination=IT", "Restricted"),
        ("ipc=E21B&origin=CN&destination=CN", "Free"),
        ("ipc=G01S&origin=CN&destination=IT", "Free"),
        ("ipc=G01S, e21b&origin=CN&destination=", "Restricted"),
        ("ipc=E21B&origin=CN&destination=IT&day=2023-12-20", "Free"),
    ],
)
def test_a_pair_can_be_tried(asked, verdict, office, table):
    post(office, "/new", is_example="yes")
    page = office.client.get(f"/admin/export-rules/test?{asked}").text
    assert f"mm-verdict-{verdict.lower()}" in page
    assert ("EXAMPLE, not legal advice" in page) == (verdict == "Restricted")


@pytest.mark.parametrize("asked", ["ipc=Z99", "origin=XX", "day=soon"])
def test_a_pair_that_cannot_be_is_said(asked, office):
    answer = office.client.get(f"/admin/export-rules/test?{asked}")
    assert answer.status_code == 200
    assert "mm-verdict-" not in answer.text


@pytest.mark.parametrize("role", [Role.MEMBER, Role.BROKER])
def test_the_table_is_the_offices(role, someone):
    client = someone(role).client
    for path in ("", "/new", "/table.csv", "/test", "/checks"):
        assert client.get(f"/admin/export-rules{path}").status_code == 403


def test_the_examples_are_marked_name_their_sources_and_load_once(engine, table, app, office):
    for _ in range(2):
        done = app.test_cli_runner().invoke(args=["export-rules", "examples"])
        assert done.exit_code == 0, done.output
    found = table()
    assert len(found) >= 6
    assert all(rule.is_example for rule in found)
    assert {rule.verdict for rule in found} == {Verdict.RESTRICTED, Verdict.PROHIBITED}
    assert all(any(year in rule.source for year in ("1989", "2021", "2023", "2025")) for rule in found)
    with unit_of_work(engine) as uow:
        rules.end(uow, found[0].public_id, actor=office.actor)
    with unit_of_work(engine) as uow:
        assert rules.load_examples(uow) == 0


def test_an_example_says_so_wherever_it_is_shown(pair, office, engine):
    with unit_of_work(engine) as uow:
        draft = RuleDraft(**{**FORM, "origin": "DE", "is_example": True})
        rules.add(uow, draft, actor=office.actor)
    pair.examine()
    pages = [
        office.client.get("/admin/export-rules"),
        office.client.get("/admin/export-rules/checks"),
        office.client.get("/admin/export-rules/test?ipc=E21B&origin=DE&destination=CN"),
        *(who.client.get(f"/introductions/gate/{pair.public_id}") for who in (pair.need, pair.result, pair.broker)),
    ]
    for page in pages:
        assert "Drilling" in page.text
        assert "EXAMPLE, not legal advice" in page.text


def test_an_import_says_all_its_lines_at_once(uow):
    text = "verdict,title,source,valid_from\nx,A,B,2020-01-01\nfree,,B,2020-01-01\n"
    with uow, pytest.raises(Invalid) as refused:
        rules.import_csv(uow, text)
    assert set(refused.value.problems) == {"2", "3"}
