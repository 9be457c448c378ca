"""Listings are found by the rare words that they say, in every script, and by nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, column, select, table
from sqlalchemy.dialects import postgresql

from embeddings.encoders.hashing import HashingEncoder
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.models import Listing
from matchmaker.listings.queries import Filters
from matchmaker.listings.schemas import Confidence
from matchmaker.matching import lexicon, queries, service, tasks
from matchmaker.matching.lexicon import Entry, Wanted
from tests.factories.market import NEED, RESULT, publish
from tests.matchmaker.matching.conftest import People, changed, withdrawn

ENTRIES = (
    Entry(1, "need", "CN", {"zh": "需要符合 ISO 12944 的 PVDF 防腐涂层", "en": "PVDF coating wanted"}),
    Entry(2, "result", "DE", {"de": "Beschichtung aus PVDF nach DIN EN ISO 12944-5"}),
    Entry(3, "result", "CN", {"zh": "防腐涂层技术"}),
    Entry(4, "result", "RS", {"sr": "Премаз по стандарду ISO 12944"}),
    Entry(5, "result", "", {"en": "PVDF membranes and Bacillus subtilis"}),
    Entry(6, "result", "IN", {"hi": "किसान के लिए पंप"}),
    Entry(7, "result", "FR", {}),
    Entry(8, "result", "FR", {"fr": "…", "en": '" * - NEAR ( \0 \ud800'}),
)

ANY = Wanted()


@pytest.fixture
def words() -> Iterator[Connection]:
    with lexicon.in_memory() as connection:
        lexicon.store(connection, ENTRIES)
        yield connection


def found(words: Connection, text: str, wanted: Wanted = ANY, limit: int = 10) -> list[int]:
    return [hit.listing_id for hit in lexicon.hits(words, lexicon.rare_terms(words, text), wanted, limit)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("ISO 12944", {1, 2, 4}),
        ("Iso-12944", {1, 2, 4}),
        ("ＰＶＤＦ", {1, 2, 5}),
        ("涂层", {1, 3}),
        ("bacillus SUBTILIS", {5}),
        ("किसान", {6}),
        ("премаз", {4}),
        ("Unheard", set()),
        ("", set()),
        ("?! …", set()),
        ("的", set()),
    ],
)
def test_words_are_found_in_every_script_and_writing(words: Connection, text: str, ids: set[int]) -> None:
    assert set(found(words, text)) == ids


def test_the_score_is_the_sum_of_the_weights_of_what_is_said(words: Connection) -> None:
    terms = lexicon.rare_terms(words, "ISO 12944-5 Beschichtung")
    best, *others = lexicon.hits(words, terms, Wanted(), 10)
    assert best.listing_id == 2
    assert best.score == pytest.approx(sum(term.weight for term in terms))
    assert {term.form for term in best.terms} == {"iso", "iso12944", "iso12944-5", "12944", "beschichtung"}
    for hit in others:
        assert hit.score == pytest.approx(sum(term.weight for term in hit.terms))
        assert hit.score < best.score


def test_a_listing_that_says_a_word_in_two_languages_counts_once(words: Connection) -> None:
    scores = {hit.listing_id: hit.score for hit in lexicon.hits(words, lexicon.rare_terms(words, "PVDF"), Wanted(), 9)}
    assert scores[1] == scores[2] == scores[5]


def test_filters_come_before_the_cut(words: Connection) -> None:
    terms = lexicon.rare_terms(words, "PVDF ISO 12944")
    lexicon.store(words, [Entry(100 + n, "need", "CN", {"en": "PVDF ISO 12944 exactly"}) for n in range(50)])

    def answers(limit: int, **wanted: object) -> list[int]:
        return [hit.listing_id for hit in lexicon.hits(words, terms, Wanted(**wanted), limit)]  # type: ignore[arg-type]

    assert answers(3, direction="result") == [2, 4, 5]
    assert answers(3, direction="result", abroad_of="DE") == [4]
    assert answers(3, countries=["DE"]) == [2]
    assert answers(3, direction="result", excluded=[2, 5]) == [4]
    assert answers(0) == []


def test_of_a_listing_only_what_another_one_says_too_is_asked_for(words: Connection) -> None:
    mine = lexicon.said(words, [1])[1]
    forms = {term.form for term in lexicon.rare_terms(words, mine)}
    assert {"iso12944", "pvdf", "涂层"} <= forms
    assert not forms & {"wanted", "需要"}
    assert set(mine.by_language) == {"zh", "en"}


def test_what_two_share_is_told_and_weighed(words: Connection) -> None:
    terms = lexicon.rare_terms(words, lexicon.said(words, [1])[1])
    shared = lexicon.shared(words, terms, [2, 3, 7, 999])
    assert {term.form for term in shared[2].terms} == {"iso", "iso12944", "12944", "pvdf"}
    assert {term.form for term in shared[3].terms} == {"防腐", "腐涂", "涂层"}
    assert shared[2].value == 1.0  # all that could be said in German
    assert 0 < shared[3].value <= 1
    assert shared[7].value == 0
    assert 999 not in shared


def test_all_words_may_stand_in_different_languages(words: Connection) -> None:
    assert lexicon.saying_all(words, lexicon.tokens("coating 涂层 iso 12944"), Wanted(), 5) == [1]
    assert lexicon.saying_all(words, lexicon.tokens("pvdf"), Wanted(), 2) == [5, 2]
    assert lexicon.saying_all(words, [], Wanted(), 5) == []


@pytest.mark.parametrize(
    "form", ['"', "*", "NEAR(a b)", "-", "\0", 'a"b', '"" OR pvdf', "pvdf*", ".", "x" * 99, "a b", ""]
)
def test_what_is_no_token_is_no_operator_either(words: Connection, form: str) -> None:
    assert lexicon.saying_all(words, [form], Wanted(), 5) == []


def test_storing_again_is_storing_once_and_forgetting_leaves_nothing(words: Connection) -> None:
    before = lexicon.frequencies(words, {"pvdf", "iso12944"})
    assert before.saying == {"pvdf": {"zh": 1, "en": 2, "de": 1}, "iso12944": {"zh": 1, "de": 1, "sr": 1}}
    lexicon.store(words, ENTRIES)
    assert lexicon.frequencies(words, {"pvdf", "iso12944"}) == before
    lexicon.store(words, [replace(ENTRIES[1], words={"de": "Nichts davon"})])
    assert found(words, "beschichtung") == []
    assert lexicon.frequencies(words, {"pvdf", "beschichtung"}).saying == {"pvdf": {"zh": 1, "en": 2}}
    lexicon.forget(words, [entry.listing_id for entry in ENTRIES])
    for name in ("lexical_term", "lexical_listing", "lexical_index"):
        assert words.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() == 0
    assert found(words, "pvdf") == []


def test_a_word_said_fifty_times_is_one_token_and_endless_texts_end(words: Connection) -> None:
    many = " ".join(f"word{n}x" for n in range(3 * lexicon.MOST_TOKENS))
    lexicon.store(words, [Entry(20, "result", "DE", {"en": "rotor " * 50}), Entry(21, "need", "DE", {"en": many})])
    kept = lexicon.said(words, [20, 21])
    assert kept[20].by_language == {"en": ["rotor"]}
    assert len(kept[21].forms) == lexicon.MOST_TOKENS
    assert len(lexicon.rare_terms(words, many)) == lexicon.MOST_TERMS


def test_the_commonest_words_are_left_out_when_too_many_listings_say_them(
    words: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = lexicon.rare_terms(words, "Beschichtung PVDF")
    monkeypatch.setattr(lexicon, "MOST_LOOKED_AT", 2)
    assert [hit.listing_id for hit in lexicon.hits(words, terms, Wanted(), 9)] == [2]
    monkeypatch.setattr(lexicon, "MOST_LOOKED_AT", 0)
    assert [term.form for hit in lexicon.hits(words, terms, Wanted(), 9) for term in hit.terms] == ["beschichtung"]


def test_what_a_transaction_takes_back_is_not_kept(engine: Engine, people: People) -> None:
    listing = publish(engine, people.of("CN"), NEED)
    with pytest.raises(RuntimeError, match="power cut"):
        half_stored(engine, listing.id or 0)
    with reading_session(engine) as session:
        assert lexicon.said(session, [listing.id or 0]) == {}
        assert lexicon.frequencies(session, {"pvdf"}).total == 0


def half_stored(engine: Engine, listing_id: int) -> None:
    with unit_of_work(engine) as uow:
        lexicon.store(uow.session, [replace(ENTRIES[0], listing_id=listing_id)])
        raise RuntimeError("power cut")


def kept(engine: Engine, listing: Listing) -> set[str]:
    with reading_session(engine) as session:
        found = lexicon.said(session, [listing.id or 0])
    return {form for each in found.values() for form in each.forms}


def asked(engine: Engine, text: str) -> list[int]:
    with reading_session(engine) as session:
        wanted = Wanted(listed=queries.searchable(Filters()))
        terms = lexicon.rare_terms(session, text)
        return [hit.listing_id for hit in lexicon.hits(session, terms, wanted, 10)]


def test_words_come_with_passages_and_change_with_them(engine: Engine, people: People) -> None:
    listing = publish(engine, people.of("CN"), NEED, description="Quillback ISO 12944")
    other = publish(engine, people.of("DE"), RESULT)
    assert kept(engine, listing) == set()
    service.embed(engine, HashingEncoder(), [listing.id or 0, other.id or 0])
    assert {"quillback", "iso12944"} <= kept(engine, listing)
    assert asked(engine, "quillback") == [listing.id]
    changed(engine, people.of("CN"), listing, description="Something else")
    # Until it is read again nothing is found by what it may not say any more.
    assert asked(engine, "quillback") == []
    service.embed(engine, HashingEncoder(), [listing.id or 0])
    assert "quillback" not in kept(engine, listing)
    withdrawn(engine, people.of("CN"), listing)
    assert asked(engine, NEED["title"]) == []


def test_sealed_words_and_those_under_embargo_are_not_kept(engine: Engine, people: People) -> None:
    until = now().date() + timedelta(days=9)
    listing = publish(
        engine,
        people.of("CN"),
        NEED,
        description="Quillback",
        confidence=Confidence(embargo_until=until, sealed=SecretStr("Zanthoxylum")),
    )
    service.embed(engine, HashingEncoder(), [listing.id or 0])
    assert kept(engine, listing)
    assert not kept(engine, listing) & {"quillback", "zanthoxylum"}


def test_what_an_older_version_embedded_is_filled_in_and_only_once(engine: Engine, people: People) -> None:
    listing = publish(engine, people.of("CN"), NEED, description="Quillback")
    service.embed(engine, HashingEncoder(), [listing.id or 0])
    with unit_of_work(engine) as uow:
        lexicon.forget(uow.session, [listing.id or 0])
    assert tasks.keep_words(engine) == 1
    assert "quillback" in kept(engine, listing)
    assert tasks.keep_words(engine) == 0


def test_postgresql_is_asked_for_the_same_with_quoted_lexemes() -> None:
    asked = (
        select(column("rowid"))
        .select_from(table("lexical_index"))
        .where(lexicon.says(["iso12944", "o'ring\\"], "postgresql"))
    )
    compiled = asked.compile(dialect=postgresql.dialect())
    assert "words @@ CAST(" in str(compiled)
    assert "AS TSQUERY" in str(compiled)
    assert list(compiled.params.values()) == ["'iso12944' & 'o''ring\\\\'"]
