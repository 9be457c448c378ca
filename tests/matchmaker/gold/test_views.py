"""The pages of the gold set over HTTP, by role: rounds, grading, undo, refusals, downloads."""

import io
import re
from zipfile import ZipFile

import pytest

from matchmaker.accounts.models import Role
from matchmaker.db.engine import reading_session
from matchmaker.gold import queries
from tests.matchmaker.matching.conftest import withdrawn


@pytest.fixture
def broker(signed_in):
    client, actor = signed_in(Role.BROKER)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client, actor


@pytest.fixture
def office(signed_in):
    client, actor = signed_in(Role.ADMINISTRATOR)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client, actor


def text(response, status=200):
    assert response.status_code == status
    return response.get_data(as_text=True)


def next_of(client, row):
    """The address of the next pair to grade."""
    answer = client.get(f"/gold/{row.public_id}/grade")
    assert answer.status_code == 303
    return answer.location


def send(client, place, grade, **said):
    return client.post(place, data={"grade": grade, "version": 0, "as": "grade", **said})


def test_a_round_is_opened_by_its_form_and_graded_to_its_end(gold, office, broker):
    client, me = broker
    assert "No round yet" in text(office[0].get("/gold"))
    page = text(office[0].get("/gold/new"))
    assert me.name in page
    said = {"name": "Autumn", "needs": "1", "depth": "1", "double_share": "0", "graders": me.public_id}
    answer = office[0].post("/gold/new", data=said)
    assert answer.status_code == 303
    assert "Being drawn" in text(client.get("/gold"))
    gold.matcher.follow()
    with reading_session(gold.engine) as session:
        row = queries.every_round(session)[0]
    every = len(gold.pairs())
    for number in range(every):
        place = next_of(client, row)
        assert f"{number} graded, {every - number} to go" in text(client.get(place))
        assert send(client, place, str(number % 4)).status_code == 303
    assert next_of(client, row) == f"/gold/{row.public_id}"
    assert "Nothing waits for you here" in text(client.get(f"/gold/{row.public_id}"))


def test_a_refused_form_keeps_what_was_typed(gold, office):
    said = {"name": "Kept name", "needs": "0", "depth": "4", "double_share": "50", "languages": ["sr"]}
    page = text(office[0].post("/gold/new", data=said), 422)
    assert "Kept name" in page
    assert "from 1 to 1000" in page
    assert "at least one person" in page
    assert re.search(r'id="languages-sr"[^>]*checked', page)
    fit = {**said, "needs": "3", "countries": ["DE"], "graders": gold.one.public_id}
    assert "No published need fits" in text(office[0].post("/gold/new", data=fit), 422)


def test_who_has_no_round_sees_that_there_is_nothing_to_do(gold, broker):
    assert "Nothing to grade" in text(broker[0].get("/gold"))


def test_the_pair_tells_nothing_of_score_rank_and_origin_nor_where_to_find_them(gold, broker):
    client, me = broker
    row = gold.drawn(me)
    for pair in gold.pairs()[:4]:
        page = text(client.get(f"/gold/pairs/{pair.public_id}"))
        main = page[page.index("<main") : page.index("</main>")]
        for listing in (*gold.needs, *gold.results):
            assert listing.public_id not in main
        for word in ("product", "random", "rank", "points", "score", "/listings/"):
            assert word not in main.casefold()
    assert row.public_id in main


def test_how_many_pairs_wait_stands_in_the_menu_while_some_do(gold, broker):
    client, me = broker
    row = gold.drawn(me, needs=1, depth=1, double_share=0)
    menu = re.compile(r"Grading\s*<span[^>]*mm-bell-count[^>]*>(\d+)")
    assert menu.search(text(client.get("/desk")))[1] == str(len(gold.pairs()))
    send(client, next_of(client, row), "1")
    assert menu.search(text(client.get("/desk")))[1] == str(len(gold.pairs()) - 1)
    for _ in gold.pairs()[1:]:
        send(client, next_of(client, row), "1")
    assert not menu.search(text(client.get("/desk")))
    assert 'href="/gold"' in text(client.get("/desk"))
    assert "pairs wait" not in text(client.get("/desk"))


