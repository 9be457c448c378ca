"""The pages of administrators: who reads them, what they say, and that nothing in them runs or leaks."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import render_template
from sqlmodel import Session, select

from matchmaker.accounts.models import Role
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.core.errors import Misconfigured
from matchmaker.db.uow import unit_of_work
from matchmaker.desk_figures import counting
from matchmaker.insights import quality_charts, quality_page
from matchmaker.insights.quality_charts import Run
from matchmaker.listings.models import Direction
from matchmaker.matching import evaluation, run_figures, runs
from matchmaker.matching.models import EvaluationRun
from matchmaker.review.models import State
from tests.factories import evaluation_runs as made
from tests.factories.html import parse
from tests.factories.timelines import Entry, listing, match

ADDRESSES = (
    "/admin/insights", "/admin/insights/responses", "/admin/insights/compare?a=1&b=2",
    "/admin/insights/tables/quality.csv", "/admin/insights/responses/funnel.csv",
    "/admin/insights/compare/difference.csv?a=1&b=2",
)  # fmt: skip


@pytest.fixture
def office(signed_in):
    return signed_in(Role.ADMINISTRATOR)[0]


@pytest.fixture
def kept(engine):
    """Two runs of one task, and one of the coverage."""
    with unit_of_work(engine) as uow:
        runs.keep(uow, made.finding(0.13))
        runs.keep(uow, made.finding(0.16, ablation=made.ABLATION, calibration=made.CALIBRATION))
        runs.keep(uow, made.coverage())


@pytest.fixture
def matched(engine):
    """A match that a side refused."""
    with unit_of_work(engine) as uow:
        sides = listing(uow, Direction.NEED, "zh", "CN"), listing(uow, Direction.RESULT, "de", "DE")
        entries = [Entry(1, State.ENDORSED), Entry(2, State.OFFERED_FIRST), Entry(5, State.DECLINED, "need", "price")]
        match(uow, sides, entries, at=now() - timedelta(days=20))


def rows(answer) -> list[list[str]]:
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def drawings(answer) -> list[dict]:
    return [json.loads(element.get("data-chart")) for element in parse(answer.text).all("div", class_="mm-chart")]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("role", [Role.MEMBER, Role.BROKER])
def test_nobody_but_an_administrator_reads_it(signed_in, kept, matched, address, role):
    assert signed_in(role)[0].get(address).status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_administrator_reads_it_and_a_stranger_is_asked_who_they_are(client, office, kept, matched, address):
    assert office.get(address).status_code == 200
    assert client.get(address).status_code == 303


def test_only_an_administrator_hides_a_run(signed_in, kept):
    assert signed_in(Role.BROKER)[0].post("/admin/insights/runs/1/hide").status_code == 403


@pytest.mark.parametrize("address", ADDRESSES[:2])
def test_an_empty_page_says_which_command_fills_it_and_loads_no_library(office, address):
    page = office.get(address).text
    assert "matching" in page
    assert "echarts" not in page


def test_the_page_of_quality_draws_what_was_measured(office, kept):
    found = drawings(office.get("/admin/insights"))
    assert [one["kind"] for one in found] == ["lines", "dots", "dots", "curves", "curves"]
    assert found[0]["series"][1]["values"] == [0.13, 0.16]
    assert found[1]["x"] == ["This platform", "Plain cosine", "BM25"]
    assert found[3]["series"][1]["points"][-1] == [1, 1]


def test_the_map_of_languages_has_words_in_every_coloured_cell(office, kept):
    page = parse(office.get("/admin/insights").text)
    (table,) = page.all("table", class_="mm-heat")
    cells = [cell for cell in table.all("td") if "mm-heat-" in (cell.get("class") or "")]
    assert len(cells) == 20
    assert all("quer" in cell.text for cell in cells)
    shades = {cell.text[:4]: cell.get("class")[-1] for cell in cells}
    assert (shades["0.06"], shades["0.25"]) == ("2", "8")


def test_measure_scope_and_run_are_chosen_by_the_address_and_nonsense_is_not(office, kept):
    found = drawings(office.get("/admin/insights?measure=hit@10&scope=all&run=1"))
    assert found[1]["values"][0] == pytest.approx(0.3)
    same = drawings(office.get("/admin/insights?measure=beauty&scope=moon&run=99&task=<b>"))
    assert same[1]["values"][0] == pytest.approx(0.16)


def test_a_hidden_run_is_gone_from_the_charts_and_comes_back(office, kept, engine):
    assert office.post("/admin/insights/runs/2/hide").status_code == 303
    page = office.get("/admin/insights")
    assert drawings(page)[0]["series"][1]["values"] == [0.13]
    assert "1 hidden run" in page.text
    office.post("/admin/insights/runs/2/hide")
    office.post("/admin/insights/runs/2/show")
    assert drawings(office.get("/admin/insights"))[0]["series"][1]["values"] == [0.13, 0.16]
    with Session(engine) as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.object_kind == "evaluation_run")).all()
    assert [event.action for event in events] == ["evaluation_run.hide", "evaluation_run.show"]
    assert office.post("/admin/insights/runs/77/hide").status_code == 404


def test_two_runs_beside_each_other_say_what_changed_and_whether_it_is_chance(office, kept):
    table = rows(office.get("/admin/insights/compare/difference.csv?a=1&b=2"))
    across = next(row for row in table if row[:3] == ["This platform", "Across borders", "nDCG@10"])
    assert across[3:] == ["0.13", "0.16", "0.03", "meet"]
    assert "same questions" not in office.get("/admin/insights/compare?a=1&b=2").text
    assert "same questions" in office.get("/admin/insights/compare?a=2&b=3").text
    assert office.get("/admin/insights/compare?a=1&b=99").status_code == 404
    assert office.get("/admin/insights/compare?a=x").status_code == 404


def test_a_number_that_no_run_has_is_not_there_however_long_it_is(office, kept):
    far = 10**20
    for address in (f"/admin/insights/compare?a=1&b={far}", f"/admin/insights/compare/difference.csv?a={far}&b=1"):
        assert office.get(address).status_code == 404
    for step in ("hide", "show"):
        assert office.post(f"/admin/insights/runs/{far}/{step}").status_code == 404


def test_every_step_that_is_measured_has_a_title():
    assert set(quality_charts.STEPS) == {evaluation.ADAPTER, *evaluation.STEPS}


def test_the_drawing_of_steps_shows_what_each_is_worth(app, kept, engine):
    with app.test_request_context(), Session(engine) as session:
        chart = quality_page.quality_page(session, {"run": "2"}).ablation
        assert chart.spec["values"] == [0.061, -0.002]
        assert chart.spec["low"] == [0.05, -0.01]


def test_a_file_says_plain_numbers_and_no_formula(office, engine):
    with unit_of_work(engine) as uow:
        runs.keep(uow, replace(made.finding(0.16), note='=HYPERLINK("//x")'))
    header, row = rows(office.get("/admin/insights/tables/quality.csv"))
    assert header[:4] == ["Run", "When", "All documents", "Across borders"]
    assert row[:1] + row[3:5] == ["1", "0.16", "603"]
    assert row[1].endswith("+00:00")
    assert row[-1] == '\'=HYPERLINK("//x")'
    assert office.get("/admin/insights/tables/nothing.csv").status_code == 404


def test_the_funnel_is_a_drawing_a_table_and_a_file(office, matched):
    page = office.get("/admin/insights/responses")
    (way, _months, ends) = drawings(page)
    assert way["x"][:3] == ["Suggested", "Endorsed", "Offered"]
    assert [one["name"] for one in way["series"]] == ["Went on", "Dropped out"]
    assert ends["x"] == ["Too expensive"]
    table = rows(office.get("/admin/insights/responses/funnel.csv"))
    assert table[3][:5] == ["Offered", "1", "1.0", "1.0", "1.0"]
    assert table[4][:5] == ["One side interested", "0", "0.0", "0.0", ""]
    assert rows(office.get("/admin/insights/responses/drop-outs.csv"))[1] == [
        "Offered", "The side of the need", "Too expensive", "1", "1.0",
    ]  # fmt: skip
    assert rows(office.get("/admin/insights/responses/by-languages.csv?by=languages"))[1][0] == "zh > de"


@pytest.mark.parametrize(("lang", "title"), [("en", "Quality of matching"), ("zh", "匹配质量")])
def test_a_page_is_rendered_from_its_figures_without_a_database(app, engine, lang, title):
    figures = json.dumps(made.measured(0.16, ablation=made.ABLATION))
    row = EvaluationRun(id=7, task="<tenders>", encoder="e", figures=figures, queries=603, documents=2970)
    with counting(engine) as counts, app.test_request_context(f"/admin/insights?lang={lang}"):
        page = quality_page.page_of([Run(row, run_figures.read(figures))], [], {})
        shown = parse(render_template("insights/index.html", page=page))
    assert counts.current == 0
    assert shown.all("h1")[0].text == title
    assert len(shown.all("div", class_="mm-chart")) == 3
    assert [option.get("value") for option in shown.all("option")][:1] == ["<tenders>"]


def test_nothing_that_a_run_says_becomes_part_of_the_page(office, engine):
    evil = "'><script>alert(1)</script>"
    with unit_of_work(engine) as uow:
        step = {"step": evil, "scope": evil, "measure": evil, "mean": 0.1}
        more = {"ablation": [step], evil: {evil: made.summary(0.1)}}
        runs.keep(uow, replace(made.finding(0.1, evil, **more), note=evil, encoder=evil))
    answer = office.get("/admin/insights")
    assert "<script>alert" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert drawings(answer)[2]["x"] == [evil]


@pytest.mark.parametrize(
    "figures",
    [[], {"product": 3, "pairs": [], "ablation": {"a": 1}, "calibration": 1, "coverage": "all", "lorenz": [0, None]}],
)
def test_figures_of_another_shape_are_left_out(office, engine, figures):
    with unit_of_work(engine) as uow:
        runs.keep(uow, replace(made.finding(), figures=figures))
    assert office.get("/admin/insights").status_code == 200


def test_figures_that_are_no_numbers_are_refused(uow):
    for value in (float("nan"), float("inf"), object()):
        with pytest.raises(Misconfigured):
            runs.keep(uow, replace(made.finding(), figures={"coverage": value}))
    with uow:
        assert uow.session.exec(select(EvaluationRun)).all() == []


def test_a_measurement_is_kept_by_the_command(app, engine, tmp_path):
    (tmp_path / "docs.jsonl").write_text(json.dumps({"id": "d", "lang": "de", "country": "DE", "text": "Bohrer"}))
    (tmp_path / "queries.jsonl").write_text(json.dumps({"id": "n", "lang": "zh", "country": "CN", "text": "钻孔"}))
    (tmp_path / "qrels.tsv").write_text("n\td\t1\n")
    runner = app.test_cli_runner()
    command = ["matching", "evaluate", str(tmp_path), "--json"]
    assert runner.invoke(args=[*command, "--note", "x"]).exit_code != 0
    answer = runner.invoke(args=[*command, "--keep", "--note", "first  try"])
    assert answer.exit_code == 0, answer.output
    with Session(engine) as session:
        (run,) = session.exec(select(EvaluationRun)).all()
    assert (run.task, run.note, run.queries, run.documents) == (tmp_path.name, "first try", 1, 1)
    assert run_figures.read(run.figures).pairs["zh", "de"].queries == 1
    assert len(run.digest) == 64
