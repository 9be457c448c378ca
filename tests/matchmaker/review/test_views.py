"""The broker desk over HTTP: filters, verdicts, the way back, and two brokers on one pair."""

import re

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Role
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listings
from matchmaker.review.models import DeclineReason, State, Suggestion
from matchmaker.review.service import Found, suggest
from tests.factories.market import NEED, RESULT, publish


@pytest.fixture
def broker(signed_in):
    """A signed-in broker's browser, and who it is."""
    client, actor = signed_in(Role.BROKER)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client, actor


@pytest.fixture
def pairs(engine, person):
    """Put pairs on the desk, one for each score: the need from China, results from the countries."""

    def put(*scores, countries=("DE",)):
        need = publish(engine, person(country="CN"), NEED)
        results = [
            publish(engine, person(country=countries[i % len(countries)]), RESULT,
                    country=countries[i % len(countries)], title=f"Bohrgerät Nummer {i}")
            for i in range(len(scores))
        ]  # fmt: skip
        with unit_of_work(engine) as uow:
            suggest(uow, [Found(need.id, result.id, score) for result, score in zip(results, scores, strict=True)])
        return need, results

    return put


@pytest.fixture
def stored(engine):
    """The suggestions as they are stored now, best first."""

    def read():
        with reading_session(engine) as session:
            return session.exec(select(Suggestion).order_by(Suggestion.score.desc())).all()

    return read


def page(response, status=200):
    assert response.status_code == status
    return response.get_data(as_text=True)


def titles(text):
    return re.findall(r"Bohrgerät Nummer \d+(?=</span>)", text)


def test_the_best_open_pairs_come_first_with_both_sides(broker, pairs):
    client, _ = broker
    pairs(0.5, 0.9, 0.7)
    text = page(client.get("/desk"))
    assert titles(text) == ["Bohrgerät Nummer 1", "Bohrgerät Nummer 2", "Bohrgerät Nummer 0"]
    assert text.count(f"{NEED['title']}</span>") == 3
    assert 'lang="de" dir="auto">Bohrgerät Nummer 1' in text


def test_a_prepared_pair_shows_the_parts_of_its_score_and_both_passages(app, broker, pairs, stored):
    client, _ = broker
    need, results = pairs(0.9)
    app.extensions["matchmaker.matcher"].embed([need.id, results[0].id])
    text = page(client.get(f"/desk/{stored()[0].public_id}"))
    assert text.count("<meter") >= 5
    points = [int(n) for n in re.findall(r'mm-part-points">(\d+) of \d+<', text)]
    shown = int(re.search(r">(\d+) of 100 points</h1>", text).group(1))
    assert sum(points) == shown
    assert text.count("<blockquote") == 2


def test_a_pair_that_waits_for_the_encoder_can_be_decided_all_the_same(broker, pairs, stored):
    client, _ = broker
    pairs(0.9)
    text = page(client.get(f"/desk/{stored()[0].public_id}/body"))
    assert "The reasons are shown as soon as both texts are prepared." in text
    assert f'action="/desk/{stored()[0].public_id}/endorse"' in text


def test_endorsing_moves_on_and_keeps_who_and_when(broker, pairs, stored):
    client, actor = broker
    pairs(0.9, 0.8)
    first = stored()[0]
    data = {"revision": first.revision, "position": 1}
    response = client.post(f"/desk/{first.public_id}/endorse?need_country=CN", data=data)
    assert response.status_code == 303
    assert response.location == "/desk?need_country=CN#pair-1"
    assert (stored()[0].state, stored()[0].decided_by) == (State.ENDORSED, actor.person_id)
    assert titles(page(client.get("/desk"))) == ["Bohrgerät Nummer 1"]
    assert titles(page(client.get("/desk?tab=waiting"))) == ["Bohrgerät Nummer 0"]


