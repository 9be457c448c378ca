"""The portal's pages over HTTP."""

import json
import re
import threading

import pytest
from flask import render_template
from flask_babel import force_locale
from sqlalchemy import event

from matchmaker.config import ROOT
from matchmaker.matching.scoring import RULES
from tests.factories.html import parse
from tests.factories.market import NEED, RESULT, publish, write


def read(client, address, status=200, **headers):
    answer = client.get(address, headers={"Accept-Language": "en", **headers})
    assert answer.status_code == status
    return parse(answer.text)


def cards(page):
    return [card.all("a")[0].text for card in page.all("article", class_="mm-listing")]


# Home


def test_home_tells_how_large_the_market_is_and_what_is_new(client, market):
    page = read(client, "/")
    assert page.all("ul", class_="mm-counts")[0].text == "1 open need 2 results on offer 2 countries 2 languages"
    assert cards(page) == ["井下钻孔机器人成果", RESULT["title"], "Drilling robot"]


def test_home_has_a_door_for_each_direction(client, market):
    links = {link.get("href") for link in read(client, "/").all("a")}
    assert {"/listings/new/need", "/listings/new/result"} <= links


def test_an_empty_market_invites_to_be_the_first(client):
    page = read(client, "/")
    assert "Nothing is published yet" in page.text
    assert page.all("ul", class_="mm-counts") == []


# Search


def test_without_a_question_the_market_is_listed_newest_first(client, market):
    page = read(client, "/search")
    assert "3 listings, the newest first" in page.text
    assert cards(page)[0] == "井下钻孔机器人成果"


GERMAN = ("Kühlung von Milch", "Lack für Boote", "Saatgut für Hafer", "Filter gegen Staub", "Linsen für Kameras")
CHINESE = ("牛奶冷却设备", "船用涂料配方", "燕麦育种材料", "工业除尘滤筒", "相机光学镜头")


def test_a_question_finds_the_listing_that_says_the_same_with_a_passage(client, engine, market, read_all):
    for lang, titles in (("de", GERMAN), ("zh", CHINESE)):
        for title in titles:
            words = dict.fromkeys(("title", "summary", "description", "advantages"), title)
            publish(engine, market.owner, RESULT, lang=lang, **words)
    read_all()
    page = read(client, "/search?q=Sensoren+messen+die+Bahn+des+Bohrens")
    assert "best answers" in page.text
    # Whichever language it is written in, what says the same comes before all that does not.
    assert set(cards(page)[:2]) == {RESULT["title"], "井下钻孔机器人成果"}
    answer = next(card for card in page.all("article", class_="mm-listing") if RESULT["title"] in card.text)
    snippet = answer.all("p", class_="mm-snippet")[0]
    assert snippet.get("lang") == "de"
    assert "Sensoren" in snippet.text


def test_a_draft_is_never_found(client, engine, market, read_all):
    write(engine, market.owner, RESULT, title="Geheimes Bohrgerät")
    read_all()
    for address in ("/search?q=Geheimes+Bohrgerät", "/search", "/"):
        assert cards(read(client, address))
        assert "Geheimes Bohrgerät" not in cards(read(client, address))


def test_filters_narrow_the_list_and_can_be_taken_away_one_by_one(client, market):
    page = read(client, "/search?countries=DE&languages=de&direction=result")
    assert cards(page) == [RESULT["title"]]
    chips = {chip.text: chip.get("href") for chip in page.all("a", class_="mm-chip")}
    assert chips == {
        "Germany": "/search?languages=de&direction=result",
        "German": "/search?countries=DE&direction=result",
    }


def test_filters_hold_for_a_question_too(client, market):
    assert cards(read(client, "/search?q=Bohren&countries=CN&direction=result")) == ["井下钻孔机器人成果"]


def test_facets_count_what_each_choice_would_show(client, market):
    page = read(client, "/search?countries=DE")
    counted = {
        tick.all("input")[0].get("value"): tick.all("span", class_="mm-count")[0].text
        for tick in page.all("div", class_="form-check")
        if tick.all("input", name="countries")
    }
    assert counted == {"DE": "1", "CN": "2"}
    assert [tick.get("value") for tick in page.all("input", name="countries") if "checked" in tick.attributes] == ["DE"]


