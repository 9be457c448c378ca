"""Advice while writing, with a script and without one, and on the owner's page of a draft."""

import pytest

from matchmaker.accounts.models import Role
from tests.factories.html import parse
from tests.factories.market import NEED, RESULT, publish, write

TYPED = {"lang": "en", "title": "Drilling robot", "description": "A robot for coal mines; noise ≤ 85 dB."}
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def member(signed_in):
    client, actor = signed_in()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client, actor


def body(response, status=200):
    assert response.status_code == status
    return parse(response.get_data(as_text=True))


def state_of(page, name):
    """The sign and the words of a row."""
    (row,) = [li for li in page.all("li") if li.all("strong") and li.all("strong")[0].text == name]
    return row.all(class_="mm-advice-sign")[0].text, row.text


def test_a_script_gets_the_rows_alone(member):
    client, _ = member
    page = body(client.post("/listings/advice/need", data=TYPED, headers=SCRIPT))
    assert page.all("form") == []
    sign, words = state_of(page, "Measurable indicators")
    assert sign == "✓"
    assert "≤ 85 dB" in words
    sign, words = state_of(page, "Effect")
    assert sign == "○"
    assert "missing" in words
    assert page.all("meter")[0].get("value") == page.all(id="advice-score")[0].text.split()[0]


def test_without_a_script_the_form_comes_back_as_it_was_typed(member):
    client, _ = member
    page = body(client.post("/listings/advice/need", data=TYPED))
    assert page.all(id="f-title")[0].get("value") == "Drilling robot"
    assert page.all(id="advice")[0].attributes.get("open") == ""
    (form,) = page.all("form", class_="mm-write")
    assert form.get("action") == "/listings/new/need"


def test_without_a_script_the_confidential_part_comes_back_too_and_is_kept_off_the_disk(member):
    client, _ = member
    response = client.post("/listings/advice/need", data={**TYPED, "anonymous": "1", "sealed": "Alloy 7 of the seals"})
    page = body(response)
    assert page.all(name="sealed")[0].text.strip() == "Alloy 7 of the seals"
    assert page.all(name="anonymous")[0].attributes.get("checked") == ""
    assert response.headers["Cache-Control"] == "no-store"


def test_a_stored_listing_keeps_its_address_and_revision(member, engine):
    client, actor = member
    listing = write(engine, actor, NEED)
    address = f"/listings/advice/need?listing={listing.public_id}"
    page = body(client.post(address, data={**TYPED, "revision": "1"}))
    (form,) = page.all("form", class_="mm-write")
    assert form.get("action") == f"/listings/{listing.public_id}/edit"
    assert page.all(name="revision")[0].get("value") == "1"


def test_another_organisations_listing_is_not_opened_by_it(member, engine, person):
    client, _ = member
    theirs = write(engine, person(), NEED)
    assert client.post(f"/listings/advice/need?listing={theirs.public_id}", data=TYPED).status_code == 404


def test_nothing_is_stored_and_nothing_refused(member, session):
    client, _ = member
    for typed in ({}, {"lang": "xx", "title": "a" * 9000}, {"description": "\x00\u202e<script>"}, {"nace": "shoes"}):
        page = body(client.post("/listings/advice/result", data=typed, headers=SCRIPT))
        assert page.all("script") == []
    assert "No listings" not in body(client.get("/listings/mine")).text


def test_what_was_typed_is_escaped(member):
    client, _ = member
    typed = {"lang": "en", "advantages": "50 % faster than <img src=x onerror=alert(1)>"}
    page = body(client.post("/listings/advice/result", data=typed, headers=SCRIPT))
    assert page.all("img") == []
    assert "<img src=x" in state_of(page, "Advantage over today's way, with a number")[1]


def test_the_form_comes_with_advice_on_what_is_stored(member, engine):
    client, actor = member
    listing = write(engine, actor, RESULT)
    page = body(client.get(f"/listings/{listing.public_id}/edit"))
    assert state_of(page, "Maturity")[0] == "✓"


def test_the_advice_comes_in_the_readers_language(member):
    client, _ = member
    text = client.post("/listings/advice/need?lang=zh", data=TYPED, headers=SCRIPT).get_data(as_text=True)
    assert "可量化指标" in text
    assert "未写明" in text
    assert "For example" not in text


def test_a_language_that_is_read_in_part_is_said_to_be(member):
    client, _ = member
    typed = {"lang": "fi", "description": "Melu alle 85 dB."}
    page = body(client.post("/listings/advice/need", data=typed, headers=SCRIPT))
    assert "We understand Finnish only in part" in page.text
    assert page.all("meter") == []
    assert state_of(page, "Material")[0] == "?"


def test_the_owners_page_of_a_draft_shows_it_and_nobody_elses_does(member, engine, signed_in):
    client, actor = member
    draft = write(engine, actor, RESULT)
    assert body(client.get(f"/listings/{draft.public_id}")).all(class_="mm-advice")
    out = publish(engine, actor, RESULT, title="Bohrgerät für Tunnel")
    assert not body(client.get(f"/listings/{out.public_id}")).all(class_="mm-advice")
    broker, _ = signed_in(Role.BROKER)
    assert not body(broker.get(f"/listings/{out.public_id}")).all(class_="mm-advice")


def test_strangers_are_sent_to_the_door(client):
    assert client.post("/listings/advice/need", data=TYPED).status_code == 303
