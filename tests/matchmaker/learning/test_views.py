"""The page about learning: from nothing, with a proposal, in both languages; closed to everybody else."""

import json
import re

import pytest
from sqlalchemy import select

from matchmaker.accounts.models import Role
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listings
from matchmaker.matching.schemas import ENOUGH_VERDICTS
from matchmaker.matching.scoring import HAND, RULES
from matchmaker.matching.weights import active
from matchmaker.review.models import Suggestion
from matchmaker.review.service import Found, suggest
from matchmaker.review.showings import Shown
from tests.factories.html import parse
from tests.factories.matches import arena
from tests.matchmaker.learning.brokers import enter, judged, taste

PAGE = "/admin/learning"


@pytest.fixture
def office(signed_in):
    return signed_in(Role.ADMINISTRATOR)


def page(client, **query):
    answer = client.get(PAGE, query_string=query)
    assert answer.status_code == 200
    return parse(answer.text)


def counting(engine):
    with reading_session(engine) as session:
        return active(session).version


def press(client, button):
    """Send the form of the button with these words, as a browser would."""
    (form,) = [form for form in page(client).all("form") if button in form.text]
    sent = {field.get("name"): field.get("value") for field in form.all("input")}
    return client.post(form.get("action"), data=sent, follow_redirects=True)


def test_from_nothing_it_says_how_many_verdicts_are_missing(office):
    client, _ = office
    found = page(client)
    assert f"{ENOUGH_VERDICTS} more verdicts of brokers" in found.text
    assert "Nothing was learned yet" in found.text
    assert "counts now" in found.text
    assert "There was no verdict to learn from." in press(client, "Learn from all").get_data(as_text=True)


def test_what_was_said_is_counted_by_outcome_and_reason(engine, office, person):
    client, _ = office
    pair = arena(engine, person)
    pair.offer()
    pair.say_no()
    rows = {row.all("th")[0].text: [cell.text for cell in row.all("td")] for row in page(client).all("tr")[1:]}
    assert rows == {"Brokers": ["1", "0"], "The side of the need": ["0", "1"], "The side of the result": ["0", "0"]}
    assert "Too expensive 1" in page(client).text


def test_a_proposal_is_put_to_use_and_taken_back(engine, office):
    client, _ = office
    enter(engine, judged(400, 31, taste()))
    assert "Nothing changes until" in press(client, "Learn from all").get_data(as_text=True)
    found = page(client)
    assert [row.text for row in found.all("th", scope="row")][3 : 3 + len(RULES)] == [str(rule.title) for rule in RULES]
    assert found.all("circle")
    assert "Order of the desk (nDCG)" in found.text
    assert counting(engine) == 0
    (form, *_) = [form for form in found.all("form") if form.get("action").endswith("/use")]
    sent = {field.get("name"): field.get("value") for field in form.all("input")}
    client.post(form.get("action"), data=sent)
    assert counting(engine) == 1
    assert "These weights count now." in page(client).text
    press(client, "Back to these")
    assert counting(engine) == 0


def test_whoever_looked_before_a_colleague_switched_is_told(engine, office):
    client, _ = office
    enter(engine, judged(100, 32, taste()))
    press(client, "Learn from all")
    client.post(f"{PAGE}/use", data={"version": 1, "seen": 0})
    answer = client.post(f"{PAGE}/use", data={"version": 0, "seen": 0}, follow_redirects=True)
    assert "somebody else has switched" in answer.text
    assert counting(engine) == 1


@pytest.mark.parametrize("sent", [{}, {"version": "x", "seen": "0"}, {"version": "99", "seen": "0"}])
def test_a_form_that_means_nothing_changes_nothing(engine, office, sent):
    client, _ = office
    assert client.post(f"{PAGE}/use", data=sent).status_code == 404
    assert counting(engine) == 0


