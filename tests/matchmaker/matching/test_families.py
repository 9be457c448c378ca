"""Families of listings that say the same: who belongs to one, and that it follows what happens to its members."""

import itertools
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from embeddings.pool import Found
from matchmaker.accounts.models import Role
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, NotAllowed
from matchmaker.db import cursors
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.families import Families, Group, circles, families
from matchmaker.listings.models import Likeness, Listing, ListingFamily
from matchmaker.listings.queries import Filters
from matchmaker.listings.schemas import Confidence
from matchmaker.matching import collapse, family_service, family_tasks
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.schemas import Readiness, Scope
from tests.factories.market import NEED, RESULT, publish
from tests.matchmaker.matching.conftest import changed, full, withdrawn
from tests.matchmaker.matching.test_duplicates import NEIGHBOURS

OTHER = {
    "title": "Trocknung von Tee mit Wärmepumpe",
    "summary": "Ein Ofen für Teeblätter, der wenig Gas braucht.",
    "description": "Die Blätter trocknen bei sechzig Grad auf einem Band aus Bambus.",
    "advantages": "Weniger Gas.",
}
ANONYMOUS = Confidence(anonymous=True)


def found(engine: Engine, matcher) -> None:
    """Let the matcher and the finder of families do all that waits."""
    for _ in range(50):
        if not matcher.round() and not family_tasks.look(matcher):
            return
    raise AssertionError("there is no end to it")


def kin(engine: Engine, listing: Listing, actor=None) -> list[int]:
    with reading_session(engine) as session:
        return families(session, [listing.id], Reader("en", actor)).kin(listing.id)


def rows(engine: Engine) -> dict[int, tuple[int, int]]:
    with reading_session(engine) as session:
        return {row.listing_id: (row.family_id, row.revision) for row in session.exec(select(ListingFamily))}


# Who belongs to a family


def test_copies_of_one_owner_are_one_family(engine, matcher, people) -> None:
    one, two = (publish(engine, people.of("DE"), RESULT) for _ in range(2))
    alone = publish(engine, people.of("DE"), RESULT, **OTHER)
    found(engine, matcher)
    assert (kin(engine, one), kin(engine, two), kin(engine, alone)) == ([two.id], [one.id], [])
    with reading_session(engine) as session:
        (copy,) = session.exec(select(ListingFamily).where(ListingFamily.listing_id != ListingFamily.family_id))
    assert (copy.kind, copy.likeness) == (Likeness.TEXT, 1.0)


def test_a_need_is_not_of_a_results_family(engine, matcher, people) -> None:
    words = {name: RESULT[name] for name in ("lang", "title", "summary", "description")}
    one, _ = publish(engine, people.of("DE"), RESULT), publish(engine, people.of("DE"), NEED, **words)
    found(engine, matcher)
    assert kin(engine, one) == []


def test_the_copy_of_another_owner_does_not_push_the_original_out(engine, matcher, people) -> None:
    one, two = publish(engine, people.of("DE"), RESULT), publish(engine, people.of("IT"), RESULT)
    found(engine, matcher)
    assert kin(engine, one) == kin(engine, two) == []


def test_a_boilerplate_sentence_makes_no_family(engine, matcher, people) -> None:
    notes = "Kontakt: Das Institut beantwortet Anfragen binnen einer Woche."
    one = publish(engine, people.of("DE"), RESULT, description=RESULT["description"] + notes)
    publish(engine, people.of("DE"), RESULT, **{**OTHER, "description": OTHER["description"] + notes})
    found(engine, matcher)
    assert kin(engine, one) == []


WORDS = [
    "Bohrgestänge", "Sprühdüse", "Hefekultur", "Teeofen", "Lithiumzelle", "Brückenlager", "Kolbenpumpe", "Glasfaser",
    "Wollspinnerei", "Mühlstein", "Fischzucht", "Papiersieb", "Zuckerrohr", "Kupferdraht",
]  # fmt: skip


def about(number: int, words: list[str]) -> dict[str, str]:
    """A result that says these words and nothing else."""
    text = " ".join(words)
    return {"title": f"Gegenstand {number}", "summary": text, "description": text, "advantages": text}


def test_strangers_are_not_joined_by_a_chain(engine, matcher, people) -> None:
    """Neighbours share eight of ten words, the ends six: whoever is of one family is like its chief."""
    a, b, c = (publish(engine, people.of("DE"), RESULT, **about(n, WORDS[2 * n : 2 * n + 10])) for n in range(3))
    settled: list[dict[int, list[int]]] = []
    for order in ((a, b, c), (c, b, a)):
        while matcher.round():
            pass
        for listing in order:
            family_tasks.settle(matcher, listing.id)
        settled.append({x.id: kin(engine, x) for x in (a, b, c)})
    assert settled == [{a.id: [b.id], b.id: [a.id], c.id: []}, {a.id: [b.id], b.id: [a.id], c.id: []}]


