"""Introductions and the rules before them, walked on a phone in Chinese: nothing sticks out, no English is left."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from matchmaker.accounts.models import Role
from matchmaker.interests.models import Verdict
from matchmaker.review.models import State
from tests.matchmaker.interests.conftest import Someone, add_rule, pair, someone  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

OVER = "document.documentElement.scrollWidth - window.innerWidth"
# Latin words that are the portal's own: nobody's name or address, no code, no text in a language of its own.
ENGLISH = """() => {
  const found = [], walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const words = walker.currentNode.textContent.trim(), names = "bdi, main [lang], .mm-code, script";
    const own = words.replace(/\\S+@\\S+|\\b[0-9a-z]{10}\\b/g, "");
    if (/[a-z]{4,}/.test(own) && element.checkVisibility() && !element.closest(names))
      found.push(words.slice(0, 60));
  }
  return found;
}"""


@pytest.fixture
def phone(chromium: Browser, address: str) -> Iterator[Callable[[Someone], Page]]:
    """Open a narrow Chinese browser as somebody."""
    contexts = []

    def enter(who: Someone) -> Page:
        context = chromium.new_context(base_url=address, locale="zh-CN", viewport={"width": 390, "height": 844})
        contexts.append(context)
        context.set_default_timeout(30_000)
        context.add_cookies([{"name": "session", "value": who.client.get_cookie("session").value, "url": address}])
        return context.new_page()

    yield enter
    for context in contexts:
        context.close()


def unfit(page: Page, *places: str) -> dict[str, list[object]]:
    """What is wrong with the pages of these addresses."""
    found = {}
    for place in places:
        answer = page.goto(place)
        assert answer is not None
        faults = [answer.status, page.evaluate(OVER), page.evaluate(ENGLISH)]
        if faults != [200, 0, []]:
            found[place] = faults
    return found


def test_a_restricted_transfer_is_declared_and_introduced(pair, add_rule, phone):  # noqa: F811
    add_rule(Verdict.RESTRICTED)
    assert pair.examine() is None
    gate = f"/introductions/gate/{pair.public_id}"
    page = phone(pair.result)
    assert unfit(page, f"/matches/{pair.public_id}", gate) == {}
    page.locator("main [name=text]").fill("无需许可。")
    page.locator("main [name=agreed]").check()
    page.locator("main form [type=submit]").first.click()
    page.wait_for_url(lambda url: "/introductions/" in url and "gate" not in url)
    assert pair.match().state is State.INTRODUCED
    place = page.url
    assert unfit(page, place, f"{place}/nda") == {}
    assert unfit(phone(pair.need), "/introductions", gate, place) == {}


def test_a_prohibited_transfer_is_told_to_both_sides_and_the_desk(pair, add_rule, phone, someone):  # noqa: F811
    rule = add_rule(Verdict.PROHIBITED)
    assert pair.examine() is None
    gate = f"/introductions/gate/{pair.public_id}"
    for who in (pair.need, pair.result):
        page = phone(who)
        assert unfit(page, gate) == {}
        expect(page.locator("main")).to_contain_text("出口管制")
    office = [f"/admin{end}" for end in ("/", "/export-rules", f"/export-rules/{rule}/change", "/people")]
    assert unfit(phone(someone(Role.ADMINISTRATOR)), *office, f"/desk/{pair.public_id}") == {}
    assert unfit(phone(pair.broker), "/desk", f"/desk/{pair.public_id}", gate) == {}