def test_the_next_suggestions_stand_in_their_new_order(engine, office, person):
    client, _ = office
    enter(engine, judged(400, 33, taste()))
    pair = arena(engine, person)
    other = arena(engine, person)
    low, high = ({**dict.fromkeys(HAND.shares, 0.5), "maturity": value} for value in (0.0, 1.0))
    with unit_of_work(engine) as uow:
        shown = [Shown(parts, 0, "hashing", 1, 1.0) for parts in (low, high)]
        suggest(uow, [Found(one.need.id, one.result.id, score, shown=how) for one, score, how in
                      zip((pair, other), (0.52, 0.5), shown, strict=True)])  # fmt: skip
    press(client, "Learn from all")
    (listed,) = page(client).all("ol", class_="mm-rows")
    links = [link.get("href") for link in listed.all("a")]
    with reading_session(engine) as session:
        ids = [suggestion_id(session, one) for one in (other, pair)]
    assert links == [f"/desk/{id_}" for id_ in ids]
    assert listed.all("li")[0].text.endswith("up from place 2")
    assert listed.all("li")[1].text.endswith("down from place 1")
    with unit_of_work(engine) as uow:
        listings.withdraw(uow, other.need.public_id, actor=other.needer)
    assert [link.get("href") for link in page(client).all("ol", class_="mm-rows")[0].all("a")] == links[1:]


def suggestion_id(session, found):
    return session.execute(select(Suggestion.public_id).where(Suggestion.need_id == found.need.id)).scalar_one()


def test_it_speaks_chinese(engine, office):
    client, _ = office
    enter(engine, judged(400, 34, taste()))
    press(client, "Learn from all")
    found = page(client, lang="zh")
    assert "从裁定中学习" in found.text
    assert not re.findall(r"[A-Za-z]{4,}", " ".join(cell.text for cell in found.all("main")[0].all("h2")))


@pytest.mark.parametrize("role", [Role.MEMBER, Role.BROKER])
def test_nobody_else_reads_or_switches(engine, signed_in, role):
    client, _ = signed_in(role)
    enter(engine, judged(30, 35, taste()))
    assert client.get(PAGE).status_code == 403
    for deed in ("train", "use"):
        assert client.post(f"{PAGE}/{deed}", data={"version": 0, "seen": 0}).status_code == 403


def test_strangers_are_led_to_the_door(client):
    assert client.get(PAGE).status_code == 303
    assert client.post(f"{PAGE}/use").status_code == 303


def test_a_broker_is_told_the_chance_once_it_is_known(app, engine, office, person, signed_in):
    client, _ = office
    pair = arena(engine, person)
    app.extensions["matchmaker.matcher"].embed([pair.need.id, pair.result.id])
    broker, _ = signed_in(Role.BROKER)
    address = f"/desk/{pair.match().public_id}"
    assert "Chance that a broker endorses" not in broker.get(address).text
    enter(engine, judged(ENOUGH_VERDICTS + 20, 36, taste()))
    press(client, "Learn from all")
    client.post(f"{PAGE}/use", data={"version": 1, "seen": 0})
    assert re.search(r"Chance that a broker endorses: \d+ in 100", broker.get(address).text)


def test_the_command_prints_and_keeps_a_proposal(app, engine):
    runner = app.test_cli_runner()
    said = runner.invoke(args=["learning", "train"])
    assert said.exit_code == 0
    assert "no verdict to learn from" in said.output
    enter(engine, judged(400, 37, taste()))
    dry = json.loads(runner.invoke(args=["learning", "train", "--json", "--dry-run"]).output)
    assert dry["version"] is None
    found = json.loads(runner.invoke(args=["learning", "train", "--json"]).output)
    assert found["version"] == 1
    assert set(found["weights"]) == set(HAND.shares)
    assert 0 <= found["held_out"]["proposed"]["ece"]["value"] < 0.2
    printed = runner.invoke(args=["learning", "train"]).output
    assert re.search(r"ece\s.*\d\.\d{3}", printed)
    assert "kept as version 2" in printed
    assert counting(engine) == 0