# Whom it may be shown to


def test_an_anonymous_listing_stands_with_no_named_one(engine, matcher, people) -> None:
    named = publish(engine, people.of("DE"), RESULT)
    hidden = publish(engine, people.of("DE"), RESULT, confidence=ANONYMOUS)
    found(engine, matcher)
    for actor in (None, people.of("DE"), people.of("CN")):
        assert kin(engine, named, actor) == kin(engine, hidden, actor) == []


def test_anonymous_listings_are_joined_by_their_words_whoever_owns_them(engine, matcher, people) -> None:
    one = publish(engine, people.of("DE"), RESULT, confidence=ANONYMOUS)
    two = publish(engine, people.of("IT"), RESULT, confidence=ANONYMOUS)
    found(engine, matcher)
    assert kin(engine, one) == [two.id]
    assert kin(engine, one, people.of("DE")) == []  # who knows one owner sees it apart from what they do not know


def test_a_listing_that_becomes_anonymous_is_alone_at_once(engine, matcher, people) -> None:
    one, two = (publish(engine, people.of("DE"), RESULT) for _ in range(2))
    found(engine, matcher)
    assert kin(engine, one) == [two.id]
    changed(engine, people.of("DE"), two, confidence=ANONYMOUS)
    assert kin(engine, one) == kin(engine, two) == []  # before anybody followed the change log
    found(engine, matcher)
    assert kin(engine, one) == kin(engine, two) == []
    changed(engine, people.of("DE"), one, confidence=ANONYMOUS)
    found(engine, matcher)
    assert kin(engine, one, people.of("CN")) == [two.id]


@pytest.mark.parametrize(
    "closed", [{"sealed": " ".join(WORDS * 3)}, {"embargo_until": now().date() + timedelta(days=30)}], ids=str
)
def test_neither_a_sealed_text_nor_one_under_embargo_makes_a_family(engine, matcher, people, closed) -> None:
    said = about(1, WORDS[:3])
    if "embargo_until" in closed:
        said |= {"description": " ".join(WORDS * 3)}
    one = publish(engine, people.of("DE"), RESULT, **about(2, WORDS * 3))
    two = publish(engine, people.of("DE"), RESULT, **said, confidence=Confidence(**closed))
    found(engine, matcher)
    assert kin(engine, one) == kin(engine, two, people.of("DE")) == []


def test_an_owner_speaks_for_a_likeness_only_where_anybody_reads_the_name() -> None:
    spoken_for = {name: family_service.shares_owner(f"{name} 7") for name in (row.name for row in circles(None))}
    assert {name for name, holds in spoken_for.items() if holds} == {"organisation", "owner"}


# What happens to its members


def test_a_family_forms_anew_when_its_chief_leaves_the_market(engine, matcher, people) -> None:
    three = [publish(engine, people.of("DE"), RESULT) for _ in range(3)]
    found(engine, matcher)
    (chief_id,) = {family for family, _ in rows(engine).values()}
    chief = next(x for x in three if x.id == chief_id)
    left = [x for x in three if x.id != chief_id]
    withdrawn(engine, people.of("DE"), chief)
    assert all(kin(engine, x) == [] for x in three)
    found(engine, matcher)
    assert kin(engine, left[0]) == [left[1].id]
    assert chief_id not in rows(engine)


def test_an_edit_takes_a_listing_out_and_another_brings_it_back(engine, matcher, people) -> None:
    one, two = (publish(engine, people.of("DE"), RESULT) for _ in range(2))
    found(engine, matcher)
    changed(engine, people.of("DE"), two, **OTHER)
    assert kin(engine, one) == []
    found(engine, matcher)
    assert (kin(engine, one), rows(engine)) == ([], {})
    changed(engine, people.of("DE"), two, **{name: RESULT[name] for name in OTHER})
    found(engine, matcher)
    assert kin(engine, one) == [two.id]


def test_a_member_that_goes_leaves_the_others_together(engine, matcher, people) -> None:
    three = [publish(engine, people.of("DE"), RESULT) for _ in range(3)]
    found(engine, matcher)
    (chief_id,) = {family for family, _ in rows(engine).values()}
    gone = next(x for x in three if x.id != chief_id)
    withdrawn(engine, people.of("DE"), gone)
    found(engine, matcher)
    assert kin(engine, gone) == []
    assert len({family for family, _ in rows(engine).values()}) == 1
    assert gone.id not in rows(engine)


# Lists


