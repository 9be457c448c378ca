"""Import into a real database: what is stored, what happens the second time, and what one bad row costs."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlmodel import SQLModel, col

import matchmaker.accounts.models
import matchmaker.audit.models
import matchmaker.listings.models  # noqa: F401 - tables register on import
from matchmaker.core.clock import now
from matchmaker.core.errors import Misconfigured
from matchmaker.db.engine import open_engine, reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.columns import COLUMNS, read_overrides
from matchmaker.listings.fields import BY_NAME
from matchmaker.listings.importing import Options, Report, import_file
from matchmaker.listings.models import (
    ChangeKind,
    Direction,
    Listing,
    ListingChange,
    ListingCode,
    ListingText,
    Scheme,
    Status,
    TextOrigin,
)

PUMP = {"id": "1", "kind": "need", "lang": "de", "country": "DE", "title": "Pumpe gesucht", "text": "Für Säure."}
VALVE = {"id": "2", "kind": "offer", "lang": "zh", "country": "CN", "title": "耐磨阀门", "text": "寿命提高三倍。"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'import.db'}")
    SQLModel.metadata.create_all(engine)
    yield engine
    engine.dispose()


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


def run(database: Engine, path: Path, *rows: object, **options: object) -> Report:
    """Import the rows from a file of that name."""
    return import_file(database, lines(path, *rows), Options(**options))  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "partner.jsonl"


def stored(database: Engine, source_id: str) -> tuple[Listing, ListingText]:
    """The listing with its original text."""
    with reading_session(database) as session:
        listing = session.execute(select(Listing).where(col(Listing.source_id) == source_id)).scalar_one()
        words = session.get(ListingText, (listing.id, listing.lang))
        assert words is not None
        return listing, words


def count(database: Engine, table: type[SQLModel]) -> int:
    with reading_session(database) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def changes(database: Engine) -> list[ChangeKind]:
    with reading_session(database) as session:
        return list(session.execute(select(col(ListingChange.kind)).order_by(col(ListingChange.id))).scalars())


def codes(database: Engine, scheme: Scheme) -> set[str]:
    with reading_session(database) as session:
        return set(session.execute(select(col(ListingCode.code)).where(col(ListingCode.scheme) == scheme)).scalars())


def test_a_row_becomes_a_published_listing_of_its_source(database: Engine, file: Path) -> None:
    row = PUMP | {"org": "Säure & Co", "url": "https://example.org/1", "licence": "CC BY 4.0", "date": "20240309"}
    report = run(database, file, row)
    listing, words = stored(database, "1")
    assert (report.created, report.rejected) == (1, [])
    assert (listing.direction, listing.status, listing.lang, listing.country) == (
        Direction.NEED,
        Status.PUBLISHED,
        "de",
        "DE",
    )
    assert (listing.source, listing.organisation_id, listing.organisation_name) == ("partner", None, "Säure & Co")
    assert (listing.source_url, listing.licence) == ("https://example.org/1", "CC BY 4.0")
    assert (listing.published_at, listing.expires_at) == (datetime(2024, 3, 9, tzinfo=UTC), None)
    assert (words.title, words.description, words.origin) == ("Pumpe gesucht", "Für Säure.", TextOrigin.OWNER)
    assert changes(database) == [ChangeKind.PUBLISHED]


def test_a_chinese_table_in_gb18030_is_understood_column_by_column(database: Engine, tmp_path: Path) -> None:
    path = tmp_path / "榜单.csv"
    row = {
        "编号": "CQ-7",
        "类型": "需求",
        "语言": "中文",
        "国家": "中国",
        "标题": "井下钻孔机器人",
        "内容": "误差小于5厘米。",
        "机构": "某矿业公司",
        "关键词": "钻孔；机器人、煤矿",
        "截止日期": "2027年6月30日",
        "预算": "50-100万元",
        "合作方式": "技术转让；合资",
        "技术成熟度": "TRL 7",
        "可持续发展目标": "8",
    }
    with path.open("w", encoding="gb18030", newline="") as handle:
        writer = csv.DictWriter(handle, list(row))
        writer.writeheader()
        writer.writerow(row)
    report = import_file(database, path, Options())
    listing, words = stored(database, "CQ-7")
    assert (report.created, dict(report.notes)) == (1, {})
    assert (listing.source, listing.lang, listing.country, listing.trl) == ("榜单", "zh", "CN", "7")
    assert (listing.budget_min, listing.budget_max) == (Decimal(500_000), Decimal(1_000_000))
    assert (listing.budget_currency, listing.deadline) == ("CNY", date(2027, 6, 30))
    assert (listing.organisation_name, words.keywords) == ("某矿业公司", "钻孔, 机器人, 煤矿")
    assert codes(database, Scheme.PARTNERSHIP) == {"acquisition", "joint_venture"}
    assert codes(database, Scheme.SDG) == {"8"}


def test_the_second_import_changes_nothing(database: Engine, file: Path) -> None:
    run(database, file, PUMP, VALVE)
    before = stored(database, "1")
    report = run(database, file, PUMP, VALVE)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
    assert stored(database, "1") == before
    assert len(changes(database)) == 2


def test_a_changed_row_replaces_contents_codes_and_versions_under_the_same_address(
    database: Engine, file: Path
) -> None:
    run(database, file, PUMP | {"ipc": "F04B; F04D", "texts": {"en": {"title": "Pump wanted"}}}, VALVE)
    old, _ = stored(database, "1")
    report = run(database, file, PUMP | {"lang": "fr", "title": "Pompe", "ipc": "F04D"}, VALVE)
    new, words = stored(database, "1")
    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)
    assert (new.public_id, new.revision, new.published_at) == (old.public_id, 2, old.published_at)
    assert (new.lang, words.title) == ("fr", "Pompe")
    assert count(database, ListingText) == 2
    assert codes(database, Scheme.IPC) == {"F04D"}
    assert changes(database) == [ChangeKind.PUBLISHED, ChangeKind.PUBLISHED, ChangeKind.EDITED]


def test_a_listing_withdrawn_here_stays_withdrawn_when_its_source_changes(database: Engine, file: Path) -> None:
    run(database, file, PUMP)
    with unit_of_work(database) as uow:
        uow.session.execute(text("UPDATE listing SET status = 'withdrawn'"))
    run(database, file, PUMP | {"title": "Neue Pumpe"})
    assert stored(database, "1")[0].status is Status.WITHDRAWN


def test_a_rejected_row_is_told_with_its_line_and_costs_no_other(database: Engine, file: Path, tmp_path: Path) -> None:
    bad = [
        "this is no JSON",
        PUMP | {"id": "b1", "kind": "both"},
        {key: value for key, value in PUMP.items() if key != "kind"},
        PUMP | {"id": "b2", "title": " ", "text": "\u200b \x07"},
        PUMP | {"id": "b3", "text": "x" * 60_001},
    ]
    report = run(database, file, PUMP, *bad, VALVE, rejected=tmp_path / "rejected.jsonl")
    kept = [json.loads(line) for line in (tmp_path / "rejected.jsonl").read_text("utf-8").splitlines()]
    assert report.created == count(database, Listing) == 2
    assert [line for line, _reason in report.rejected] == [2, 3, 4, 5, 6]
    assert [reason.partition(":")[0] for _line, reason in report.rejected] == [
        "not JSON",
        "direction",
        "direction",
        "title",
        "description",
    ]
    assert [entry["row"] for entry in kept] == bad
    assert [(entry["line"], entry["reason"]) for entry in kept] == report.rejected


def test_a_row_that_the_database_refuses_does_not_lose_its_batch(database: Engine, file: Path) -> None:
    with unit_of_work(database) as uow:
        # Stands for a constraint of the database that validation does not know.
        uow.session.execute(
            text(
                "CREATE TRIGGER refuse BEFORE INSERT ON listing_text WHEN new.title = 'Pumpe gesucht' "
                "BEGIN SELECT RAISE(ABORT, 'no pumps'); END"
            )
        )
    rows = [VALVE | {"id": str(number)} for number in range(10, 16)]
    report = run(database, file, *rows[:3], PUMP, *rows[3:])
    assert report.created == count(database, Listing) == count(database, ListingText) == 6
    assert report.rejected == [(4, "the database refuses it: no pumps")]
    assert changes(database) == [ChangeKind.PUBLISHED] * 6


def test_of_two_rows_with_one_id_the_later_wins_also_the_next_time(database: Engine, file: Path) -> None:
    rows = [PUMP, VALVE, PUMP | {"title": "Neue Pumpe"}]
    first = run(database, file, *rows, batch=1)
    second = run(database, file, *rows, batch=1)
    assert (first.created, first.superseded) == (2, 1)
    assert (second.unchanged, second.updated, second.superseded) == (2, 0, 1)
    listing, words = stored(database, "1")
    assert (words.title, listing.revision) == ("Neue Pumpe", 1)


def test_an_earlier_row_counts_when_the_later_with_its_id_is_rejected(database: Engine, file: Path) -> None:
    report = run(database, file, PUMP, PUMP | {"title": "Neue Pumpe"}, PUMP | {"kind": "?"})
    assert (report.created, report.superseded, len(report.rejected)) == (1, 1, 1)
    assert stored(database, "1")[1].title == "Neue Pumpe"


def test_a_row_without_id_is_known_by_its_contents(database: Engine, file: Path) -> None:
    nameless = {key: value for key, value in PUMP.items() if key != "id"}
    first = run(database, file, nameless, nameless, nameless | {"title": "Andere Pumpe"})
    second = run(database, file, nameless)
    assert (first.created, first.superseded) == (2, 1)
    assert (second.created, second.unchanged) == (0, 1)


def test_the_same_id_of_another_source_is_another_listing(database: Engine, file: Path) -> None:
    report = run(database, file, PUMP | {"source": "a"}, PUMP | {"source": "b"})
    assert (report.created, report.superseded) == (2, 0)


def test_a_long_id_is_kept_apart_from_its_neighbours(database: Engine, file: Path) -> None:
    rows = [PUMP | {"id": "x" * 300 + end} for end in "ab"]
    assert run(database, file, *rows).created == 2
    assert run(database, file, *rows).unchanged == 2


def test_an_interrupted_import_goes_on_where_it_ended(database: Engine, file: Path) -> None:
    rows = [PUMP | {"id": str(number)} for number in range(7)]
    lines(file, *rows)

    def interrupt(stage: str, _done: int, _total: int) -> None:
        if stage == "importing" and count(database, Listing) >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(database, file, Options(batch=2), interrupt)
    report = import_file(database, file, Options(batch=2))
    assert (report.created, report.unchanged) == (3, 4)


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(database: Engine, file: Path) -> None:
    run(database, file, PUMP)
    report = run(database, file, PUMP | {"title": "Neu"}, VALVE, dry_run=True)
    assert (report.created, report.updated) == (1, 1)
    assert stored(database, "1")[1].title == "Pumpe gesucht"
    assert count(database, Listing) == 1


def test_a_title_that_is_too_long_is_shortened_and_kept_in_full_in_the_description(
    database: Engine, file: Path
) -> None:
    title = "Säurefeste Pumpe für " + "sehr " * 60 + "viel Säure"
    report = run(database, file, PUMP | {"title": title})
    _listing, words = stored(database, "1")
    assert words.title.endswith("…")
    assert len(words.title) <= 256
    assert words.description == f"{title}\n\nFür Säure."
    assert report.notes == {"title: longer than 256 characters, in full in the description": 1}


def test_a_text_that_the_direction_has_no_field_for_moves_to_the_description(database: Engine, file: Path) -> None:
    run(database, file, PUMP | {"advantages": "Läuft trocken."})
    _listing, words = stored(database, "1")
    assert (words.advantages, words.description) == ("", "Für Säure.\n\nLäuft trocken.")


@pytest.mark.parametrize(
    ("title", "body", "taken"),
    [
        ("", "Wir suchen eine Pumpe. Sie fördert Säure.", "Wir suchen eine Pumpe."),
        ("N/A", "寻求耐腐蚀泵。流量每小时五十立方米。", "寻求耐腐蚀泵。"),
        ("H.", "H. G. Pars seeks a drug. It works.", "H. G. Pars seeks a drug."),
        (None, "One line\nand another", "One line"),
    ],
)
def test_a_row_without_a_title_takes_its_first_sentence(
    database: Engine, file: Path, title: str | None, body: str, taken: str
) -> None:
    run(database, file, PUMP | {"title": title, "text": body})
    _listing, words = stored(database, "1")
    assert (words.title, words.description) == (taken, body)


def test_values_that_are_not_understood_are_left_out_and_counted(database: Engine, file: Path) -> None:
    odd = {
        "country": "1A",
        "lang": "xx",
        "url": "javascript:alert(1)",
        "deadline": "soon",
        "trl": "12",
        "budget": "面议",
        "ipc": "F04B, Z99Z",
        "partnerships": ["licence", "marriage"],
        "date": (now() + timedelta(days=9)).date().isoformat(),
        "texts": {"en": "no object", "de": {"title": "the original again"}},
    }
    report = run(database, file, PUMP | odd)
    listing, _words = stored(database, "1")
    assert (listing.country, listing.lang, listing.source_url) == ("", "und", "")
    assert (listing.deadline, listing.trl, listing.budget_max) == (None, None, None)
    assert listing.published_at is not None
    assert listing.published_at <= now()
    assert codes(database, Scheme.IPC) == {"F04B"}
    assert codes(database, Scheme.PARTNERSHIP) == {"licence"}
    assert report.notes == {
        "country: not understood, left out": 1,
        "lang: not understood, left out": 1,
        "url: not understood, left out": 1,
        "deadline: not understood, left out": 1,
        "trl: not understood, left out": 1,
        "budget: not understood, left out": 1,
        "ipc: unknown code, left out": 1,
        "partnerships: unknown code, left out": 1,
        "published: in the future, left out": 1,
        "texts: a language version is unfit, left out": 1,
    }


def test_a_fact_that_does_not_apply_to_the_direction_is_counted(database: Engine, file: Path) -> None:
    report = run(database, file, VALVE | {"deadline": "2027-05-01"})
    assert report.notes == {"deadline: does not apply to a result, left out": 1}


def test_markup_is_kept_as_text_and_invisible_controls_are_not(database: Engine, file: Path) -> None:
    run(database, file, PUMP | {"title": "<b>Pumpe</b>\u202e\x00 🚰\ud800", "text": "<script>alert(1)</script>"})
    _listing, words = stored(database, "1")
    assert (words.title, words.description) == ("<b>Pumpe</b> 🚰", "<script>alert(1)</script>")


def test_further_language_versions_say_whether_a_machine_made_them(database: Engine, file: Path) -> None:
    versions = {"en": {"title": "Pump wanted"}, "zh-CN": {"title": "求购泵", "machine": True}}
    run(database, file, PUMP | {"texts": versions})
    with reading_session(database) as session:
        made = session.execute(select(col(ListingText.lang), col(ListingText.origin), col(ListingText.title)))
        assert {tuple(row) for row in made} == {
            ("de", TextOrigin.OWNER, "Pumpe gesucht"),
            ("en", TextOrigin.OWNER, "Pump wanted"),
            ("zh", TextOrigin.MACHINE, "求购泵"),
        }


def test_a_mapping_names_columns_and_constants(database: Engine, file: Path, tmp_path: Path) -> None:
    mapping = lines(tmp_path / "map.json", {"title": "Bezeichnung", "direction": "=need", "lang": "=de"})
    report = run(
        database,
        file,
        {"id": 9, "Bezeichnung": "Pumpe", "title": "not this one"},
        overrides=read_overrides(mapping),
    )
    listing, words = stored(database, "9")
    assert (listing.direction, listing.lang, words.title) == (Direction.NEED, "de", "Pumpe")
    assert report.notes == {"column 'title' is not used": 1}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{oops", "is not JSON"),
        ('["title"]', "must be an object"),
        ('{"title": 1}', "must be an object"),
        ('{"titel": "a"}', "no field titel"),
    ],
)
def test_a_wrong_mapping_is_one_clear_line(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(Misconfigured, match=problem):
        read_overrides(lines(tmp_path / "map.json", content))


def test_a_file_that_cannot_be_read_to_its_end_changes_nothing(database: Engine, tmp_path: Path) -> None:
    good = lines(tmp_path / "a.jsonl", *({**PUMP, "id": str(number)} for number in range(50))).read_bytes()
    cases = {
        "no-rows.csv": b"title,text\n",
        "strange.csv": b"alpha,beta\n1,2\n",
        "nothing.jsonl": b"not\njson\n",
        "cut.csv": b"title,text\n" + "Prüfstand für Kühlmöbel\n".encode("cp1252"),
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Misconfigured, match=name):
            import_file(database, tmp_path / name, Options())
    (tmp_path / "a.jsonl").write_bytes(good)
    with pytest.raises(Misconfigured, match="no column Bezeichnung"):
        import_file(database, tmp_path / "a.jsonl", Options(overrides={"title": "Bezeichnung"}))
    with pytest.raises(Misconfigured, match="into the file that is imported"):
        import_file(database, tmp_path / "a.jsonl", Options(rejected=tmp_path / "a.jsonl"))
    assert (tmp_path / "a.jsonl").read_bytes() == good
    assert count(database, Listing) == 0


def test_every_field_of_a_listing_can_be_imported() -> None:
    assert set(BY_NAME) <= set(COLUMNS)
    names = [alias for aliases in COLUMNS.values() for alias in aliases.split()]
    assert len(names) == len(set(names))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from(sorted(COLUMNS)), JSON), max_size=6))
def test_whatever_the_values_are_every_row_is_stored_or_told(
    database: Engine, file: Path, rows: list[dict[str, object]]
) -> None:
    before = count(database, Listing)
    typed = [{"direction": "need", "title": "Pumpe"} | row for row in rows]
    report = run(database, file, PUMP, *typed)
    told = report.created + report.updated + report.unchanged + report.superseded + len(report.rejected)
    assert told == len(rows) + 1
    assert count(database, Listing) == before + report.created
