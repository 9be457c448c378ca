"""The pages of matches: what each reader sees, and that every form may be sent twice, too late or by the wrong one."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select

from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import Membership, Organisation, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.interests.models import Interest
from matchmaker.listings import service as listings
from matchmaker.review import offers
from matchmaker.review.models import MatchMove, Side, State, Suggestion
from tests.factories.html import parse
from tests.factories.market import NEED, RESULT, publish
from tests.factories.matches import SAID, Arena, arena, ask_side, reach

FORM = {"lang": "en", "what": SAID[:200], "why": SAID[:200], "who": SAID[:200]}


@dataclass
class House:
    """The arena, with a browser for everybody in it."""

    arena: Arena
    app: Flask

    def browser(self, actor: Actor) -> FlaskClient:
        with unit_of_work(self.arena.engine) as uow:
            token = accounts.sign_in(uow, uow.session.get_one(Person, actor.person_id))
        client = self.app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
        return client

    @property
    def address(self) -> str:
        return f"/matches/{self.arena.match().public_id}"

    def sent(self, actor: Actor, verb: str, **form: str):
        data = {"revision": str(self.arena.match().revision), **form}
        return self.browser(actor).post(f"{self.address}/{verb}", data=data)


@pytest.fixture
def house(app: Flask, engine: Engine, person: Callable[..., Actor], read_all: Callable[[], None]) -> House:
    found = arena(engine, person)
    read_all()
    return House(found, app)


@pytest.fixture
def read_all(app: Flask) -> Callable[[], None]:
    def read() -> None:
        matcher = app.extensions["matchmaker.matcher"]
        while matcher.round():
            pass

    return read


def words(page: str) -> str:
    return parse(page).text


def org(engine: Engine, actor: Actor) -> Organisation:
    with reading_session(engine) as session:
        return session.get_one(Organisation, actor.organisation_id)


def rows(engine: Engine, table: type) -> int:
    with reading_session(engine) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("state", list(State))
def test_every_page_of_a_match_opens_in_every_state_for_whoever_may_read_it(
    house: House, state: State, lang: str
) -> None:
    reach(house.arena, state)
    known = {"needer": state not in {State.SUGGESTED, State.IN_REVIEW, State.ENDORSED, State.PARKED}}
    known["need_viewer"] = known["unconfirmed"] = known["needer"]
    known["broker"] = known["administrator"] = True
    known["stranger"] = False
    for role, may in known.items():
        client = house.browser(house.arena.roles[role])
        page = client.get(f"{house.address}?lang={lang}", follow_redirects=True)  # brokers are led to their desk
        assert page.status_code == (200 if may else 404), role
    for box in ("answer", "waiting", "introduced", "over", "nonsense"):
        page = house.browser(house.arena.needer).get(f"/matches?box={box}&lang={lang}&page=99")
        assert page.status_code == 200
        parse(page.text)


def test_the_story_from_an_offer_to_an_introduction(house: House) -> None:
    found = house.arena
    found.offer()
    client = house.browser(found.needer)
    page = client.get(house.address).text
    assert "Yes, introduce us" in page
    assert parse(page).all("a", href="/matches")[0].text.endswith("1")
    assert house.sent(found.needer, "yes").location == house.address
    assert "The other side is asked" in client.get(house.address).text
    assert house.sent(found.resulter, "yes").status_code == 303
    assert found.match().state is State.INTRODUCED
    assert "/introductions/" in client.get(house.address).text
    assert "Organisation 2" in client.get(house.address).text


def test_nobody_is_named_before_the_introduction(house: House) -> None:
    found = house.arena
    reach(found, State.OFFERED_SECOND)
    for reader, other in ((found.needer, found.resulter), (found.resulter, found.needer), (found.broker, None)):
        client = house.browser(reader)
        page = words(client.get(house.address, follow_redirects=True).text)
        for hidden in (found.needer, found.resulter) if other is None else (other,):
            assert hidden.name not in page
            assert other is None or org(found.engine, hidden).name not in page


def test_an_expression_tells_what_why_and_who_and_not_the_name(house: House) -> None:
    found = house.arena
    sender = house.browser(found.stranger)
    form = {**FORM, "organisation": org(found.engine, found.stranger).public_id}
    address = f"/listings/{found.need.public_id}/interest"
    assert "Express interest" in words(sender.get(f"/listings/{found.need.public_id}").text)
    assert words(sender.get(address).text).count("0 / 150–600") == 3
    sent = sender.post(address, data=form)
    assert sent.status_code == 303
    page = words(house.browser(found.needer).get(sent.location).text)
    assert SAID[:200] in page
    assert "Italy" in page
    assert "An enterprise" in page
    assert org(found.engine, found.stranger).name not in page
    assert found.stranger.name not in page
    # Sent again by a double click, it leads to the one that is there.
    again = sender.post(address, data=form, follow_redirects=True)
    assert again.status_code == 200
    assert sent.location in again.text
    assert rows(found.engine, Interest) == 1


def test_a_form_that_is_wrong_keeps_what_was_typed(house: House) -> None:
    found = house.arena
    sender = house.browser(found.stranger)
    form = {**FORM, "organisation": org(found.engine, found.stranger).public_id, "why": "نعم \u202e" + "x" * 5000}
    answer = sender.post(f"/listings/{found.need.public_id}/interest", data=form)
    assert answer.status_code == 422
    assert "600 are the most" in words(answer.text)
    assert FORM["what"] in words(answer.text)
    assert rows(found.engine, Interest) == 0


def test_a_listing_says_why_no_interest_can_be_expressed(house: House) -> None:
    found = house.arena
    listing = f"/listings/{found.need.public_id}"
    assert "Sign in to express interest" in house.app.test_client().get(listing).text
    assert house.app.test_client().get(f"{listing}/interest").location.startswith("/sign-in")
    assert "confirm your e-mail" in house.browser(found.unconfirmed).get(
        f"/listings/{found.result.public_id}"
    ).text  # fmt: skip
    with unit_of_work(found.engine) as uow:
        uow.session.merge(found.need).open_for_interest = False
    page = house.browser(found.stranger).get(f"{listing}/interest").text
    assert "takes no expressions of interest" in page
    assert "<textarea" not in page


POSTS = {
    "yes": (State.OFFERED_FIRST, {}),
    "no": (State.OFFERED_FIRST, {"reason": "price", "note": "zu teuer", "share": "1"}),
    "withdraw": (State.OFFERED_SECOND, {}),
    "ask": (State.OFFERED_SECOND, {"text": "Who is it?"}),
}


@pytest.mark.parametrize("verb", list(POSTS))
def test_every_form_may_be_sent_twice(house: House, verb: str) -> None:
    found = house.arena
    state, form = POSTS[verb]
    reach(found, state)
    client, address = house.browser(found.needer), f"{house.address}/{verb}"
    data = {"revision": str(found.match().revision), **form}
    first, moves = client.post(address, data=data), rows(found.engine, MatchMove)
    second = client.post(address, data=data)
    assert (first.status_code, second.status_code) == (303, 303)
    assert rows(found.engine, MatchMove) == moves
    assert client.get(second.location).status_code == 200


@pytest.mark.parametrize("verb", ["yes", "no"])
def test_an_answer_that_comes_second_sees_what_happened(house: House, verb: str) -> None:
    found = house.arena
    reach(found, State.OFFERED_FIRST)
    revision = str(found.match().revision)
    if verb == "yes":
        found.say_no(note="we have one", share=False)
    else:
        found.say_yes()
    form = {"revision": revision, "reason": "price"}
    late = house.browser(found.needer).post(f"{house.address}/{verb}", data=form)
    assert late.status_code == 409
    assert "your answer was not stored" in words(late.text)
    assert ("Declined" if verb == "yes" else "The other side is asked") in words(late.text)


def test_a_no_without_a_reason_is_asked_again(house: House) -> None:
    found = house.arena
    found.offer()
    answer = house.sent(found.needer, "no", note="<b>hm</b>")
    assert answer.status_code == 422
    assert "&lt;b&gt;hm" in answer.text
    assert parse(answer.text).all("details", class_="mm-decline")[0].attributes.keys() >= {"open"}
    assert found.match().state is State.OFFERED_FIRST


@pytest.mark.parametrize("verb", list(POSTS))
@pytest.mark.parametrize(("role", "status"), [("need_viewer", 403), ("unconfirmed", 403), ("stranger", 404)])
def test_those_who_may_not_answer_are_refused(house: House, verb: str, role: str, status: int) -> None:
    state, form = POSTS[verb]
    reach(house.arena, state)
    before = house.arena.match()
    assert house.sent(house.arena.roles[role], verb, **form).status_code == status
    assert house.arena.match().revision == before.revision


def test_pages_say_what_stands_in_the_way_of_an_answer(house: House) -> None:
    found = house.arena
    found.offer()
    assert "You read along" in house.browser(found.need_viewer).get(house.address).text
    unconfirmed = house.browser(found.unconfirmed).get(house.address).text
    assert "confirm your e-mail address" in unconfirmed
    assert "Yes, introduce us" not in unconfirmed


def test_somebody_who_is_removed_in_the_middle_is_out_at_once(house: House) -> None:
    found = house.arena
    found.offer()
    client = house.browser(found.needer)
    assert client.get(house.address).status_code == 200
    with unit_of_work(found.engine) as uow:
        key = (found.needer.person_id, found.needer.organisation_id)
        uow.session.delete(uow.session.get_one(Membership, key))
    assert client.get(house.address).status_code == 404
    assert client.post(f"{house.address}/yes", data={"revision": "1"}).status_code == 404
    assert found.match().state is State.OFFERED_FIRST


def test_an_owner_who_withdraws_while_the_other_answers_ends_it_with_a_clear_word(house: House) -> None:
    found = house.arena
    reach(found, State.OFFERED_SECOND)
    with unit_of_work(found.engine) as uow:
        listings.withdraw(uow, found.need.public_id, actor=found.needer)
    answer = house.browser(found.resulter).post(
        f"{house.address}/yes", data={"revision": str(found.match().revision)}, follow_redirects=True
    )
    assert "has ended in the meantime" in answer.text
    assert "A listing left the market" in answer.text


def test_a_side_that_knows_nothing_reads_only_the_question_of_the_broker(house: House) -> None:
    found = house.arena
    reach(found, State.IN_REVIEW)
    question = ask_side(found, Side.RESULT, "Is there a certificate?")
    page = words(house.browser(found.resulter).get(house.address).text)
    assert "Is there a certificate?" in page
    assert NEED["title"] not in page
    assert "of 100 points" not in page
    sent = house.sent(found.resulter, "answer", question=question.public_id, text="Yes, ATEX.")
    assert sent.location == "/matches"
    assert house.browser(found.resulter).get(house.address).status_code == 404
    assert house.sent(found.stranger, "answer", question=question.public_id, text="No.").status_code == 404


def test_a_broker_writes_down_what_a_side_without_an_account_answers(house: House) -> None:
    found = house.arena
    with unit_of_work(found.engine) as uow:
        uow.session.merge(found.need).organisation_id = None
        uow.session.get_one(Suggestion, found.match().id).need_org_id = None
    client = house.browser(found.stranger)
    form = {**FORM, "organisation": org(found.engine, found.stranger).public_id}
    location = client.post(f"/listings/{found.need.public_id}/interest", data=form).location
    match = found.match(location.rpartition("/")[2])
    with unit_of_work(found.engine) as uow:
        offers.forward(uow, match.public_id, "Bitte lesen.", revision=match.revision, actor=found.broker)
    broker, revision = house.browser(found.broker), str(found.match(match.public_id).revision)
    desk = f"/desk/{match.public_id}"
    assert broker.get(location).location == desk
    no = {"revision": revision, "side": "need", "answer": "no", "note": "too dear", "share": "1", "back": "pair"}
    refused = broker.post(f"{desk}/record", data=no)
    assert refused.status_code == 422
    assert "The side of the need has no account" in refused.text
    assert "too dear" in refused.text
    assert SAID[:200] in words(refused.text)
    form = parse(refused.text).all("div", class_="mm-record")[0]
    assert form.all("details")[0].attributes.keys() >= {"open"}
    assert form.all("input", name="share")[0].attributes.keys() >= {"checked"}
    for _ in range(2):
        done = broker.post(f"{desk}/record", data={**no, "reason": "price"})
        assert (done.status_code, done.location) == (303, desk)
    assert "It is noted" in broker.get(desk).text
    assert found.match(match.public_id).state is State.DECLINED
    assert [move.now for move in found.moves()].count(State.DECLINED) == 1
    assert client.post(f"{desk}/record", data=no).status_code == 403


def test_a_page_of_matches_takes_few_queries_however_many_there_are(house: House, read_all: Callable[[], None]) -> None:
    found = house.arena
    others = [publish(found.engine, found.stranger, RESULT, title=f"Bohrgerät {n}") for n in range(4)]
    found.offer()
    read_all()
    client = house.browser(found.needer)
    few = queries(found.engine, client)
    own = org(found.engine, found.stranger).public_id
    for other in others[:1]:
        form = {**FORM, "organisation": own, "own": other.public_id}
        house.browser(found.stranger).post(f"/listings/{found.need.public_id}/interest", data=form)
    client.get("/matches")  # reasons are kept from now on
    assert queries(found.engine, client) <= few + 4


def queries(engine: Engine, client: FlaskClient) -> int:
    """How many statements the list takes."""
    client.get("/matches")
    counted = []

    def count(*_args: object) -> None:
        counted.append(1)

    event.listen(engine, "before_cursor_execute", count)
    client.get("/matches")
    event.remove(engine, "before_cursor_execute", count)
    return len(counted)
