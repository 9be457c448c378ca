"""Which listings look like one that is about to be handed in, and whose words are compared for it."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from embeddings.encoders.hashing import HashingEncoder
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listings
from matchmaker.listings.models import Listing, ListingText, SimilarSeen, TextOrigin
from matchmaker.listings.schemas import ListingDraft
from matchmaker.matching import duplicates, queries, service
from matchmaker.matching.duplicates import Asked, Kind, Similar, similar
from matchmaker.matching.models import Passage
from matchmaker.matching.runtime import Matcher
from tests.factories.market import NEED, RESULT, publish, write
from tests.matchmaker.matching.conftest import withdrawn

TEA = {"title": "Trocknung von Tee mit Wärmepumpe", "summary": "Ein Ofen für Teeblätter, der wenig Gas braucht.",
       "description": "Die Blätter trocknen bei 60 Grad."}  # fmt: skip


NEIGHBOURS = {
    "de": ["Sprühdüse für Weinberge", "Software für die Dienstplanung im Krankenhaus", "Hefe für alkoholfreies Bier",
           "Schwingungsdämpfer für Brücken", "Recycling von Lithiumbatterien", "Tunnelbohrmaschine für die U-Bahn"],
    "zh": ["葡萄园喷雾装置", "医院排班软件", "桥梁减振器", "茶叶热泵萎凋", "车载电池回收", "地铁隧道掘进机"],
}  # fmt: skip


def asked(
    engine: Engine, matcher: Matcher, actor, draft: ListingDraft, listing: Listing | None = None
) -> list[Similar]:
    while matcher.round():
        pass
    with reading_session(engine) as session:
        return similar(matcher, session, actor, Asked(draft, listing), "en")


def ids(rows: list[Similar]) -> list[int]:
    return [row.card.id for row in rows]


def confide(engine: Engine, listing: Listing, **facts: object) -> None:
    with unit_of_work(engine) as uow:
        stored = uow.session.get_one(Listing, listing.id)
        for name, value in facts.items():
            setattr(stored, name, value)


def test_the_same_title_is_pointed_out_whatever_its_blanks_and_capitals(engine, matcher, people) -> None:
    other = publish(engine, people.of("DE"), RESULT)
    draft = ListingDraft(**{**RESULT, **TEA, "title": "ferngesteuertes  BOHRGERÄT für den Bergbau – unter Tage"})
    (row,) = asked(engine, matcher, people.of("CN"), draft)
    assert (row.card.id, row.kind, row.own, row.likeness) == (other.id, Kind.TITLE, False, 1.0)


def test_much_of_the_same_text_under_another_title_is_pointed_out(engine, matcher, people) -> None:
    other = publish(engine, people.of("DE"), RESULT)
    draft = ListingDraft(**{**RESULT, "title": "Neu: Bohrgerät"})
    (row,) = asked(engine, matcher, people.of("CN"), draft)
    assert (row.card.id, row.kind) == (other.id, Kind.TEXT)


def test_another_matter_is_not_pointed_out(engine, matcher, people) -> None:
    publish(engine, people.of("DE"), RESULT)
    assert asked(engine, matcher, people.of("CN"), ListingDraft(**{**RESULT, **TEA, "advantages": "Wenig Gas."})) == []


def test_a_need_is_no_duplicate_of_a_result(engine, matcher, people) -> None:
    publish(engine, people.of("DE"), RESULT)
    words = {name: RESULT[name] for name in ("lang", "title", "summary", "description")}
    assert asked(engine, matcher, people.of("CN"), ListingDraft(**{**NEED, **words})) == []


def test_a_listing_is_not_a_duplicate_of_itself(engine, matcher, people) -> None:
    actor = people.of("DE")
    listing = write(engine, actor, RESULT)
    assert asked(engine, matcher, actor, ListingDraft(**RESULT), listing) == []


def test_own_listings_come_first_drafts_and_withdrawn_ones_among_them(engine, matcher, people) -> None:
    actor = people.of("DE")
    theirs = publish(engine, people.of("CN"), RESULT)
    draft, gone = write(engine, actor, RESULT), publish(engine, actor, RESULT)
    withdrawn(engine, actor, gone)
    found = asked(engine, matcher, actor, ListingDraft(**RESULT))
    assert ids(found) == [draft.id, gone.id, theirs.id]
    assert [row.own for row in found] == [True, True, False]


def test_the_drafts_of_others_are_nobodys_business(engine, matcher, people) -> None:
    write(engine, people.of("CN"), RESULT)
    gone = publish(engine, people.of("CN"), RESULT)
    withdrawn(engine, people.of("CN"), gone)
    assert asked(engine, matcher, people.of("DE"), ListingDraft(**RESULT)) == []


def test_of_others_under_embargo_title_and_summary_are_compared_and_nothing_else(engine, matcher, people) -> None:
    other = publish(engine, people.of("CN"), RESULT, title="Etwas ganz anderes")
    draft = ListingDraft(**{**RESULT, "title": "Wieder ein neuer Titel", "summary": ""})
    with unit_of_work(engine) as uow:  # as imports are, whose description stands for the summary
        uow.session.get_one(ListingText, (other.id, "de")).summary = ""
    assert ids(asked(engine, matcher, people.of("DE"), draft)) == [other.id]
    confide(engine, other, embargo_until=now().date() + timedelta(days=9))
    assert asked(engine, matcher, people.of("DE"), draft) == []
    assert ids(asked(engine, matcher, people.of("CN"), draft)) == [other.id]


def test_sealed_passages_show_nobody_anything(engine, matcher, people) -> None:
    other = publish(engine, people.of("CN"), RESULT, **TEA, advantages="Wenig Gas.")
    draft = ListingDraft(**RESULT)
    assert asked(engine, matcher, people.of("DE"), draft) == []
    secret = HashingEncoder().encode_passages([f"{RESULT['title']}\n{RESULT['summary']}\n{RESULT['description']}"])
    with unit_of_work(engine) as uow:
        uow.session.add(
            Passage(listing_id=other.id, lang="de", ordinal=9, text="", digest="-", encoder=matcher.open().name,
                    vector=secret[0].astype(queries.STORED).tobytes(), sealed=True)
        )  # fmt: skip
    assert asked(engine, matcher, people.of("DE"), draft) == []


def test_a_machines_words_are_not_compared(engine, matcher, people) -> None:
    other = publish(engine, people.of("CN"), NEED)
    english = {"lang": "en", "title": "Drilling robot for mines under ground", "summary": "It drills by itself."}
    with unit_of_work(engine) as uow:
        uow.session.add(ListingText(listing_id=other.id, origin=TextOrigin.MACHINE, **english))
    assert asked(engine, matcher, people.of("DE"), ListingDraft(**{**NEED, **english})) == []


def test_what_was_seen_is_not_shown_again(engine, matcher, people) -> None:
    actor = people.of("DE")
    other, listing = publish(engine, people.of("CN"), RESULT), write(engine, actor, RESULT)
    for _twice in range(2):
        with unit_of_work(engine) as uow:
            service.note_seen(uow, listing, [other.id], actor=actor)
    assert asked(engine, matcher, actor, ListingDraft(**RESULT), listing) == []
    newer = publish(engine, people.of("IT"), RESULT)
    assert ids(asked(engine, matcher, actor, ListingDraft(**RESULT), listing)) == [newer.id]


def test_deleting_a_draft_forgets_what_its_owner_has_seen(engine, matcher, people, session: Session) -> None:
    actor = people.of("DE")
    other, listing = publish(engine, people.of("CN"), RESULT), write(engine, actor, RESULT)
    with unit_of_work(engine) as uow:
        service.note_seen(uow, listing, [other.id], actor=actor)
    with unit_of_work(engine) as uow:
        listings.delete_draft(uow, listing.public_id, actor=actor)
    assert session.exec(select(SimilarSeen)).all() == []


def test_before_the_encoder_is_loaded_words_alone_are_compared(engine, matcher, people) -> None:
    other = publish(engine, people.of("CN"), RESULT)
    matcher._encoder, matcher._thread = None, object()
    try:
        with reading_session(engine) as session:
            found = similar(matcher, session, people.of("DE"), Asked(ListingDraft(**RESULT)), "en")
    finally:
        matcher._thread = None
    assert ids(found) == [other.id]


def test_an_empty_market_has_nothing_similar(engine, matcher, people) -> None:
    assert asked(engine, matcher, people.of("DE"), ListingDraft(**RESULT)) == []


@pytest.mark.parametrize("text", ["", "  ", "\u202e…", "𠀀𠀀𠀀𠀀𠀀", "אבגדהוזחט", "a" * 5000])
def test_no_text_is_an_error(engine, matcher, people, text) -> None:
    other = publish(engine, people.of("CN"), RESULT, summary=f"x{text}"[:400])
    draft = ListingDraft.model_construct(
        **{**ListingDraft(**RESULT).model_dump(), **TEA, "summary": text, "title": text}
    )
    found = asked(engine, matcher, people.of("DE"), draft)
    assert set(ids(found)) <= {other.id}
    assert all(0 < row.likeness <= 1 for row in found)


def test_the_rough_share_of_many_is_close_to_the_exact_one() -> None:
    mine = duplicates.plain("Ferngesteuertes Bohrgerät für den Bergbau")
    others = [
        "",
        "x",
        "Ferngesteuertes Bohrgerät",
        "  FERNGESTEUERTES Bohrgerät, für den Bergbau!",
        "煤矿井下自动钻孔机器人",
        "\0\0",
    ]
    rough = duplicates.rough_shares(mine, others)
    exact = [duplicates.jaccard(mine, duplicates.plain(other)) for other in others]
    assert np.allclose(rough[:5], exact[:5], atol=0.08)
    assert rough[3] == 1.0
    assert duplicates.rough_shares(mine, []).shape == (0,)


def test_figures_speak_for_a_translation_and_years_of_chance_do_not() -> None:
    one, other = "孔深80—200米，钻杆73毫米，供电1140V", "holes of 80 to 200 m, rods of 73 mm, 1,140 V"
    assert duplicates.same_figures(one, other)
    assert not duplicates.same_figures(one, "holes of 80 m, rods of 60 mm")
    assert not duplicates.same_figures("1 2 3 4", "1 2 3 4")
    assert duplicates.needed(same_language=False, sure=True) < duplicates.needed(same_language=False, sure=False)


@pytest.mark.encoder
def test_the_same_result_in_chinese_and_german_is_pointed_out_and_its_neighbour_is_not(engine, app, people) -> None:
    """With the encoder that is shipped; the two texts say the same, the third is of the same field."""
    matcher = app.extensions["matchmaker.matcher"]
    matcher.settings = replace(matcher.settings, encoder="bundled")
    german = publish(
        engine, people.of("DE"), RESULT,
        title="Ferngesteuertes Bohrgerät für den Bergbau unter Tage",
        summary="Das Bohrgerät richtet sich selbst aus und wechselt das Gestänge ohne Bediener.",
        description="Bohrungen von 80 bis 200 m, Gestänge 73 mm, 1140 V, Abweichung unter 15 cm.",
    )  # fmt: skip
    # What is usual in a language is learned from the market, so there is one.
    for lang, lines in NEIGHBOURS.items():
        for line in lines:
            publish(engine, people.of("IT"), RESULT, lang=lang, title=line, summary=line, description=line)
    chinese = ListingDraft(**{
        **RESULT, "lang": "zh", "title": "煤矿井下远程控制钻机", "summary": "钻机可自动对位，无需人工更换钻杆。",
        "description": "孔深80至200米，钻杆73毫米，供电1140V，偏差小于15厘米。", "advantages": "现场人员减半。",
    })  # fmt: skip
    (row,) = asked(engine, matcher, people.of("CN"), chinese)
    assert (row.card.id, row.kind) == (german.id, Kind.MEANING)
