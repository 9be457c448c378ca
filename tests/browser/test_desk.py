"""The broker desk by keyboard, in a browser."""

import pytest
from playwright.sync_api import expect

from matchmaker.accounts.models import Role
from matchmaker.db.uow import unit_of_work
from matchmaker.review.service import Found, suggest
from tests.factories.market import NEED, RESULT, publish

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(visit, engine, person):
    """A broker before three open pairs."""
    need = publish(engine, person(), NEED)
    results = [publish(engine, person(country="DE"), RESULT, title=f"Bohrgerät {i}") for i in (1, 2, 3)]
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(need.id, result.id, 0.9 - i / 10) for i, result in enumerate(results)])
    page, _ = visit(Role.BROKER)
    page.goto("/desk")
    return page


def current(page):
    return page.locator("[data-pair][aria-current=true]")


def test_keys_walk_along_the_pairs(desk):
    expect(current(desk)).to_contain_text("Bohrgerät 1")
    for key, title in (("j", "2"), ("ArrowRight", "3"), ("j", "3"), ("k", "2"), ("ArrowLeft", "1")):
        desk.keyboard.press(key)
        expect(current(desk)).to_contain_text(f"Bohrgerät {title}")
        expect(current(desk)).to_be_focused()


def test_one_key_endorses_the_next_takes_it_back(desk):
    desk.keyboard.press("j")
    desk.keyboard.press("e")
    expect(desk.get_by_text("Endorsed.")).to_be_in_viewport()
    expect(current(desk)).to_contain_text("Bohrgerät 3")
    expect(desk.locator("[data-pair]")).to_have_count(2)
    desk.keyboard.press("u")
    expect(desk.locator("[data-pair]")).to_have_count(3)
    expect(current(desk)).to_contain_text("Bohrgerät 2")


def test_declining_asks_why_and_typing_presses_no_shortcut(desk):
    desk.keyboard.press("d")
    reason = current(desk).locator("[data-reason]")
    expect(reason).to_be_focused()
    reason.select_option("other")
    note = current(desk).get_by_label("Note")
    note.press_sequentially("jeduk")
    expect(note).to_have_value("jeduk")
    expect(current(desk)).to_contain_text("Bohrgerät 1")
    current(desk).get_by_role("button", name="Decline", exact=True).click()
    expect(desk.get_by_text("Declined: Another reason.")).to_be_visible()
    expect(desk.locator("[data-pair]")).to_have_count(2)


def test_escape_closes_the_question(desk):
    desk.keyboard.press("d")
    desk.keyboard.press("Escape")
    expect(current(desk).locator("[data-reason]")).to_be_hidden()


def test_a_refused_decline_shows_where_it_was_refused(desk):
    desk.keyboard.press("j")
    desk.keyboard.press("d")
    current(desk).get_by_role("button", name="Decline", exact=True).click()
    expect(current(desk)).to_contain_text("Bohrgerät 2")
    expect(current(desk).locator("[data-reason]")).to_be_focused()


def test_shortcuts_can_be_switched_off_for_good(desk):
    desk.get_by_role("button", name="Keyboard shortcuts").click()
    desk.reload()
    expect(desk.get_by_role("button", name="Keyboard shortcuts")).to_have_attribute("aria-pressed", "false")
    desk.keyboard.press("j")
    expect(current(desk)).to_contain_text("Bohrgerät 1")
    desk.get_by_role("button", name="Keyboard shortcuts").click()
    desk.keyboard.press("j")
    expect(current(desk)).to_contain_text("Bohrgerät 2")
