"""Text stands out from what is behind it (WCAG AA), and a narrow screen never has to scroll sideways."""

import pytest
from playwright.sync_api import Page

from tests.factories.market import NEED, RESULT, publish

pytestmark = pytest.mark.browser

PAGES = ("/", "/search?countries=DE", "/search?countries=IS", "LISTING", "/about", "/nothing", "/sign-in", "/register")
PAGES += ("/listings/mine", "/listings/new", "/listings/new/need")

# Visible texts whose contrast is below 4.5 (3 for large ones); texts over a picture or gradient are left out.
CONTRAST = """() => {
  const numbers = (colour) => { const n = colour.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
  const over = (top, below) => below.map((value, i) => value * (1 - top[3]) + top[i] * top[3]);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.backgroundImage !== "none") return null;
      layers.push(numbers(style.backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, words = walker.currentNode.textContent.trim();
    if (!words || !element.checkVisibility()) continue;
    const ground = behind(element), style = getComputedStyle(element);
    if (!ground) continue;
    const pair = [light(over(numbers(style.color), ground)), light(ground)];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${words.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


@pytest.fixture
def shown(app, engine, person, visit):
    """Every page of the portal, one after the other, in one browser: `for page in shown(): …`."""

    def pages(**context):
        publish(engine, person(country="DE"), RESULT)
        need = publish(engine, person(), NEED)
        while app.extensions["matchmaker.matcher"].round():
            pass
        page, actor = visit()
        publish(engine, actor, NEED)
        page.emulate_media(color_scheme=context.get("scheme", "light"))
        page.set_viewport_size({"width": context.get("width", 1280), "height": 900})
        for address in PAGES:
            page.goto(f"/listings/{need.public_id}" if address == "LISTING" else address)
            yield page

    return pages


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(shown, scheme):
    faint = {page.url: found for page in shown(scheme=scheme) if (found := page.evaluate(CONTRAST))}
    assert faint == {}


def test_a_faint_text_would_be_noticed(visit):
    page: Page = visit()[0]
    page.goto("/about")
    page.evaluate("document.querySelector('h1').style.color = '#b5b5b5'")
    assert [text.split(":")[0] for text in page.evaluate(CONTRAST)] == ["How it works"]


# At 1200 and 1280 pixels the head holds everything that a member with a long name may do.
@pytest.mark.parametrize("width", [320, 1200, 1280])
def test_no_screen_ever_scrolls_sideways(shown, width):
    wide = "document.documentElement.scrollWidth - window.innerWidth"
    assert {page.url: over for page in shown(width=width) if (over := page.evaluate(wide)) > 0} == {}
