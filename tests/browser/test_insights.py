"""The charts of administrators are drawn, say their values by keyboard, and fit every screen."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from matchmaker.accounts.models import Role
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.models import Direction
from matchmaker.matching import runs
from matchmaker.review.models import DeclineReason, State
from tests.browser.test_legibility import CONTRAST
from tests.factories import evaluation_runs as made
from tests.factories.timelines import Entry, listing, match

pytestmark = pytest.mark.browser

S = State
WAY = [
    Entry(1, S.ENDORSED), Entry(2, S.OFFERED_FIRST), Entry(5, S.OFFERED_SECOND, "need"), Entry(8, S.MUTUAL, "result"),
    Entry(8, S.INTRODUCED, "system"), Entry(15, S.MEETING, "need"), Entry(30, S.AGREEMENT, "result"),
]  # fmt: skip
ENDS = [("broker", DeclineReason.WRONG_FIELD), ("need", DeclineReason.PRICE), ("result", DeclineReason.TOO_EARLY)]
PAGES = {"/admin/insights": 5, "/admin/insights/responses": 3, "/admin/insights/compare?a=1&b=2": 1}
# How many different colours a drawing has: an empty canvas has one.
COLOURS = """(element) => {
  const canvas = element.querySelector("canvas"), seen = new Set();
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  for (let i = 0; i < data.length; i += 4) seen.add(data.slice(i, i + 4).join());
  return seen.size;
}"""


@pytest.fixture
def measured(engine):
    """Runs of every kind, and a year of matches that went so far and no further."""
    with unit_of_work(engine) as uow:
        for mean in (0.12, 0.135, 0.16):
            runs.keep(uow, made.finding(mean, ablation=made.ABLATION, calibration=made.CALIBRATION))
        runs.keep(uow, made.coverage())
        sides = {
            direction: [listing(uow, direction, lang, country, fields="EG") for lang, country in places]
            for direction, places in {
                Direction.NEED: [("zh", "CN"), ("sr", "RS"), ("hu", "HU")],
                Direction.RESULT: [("de", "DE"), ("it", "IT"), ("fr", "FR")],
            }.items()
        }
        number = 0
        for need in sides[Direction.NEED]:
            for result in sides[Direction.RESULT]:
                steps = WAY[: number % 8]
                party, reason = ENDS[number % 3]
                ended = [] if number % 4 == 0 else [Entry(40, S.DECLINED, party, reason)]
                match(uow, (need, result), [*steps, *ended], at=now() - timedelta(days=50 + 30 * number))
                number += 1


@pytest.fixture
def office(visit):
    """An administrator's page that keeps every error of the console."""

    def enter(width=1280, **media):
        page, _ = visit(Role.ADMINISTRATOR)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(**media)
        said = []
        page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        return page, said

    return enter


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_chart_is_drawn_without_an_error_and_fits_the_screen(measured, office, width, lang):
    page, said = office(width)
    for address, count in PAGES.items():
        page.goto(f"{address}{'&' if '?' in address else '?'}lang={lang}")
        drawings = page.locator("[data-chart][data-drawn]")
        expect(drawings).to_have_count(count)
        assert all(drawing.evaluate(COLOURS) > 5 for drawing in drawings.all()), address
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_stands_out_from_its_ground(measured, office, scheme):
    page, _ = office(color_scheme=scheme)
    for address in PAGES:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate(CONTRAST) == [], address


def test_arrow_keys_say_the_values_and_escape_puts_them_away(measured, office):
    page, said = office()
    page.goto("/admin/insights/responses")
    chart = page.locator("#funnel [data-chart]")
    expect(chart).to_have_attribute("data-drawn", "true")
    pixels, drawing = "(element) => element.querySelector('canvas').toDataURL()", chart.element_handle()
    changed = "([element, before, same]) => (element.querySelector('canvas').toDataURL() === before) === same"
    chart.focus()
    before = chart.evaluate(pixels)
    page.keyboard.press("ArrowDown")
    page.wait_for_function(changed, arg=[drawing, before, False])
    page.keyboard.press("Escape")
    page.wait_for_function(changed, arg=[drawing, before, True])
    assert said == []


def test_tables_are_closed_under_drawings_and_open_on_paper(measured, office):
    page, _ = office()
    page.goto("/admin/insights/responses")
    expect(page.locator("[data-chart][data-drawn]")).to_have_count(3)
    expect(page.locator(".mm-chart-table[open]")).to_have_count(0)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".mm-chart-table[open]")).to_have_count(3)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".mm-chart-table[open]")).to_have_count(0)


def test_other_pages_of_the_office_load_no_library(office):
    page, _ = office()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/admin/")
    page.goto("/admin/insights")
    assert not [url for url in asked if "echarts" in url], "nothing was measured, so nothing is drawn"