def test_nothing_found_says_what_to_do_next(client, market):
    page = read(client, "/search?countries=IS")
    assert "Nothing found" in page.text
    assert "Take all filters away" in page.text


def test_pages_keep_the_question(client, engine, person):
    actor = person()
    for number in range(25):
        publish(engine, actor, NEED, title=f"Need {number:02}")
    first = read(client, "/search?direction=need&countries=CN")
    following = next(link for link in first.all("a") if link.get("rel") == "next")
    assert following.get("href") == "/search?direction=need&countries=CN&page=2"
    second = read(client, following.get("href"))
    assert len(cards(first)) == 20
    assert len(cards(second)) == 5
    assert not set(cards(first)) & set(cards(second))


def test_a_page_past_the_end_shows_the_last_one(client, engine, person):
    actor = person()
    for number in range(21):
        publish(engine, actor, NEED, title=f"Need {number:02}")
    assert cards(read(client, "/search?page=9")) == ["Need 00"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("page=9999", 3),
        ("page=-1", 3),
        ("direction=x", 3),
        ("countries=%00", 3),
        ("q=%F0%9F%A4%96", None),
        ("q=" + "x" * 3000, None),
    ],
)
def test_a_mangled_address_still_shows_a_page(client, market, query, shown):
    page = read(client, f"/search?{query}")
    assert len(page.all("h1")) == 1
    # What says nothing is not asked for; what answers to letters that mean nothing is the encoder's to say.
    assert shown is None or len(cards(page)) == shown


def test_a_question_while_the_encoder_is_loading_gets_the_newest_and_is_told_so(client, app, market):
    matcher = app.extensions["matchmaker.matcher"]
    encoder, matcher._encoder, matcher._thread = matcher._encoder, None, threading.current_thread()
    try:
        page = read(client, "/search?q=Bohren")
        listing = read(client, f"/listings/{market.need.public_id}")
    finally:
        matcher._encoder, matcher._thread = encoder, None
    assert "The search is starting" in page.text
    assert len(cards(page)) == 3
    assert "The text is being read" in listing.text


@pytest.mark.parametrize(("address", "most"), [("/", 6), ("/search", 14), ("/search?q=Bohren&countries=DE", 24)])
def test_a_list_asks_the_database_a_fixed_number_of_times(client, engine, market, address, most):
    for number in range(10):
        publish(engine, market.owner, NEED, title=f"Need {number}")
    asked = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    read(client, address)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) <= most


# A listing


def test_a_listing_shows_its_matches_from_other_countries_first(client, market):
    page = read(client, f"/listings/{market.need.public_id}")
    matches = page.all("article", class_="mm-match")
    assert [match.all("h3")[0].text for match in matches] == [RESULT["title"]]


@pytest.mark.parametrize(
    ("scope", "titles"),
    [
        ("cross_border", {RESULT["title"]}),
        ("domestic", {"井下钻孔机器人成果"}),
        ("everywhere", {RESULT["title"], "井下钻孔机器人成果"}),
    ],
)
def test_the_scope_chooses_where_matches_come_from(client, market, scope, titles):
    page = read(client, f"/listings/{market.need.public_id}?scope={scope}")
    assert {match.all("h3")[0].text for match in page.all("article", class_="mm-match")} == titles
    assert page.all("a", id=f"scope-{scope}")[0].get("aria-current") == "true"


def test_a_match_shows_every_part_of_its_score_as_a_bar(client, market):
    match = read(client, f"/listings/{market.need.public_id}").all("article", class_="mm-match")[0]
    assert [part.text for part in match.all("dt")] == [str(rule.title) for rule in RULES]
    assert len(match.all("meter")) == len(RULES)
    points = [int(points.text.split(" of ")[0]) for points in match.all("span", class_="mm-part-points")]
    score = int(match.all("p", class_="mm-score")[0].all("strong")[0].text)
    assert sum(points) == score


