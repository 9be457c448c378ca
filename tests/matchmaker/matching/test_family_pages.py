"""What readers, brokers and the news make of families: unfolded without script, judged once, told once."""

import pytest
from sqlmodel import col, select

from embeddings.encoders.hashing import HashingEncoder
from matchmaker.accounts.models import Role
from matchmaker.alerts import queries as alerts
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.models import FamilyWord, Listing, ListingFamily
from matchmaker.review import queries as desk
from matchmaker.review.models import Suggestion
from matchmaker.review.queries import Tab, Viewer
from matchmaker.review.service import Found, suggest
from tests.factories.html import parse
from tests.factories.market import NEED, RESULT, publish


@pytest.fixture
def matcher(app):
    found = app.extensions["matchmaker.matcher"]
    found._encoder = HashingEncoder()
    return found


@pytest.fixture
def family(engine, matcher, person):
    """Three results of one owner that were found to say the same, one of them in Chinese."""
    owner = person(country="DE")
    made = [publish(engine, owner, RESULT, lang=lang) for lang in ("de", "de", "zh")]
    while matcher.round():
        pass
    join(engine, made)
    return made


def join(engine, members: list[Listing]) -> None:
    with unit_of_work(engine) as uow:
        for member in members:
            revision = uow.session.get_one(Listing, member.id).revision
            row = ListingFamily(listing_id=member.id, family_id=members[0].id, revision=revision)
            uow.session.merge(row)


def links(block) -> list[str]:
    return [a.get("href").rpartition("/")[2] for a in block.all("a")]


def test_the_search_shows_one_and_unfolds_the_others(client, family) -> None:
    page = parse(client.get("/search", query_string={"q": RESULT["title"], "lang": "en"}).text)
    (card,) = page.all("article", class_="mm-listing")
    (block,) = card.all(class_="mm-kin")
    (shown,) = links(card.all("h2")[0])
    assert sorted([shown, *links(block)]) == sorted(x.public_id for x in family)
    assert [a.get("hreflang") for a in block.all("p")[0].all("a")] == ["zh"]
    assert block.all("summary")[0].text == "and 1 similar listing"


def test_the_newest_are_folded_too(client, family) -> None:
    page = parse(client.get("/search?lang=en").text)
    assert len(page.all("article", class_="mm-listing")) == 1
    assert page.all("p", role="status")[0].text.startswith("1 listing,")


def test_a_match_list_shows_one(client, engine, matcher, person, family) -> None:
    need = publish(engine, person(country="CN"), NEED)
    while matcher.round():
        pass
    page = parse(client.get(f"/listings/{need.public_id}/matches?scope=everywhere&lang=en").text)
    (match,) = page.all("article", class_="mm-match")
    assert len(links(match.all(class_="mm-kin")[0])) == 2


def test_a_listings_page_names_the_others_and_members_decide_nothing(client, signed_in, family) -> None:
    for browser in (client, signed_in()[0]):
        page = parse(browser.get(f"/listings/{family[0].public_id}?lang=en").text)
        (block,) = page.all("section", id="kin")
        assert sorted(links(block)) == sorted(x.public_id for x in family[1:])
        assert block.all("form") == []
        answer = browser.post(f"/listings/{family[0].public_id}/family", data={"other": family[1].public_id})
        assert answer.status_code in {303, 403}


def test_a_broker_tells_two_apart_with_a_button_and_takes_it_back_with_another(engine, signed_in, family) -> None:
    browser, _ = signed_in(Role.BROKER)
    address = f"/listings/{family[0].public_id}/family"
    page = parse(browser.get(f"/listings/{family[0].public_id}?lang=en").text)
    (listed,) = page.all("ul", class_="mm-kin-list")
    assert [button.get("value") for button in listed.all("button")] == ["different", "same"] * 2
    answer = browser.post(address, data={"other": family[1].public_id, "word": "different"}, follow_redirects=True)
    (undo,) = parse(answer.text).all("div", class_="alert")[0].all("form")
    fields = {field.get("name"): field.get("value") for field in undo.all("input")}
    with reading_session(engine) as session:
        (word,) = session.exec(select(FamilyWord)).all()
    assert ({word.one_id, word.other_id}, word.same) == ({family[0].id, family[1].id}, False)
    browser.post(undo.get("action"), data=fields)
    with reading_session(engine) as session:
        assert session.exec(select(FamilyWord)).all() == []


def test_an_unknown_number_and_a_need_are_refused_in_words(engine, signed_in, person, family) -> None:
    browser, _ = signed_in(Role.BROKER)
    need = publish(engine, person(), NEED)
    address = f"/listings/{family[0].public_id}/family"
    for other, words in (("0000000000", "no other listing"), (need.public_id, "never shown as one"),
                         (family[0].public_id, "no other listing")):  # fmt: skip
        answer = browser.post(address, data={"other": other, "word": "same"}, follow_redirects=True)
        assert words in answer.text
    with reading_session(engine) as session:
        assert session.exec(select(FamilyWord)).all() == []


# The desk


def test_a_broker_is_given_the_best_of_a_familys_pairs_once(engine, person, family) -> None:
    need = publish(engine, person(country="CN"), NEED)
    with unit_of_work(engine) as uow:
        found = [Found(need.id, x.id, 0.5 + n / 10) for n, x in enumerate(family)]
        assert suggest(uow, found) == 1
    with reading_session(engine) as session:
        (made,) = session.exec(select(Suggestion)).all()
    assert made.result_id == family[2].id
    with unit_of_work(engine) as uow:
        assert suggest(uow, [Found(need.id, family[0].id, 0.99)]) == 0  # however much better, it was judged


def test_what_was_suggested_before_they_were_found_stands_in_one_row(engine, signed_in, matcher, person) -> None:
    owner, need = person(country="DE"), publish(engine, person(country="CN"), NEED)
    three = [publish(engine, owner, RESULT) for _ in range(3)]
    with unit_of_work(engine) as uow:
        assert suggest(uow, [Found(need.id, x.id, 0.5 + n / 10) for n, x in enumerate(three)]) == 3
    join(engine, three)
    browser, broker = signed_in(Role.BROKER)
    page = parse(browser.get("/desk?tab=unassigned&lang=en").text)
    (row,) = page.all("li", class_="mm-row")
    assert sorted(links(row.all("details", class_="mm-row-kin")[0])) == sorted(x.public_id for x in three[:2])
    with reading_session(engine) as session:
        viewer = Viewer(broker.person_id, actor=broker)
        assert desk.counts(session, viewer)[Tab.UNASSIGNED] == 1


def test_an_interest_never_stands_behind_another_match(engine, person) -> None:
    owner, need = person(country="DE"), publish(engine, person(country="CN"), NEED)
    two = [publish(engine, owner, RESULT) for _ in range(2)]
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(need.id, x.id, 0.5) for x in two])
        row = uow.session.exec(select(Suggestion).order_by(col(Suggestion.id).desc())).first()
        row.origin = "interest"
    join(engine, two)
    broker = person(Role.BROKER)
    with reading_session(engine) as session:
        assert desk.counts(session, Viewer(broker.person_id, actor=broker))[Tab.UNASSIGNED] == 2


# News


def test_a_familys_answers_are_one_piece_of_news(engine, family) -> None:
    ids = {x.id for x in family}
    with reading_session(engine) as session:
        assert alerts.fresh(session, ids, set()) == 1
        assert alerts.fresh(session, {family[2].id}, {family[0].id}) == 0
        assert alerts.fresh(session, {family[2].id, 10**6}, {family[0].id}) == 1