def test_a_verdict_is_taken_back_with_the_button_that_is_offered(broker, pairs, stored):
    client, _ = broker
    pairs(0.9)
    client.post(f"/desk/{stored()[0].public_id}/endorse", data={"revision": 1})
    form = re.search(r'<form[^>]*action="([^"]*/undo)".*?</form>', page(client.get("/desk")), re.S)
    fields = dict(re.findall(r'name="(\w+)" value="([\w: ]*)"', form.group()))
    assert client.post(form.group(1), data=fields).status_code == 303
    assert (stored()[0].state, stored()[0].decided_by) == (State.SUGGESTED, None)


def test_declining_keeps_the_typed_reason_and_the_note(broker, pairs, stored):
    client, _ = broker
    pairs(0.9)
    data = {"revision": 1, "reason": "too_early", "note": "Erst im Labor <b>"}
    assert client.post(f"/desk/{stored()[0].public_id}/decline", data=data).status_code == 303
    row = stored()[0]
    assert (row.state, row.decline_reason, row.note) == (State.DECLINED, DeclineReason.TOO_EARLY, "Erst im Labor <b>")
    assert "Not mature enough" in page(client.get("/desk?tab=decided"))
    assert "Erst im Labor &lt;b&gt;" in page(client.get(f"/desk/{row.public_id}"))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"reason": "", "note": "Notiz"}, "reason"),
        ({"reason": "shoes", "note": "Notiz"}, "reason"),
        ({"reason": "other", "note": " "}, "note"),
        ({"reason": "price", "note": "x" * 1001}, "note"),
    ],
)
def test_a_refused_decline_says_why_and_keeps_what_was_typed(broker, pairs, stored, data, problem):
    client, _ = broker
    pairs(0.9)
    public_id = stored()[0].public_id
    text = page(client.post(f"/desk/{public_id}/decline", data={"revision": 1, **data}), 422)
    assert f'id="{problem}-error-decline-{public_id}"' in text
    assert f"{data['note']}</textarea>" in text
    assert 'data-deed="d" open>' in text
    assert stored()[0].state is State.SUGGESTED


def test_reloading_a_refused_decline_leads_back_to_the_match(broker, pairs, stored):
    client, _ = broker
    pairs(0.9)
    public_id = stored()[0].public_id
    response = client.get(f"/desk/{public_id}/decline?tab=mine&page=2")
    assert (response.status_code, response.location) == (303, f"/desk/{public_id}?tab=mine&page=2")


def test_a_deed_that_somebody_changed_does_not_stand_before_older_ones(broker, signed_in, pairs, stored):
    client, _ = broker
    other, _ = signed_in(Role.ADMINISTRATOR)
    pairs(0.9, 0.8)
    first, second = (suggestion.public_id for suggestion in stored())
    for public_id in (first, second):
        client.post(f"/desk/{public_id}/endorse", data={"revision": 1})
    other.post(f"/desk/{second}/reopen", data={"revision": 2})
    assert client.post("/desk/undo", data={"pairs": f"{second}:2"}).status_code == 409
    assert f'value="{first}:2"' in page(client.get("/desk"))
    assert client.post("/desk/undo", data={"pairs": f"{first}:2"}).status_code == 303
    text = page(client.get("/desk"))
    assert "The last deed is taken back." in text
    assert "data-undo" not in text


def test_what_was_done_is_told_where_there_is_no_card_left(broker, pairs, stored):
    client, _ = broker
    pairs(0.9)
    client.post(f"/desk/{stored()[0].public_id}/endorse", data={"revision": 1, "position": 1})
    text = page(client.get("/desk"))
    assert text.count("Endorsed.") == text.count("data-undo") == 1
    assert "The desk is clear" in text


def test_of_two_brokers_the_second_is_told_who_was_faster(broker, signed_in, pairs, stored):
    client, _ = broker
    other, faster = signed_in(Role.BROKER)
    pairs(0.9)
    public_id = stored()[0].public_id
    other.post(f"/desk/{public_id}/decline", data={"revision": 1, "reason": "price", "note": "Zu teuer"})
    text = page(client.post(f"/desk/{public_id}/endorse", data={"revision": 1}), 409)
    assert f"{faster.name} moved this match before you did." in text
    assert "Too expensive" in text
    assert "Zu teuer" not in text
    assert stored()[0].state is State.DECLINED