def test_skip_note_and_undo(gold, broker):
    client, me = broker
    row = gold.drawn(me)
    first = next_of(client, row)
    send(client, first, "2", note="  because  ")
    second = next_of(client, row)
    page = text(client.get(second))
    assert "Answers in part" in page
    undo = re.search(r'action="([^"]+/undo)"', page)[1]
    assert client.post(undo, data={"version": 1}).location == first
    assert next_of(client, row) == first
    again = client.post(undo, data={"version": 1})
    assert again.location == first
    assert "nothing left to undo" in text(client.get(first))
    send(client, first, "skip", version=2)
    assert next_of(client, row) == second
    assert "Skipped" in text(client.get(f"/gold/{row.public_id}/mine?deed=skipped"))


def test_what_was_graded_can_be_looked_at_again_and_changed(gold, broker):
    client, me = broker
    row = gold.drawn(me)
    send(client, next_of(client, row), "2", note="because")
    page = text(client.get(f"/gold/{row.public_id}/mine"))
    assert "because" in page
    place = re.search(r'href="(/gold/pairs/[^"]+)"', page)[1].replace("&amp;", "&")
    form = text(client.get(place))
    assert "is-given" in form
    answer = send(client, place.split("?")[0], "3", version=1, back="mine", note="better")
    assert answer.location == f"/gold/{row.public_id}/mine"
    assert [g.grade for g in gold.grades()] == [2, 3]


def test_posting_twice_is_posting_once_and_another_window_is_told(gold, broker):
    client, me = broker
    row = gold.drawn(me)
    place = next_of(client, row)
    assert [send(client, place, "2").status_code for _ in range(2)] == [303, 303]
    page = text(send(client, place, "0", note="typed in the other window"), 409)
    assert "another window" in page
    assert "typed in the other window" in page
    assert len(gold.grades()) == 1


@pytest.mark.parametrize("grade", ["", "4", "-1", "two", "1.5"])
def test_what_is_no_grade_is_refused_and_the_note_is_kept(gold, broker, grade):
    client, me = broker
    row = gold.drawn(me, needs=1, depth=1)
    page = text(send(client, next_of(client, row), grade, note="long thought"), 422)
    assert "long thought" in page
    assert "choose one of the four" in page
    assert gold.grades() == []


def test_a_note_that_is_too_long_is_kept(gold, broker):
    client, me = broker
    row = gold.drawn(me, needs=1, depth=1)
    page = text(send(client, next_of(client, row), "2", note="x" * 2001), 422)
    assert "x" * 2001 in page
    assert "2001 characters" in page


def test_a_closed_round_keeps_what_was_typed_and_saves_nothing(gold, broker):
    client, me = broker
    row = gold.drawn(me)
    place = next_of(client, row)
    gold.close(row)
    page = text(send(client, place, "2"), 409)
    assert "was not saved" in page
    assert "nothing can be changed" in page
    assert 'name="grade"' not in page
    assert gold.grades() == []


def test_a_pair_whose_listing_left_is_passed_over_and_named_by_no_title(gold, broker):
    client, me = broker
    row = gold.drawn(me)
    place = next_of(client, row)
    pair = next(p for p in gold.pairs() if p.public_id in place)
    send(client, place, "3", note="kept")
    gone = next(x for x in gold.results if x.id == pair.result_id)
    withdrawn(gold.engine, gold.resulter, gone)
    assert client.get(place).status_code == 404
    page = text(client.get(f"/gold/{row.public_id}/mine"))
    assert "left the market" in page
    assert "kept" in page
    while (place := next_of(client, row)) != f"/gold/{row.public_id}":
        assert text(client.get(place))
        send(client, place, "0")
    judged = {g.pair_id for g in gold.grades()}
    assert {p.id for p in gold.pairs() if p.result_id != gone.id} <= judged


