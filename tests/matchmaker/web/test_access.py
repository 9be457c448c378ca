"""A session that ended meanwhile costs a sign-in, not the words that were typed or the way back to them."""

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from tests.matchmaker.conftest import Known

FORM = "/listings/new/need"


def door(answer) -> str:
    """Where the sign-in page that we are sent to leads back to."""
    assert answer.status_code == 303
    address = urlsplit(answer.location)
    assert address.path == "/sign-in"
    return parse_qs(address.query).get("next", [""])[0]


def send(client, referrer: str, **data: str):
    headers = {"Referer": referrer, "Accept-Language": "en"}
    return client.post(FORM, data=data, headers=headers)


def test_a_form_that_was_sent_too_late_says_so_and_leads_back_to_it(client, known: Known):
    back = door(send(client, f"http://localhost{FORM}?lang=en", title="Half a title", copy="abcdefgh-1"))
    assert back == f"{FORM}?lang=en"
    text = client.get("/sign-in", query_string={"next": back}, headers={"Accept-Language": "en"}).text
    assert "what you typed is offered again" in text
    data = {"email": known.email, "password": known.password, "next": back}
    assert client.post("/sign-in", data=data).location == back
    assert "offered again" not in client.get(back).text


def test_a_button_that_was_pressed_too_late_promises_nothing(client):
    assert door(send(client, "http://localhost/listings/mine")) == "/listings/mine"
    text = client.get("/sign-in", headers={"Accept-Language": "en"}).text
    assert "You were signed out in the meantime. Sign in, then try again." in text


@pytest.mark.parametrize(
    "referrer",
    ["", "http://evil.example/listings/new/need", "http://localhost.evil.example/", "http://localhost:81/", "http://[",
     "javascript://localhost/%0aalert(1)", "http://localhost//evil.example/", "http://localhost/\\evil.example"],
)  # fmt: skip
def test_the_way_back_never_leads_to_another_site(client, referrer):
    assert door(send(client, referrer, copy="abcdefgh-1")) == ""


def test_a_visitor_who_only_looked_is_told_nothing(client):
    assert door(client.get(FORM)) == FORM
    assert "signed out" not in client.get("/sign-in", headers={"Accept-Language": "en"}).text


def test_a_form_whose_token_is_stale_offers_the_way_back_to_it(app: Flask, signed_in):
    browser, _ = signed_in()
    app.config["WTF_CSRF_ENABLED"] = True
    answer = send(browser, f"http://localhost{FORM}", title="Half a title")
    assert answer.status_code == 400
    assert f'href="{FORM}"' in answer.text.split("Back to the form")[0].rsplit("<a ", 1)[1]
    assert "Back to the form" not in send(browser, "http://evil.example/").text