@pytest.mark.parametrize("deed", ["endorse", "decline", "reopen"])
def test_a_verdict_from_an_old_page_changes_nothing(broker, pairs, stored, deed):
    client, _ = broker
    pairs(0.9)
    public_id = stored()[0].public_id
    data = {"revision": 7, "reason": "price"}
    assert client.post(f"/desk/{public_id}/{deed}", data=data).status_code == 409
    assert stored()[0].revision == 1


@pytest.mark.parametrize("deed", ["endorse", "decline", "reopen"])
def test_there_is_no_such_suggestion(broker, deed):
    client, _ = broker
    assert client.post(f"/desk/nothere/{deed}", data={"revision": 1, "reason": "price"}).status_code == 404


def test_filters_narrow_the_desk(broker, pairs):
    client, _ = broker
    pairs(0.9, 0.6, countries=("DE", "IT"))
    assert titles(page(client.get("/desk?result_country=IT"))) == ["Bohrgerät Nummer 1"]
    assert titles(page(client.get("/desk?least=70"))) == ["Bohrgerät Nummer 0"]
    assert titles(page(client.get("/desk?need_lang=zh&result_lang=de"))) == ["Bohrgerät Nummer 0", "Bohrgerät Nummer 1"]
    assert "No match fits these filters" in page(client.get("/desk?need_country=IT"))


@pytest.mark.parametrize(
    "query",
    [
        "tab=lost",
        "least=much",
        "field=Q",
        "due=soon",
        "origin=mars",
        "broker=nobody",
        "page=0",
        "page=-1",
        "page=99999999999999999999",
    ],
)
def test_an_address_that_cannot_be_understood_asks_for_nothing(broker, pairs, query):
    client, _ = broker
    pairs(0.9)
    assert titles(page(client.get(f"/desk?{query}"))) == ["Bohrgerät Nummer 0"]


def test_the_desk_is_paged_and_its_end_is_its_last_page(broker, pairs):
    client, _ = broker
    pairs(*[0.9 - i / 100 for i in range(22)])
    assert len(titles(page(client.get("/desk")))) == 20
    assert titles(page(client.get("/desk?page=2"))) == ["Bohrgerät Nummer 20", "Bohrgerät Nummer 21"]
    assert titles(page(client.get("/desk?page=9"))) == ["Bohrgerät Nummer 20", "Bohrgerät Nummer 21"]


def test_a_withdrawn_listing_leaves_the_desk(broker, engine, person, pairs):
    client, _ = broker
    owner = person()
    mine = publish(engine, owner, NEED, title="Zurückgezogener Bedarf")
    _, results = pairs(0.9)
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(mine.id, results[0].id, 0.8)])
    assert "Zurückgezogener Bedarf" in page(client.get("/desk"))
    with unit_of_work(engine) as uow:
        listings.withdraw(uow, mine.public_id, actor=owner)
    assert "Zurückgezogener Bedarf" not in page(client.get("/desk"))


def test_an_empty_desk_says_so(broker):
    client, _ = broker
    assert "The desk is clear" in page(client.get("/desk"))
    assert "Nothing stands here yet" in page(client.get("/desk?tab=decided"))


def test_the_desk_speaks_chinese(broker, pairs):
    client, _ = broker
    pairs(0.9)
    text = page(client.get("/desk", headers={"Accept-Language": "zh"}))
    assert '<html lang="zh"' in text
    assert "Endorse" not in text


def test_only_brokers_and_administrators_have_a_desk(client, signed_in):
    assert client.get("/desk").location == "/sign-in?next=/desk"
    assert signed_in(Role.MEMBER)[0].get("/desk").status_code == 403
    assert signed_in(Role.ADMINISTRATOR)[0].get("/desk").status_code == 200


def test_a_member_cannot_decide(signed_in, pairs, stored):
    client, _ = signed_in()
    pairs(0.9)
    assert client.post(f"/desk/{stored()[0].public_id}/endorse", data={"revision": 1}).status_code == 403
    assert stored()[0].state is State.SUGGESTED
