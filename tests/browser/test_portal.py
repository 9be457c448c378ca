"""Search and the page of a listing in a browser: what happens by itself, on a wide screen and on a telephone."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from tests.factories.market import NEED, RESULT, publish

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def page(visit: Callable) -> Page:
    found: Page
    found, _ = visit()
    return found


@pytest.fixture
def need(engine: Engine, person: Callable) -> str:
    """The address of a Chinese need; a German and a Chinese result answer it once they are read."""
    publish(engine, person(country="DE"), RESULT)
    publish(engine, person(), RESULT, lang="zh", title="井下钻孔机器人成果", country="CN")
    return f"/listings/{publish(engine, person(), NEED).public_id}"


def read_all(app: Flask) -> None:
    """Let the matcher read what waits, beside the browser's own thread."""

    def read() -> None:
        while app.extensions["matchmaker.matcher"].round():
            pass

    reader = threading.Thread(target=read)
    reader.start()
    reader.join()


def test_matches_appear_by_themselves_once_the_text_is_read(page, app, need):
    page.goto(need)
    expect(page.get_by_text("The text is being read")).to_be_visible()
    read_all(app)
    expect(page.locator(".mm-match h3")).to_have_text([RESULT["title"]])


def test_another_scope_comes_without_a_new_page_and_keeps_the_place_of_the_keyboard(page, app, need):
    read_all(app)
    page.goto(need)
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="Own country").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".mm-match h3")).to_have_text(["井下钻孔机器人成果"])
    expect(page.get_by_role("link", name="Own country")).to_be_focused()
    assert page.evaluate("window.stayed")
    assert page.url.endswith(f"{need}?scope=domestic")


def test_a_filter_applies_when_it_is_ticked_and_leaves_a_clean_address(page, need):
    page.goto("/search?direction=result")
    page.get_by_role("checkbox", name="Germany").check()
    page.wait_for_url("**/search?direction=result&countries=DE")
    expect(page.locator(".mm-listing")).to_have_count(1)
    page.get_by_role("link", name="Germany").click()
    expect(page.locator(".mm-listing")).to_have_count(2)


def test_a_filter_that_was_clicked_keeps_its_place_and_the_focus(page, need):
    page.set_viewport_size({"width": 1280, "height": 420})
    page.goto("/search")
    box = page.get_by_role("checkbox", name="Germany")
    box.scroll_into_view_if_needed()
    before = box.bounding_box()["y"]
    page.locator("label", has_text="Germany").click()
    page.wait_for_url("**/search?countries=DE")
    expect(box).to_be_focused()
    assert abs(box.bounding_box()["y"] - before) <= 1


def test_by_keyboard_filters_are_ticked_in_peace_and_applied_with_the_button(page, need):
    page.goto("/search")
    page.evaluate("window.stayed = true")
    page.get_by_role("radio", name="Both").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Results")).to_be_focused()
    page.get_by_role("checkbox", name="Germany").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Germany")).to_be_focused()
    assert page.evaluate("window.stayed")
    assert page.url.endswith("/search")
    button = page.get_by_role("button", name="Show the listings")
    expect(button).to_be_in_viewport()
    button.press("Enter")
    page.wait_for_url("**/search?direction=result&countries=DE")
    expect(page.locator(".mm-listing")).to_have_count(1)


def test_on_a_telephone_filters_fold_away_and_apply_together(page, need):
    page.set_viewport_size(PHONE)
    page.goto("/search")
    expect(page.get_by_role("checkbox", name="Germany")).to_be_hidden()
    page.get_by_role("button", name="Narrow down").click()
    page.get_by_role("checkbox", name="Germany").check()
    page.get_by_role("checkbox", name="German", exact=True).check()
    page.get_by_role("button", name="Show the listings").click()
    page.wait_for_url("**/search?countries=DE&languages=de")
    expect(page.locator(".mm-listing")).to_have_count(1)


def test_the_menu_of_a_telephone_opens_by_keyboard(page):
    page.set_viewport_size(PHONE)
    page.goto("/")
    expect(page.get_by_role("link", name="My listings")).to_be_hidden()
    page.get_by_role("button", name="Open the menu").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="My listings")).to_be_visible()


def test_the_first_tab_leads_past_the_menu(page):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_slash_goes_to_the_search_box_but_not_while_typing(page):
    page.goto("/search")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("mm/min")
    expect(page.locator("#q")).to_have_value("mm/min")


def test_the_browser_tells_its_time_zone(page):
    page.goto("/")
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert {"timezone": zone}.items() <= {c["name"]: c["value"] for c in page.context.cookies()}.items()


def test_what_is_folded_is_printed(page, app, need):
    read_all(app)
    page.goto(f"{need}?scope=everywhere")
    folded = page.locator("details:not([open])")
    expect(folded).to_have_count(1)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(folded).to_have_count(0)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(folded).to_have_count(1)


def test_without_scripts_everything_is_there(chromium, address, need):
    context = chromium.new_context(base_url=address, java_script_enabled=False, viewport=PHONE, locale="en-GB")
    page = context.new_page()
    page.goto("/search")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.get_by_role("checkbox", name="Germany").check()
    page.get_by_role("button", name="Show the listings").click()
    expect(page.locator(".mm-listing")).to_have_count(1)
    context.close()
