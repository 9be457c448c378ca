"""The comfort of the listing form, in a browser: counters, pickers, and copies that bring lost words back."""

import re

import pytest
from playwright.sync_api import expect

from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import Person
from matchmaker.db.uow import unit_of_work

pytestmark = pytest.mark.browser

NEW = "/listings/new/need"
PASSWORD = "correct horse battery staple"


def write(page, **words):
    for name, text in words.items():
        page.locator(f"#f-{name}").fill(text)


def pick(page, name, query, *keys):
    box = page.locator(f"#f-{name}")
    box.click()
    box.press_sequentially(query)
    expect(page.locator(f"#f-{name}-options li").first).to_be_visible()
    for key in keys:
        box.press(key)


def test_characters_are_counted_as_readers_count_them(visit):
    page, _ = visit()
    page.goto(NEW)
    write(page, title="钻孔🤖")
    counter = page.locator("[data-count-for=f-title]")
    expect(counter).to_have_text("3 / 256")
    write(page, title="长" * 257)
    expect(counter).to_have_text("257 / 256")
    expect(page.locator("[data-live-region]")).to_have_text("Title: 1 characters too many")
    expect(page.locator("#f-title")).to_have_value("长" * 257)


def test_progress_follows_what_publishing_needs(visit):
    page, _ = visit()
    page.goto(NEW)
    mark = page.locator("[data-progress=section-partner]")
    expect(mark).to_have_text("1/2")
    page.locator("#f-partnerships").check()
    expect(mark).to_have_text("2/2")


def test_the_words_are_in_the_language_that_was_chosen(visit):
    page, _ = visit()
    page.goto(NEW)
    page.locator("#f-lang").select_option("ar")
    expect(page.locator("#f-description")).to_have_attribute("lang", "ar")


def test_a_code_is_picked_by_keyboard_and_stored(visit):
    page, _ = visit()
    page.goto(NEW)
    write(page, title="Drilling robot")
    pick(page, "ipc", "e21b", "ArrowDown", "Enter")
    pick(page, "target_countries", "ital", "Enter")
    expect(page.locator(".mm-chip", has_text="E21B")).to_be_visible()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    expect(page.locator("input[name=ipc]")).to_have_value("E21B")
    expect(page.locator(".mm-chip", has_text="Italy")).to_be_visible()


def test_a_picked_code_can_be_removed_again(visit):
    page, _ = visit()
    page.goto(NEW)
    pick(page, "ipc", "e21b", "Enter")
    page.get_by_role("button", name="Remove E21B").click()
    expect(page.locator("input[name=ipc]")).to_have_value("")


def test_words_that_are_no_code_are_sent_and_answered(visit):
    page, _ = visit()
    page.goto(NEW)
    write(page, title="Drilling robot")
    page.locator("#f-ipc").fill("no such field of technology")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#error-ipc")).to_contain_text("“no such field of technology” is not in the list.")


def test_the_focus_goes_to_what_is_wrong(visit):
    page, _ = visit()
    page.goto(NEW)
    page.get_by_role("button", name="Submit for review", exact=True).click()
    summary = page.locator("[data-summary]")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Description").click()
    expect(page.locator("#f-description")).to_be_in_viewport()


def test_words_that_were_left_behind_are_offered_again(visit):
    page, _ = visit()
    page.goto(NEW)
    write(page, title="Half a title", summary="Line 1\nLine 2")
    pick(page, "ipc", "e21b", "Enter")
    page.locator("#f-partnerships").check()
    page.goto("/about")
    page.goto(NEW)
    expect(page.locator("#f-title")).to_have_value("")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator("#f-title")).to_have_value("Half a title")
    expect(page.locator("#f-summary")).to_have_value("Line 1\nLine 2")
    expect(page.locator("#f-partnerships")).to_be_checked()
    expect(page.locator(".mm-chip", has_text="Earth")).to_contain_text("E21B")


def test_an_offer_that_was_not_answered_survives_new_typing(visit):
    page, _ = visit()
    page.goto(NEW)
    write(page, title="The old title")
    page.goto("/about")
    page.goto(NEW)
    write(page, title="The new title")
    page.goto("/about")
    page.goto(NEW)
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator("#f-title")).to_have_value("The new title")
    kept = page.evaluate("Object.values(localStorage).join()")
    assert "The new title" in kept


def test_a_discarded_copy_is_gone(visit):
    page, _ = visit()
    page.goto(NEW)
    write(page, title="Half a title")
    page.goto("/about")
    page.goto(NEW)
    page.get_by_role("button", name="Discard it").click()
    page.reload()
    expect(page.locator("[data-restore]")).to_be_hidden()


def test_what_the_server_stored_is_not_offered_again(visit):
    page, _ = visit()
    page.goto(NEW)
    write(page, title="A whole title")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    page.goto(NEW)
    expect(page.locator("[data-restore]")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_a_text_that_was_refused_is_still_kept(visit):
    page, _ = visit()
    page.goto(NEW)
    write(page, summary="A summary without a title")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-summary]")).to_be_visible()
    page.goto(NEW)
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator("#f-summary")).to_have_value("A summary without a title")


def test_a_session_that_ended_while_writing_costs_a_sign_in_and_no_word(visit, engine):
    page, actor = visit()
    page.goto(NEW)
    write(page, title="Half a title", summary="Line 1")
    with unit_of_work(engine) as uow:
        # A new password ends the session, as a week without a visit would.
        accounts.change_password(uow, uow.session.get(Person, actor.person_id), accounts.hash_password(PASSWORD))
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("what you typed is offered again on the form")).to_be_visible()
    page.get_by_label("E-mail address").fill(actor.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Bring it back").click()
    expect(page).to_have_url(re.compile(f"{NEW}$"))
    expect(page.locator("#f-title")).to_have_value("Half a title")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