def test_fifty_copies_of_one_poster_take_one_place(engine, matcher, people) -> None:
    need = publish(engine, people.of("CN"), NEED)
    for number in range(50):
        publish(engine, people.of("DE"), RESULT, keywords=f"Nummer {number}")
    others = [publish(engine, people.of("IT"), RESULT, **about(n, WORDS[2 * n : 2 * n + 2])) for n in range(5)]
    found(engine, matcher)
    with reading_session(engine) as session:
        ranking = Ranking(matcher, session, Reader("en"))
        matches = ranking.matches(full(session, need), scope=Scope.EVERYWHERE, limit=6)
        hits = ranking.search("Bohrgerät", Filters(), (1, 20))
        newest = listings.browse(session, Filters(), (1, 20), Reader("en"))
    assert matches.readiness is Readiness.READY
    assert {x.id for x in others} <= {match.listing.id for match in matches.matches}
    (copy,) = [match for match in matches.matches if match.kin]
    assert (copy.kin.more, len(copy.kin.similar), copy.kin.unnamed) == (49, 10, 39)
    assert hits.total == len(hits.rows) == newest.total == len(newest.rows) == 7
    assert {hit.listing.id for hit in hits.rows} >= {x.id for x in others} | {need.id}


def test_of_nearly_equals_the_one_in_the_readers_language_stands_for_the_others(engine, people) -> None:

    group, unnamed = Group(1, "organisation 1"), Group(2, "unnamed ")
    known = Families({1: group, 2: group, 3: unnamed, 4: unnamed}, {group: [1, 2], unnamed: [3, 4]}, frozenset({2, 4}))
    assert known.one_of_each({1: 0.50, 2: 0.49, 3: 0.2, 4: 0.9, 5: 0.45}) == [2, 5, 3]
    assert known.one_of_each({1: 0.60, 2: 0.49}) == [1]


def test_a_search_costs_one_question_more_however_many_copies_there_are() -> None:
    from matchmaker.listings.families import Families, Group

    everybody = [Found(i, "en", -float(i), 0, 0, 0, None, 0, 0, 0, (0, i), (0, i)) for i in range(1000)]
    group = Group(0, "organisation 1")
    copies = Families(dict.fromkeys(range(900), group), {group: range(900)})
    asked = []

    def search(out):
        asked.append(len(out))
        return [row for row in everybody if row.owner not in out][:50]

    rows, known = collapse.spread(search, lambda _: copies, 50)
    assert asked == [0, 900]
    assert len({known.key(row.owner) for row in rows}) == 51


# Words of brokers


def test_a_broker_says_that_two_are_not_the_same_and_takes_it_back(engine, matcher, people, person) -> None:

    broker = person(Role.BROKER)
    one, two = (publish(engine, people.of("DE"), RESULT) for _ in range(2))
    found(engine, matcher)
    with unit_of_work(engine) as uow:
        assert family_service.say(uow, one.public_id, two.public_id, same=False, actor=broker) is None
    assert kin(engine, one) == []
    found(engine, matcher)
    assert kin(engine, one) == []
    with unit_of_work(engine) as uow:
        assert family_service.say(uow, one.public_id, two.public_id, same=None, actor=broker) is False
    found(engine, matcher)
    assert kin(engine, one) == [two.id]
    with reading_session(engine) as session:
        deeds = session.exec(select(AuditEvent).where(col(AuditEvent.action).startswith("family."))).all()
    assert [(deed.action, deed.actor, deed.detail) for deed in deeds] == [
        ("family.different", broker.public_id, two.public_id), ("family.unsaid", broker.public_id, two.public_id)
    ]  # fmt: skip


def test_a_broker_says_that_two_are_the_same(engine, matcher, people, person) -> None:

    broker = person(Role.BROKER)
    one, two = publish(engine, people.of("DE"), RESULT), publish(engine, people.of("DE"), RESULT, **OTHER)
    found(engine, matcher)
    with unit_of_work(engine) as uow:
        family_service.say(uow, one.public_id, two.public_id, same=True, actor=broker)
    found(engine, matcher)
    assert kin(engine, one) == [two.id]


def test_who_may_not_say_it(engine, matcher, people, person) -> None:

    one, two = publish(engine, people.of("DE"), RESULT), publish(engine, people.of("DE"), RESULT)
    hidden = publish(engine, people.of("DE"), RESULT, confidence=ANONYMOUS)
    for actor in (people.of("DE"), people.of("CN")):
        with pytest.raises(NotAllowed), unit_of_work(engine) as uow:
            family_service.say(uow, one.public_id, two.public_id, same=False, actor=actor)
    with pytest.raises(Conflict), unit_of_work(engine) as uow:
        family_service.say(uow, one.public_id, hidden.public_id, same=True, actor=person(Role.BROKER))


