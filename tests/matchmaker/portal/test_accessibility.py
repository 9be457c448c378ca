"""What a screen reader and a keyboard need of every page of ours."""

from itertools import pairwise

import pytest

from matchmaker.accounts.models import Role
from tests.factories.html import Element, parse

PAGES = [
    "/",
    "/search",
    "/search?q=Bohren&countries=DE",
    "/search?countries=IS",
    "LISTING",
    "/about",
    "/sign-in",
    "/register",
    "/password/forgotten",
    "/confirm/nothing",
    "/organisations/invitations/nothing",
    "/nothing",
]
# OWN is the path of the reader's organisation, ITS that of the same in the back office.
INSIDE = [
    (
        Role.MEMBER,
        ("/account", "/organisations/new", "OWN", "OWN/edit", "OWN/people", "OWN/verification", "OWN/broker"),
    ),
    (Role.BROKER, ("/account", "/account/broker")),
    (
        Role.ADMINISTRATOR,
        (
            "/admin/",
            "/admin/organisations",
            "ITS",
            "/admin/people",
            "PERSON",
            "/admin/brokers",
            "BROKER",
            "/admin/audit",
        ),
    ),
]


@pytest.fixture(params=[(page, lang) for page in PAGES for lang in ("en", "zh")], ids=lambda p: f"{p[0]} {p[1]}")
def page(request, client, market) -> Element:
    address, lang = request.param
    address = f"/listings/{market.need.public_id}" if address == "LISTING" else address
    return parse(client.get(address, headers={"Accept-Language": lang}).text)


def test_a_page_is_sound(page):
    assert problems(page) == []


@pytest.mark.parametrize(("role", "path"), [(role, path) for role, paths in INSIDE for path in paths])
def test_a_page_behind_the_door_is_sound(signed_in, person, role, path):
    client, actor = signed_in(role)
    owner = actor if actor.memberships else person()
    own = f"/organisations/{owner.affiliations[0].public_id}"
    places = {"OWN": own, "ITS": f"/admin{own}", "PERSON": f"/admin/people/{owner.public_id}"}
    places["BROKER"] = f"/admin/brokers/{person(Role.BROKER).public_id}"
    name, slash, rest = path.partition("/")
    answer = client.get(places.get(name, "") + slash + rest)
    assert answer.status_code == 200
    assert problems(parse(answer.text)) == []


def problems(page: Element) -> list[str]:
    return [
        *_structure(page),
        *_names(page),
        *(f"id {id_} twice" for id_ in _twice([e.get("id") for e in page.walk() if e.get("id")])),
        *(f"{e.tag} refers to {id_}" for e, id_ in _references(page) if id_ not in {x.get("id") for x in page.walk()}),
    ]


def _structure(page: Element) -> list[str]:
    found = []
    if not page.all("html")[0].get("lang"):
        found.append("no language")
    if not page.all("title")[0].text:
        found.append("no title")
    if len(page.all("h1")) != 1 or len(page.all("main")) != 1:
        found.append("one h1 and one main are needed")
    levels = [int(e.tag[1]) for e in page.walk() if e.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}]
    found += [f"h{a} is followed by h{b}" for a, b in pairwise(levels) if b > a + 1]
    return found


def _names(page: Element) -> list[str]:
    labelled = {label.get("for") for label in page.all("label")}
    found = [f"image without alt: {e.attributes}" for e in page.all("img") if "alt" not in e.attributes]
    for e in page.walk():
        named = e.get("aria-label") or e.get("aria-labelledby")
        if e.tag in {"input", "select", "textarea"} and e.get("type") != "hidden":
            if not (named or e.get("id") in labelled):
                found.append(f"{e.tag} {e.get('name')} has no label")
        elif e.tag in {"button", "a", "nav", "meter"}:
            # What the reader does something with may be named by its words.
            words = e.tag in {"button", "a"} and (e.text or e.all("svg", role="img"))
            if not (named or words):
                found.append(f"{e.tag} {e.attributes} has no name")
        elif e.tag == "svg" and not (named or e.get("aria-hidden")):
            found.append("a drawing is neither hidden nor named")
    return found


def _references(page: Element) -> list[tuple[Element, str]]:
    return [
        (e, id_)
        for e in page.walk()
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls", "form")
        for id_ in e.get(name).split()
    ]


def _twice(ids: list[str]) -> set[str]:
    return {id_ for id_ in ids if ids.count(id_) > 1}