def test_a_third_grader_settles_and_sees_both_grades_without_names(gold, broker, office):
    client, me = broker
    row = gold.drawn(gold.one, gold.two, me)
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 0, note="nothing to do with it")
    gold.judge(pair, gold.two, 3)
    assert "One difference to settle" in text(client.get(f"/gold/{row.public_id}"))
    listed = text(client.get(f"/gold/{row.public_id}/disputes"))
    assert "nothing to do with it" in listed
    assert gold.one.name not in listed
    assert gold.one.name in text(office[0].get(f"/gold/{row.public_id}/disputes"))
    place = f"/gold/pairs/{pair.public_id}"
    assert "Two others differ" in text(client.get(place))
    answer = client.post(place, data={"grade": "1", "version": 0, "as": "settle", "back": "disputes"})
    assert answer.location.endswith("/disputes")
    assert "No differences to settle" in text(client.get(answer.location))


def test_a_grader_never_sees_the_grades_of_others(gold, broker):
    client, me = broker
    row = gold.drawn(gold.one, me)
    for pair in gold.pairs():
        gold.judge(pair, gold.one, 3, note="telltale")
    for end in ("", "/mine", "/disputes"):
        page = text(client.get(f"/gold/{row.public_id}{end}"))
        assert "telltale" not in page
        assert gold.one.name not in page
    assert "telltale" not in text(client.get(next_of(client, row)))


def test_strangers_to_a_round_find_nothing_and_members_are_turned_away(gold, broker, signed_in):
    row = gold.drawn(gold.one, gold.two)
    pair = gold.pairs()[0]
    paths = [f"/gold/{row.public_id}{end}" for end in ("", "/grade", "/mine", "/disputes")]
    for path in [*paths, f"/gold/pairs/{pair.public_id}"]:
        assert broker[0].get(path).status_code == 404, path
        assert signed_in()[0].get(path).status_code == 403, path
    assert send(broker[0], f"/gold/pairs/{pair.public_id}", "3").status_code == 404
    for path in (f"/gold/{row.public_id}/export.zip", "/gold/new"):
        assert broker[0].get(path).status_code == 403, path
    assert broker[0].post(f"/gold/{row.public_id}/close").status_code == 403


def test_an_administrator_closes_reopens_changes_graders_and_downloads(gold, office):
    client, _ = office
    row = gold.drawn(gold.one, gold.two)
    for pair in gold.pairs():
        gold.judge(pair, gold.one, 2)
        gold.judge(pair, gold.two, 3 if pair.id % 2 else 2)
    page = text(client.get(f"/gold/{row.public_id}"))
    assert gold.one.name in page
    assert "Pairs of languages" in page
    assert "closed" in text(client.post(f"/gold/{row.public_id}/close", follow_redirects=True))
    assert "open again" in text(client.post(f"/gold/{row.public_id}/reopen", follow_redirects=True))
    nobody = client.post(f"/gold/{row.public_id}/graders", follow_redirects=True)
    assert "at least one person" in text(nobody)
    with client.get(f"/gold/{row.public_id}/export.zip?market=1") as answer:
        assert answer.status_code == 200
        contents = answer.data
    with ZipFile(io.BytesIO(contents)) as packed:
        assert set(packed.namelist()) == {"about.json", "docs.jsonl.gz", "qrels.tsv", "queries.jsonl.gz"}


def test_an_empty_round_says_why(gold, office):
    row = gold.open()
    for need in gold.needs:
        withdrawn(gold.engine, gold.needer, need)
    gold.matcher.follow()
    page = text(office[0].get(f"/gold/{row.public_id}"))
    assert "No pair came about" in page
    assert "No pair has two grades yet" in page


def test_pages_speak_chinese(gold, broker):
    client, me = broker
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh"
    row = gold.drawn(me)
    page = text(client.get(next_of(client, row)))
    for english in ("Same field", "Skip", "Enough for today", "Undo"):
        assert english not in page