def test_the_passages_of_a_match_stand_side_by_side_in_their_own_languages(client, market):
    match = read(client, f"/listings/{market.need.public_id}").all("article", class_="mm-match")[0]
    own, other = match.all("blockquote")
    assert own.get("lang") in {"zh", "en"}
    assert other.get("lang") == "de"
    assert other.get("dir") == "auto"


def test_a_result_shows_the_needs_that_it_answers(client, market):
    page = read(client, f"/listings/{market.german.public_id}")
    assert "Needs that this result answers" in page.text
    assert [match.all("h3")[0].text for match in page.all("article", class_="mm-match")] == ["Drilling robot"]


def test_matches_that_are_not_ready_ask_again_by_themselves(client, engine, market):
    waiting = publish(engine, market.owner, NEED, title="另一个需求")
    for address in (f"/listings/{waiting.public_id}", f"/listings/{waiting.public_id}/matches"):
        part = read(client, address).all("section", id="matches")[0]
        assert part.get("hx-get") == f"/listings/{waiting.public_id}/matches?scope=cross_border"
        assert "The text is being read" in part.text
    # Without scripts the whole page is loaded again.
    assert 'http-equiv="refresh"' in client.get(f"/listings/{waiting.public_id}").text


def test_matches_that_are_ready_ask_no_more(client, market):
    part = read(client, f"/listings/{market.need.public_id}/matches").all("section", id="matches")[0]
    assert "hx-trigger" not in part.attributes
    assert 'http-equiv="refresh"' not in client.get(f"/listings/{market.need.public_id}").text


def test_versions_are_tabs_that_say_who_answers_for_them(client, market):
    page = read(client, f"/listings/{market.need.public_id}")
    tabs = {tab.text: tab.get("href") for tab in page.all("a", class_="nav-link") if "text=" in tab.get("href")}
    assert tabs == {
        "中文": f"/listings/{market.need.public_id}?text=zh",
        "English": f"/listings/{market.need.public_id}?text=en",
    }
    assert "Translated into English by a machine; the original is in Chinese" in page.text
    assert page.all("h1")[0].get("lang") == "en"


def test_the_original_stands_beside_the_version_that_is_shown(client, market):
    page = read(client, f"/listings/{market.need.public_id}")
    (original,) = page.all(id="original")
    assert original.all("h2", lang="zh")[0].text == NEED["title"]
    assert NEED["description"] in original.text
    assert all(element.get("lang") == "zh" for element in original.all(class_="mm-text"))
    shown = read(client, f"/listings/{market.need.public_id}?text=zh")
    assert shown.all(id="original") == []


def test_a_reader_without_a_version_of_their_own_is_told_so(client, market):
    page = read(client, f"/listings/{market.german.public_id}")
    assert "This listing is written in German; there is no version in English." in page.text
    page = read(client, f"/listings/{market.german.public_id}?lang=zh")
    assert "本信息以德语撰写，暂无中文版本。" in page.text
    # Somebody who looks at the original of what there is in English is not.
    page = read(client, f"/listings/{market.need.public_id}?text=zh&lang=en")
    assert "there is no version" not in page.text


def test_a_machines_version_is_marked_on_the_card_and_the_page(client, market):
    assert "translated by a machine" in read(client, "/search").text
    assert "by a machine" in read(client, f"/listings/{market.need.public_id}").text


def test_only_who_may_edit_gets_the_buttons(client, signed_in, engine):
    owner_client, owner = signed_in()
    other_client, _ = signed_in()
    listing = publish(engine, owner, NEED)
    for visitor, sees in ((owner_client, True), (other_client, False), (client, False)):
        actions = [form.get("action") for form in read(visitor, f"/listings/{listing.public_id}").all("form")]
        assert (f"/listings/{listing.public_id}/withdraw" in actions) is sees


def test_a_draft_tells_its_owner_and_is_not_there_for_others(client, signed_in, engine):
    owner_client, owner = signed_in()
    draft = write(engine, owner, NEED)
    page = read(owner_client, f"/listings/{draft.public_id}")
    assert "This is a draft" in page.text
    assert page.all("section", id="matches") == []
    assert page.all("script", type="application/ld+json") == []
    assert page.all("meta", name="robots")[0].get("content") == "noindex"
    read(client, f"/listings/{draft.public_id}", 404)
    read(client, f"/listings/{draft.public_id}/matches", 404)


