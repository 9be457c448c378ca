"""The broker desk by keyboard, in a browser."""

import pytest
from playwright.sync_api import expect

from matchmaker.accounts.models import Role
from matchmaker.db.uow import unit_of_work
from matchmaker.review.service import Found, suggest
from tests.factories.market import NEED, RESULT, publish

pytestmark = pytest.mark.browser


PHONE = {"width": 390, "height": 844}


@pytest.fixture
def desk(app, visit, engine, person):
    """A broker before three open pairs, with their reasons."""
    need = publish(engine, person(), NEED)
    results = [publish(engine, person(country="DE"), RESULT, title=f"Bohrgerät {i}") for i in (1, 2, 3)]
    app.extensions["matchmaker.matcher"].embed([need.id, *(result.id for result in results)])
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(need.id, result.id, 0.9 - i / 10) for i, result in enumerate(results)])
    page, _ = visit(Role.BROKER)
    page.goto("/desk")
    return page


def current(page):
    return page.locator("[data-pair][aria-current=true]")


def asks(page, key):
    """The form that a key opens on the current match."""
    return current(page).locator(f"[data-deed={key}]")


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
    expect(desk.get_by_text("The last deed is taken back.")).to_be_in_viewport()
    expect(desk.locator("[data-pair]")).to_have_count(3)
    expect(current(desk)).to_contain_text("Bohrgerät 2")


def test_declining_asks_why_and_typing_presses_no_shortcut(desk):
    desk.keyboard.press("d")
    reason = asks(desk, "d").get_by_label("Why?")
    expect(reason).to_be_focused()
    reason.select_option("other")
    note = asks(desk, "d").get_by_role("textbox", name="Note")
    note.press_sequentially("jeduk")
    expect(note).to_have_value("jeduk")
    expect(current(desk)).to_contain_text("Bohrgerät 1")
    asks(desk, "d").get_by_role("button", name="Decline", exact=True).click()
    expect(desk.get_by_text("Declined.")).to_be_visible()
    expect(desk.locator("[data-pair]")).to_have_count(2)


def test_escape_closes_the_question(desk):
    desk.keyboard.press("d")
    expect(asks(desk, "d").get_by_label("Why?")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(asks(desk, "d").get_by_label("Why?")).to_be_hidden()


def test_a_refused_decline_shows_where_it_was_refused(desk):
    desk.keyboard.press("j")
    desk.keyboard.press("d")
    asks(desk, "d").get_by_role("button", name="Decline", exact=True).click()
    desk.wait_for_url("**/decline")
    expect(current(desk)).to_contain_text("Bohrgerät 2")
    expect(asks(desk, "d").get_by_label("Why?")).to_be_focused()
    expect(asks(desk, "d").get_by_text("Please fill this in.")).to_be_visible()


def test_shortcuts_can_be_switched_off_for_good(desk):
    desk.get_by_role("button", name="Keyboard shortcuts").click()
    desk.reload()
    expect(desk.get_by_role("button", name="Keyboard shortcuts")).to_have_attribute("aria-pressed", "false")
    desk.keyboard.press("j")
    expect(current(desk)).to_contain_text("Bohrgerät 1")
    desk.get_by_role("button", name="Keyboard shortcuts").click()
    desk.keyboard.press("j")
    expect(current(desk)).to_contain_text("Bohrgerät 2")


@pytest.mark.parametrize("title", ["Bohrgerät 2", "Bohrgerät 3"])
def test_one_click_is_one_verdict_on_any_card(desk, title):
    expect(current(desk).locator("[data-endorse]")).to_be_visible()
    card = desk.locator("[data-pair]", has_text=title)
    button = card.get_by_role("button", name="Endorse")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    desk.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.mouse.down()
    expect(current(desk)).to_contain_text(title)
    assert button.bounding_box() == box
    desk.mouse.up()
    expect(desk.get_by_text("Endorsed.")).to_be_visible()
    expect(desk.locator("[data-pair]", has_text=title)).to_have_count(0)


def test_one_click_asks_why_on_any_card(desk):
    card = desk.locator("[data-pair]", has_text="Bohrgerät 3")
    card.locator("[data-open]").click()
    card.get_by_text("Decline…").click()
    expect(card.locator("[data-deed=d]").get_by_label("Why?")).to_be_visible()
    # Only what is looked at stands open.
    expect(desk.locator("[data-pair]", has_text="Bohrgerät 1").locator("[data-deed=d]")).to_be_hidden()


def test_verdicts_are_taken_back_one_after_the_other_until_none_is_left(desk):
    for left in (2, 1):
        desk.keyboard.press("e")
        expect(desk.locator("[data-pair]")).to_have_count(left)
    desk.goto("/desk")
    for back in (2, 3):
        desk.keyboard.press("u")
        expect(desk.locator("[data-pair]")).to_have_count(back)
        expect(desk.get_by_text("The last deed is taken back.")).to_be_in_viewport()
    desk.keyboard.press("u")
    expect(desk.get_by_role("status").filter(has_text="There is nothing left to undo.")).to_be_in_viewport()


def test_what_was_done_is_said_above_the_card_and_covers_nothing_of_it(desk):
    desk.keyboard.press("e")
    expect(desk.locator("[data-told]")).to_be_in_viewport(ratio=1)
    gap = """(down) => {
      window.scrollBy({ top: down, behavior: "instant" });
      const [told, card] = [".mm-told .mm-alert", ".is-current"].map((one) => document.querySelector(one));
      return card.getBoundingClientRect().top - told.getBoundingClientRect().bottom;
    }"""
    assert [desk.evaluate(gap, down) >= 0 for down in (0, 100, 300)] == [True] * 3


def test_on_a_telephone_the_first_verdict_is_near_the_top(desk):
    desk.set_viewport_size(PHONE)
    desk.reload()
    button = current(desk).locator("[data-endorse]")
    expect(button).to_be_visible()
    assert button.bounding_box()["y"] + button.bounding_box()["height"] <= 1.5 * PHONE["height"]
    expect(desk.get_by_label("Country of the need")).to_be_hidden()
    desk.get_by_text("Narrow down").click()
    expect(desk.get_by_label("Country of the need")).to_be_visible()
    expect(current(desk).locator("meter").first).to_be_hidden()
    current(desk).get_by_text("How the points come about").click()
    expect(current(desk).locator("meter").first).to_be_visible()


def test_on_a_wide_screen_filters_and_reasons_stand_open(desk):
    expect(desk.get_by_label("Country of the need")).to_be_visible()
    expect(desk.get_by_text("Narrow down")).to_be_hidden()
    expect(current(desk).locator("meter").first).to_be_visible()
    expect(current(desk).locator("blockquote").first).to_be_visible()


def test_after_the_last_pair_of_a_page_comes_the_next_page_and_back(desk, engine, person):
    result = publish(engine, person(country="DE"), RESULT, title="Bohrgerät 9")
    needs = [publish(engine, person(), NEED) for _ in range(18)]
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(need.id, result.id, 0.5) for need in needs])
    desk.goto("/desk?page=1#pair-20")
    desk.keyboard.press("j")
    desk.wait_for_url("**/desk?page=2#pair-1")
    expect(desk.locator("[data-pair]")).to_have_count(1)
    expect(current(desk)).to_be_focused()
    desk.keyboard.press("k")
    desk.wait_for_url("**/desk?page=1#pair-*")
    expect(desk.locator("#pair-20")).to_be_focused()


