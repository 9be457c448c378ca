"""Law 10: every form that changes something carries the token, and without it nothing happens."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer
from sqlalchemy import Engine, func, select
from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.audit.models import AuditEvent
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service
from matchmaker.listings.models import Direction
from matchmaker.listings.schemas import ListingDraft
from tests.factories.addresses import SAMPLES

ORGANISATION = ("edit", "people", "verification", "broker")
# A mail program posts here by itself (RFC 8058): the signature in the address stands for the token.
SIGNED = {"notifications.unsubscribe_now"}


class Forms(HTMLParser):
    """The forms of a page: method, action and the names of their fields with values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("method", "get").lower(), given.get("action", ""), {}))
        elif tag == "input" and "name" in given and self.found:
            self.found[-1][2].setdefault(given["name"], given.get("value", ""))


@pytest.fixture
def guarded(app: Flask) -> Iterator[Flask]:
    app.config["WTF_CSRF_ENABLED"] = True
    yield app
    app.config["WTF_CSRF_ENABLED"] = False


def posting(app: Flask) -> list[str]:
    """The address of every view that takes a POST."""
    with app.test_request_context():
        return [
            rule.build({name: SAMPLES[name] for name in rule.arguments})[1]  # type: ignore[index]
            for rule in app.url_map.iter_rules()
            if "POST" in (rule.methods or set()) and rule.endpoint not in SIGNED
        ]


def deeds(session: Session) -> int:
    return session.execute(select(func.count()).select_from(AuditEvent)).scalar_one()


def test_no_view_changes_anything_by_another_method(app: Flask):
    methods = set().union(*(rule.methods or set() for rule in app.url_map.iter_rules()))
    assert methods <= {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_post_without_the_token_is_400_everywhere(guarded: Flask, engine: Engine, signed_in, session):
    client, _ = signed_in(Role.ADMINISTRATOR)
    addresses = posting(guarded)
    assert len(addresses) > 10
    before = deeds(session)
    session.rollback()
    for address in addresses:
        answer = client.post(address, data={"title": "x", "email": "a@b.example"})
        assert answer.status_code == 400, address
        assert "mm-error" in answer.text, address
    assert deeds(session) == before


def test_only_addresses_that_are_signed_are_exempt(app: Flask):
    views = {f"{view.__module__}.{view.__name__}": name for name, view in app.view_functions.items()}
    assert {views[exempt] for exempt in app.extensions["csrf"]._exempt_views} == SIGNED


def test_an_address_whose_signature_is_not_ours_changes_nothing(guarded: Flask, engine: Engine, person, session):
    before = deeds(session)
    session.rollback()
    with guarded.app_context():
        token = URLSafeSerializer("another key", salt="unsubscribe").dumps([person().public_id, "alert.search"])
    for forged in (token, "unsigned.token", token + "x"):
        assert guarded.test_client().post(f"/unsubscribe/{forged}").status_code == 404
    assert deeds(session) == before


def test_a_token_of_somebody_else_is_400(guarded: Flask, client):
    foreign = Forms(guarded.test_client().get("/sign-in").text)
    token = next(fields["csrf_token"] for method, _, fields in foreign.found if method == "post")
    client.get("/sign-in")
    assert client.post("/sign-in", data={"email": "a", "password": "b", "csrf_token": token}).status_code == 400


def test_the_token_of_the_page_is_taken(guarded: Flask, client):
    forms = Forms(client.get("/sign-in").text).found
    token = next(fields["csrf_token"] for method, _, fields in forms if method == "post")
    answer = client.post("/sign-in", data={"email": "a@b.example", "password": "b", "csrf_token": token})
    assert answer.status_code == 422


def test_every_form_that_posts_carries_the_token_and_stays_at_home(guarded: Flask, engine, signed_in):
    member, actor = signed_in()
    broker, _ = signed_in(Role.BROKER)
    office, _ = signed_in(Role.ADMINISTRATOR)
    wanted = ListingDraft(direction=Direction.NEED, lang="zh", title="寻找耐磨阀门", country="CN")
    with unit_of_work(engine) as uow:
        own = service.draft(uow, wanted, actor=actor).public_id
    pages = [
        (client, path)
        for client, paths in (
            (
                guarded.test_client(),
                ["/", "/search", "/about", "/sign-in", "/register", "/password/forgotten", "/nothing-here"],
            ),
            (
                member,
                [
                    "/",
                    "/account",
                    "/organisations/new",
                    *(f"/organisations/{actor.affiliations[0].public_id}/{page}" for page in ORGANISATION),
                    "/search?q=robot",
                    "/news",
                    "/news/settings",
                    "/alerts",
                    "/listings/new",
                    "/listings/new/need",
                    "/listings/new/result",
                    "/listings/mine",
                ]
                + [f"/listings/{own}{rest}" for rest in ("", "/edit", "/texts", "/texts/de")],
            ),
            (broker, ["/desk", "/desk?state=declined", "/account/broker"]),
            (
                office,
                [
                    "/admin/audit",
                    f"/admin/people/{actor.public_id}",
                    f"/admin/organisations/{actor.affiliations[0].public_id}",
                ],
            ),
        )
        for path in paths
    ]
    seen = 0
    for client, path in pages:
        page = client.get(path).text
        for method, action, fields in Forms(page).found:
            assert not urlsplit(action).netloc, path
            if method == "post":
                seen += 1
                assert fields.get("csrf_token"), (path, action)
            else:
                assert "csrf_token" not in fields, (path, action)
    assert seen > 40
