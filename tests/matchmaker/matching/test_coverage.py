"""Who is shown how often in a running installation, as its command prints it."""

import json

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlmodel import select

from matchmaker.db.engine import reading_session
from matchmaker.matching import run_figures
from matchmaker.matching.coverage import measure
from matchmaker.matching.models import EvaluationRun
from matchmaker.matching.runtime import Matcher
from tests.factories.market import NEED, RESULT, publish
from tests.matchmaker.matching.conftest import People, withdrawn


def silent(_what: str):
    return lambda _done, _total: None


@pytest.fixture
def market(engine: Engine, matcher: Matcher, people: People) -> Matcher:
    """Two Chinese needs; a German, a French and a Chinese result, and one that left."""
    for title in ("coal drill wanted", "tea dryer wanted"):
        publish(engine, people.of("CN"), NEED, title=title)
    for country, lang in (("DE", "de"), ("FR", "fr"), ("CN", "zh")):
        publish(engine, people.of(country), RESULT, title=f"drill {country}", country=country, lang=lang)
    withdrawn(engine, people.of("DE"), publish(engine, people.of("DE"), RESULT, title="gone", country="DE", lang="de"))
    while matcher.round():
        pass
    return matcher


def test_every_published_listing_asks_across_borders(market: Matcher) -> None:
    found = measure(market, 20, silent).as_dict()
    results, needs = found["result"], found["need"]
    # The Chinese result is in nobody's list, since both needs are Chinese too; neither does it see one.
    assert (results["all"]["documents"], results["all"]["askers"]) == (3, 2)
    assert results["all"]["coverage"] == pytest.approx(2 / 3, abs=1e-6)
    assert {lang: results[lang]["coverage"] for lang in ("de", "fr", "zh")} == {"de": 1.0, "fr": 1.0, "zh": 0.0}
    assert (needs["all"]["documents"], needs["all"]["askers"], needs["all"]["coverage"]) == (2, 3, 1.0)


def test_a_shorter_list_shows_fewer(market: Matcher) -> None:
    found = measure(market, 1, silent).as_dict()
    assert found["result"]["all"]["coverage"] in {round(1 / 3, 6), round(2 / 3, 6)}
    assert found["need"]["all"]["coverage"] <= 1.0
    assert found["top"] == 1


def test_the_command_prints_a_table_and_one_object(app: Flask, market: Matcher) -> None:
    runner = app.test_cli_runner()
    printed = runner.invoke(args=["matching", "coverage", "--top", "5", "--json"])
    assert printed.exit_code == 0
    assert json.loads(printed.stdout)["result"]["all"]["documents"] == 3
    table = runner.invoke(args=["matching", "coverage"])
    assert "coverage" in table.stdout
    assert "Gini" in table.stdout
    assert runner.invoke(args=["matching", "coverage", "--top", "0"]).exit_code == 2


def test_what_was_measured_is_kept_for_the_quality_page(app: Flask, market: Matcher) -> None:
    done = app.test_cli_runner().invoke(args=["matching", "coverage", "--keep"])
    assert done.exit_code == 0, done.output
    with reading_session(market.engine) as session:
        run = session.exec(select(EvaluationRun)).one()
    figures = run_figures.read(run.figures)
    assert (run.task, run.documents) == ("coverage", 5)
    # Of two needs and three results all but one are shown to somebody.
    assert figures.coverage == pytest.approx(4 / 5)
    assert figures.gini is not None
    refused = app.test_cli_runner().invoke(args=["matching", "coverage", "--keep", "--top", "5"])
    assert "--top" in str(refused.exception)
    assert (figures.lorenz[0], figures.lorenz[-1], len(figures.lorenz)) == (0.0, 1.0, 101)
    assert list(figures.lorenz) == sorted(figures.lorenz)


def test_an_empty_market_is_said_to_be_empty(app: Flask, matcher: Matcher) -> None:
    assert "nothing is published yet" in app.test_cli_runner().invoke(args=["matching", "coverage"]).stdout