def test_the_word_that_tells_two_apart_holds_among_their_copies(engine, matcher, people, person) -> None:

    broker, four = person(Role.BROKER), [publish(engine, people.of("DE"), RESULT) for _ in range(4)]
    found(engine, matcher)
    for one, other in itertools.combinations(four[:2], 2):
        with unit_of_work(engine) as uow:
            family_service.say(uow, one.public_id, other.public_id, same=False, actor=broker)
    found(engine, matcher)
    assert four[1].id not in kin(engine, four[0])


# Two processes, a crash, a race


def test_two_processes_find_the_same_families(app, engine, matcher, people) -> None:
    made = [publish(engine, people.of("DE"), RESULT, keywords=str(number)) for number in range(8)]
    while matcher.round():
        pass
    failed: list[BaseException] = []

    def work() -> None:
        try:
            while family_tasks.look(matcher):
                pass
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found(engine, matcher)
    assert {len(kin(engine, x)) for x in made} == {7}


def test_a_round_that_was_done_twice_changes_nothing(engine, matcher, people) -> None:
    one, two = (publish(engine, people.of("DE"), RESULT) for _ in range(2))
    found(engine, matcher)
    before = {id_: family for id_, (family, _) in rows(engine).items()}
    with unit_of_work(engine) as uow:
        uow.session.get_one(cursors.LogCursor, family_tasks.CURSOR).position = 0
    found(engine, matcher)
    assert before.keys() == rows(engine).keys()
    assert kin(engine, one) == [two.id]


def test_a_place_that_rests_on_an_older_text_is_not_taken(engine, matcher, people) -> None:
    one, two = (publish(engine, people.of("DE"), RESULT) for _ in range(2))
    while matcher.round():
        pass
    relative = family_service.Relative(two.id, 99, Likeness.TEXT, 1.0)
    with unit_of_work(engine) as uow:
        family_service.settle(uow, one.id, family_service.Place(one.revision, None, [relative]))
        family_service.settle(uow, two.id, family_service.Place(98, relative))
    assert rows(engine) == {}


def test_a_place_with_a_chief_that_is_none_any_more_is_looked_for_again(engine, matcher, people) -> None:
    one, two = (publish(engine, people.of("DE"), RESULT) for _ in range(2))
    while matcher.round():
        pass
    with unit_of_work(engine) as uow:
        chief = family_service.Relative(two.id, two.revision, Likeness.TEXT, 1.0)
        family_service.settle(uow, one.id, family_service.Place(one.revision, chief))
    assert rows(engine) == {one.id: (one.id, 0)}
    found(engine, matcher)
    assert kin(engine, one) == [two.id]


def test_the_command_prints_numbers_and_no_names(app, engine, matcher, people) -> None:
    one, two = (publish(engine, people.of("DE"), RESULT) for _ in range(2))
    while matcher.round():
        pass
    said = app.test_cli_runner().invoke(args=["matching", "families", "--find"]).output
    assert "families  1" in said
    assert "compared  " in said
    assert f"{one.id} {two.id}" in said
    assert RESULT["title"] not in said


@pytest.mark.encoder
def test_one_owners_result_in_chinese_and_german_is_one_family_and_its_neighbour_is_not(engine, app, people) -> None:
    """With the encoder that is shipped; the third is of the same field and owner."""
    matcher = app.extensions["matchmaker.matcher"]
    matcher.settings = replace(matcher.settings, encoder="bundled")
    words = {
        "title": "Ferngesteuertes Bohrgerät für den Bergbau unter Tage",
        "summary": "Das Bohrgerät richtet sich selbst aus und wechselt das Gestänge ohne Bediener.",
        "description": "Bohrungen von 80 bis 200 m, Gestänge 73 mm, 1140 V, Abweichung unter 15 cm.",
    }
    german = publish(engine, people.of("DE"), RESULT, **words)
    chinese = publish(
        engine, people.of("DE"), RESULT, lang="zh", title="煤矿井下远程控制钻机",
        summary="钻机可自动对位，无需人工更换钻杆。",
        description="孔深80至200米，钻杆73毫米，供电1140V，偏差小于15厘米。", advantages="现场人员减半。",
    )  # fmt: skip
    neighbour = publish(
        engine, people.of("DE"), RESULT, lang="zh", title="煤矿巷道支护锚杆机", summary="锚杆机可连续安装锚杆。",
        description="适用于软岩巷道，锚固力120千牛。", advantages="支护更快。",
    )  # fmt: skip
    copy = publish(engine, people.of("IT"), RESULT, **words)
    # What is usual in a language is learned from the market, so there is one.
    for lang, lines in NEIGHBOURS.items():
        for line in lines:
            publish(engine, people.of("IT"), RESULT, lang=lang, title=line, summary=line, description=line)
    found(engine, matcher)
    assert (kin(engine, german), kin(engine, chinese)) == ([chinese.id], [german.id])
    assert kin(engine, neighbour) == kin(engine, copy) == []
