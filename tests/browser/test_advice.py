"""The advice beside the form, as somebody who types sees it."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_advice_follows_what_is_typed_and_leads_to_the_field(visit):
    page, _ = visit()
    page.goto("/listings/new/need")
    rows = page.locator("#advice-rows")
    expect(rows).to_contain_text("0 of 100")
    page.locator("#f-lang").select_option("en")
    page.locator("#f-description").fill("A laser process to improve corrosion resistance; noise ≤ 85 dB.")
    expect(rows.locator("li", has_text="Measurable indicators")).to_contain_text("≤ 85 dB")
    expect(rows.locator("li", has_text="Method").locator(".mm-advice-sign")).to_have_text("✓")
    rows.locator("li", has_text="Material").get_by_role("link", name="Technical").click()
    expect(page.locator("#f-technical_spec")).to_be_focused()


def test_on_a_phone_the_advice_is_folded_and_the_button_tells_the_score(visit):
    page, _ = visit()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/listings/new/result")
    expect(page.locator("#advice-rows")).to_be_hidden()
    page.locator("#f-lang").select_option("en")
    page.locator("#f-advantages").fill("Dries 35 % faster than a kiln.")
    page.locator("#advice > summary").click()
    page.get_by_role("button", name="Check my text").click()
    expect(page.locator("[data-advice-said]")).not_to_be_empty()
    expect(page).to_have_url(re.compile("/listings/new/result$"))


def test_enter_in_a_field_still_saves_the_draft(visit):
    page, _ = visit()
    page.goto("/listings/new/need")
    page.locator("#f-title").fill("Drilling robot")
    page.locator("#f-title").press("Enter")
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