@pytest.mark.parametrize(("key", "label"), [("p", "Until"), ("a", "A colleague"), ("q", "Whom?"), ("n", "A note for")])
def test_every_other_deed_has_its_key_too(desk, key, label):
    desk.keyboard.press("j")
    desk.keyboard.press(key)
    expect(asks(desk, key).get_by_label(label)).to_be_focused()
    expect(current(desk)).to_contain_text("Bohrgerät 2")


def test_a_key_that_is_pressed_before_the_match_is_there_waits_for_it(desk):
    held = []

    def hold(route):
        # The first one waits; those after it pass.
        if held:
            route.continue_()
        held.append(route)

    desk.route("**/body*", hold)
    with desk.expect_request("**/body*"):
        desk.reload()
    desk.keyboard.press("d")
    expect(asks(desk, "d")).to_have_count(0)
    held[0].continue_()
    expect(asks(desk, "d").get_by_label("Why?")).to_be_focused()


def test_several_are_chosen_endorsed_and_taken_back_by_keyboard(desk):
    for key in ("x", "j", "j", "x"):
        desk.keyboard.press(key)
    expect(desk.get_by_text("2 chosen")).to_be_visible()
    desk.keyboard.press("e")
    expect(desk.get_by_text("Done with 2 matches.")).to_be_visible()
    expect(desk.locator("[data-pair]")).to_have_count(1)
    expect(desk.locator("[data-pair]")).to_contain_text("Bohrgerät 2")
    desk.keyboard.press("u")
    expect(desk.locator("[data-pair]")).to_have_count(3)


def test_all_on_the_page_are_declined_with_one_reason(desk):
    desk.get_by_label("All on this page").check()
    expect(desk.get_by_text("3 chosen")).to_be_visible()
    desk.keyboard.press("d")
    several = desk.locator("[data-several]")
    expect(several.get_by_label("Why?")).to_be_focused()
    several.get_by_label("Why?").select_option("price")
    several.get_by_role("button", name="Decline").click()
    expect(desk.get_by_text("Done with 3 matches.")).to_be_visible()
    expect(desk.get_by_text("The desk is clear")).to_be_visible()


def test_the_keys_are_told(desk):
    desk.keyboard.press("?")
    told = desk.get_by_role("dialog", name="Keyboard shortcuts")
    expect(told.get_by_text("undo the last deed, for ten minutes")).to_be_visible()
    # While it is read a key means nothing else.
    desk.keyboard.press("e")
    desk.keyboard.press("Escape")
    expect(told).to_be_hidden()
    expect(desk.locator("[data-pair]")).to_have_count(3)


def test_without_script_a_match_is_decided_on_its_own_page(chromium, address, desk):
    page = chromium.new_context(
        base_url=address, java_script_enabled=False, storage_state=desk.context.storage_state()
    ).new_page()
    page.goto("/desk")
    page.locator("[data-open]").first.click()
    page.get_by_text("Decline…").click()
    page.locator("[data-deed=d]").get_by_label("Why?").select_option("ip")
    page.locator("[data-deed=d]").get_by_role("button", name="Decline", exact=True).click()
    expect(page.get_by_text("Declined.").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The last deed is taken back.")).to_be_visible()
    page.get_by_label("Choose this match").nth(1).check()
    page.get_by_text("With the chosen ones").click()
    page.locator("#several").get_by_role("button", name="Endorse").click()
    expect(page.get_by_text("Done with one match.")).to_be_visible()
    page.context.close()


def test_a_narrow_screen_scrolls_one_way_only(desk):
    desk.set_viewport_size(PHONE)
    desk.reload()
    expect(current(desk).locator("[data-endorse]")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
