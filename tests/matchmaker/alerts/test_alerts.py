"""Standing questions: kept with a click, answered once each, and by nothing that was there before."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from embeddings.encoders.hashing import HashingEncoder
from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.alerts import queries, service, tasks
from matchmaker.alerts.models import SavedSearch, ToldAnswer
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listing_service
from matchmaker.listings.models import Listing
from matchmaker.listings.search_request import SearchRequest
from matchmaker.matching.runtime import Matcher
from matchmaker.notifications.models import Notification
from tests.factories import market
from tests.factories.html import parse

WORDS = "Ferngesteuertes Bohrgerät für den Bergbau unter Tage"


@pytest.fixture
def matcher(app: Flask) -> Matcher:
    found: Matcher = app.extensions["matchmaker.matcher"]
    found._encoder = HashingEncoder()
    return found


@pytest.fixture
def save(engine: Engine) -> Callable[..., SavedSearch]:
    def save(actor: Actor, query: str, name: str = "mine") -> SavedSearch:
        with unit_of_work(engine) as uow:
            return service.save(uow, name, SearchRequest.parse(query), actor=actor)[0]

    return save


@pytest.fixture
def publish(engine: Engine, matcher: Matcher) -> Callable[..., Listing]:
    """Publish and embed: `publish(actor, market.RESULT, title=…)`."""

    def publish(actor: Actor, values: dict[str, Any], **changes: Any) -> Listing:
        listing = market.publish(engine, actor, values, **changes)
        matcher.embed([listing.id or 0])
        return listing

    return publish


OTHERS = (
    "Solarzellen aus Perowskit für Dächer und Fassaden",
    "Impfstoff gegen Malaria, der ohne Kühlung gelagert wird",
    "Software für die Terminplanung in Krankenhäusern",
    "Membranen für die Reinigung von Abwasser aus Färbereien",
    "Getreidesorten, die lange Trockenheit ertragen",
    "Batterien ohne Kobalt für Lastwagen im Fernverkehr",
)


@pytest.fixture(autouse=True)
def stalls(request, person) -> None:
    """Other things on the market: whatever is alone on it stands out from nothing."""
    if "publish" not in request.fixturenames:
        return
    publish, owner = request.getfixturevalue("publish"), person(country="AT")
    for title in OTHERS:
        words = {"title": title, "summary": title, "description": title, "lang": "de"}
        publish(owner, market.RESULT, **words, advantages=title, ipc=("A01B",), country="AT")
        publish(owner, market.NEED, **words, technical_spec=title, ipc=("A01B",), country="AT")


def look(matcher: Matcher) -> None:
    """As many rounds as there is something to do."""
    while tasks.look_at_searches(matcher) + tasks.look_at_listings(matcher):
        pass


def news(engine: Engine, actor: Actor) -> list[tuple[str, str]]:
    """Kind and params of what somebody was told."""
    with Session(engine) as session:
        mine = select(Notification).where(Notification.person_id == actor.person_id)
        return [
            (row.kind, row.params)
            for row in session.exec(mine.order_by(col(Notification.id)))
            if not row.kind.startswith("listing.")
        ]


# --- keeping ----------------------------------------------------------------------------------------------------


def test_the_same_question_is_kept_once_however_it_is_written(engine: Engine, person, save):
    actor = person()
    one = save(actor, "q=pump&countries=DE&countries=CN&page=3&lang=zh")
    assert one.query == "q=pump&countries=CN&countries=DE"
    assert save(actor, "countries=CN&q=pump&countries=DE&utm_source=x").id == one.id
    assert save(actor, "q=pump").id != one.id
    assert save(person(), "q=pump&countries=CN&countries=DE").id != one.id


def test_there_is_an_end_to_how_many_are_kept(engine: Engine, person, save):
    actor = person()
    for number in range(service.MOST_SEARCHES):
        save(actor, f"q=word{number}")
    with pytest.raises(Conflict):
        save(actor, "q=one more")
    assert save(actor, "q=word3").name == "mine"


def test_a_question_that_is_too_long_to_be_kept_is_said(person, save):
    with pytest.raises(Invalid):
        save(person(), "q=" + "采" * 900)


def test_nobody_renames_deletes_or_runs_the_search_of_somebody_else(engine: Engine, person, save, signed_in):
    search = save(person(), "q=pump")
    client, actor = signed_in()
    for verb in (service.delete, lambda uow, id_, actor: service.rename(uow, id_, "x", actor=actor)):
        uow = unit_of_work(engine)
        with pytest.raises(NotFound), uow:
            verb(uow, search.public_id, actor=actor)
    assert client.get(f"/alerts/{search.public_id}").status_code == 404


# --- answering --------------------------------------------------------------------------------------------------


def test_a_new_answer_is_told_once_and_an_edit_does_not_tell_it_again(engine, matcher, person, save, publish):
    reader, owner = person(country="IT"), person(country="DE")
    search = save(reader, f"q={WORDS}")
    look(matcher)
    listing = publish(owner, market.RESULT)
    look(matcher)
    told = [("alert.search", f'{{"search": "{search.public_id}", "count": "1"}}')]
    assert news(engine, reader) == told
    matcher.embed([listing.id or 0])
    look(matcher)
    assert news(engine, reader) == told


def test_what_answered_when_the_search_was_saved_is_no_news_even_after_an_edit(engine, matcher, person, save, publish):
    reader, owner = person(country="IT"), person(country="DE")
    listing = publish(owner, market.RESULT)
    save(reader, f"q={WORDS}")
    save(reader, "countries=DE")
    look(matcher)
    matcher.embed([listing.id or 0])
    look(matcher)
    assert news(engine, reader) == []


def test_what_was_published_between_saving_and_the_first_look_is_news(engine, matcher, person, save, publish):
    reader, owner = person(country="IT"), person(country="DE")
    save(reader, f"q={WORDS}")
    publish(owner, market.RESULT)
    look(matcher)
    assert len(news(engine, reader)) == 1


def test_several_new_answers_are_one_piece_of_news(engine, matcher, person, save, publish):
    reader, owner = person(country="IT"), person(country="DE")
    save(reader, "direction=result&countries=DE")
    look(matcher)
    for number in range(3):
        publish(owner, market.RESULT, title=f"{WORDS} {number}")
    look(matcher)
    ((_, params),) = news(engine, reader)
    assert '"count": "3"' in params


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (f"q={WORDS}&countries=DE", 1),
        (f"q={WORDS}&countries=FR", 0),
        (f"q={WORDS}&direction=need", 0),
        ("direction=result", 1),
        ("ipc_sections=E", 1),
        ("ipc_sections=A", 0),
        ("languages=de&trls=8", 1),
        ("trls=3", 0),
        ("", 1),
        ("q=Kochrezepte+für+Kuchen+mit+Kirschen", 0),
    ],
)
def test_filters_and_words_decide_as_on_the_search_page(engine, matcher, person, save, publish, query, told):  # noqa: PLR0917
    reader = person(country="IT")
    save(reader, query)
    look(matcher)
    publish(person(country="DE"), market.RESULT)
    look(matcher)
    assert len(news(engine, reader)) == told


def test_ones_own_listings_answer_no_search_of_ones_own(engine, matcher, person, save, publish):
    reader = person(country="DE")
    save(reader, f"q={WORDS}")
    look(matcher)
    publish(reader, market.RESULT)
    look(matcher)
    assert news(engine, reader) == []


def test_a_closed_account_asks_nothing(engine, matcher, person, save, publish):
    reader = person(country="IT")
    save(reader, f"q={WORDS}")
    with unit_of_work(engine) as uow:
        uow.session.get_one(Person, reader.person_id).closed_at = now()
    publish(person(country="DE"), market.RESULT)
    look(matcher)
    assert news(engine, reader) == []


def test_a_round_looks_at_a_few_searches_only_and_comes_to_all_in_time(engine, matcher, person, save, publish):
    readers = [person(country="IT") for _ in range(tasks.SEARCHES + 2)]
    for reader in readers:
        save(reader, "countries=DE")
    publish(person(country="DE"), market.RESULT)
    assert tasks.look_at_searches(matcher) == tasks.SEARCHES
    assert tasks.look_at_searches(matcher) == 2
    assert tasks.look_at_searches(matcher) == 0
    assert [len(news(engine, reader)) for reader in readers] == [1] * len(readers)


def test_the_matcher_goes_on_after_one_share(matcher, person, save, publish):
    save(person(country="IT"), "countries=DE")
    publish(person(country="DE"), market.RESULT)
    assert tasks.follow(matcher) == 0


def test_two_processes_that_find_the_same_answer_tell_it_once(engine, matcher, person, save, publish):
    reader = person(country="IT")
    search = save(reader, "countries=DE")
    listing = publish(person(country="DE"), market.RESULT)
    for _ in range(2):
        with unit_of_work(engine) as uow:
            service.look(uow, search.id or 0, [], [listing.id or 0], 1)
    assert len(news(engine, reader)) == 1


def test_a_deleted_search_is_forgotten_whole(engine, matcher, person, save, publish):
    reader = person(country="IT")
    search = save(reader, "countries=DE")
    publish(person(country="DE"), market.RESULT)
    look(matcher)
    with unit_of_work(engine) as uow:
        service.delete(uow, search.public_id, actor=reader)
    with Session(engine) as session:
        assert session.exec(select(ToldAnswer).where(col(ToldAnswer.saved_search_id).is_not(None))).all() == []
        assert queries.searches(session, reader.person_id) == []
    with unit_of_work(engine) as uow:
        assert service.look(uow, search.id or 0, [], [1], 9) == 0


# --- listings that ask ------------------------------------------------------------------------------------------

SAME = {"title": "Bohrgerät", "summary": WORDS, "description": WORDS, "lang": "de"}


def test_a_listing_is_told_of_a_new_match_abroad_once(engine, matcher, person, publish):
    asker, other = person(country="CN"), person(country="DE")
    look(matcher)  # the first look says where the market begins
    need = publish(asker, market.NEED, **SAME)
    look(matcher)
    result = publish(other, market.RESULT, **SAME)
    look(matcher)
    told = [("alert.listing", f'{{"listing": "{need.public_id}", "count": "1"}}')]
    assert news(engine, asker) == told
    assert news(engine, other) == []  # its own list is on its page from the beginning
    for listing in (need, result):
        matcher.embed([listing.id or 0])
        look(matcher)
    assert news(engine, asker) == told
    assert news(engine, other) == []


def test_a_match_at_home_is_no_news(engine, matcher, person, publish):
    asker = person(country="CN")
    look(matcher)
    publish(asker, market.NEED, **SAME)
    publish(person(country="CN"), market.RESULT, **{**SAME, "country": "CN"})
    look(matcher)
    assert news(engine, asker) == []


def test_what_has_little_to_do_with_it_is_no_news(engine, matcher, person, publish):
    asker = person(country="CN")
    look(matcher)
    publish(asker, market.NEED)
    other = {"title": "Impfstoff", "summary": "Impfstoff gegen Malaria", "description": "Impfstoff gegen Malaria"}
    publish(person(country="DE"), market.RESULT, **other, ipc=("A61K",), nace=("21.20",))
    look(matcher)
    assert news(engine, asker) == []


def test_a_market_that_was_there_before_the_first_look_is_no_news(engine, matcher, person, publish):
    asker = person(country="CN")
    publish(asker, market.NEED, **SAME)
    publish(person(country="DE"), market.RESULT, **SAME)
    look(matcher)
    assert news(engine, asker) == []


def test_a_withdrawn_listing_asks_nothing(engine, matcher, person, publish):
    asker = person(country="CN")
    look(matcher)
    need = publish(asker, market.NEED, **SAME)
    with unit_of_work(engine) as uow:
        listing_service.withdraw(uow, need.public_id, actor=asker)
    publish(person(country="DE"), market.RESULT, **SAME)
    look(matcher)
    assert news(engine, asker) == []


# --- pages ------------------------------------------------------------------------------------------------------


def flashed(text: str) -> str:
    return " ".join(element.text for element in parse(text).all("div", class_="mm-alert"))


def test_one_click_on_the_search_page_keeps_the_search(engine, signed_in):
    client, actor = signed_in()
    page = parse(client.get("/search?q=pump&countries=DE&page=2").text)
    query = page.all("input", name="query")[0].get("value")
    answer = client.post("/alerts/save", data={"query": query}, follow_redirects=True)
    assert answer.request.full_path == "/search?q=pump&countries=DE"
    assert "Saved as “pump”" in flashed(answer.text)
    assert "already" in flashed(client.post("/alerts/save", data={"query": query}, follow_redirects=True).text)
    with Session(engine) as session:
        assert [row.query for row in queries.searches(session, actor.person_id)] == ["q=pump&countries=DE"]


def test_strangers_are_not_offered_what_they_cannot_keep(client):
    assert parse(client.get("/search?q=pump").text).all("input", name="query") == []
    assert client.post("/alerts/save", data={"query": "q=pump"}).location.startswith("/sign-in")


@pytest.mark.parametrize(
    ("query", "name"),
    [("q=" + "long+" * 40, "long"), ("countries=DE&direction=need", "Needs, Germany"), ("", "Everything new")],
)
def test_a_search_without_a_name_is_called_after_what_it_asks(engine, signed_in, query: str, name: str):
    client, actor = signed_in()
    client.post("/alerts/save", data={"query": query, "name": "  "})
    with Session(engine) as session:
        (search,) = queries.searches(session, actor.person_id)
    assert search.name.startswith(name)
    assert len(search.name) <= 60


def test_the_list_shows_renames_runs_deletes_and_takes_back(engine, signed_in, save):
    client, actor = signed_in()
    search = save(actor, "q=泵&countries=DE", "مضخة <b>")
    page = client.get("/alerts", headers={"Accept-Language": "zh"}).text
    assert "<bdi>مضخة &lt;b&gt;</bdi>" in page
    assert "德国" in page
    assert client.get(f"/alerts/{search.public_id}").location == "/search?q=%E6%B3%B5&countries=DE"
    client.post(f"/alerts/{search.public_id}/rename", data={"name": "Pumps\r\nabroad"})
    assert "Pumps abroad" in client.get("/alerts").text
    answer = client.post(f"/alerts/{search.public_id}/rename", data={"name": " "}, follow_redirects=True)
    assert "A name needs" in flashed(answer.text)
    answer = client.post(f"/alerts/{search.public_id}/delete", follow_redirects=True)
    undo = next(form for form in parse(answer.text).all("form") if form.get("action") == "/alerts/save")
    fields = {field.get("name"): field.get("value") for field in undo.all("input")}
    assert client.post(f"/alerts/{search.public_id}/delete").status_code == 404  # a double click
    client.post("/alerts/save", data=fields)
    with Session(engine) as session:
        (again,) = queries.searches(session, actor.person_id)
    assert (again.name, again.query) == ("Pumps abroad", search.query)


def test_what_cannot_be_kept_is_said_in_words(signed_in, save):
    client, actor = signed_in()
    answer = client.post("/alerts/save", data={"query": "q=" + "采" * 900}, follow_redirects=True)
    assert "far too long" in flashed(answer.text)
    for number in range(service.MOST_SEARCHES):
        save(actor, f"q=word{number}")
    answer = client.post("/alerts/save", data={"query": "q=more"}, follow_redirects=True)
    assert "delete one first" in flashed(answer.text)


def test_news_of_a_search_name_it_to_its_owner_only(engine, matcher, signed_in, person, save, publish):  # noqa: PLR0917
    client, actor = signed_in(country="IT")
    save(actor, "countries=DE", "Drills")
    publish(person(country="DE"), market.RESULT)
    look(matcher)
    assert "Your saved search “<bdi>Drills</bdi>” has new answers: <bdi>1</bdi>." in client.get("/news").text
    stranger = person()
    with Session(engine) as session:
        search = queries.searches(session, actor.person_id)[0]
        assert queries.names(session, [search.public_id], actor, "en") == {search.public_id: "Drills"}
        assert queries.names(session, [search.public_id], stranger, "en") == {}