def test_a_public_listing_carries_its_json_ld(client, market):
    page = read(client, f"/listings/{market.german.public_id}")
    node = json.loads("".join(page.all("script", type="application/ld+json")[0].words()))
    assert node["@type"] == "Offer"
    assert node["name"] == RESULT["title"]
    assert node["url"] == f"http://localhost/listings/{market.german.public_id}"


def test_a_text_cannot_break_out_of_the_json_ld(client, engine, person):
    title = "</script><script>alert(1)</script><!-- ]]> & 'quoted'"
    listing = publish(engine, person(), NEED, title=title)
    page = read(client, f"/listings/{listing.public_id}")
    data, *others = [script for script in page.all("script") if "src" not in script.attributes]
    assert others == []
    assert json.loads("".join(data.words()))["name"] == title
    assert page.all("h1")[0].text == title


def test_an_imported_listing_names_its_source_without_lending_it_weight(client, engine, person):
    listing = publish(engine, person(), NEED)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE listing SET source='ted', source_id='1', source_url='https://ted.europa.eu/1', licence='CC BY 4.0'"
        )
    page = read(client, f"/listings/{listing.public_id}")
    link = next(a for a in page.all("a") if a.get("href") == "https://ted.europa.eu/1")
    assert {"nofollow", "noopener"} <= set(link.get("rel").split())
    assert "Licence: CC BY 4.0" in page.text


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", " https://x"])
def test_a_source_that_is_no_web_address_is_not_a_link(client, engine, person, address):
    listing = publish(engine, person(), NEED)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE listing SET source='x', source_id='1', source_url=?", (address,))
    hrefs = {link.get("href") for link in read(client, f"/listings/{listing.public_id}").all("a")}
    assert address not in hrefs


# The rest


def test_the_about_page_shows_the_very_table_that_scores(client):
    page = read(client, "/about")
    rows = {row.all("th")[0].text: row.all("td")[0].text for row in page.all("tr") if row.all("td")}
    assert rows == {**{str(rule.title): str(round(rule.weight * 100)) for rule in RULES}, "Together": "100"}


def test_the_about_page_counts_every_cookie_that_is_set(client):
    sources = [*(ROOT / "matchmaker").rglob("*.py"), *(ROOT / "matchmaker" / "static" / "js").glob("*.js")]
    places = [re.findall(r"\.set_cookie\(\w+|document\.cookie = `\w+", path.read_text("utf-8")) for path in sources]
    cookies = {place for found in places for place in found}
    # Three of our own, and Flask's for the session.
    assert len(cookies) == 3, cookies
    text = read(client, "/about").all("main")[0].text
    assert "Four cookies are used" in text
    assert "seven days" in text


def test_the_health_check_answers_when_the_database_does(client):
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_the_language_switch_keeps_the_page_and_its_question(client, market):
    page = read(client, "/search?q=Bohren&countries=DE&page=2")
    switch = next(link for link in page.all("a") if link.get("hreflang") == "zh")
    assert switch.get("href") == "/search?q=Bohren&countries=DE&page=2&lang=zh"
    answer = client.get(switch.get("href"))
    assert 'lang="zh"' in answer.text
    assert "language=zh" in answer.headers["Set-Cookie"]


def test_an_address_cannot_smuggle_options_into_our_links(client, market):
    page = read(client, "/search?_external=1&_scheme=javascript&_anchor=x&_method=POST")
    links = {link.get("href") for link in page.all("a") if "_scheme" in link.get("href")}
    assert links
    assert all(link.startswith("/search?") for link in links)


def test_a_page_from_right_to_left_gets_the_mirrored_styles(app):
    with app.test_request_context("/nothing"), force_locale("ar"):
        page = parse(render_template("errors/error.html", status=404, title="…", advice="…"))
    assert page.all("html")[0].get("dir") == "rtl"
    assert [link for link in page.all("link") if "bootstrap.rtl.min.css" in link.get("href")]
