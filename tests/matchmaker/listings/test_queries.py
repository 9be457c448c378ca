"""Lists show what is public, in the reader's language, counted rightly, in few queries."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, insert
from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.core.ids import new_public_id
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries, service
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing, ListingCode, ListingText, Scheme, Status
from matchmaker.listings.queries import Counts, Filters
from tests.factories.market import NEED, RESULT, publish, translate, write

EVERYTHING = (1, 10_000)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The SELECTs that run meanwhile."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def titles(session: Session, filters: Filters | None = None, lang: str = "en") -> list[str]:
    return [card.title for card in queries.browse(session, filters or Filters(), EVERYTHING, Reader(lang)).rows]


@pytest.fixture
def draft(engine, person) -> Listing:
    return write(engine, person(), NEED)


def test_a_draft_is_nowhere(engine, session, draft, person):
    stranger = person(country="IT")
    for actor in (None, stranger):
        with pytest.raises(NotFound):
            queries.visible(session, draft.public_id, actor)
    assert titles(session) == []
    assert queries.counts(session) == Counts()
    assert queries.matching_ids(session, Filters()) == []
    assert all(facet.values == [] for facet in queries.facets(session, Filters()))
    assert queries.last_change(session) == 0


def test_a_withdrawn_listing_is_gone_at_once(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    with reading_session(engine) as session:
        assert len(titles(session)) == 1
    with unit_of_work(engine) as uow:
        service.withdraw(uow, listing.public_id, actor=owner)
    with reading_session(engine) as session:
        assert titles(session) == []
        assert queries.matching_ids(session, Filters()) == []
        with pytest.raises(NotFound):
            queries.visible(session, listing.public_id, None)
        assert queries.visible(session, listing.public_id, owner).listing.status is Status.WITHDRAWN


def test_an_id_that_is_guessed_is_nobodys(session, draft):
    for guess in ("", "1", "0", "%", "_" * 10, "' OR 1=1 --", "\x00", "x" * 10_000):
        with pytest.raises(NotFound):
            queries.visible(session, guess, None)


def test_the_row_number_is_no_address(engine, session, person):
    listing = publish(engine, person(), NEED)
    with pytest.raises(NotFound):
        queries.visible(session, str(listing.id), None)


def test_a_card_speaks_the_readers_language_when_the_owner_does(engine, session, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    translate(engine, owner, listing, lang="en", title="Drilling robot", summary="Sought.", origin="machine")
    (english,) = queries.browse(session, Filters(), EVERYTHING, Reader("en")).rows
    (german,) = queries.browse(session, Filters(), EVERYTHING, Reader("de")).rows
    assert (english.title, english.text_lang, english.text_origin, english.lang) == (
        "Drilling robot",
        "en",
        "machine",
        "zh",
    )
    assert (german.title, german.text_lang) == (NEED["title"], "zh")
    assert english.owner == "Organisation 1"


def test_versions_begin_with_the_original(engine, session, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    for lang in ("de", "ar", "sr"):
        translate(engine, owner, listing, lang=lang, title=f"Title {lang}")
    full = queries.visible(session, listing.public_id, None)
    assert [text.lang for text in full.texts] == ["zh", "ar", "de", "sr"]
    assert full.text_for("sr").title == "Title sr"
    assert full.text_for("fr") is full.original


def test_the_change_log_is_read_from_a_cursor(engine, person):
    owner = person()
    one, two = publish(engine, owner, NEED), publish(engine, owner, NEED)
    with reading_session(engine) as session:
        cursor = queries.last_change(session)
        assert set(queries.changed_since(session, 0)) == {one.id, two.id}
        assert queries.changed_since(session, cursor) == {}
    with unit_of_work(engine) as uow:
        service.withdraw(uow, one.public_id, actor=owner)
    with reading_session(engine) as session:
        assert queries.changed_since(session, cursor) == {one.id: cursor + 1}


# A market large enough for counts to go wrong in.
SIZE = 3000
COUNTRIES, LANGUAGES = ("CN", "DE", "IT", "RS", ""), ("zh", "de", "it", "und")
IPC, NACE = ("E", "G", "H"), ("B", "C", "M")


@pytest.fixture(scope="module")
def bulk() -> list[tuple[dict, list[tuple[Scheme, str]]]]:
    """Rows of a random market, always the same: listing columns and codes."""
    pick = random.Random(7)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(1, SIZE + 1):
        status = pick.choices((Status.DRAFT, Status.PUBLISHED, Status.WITHDRAWN), (1, 8, 1))[0]
        columns = {
            "id": number,
            "public_id": new_public_id(),
            "direction": pick.choice(list(Direction)),
            "status": status,
            "lang": pick.choice(LANGUAGES),
            "country": pick.choice(COUNTRIES),
            "trl": pick.choice((None, "3", "7", "9")),
            "published_at": start + timedelta(minutes=pick.randrange(1000)),
        }
        codes = [(Scheme.IPC_SECTION, code) for code in IPC if pick.random() < 0.4]
        codes += [(Scheme.NACE_SECTION, code) for code in NACE if pick.random() < 0.3]
        rows.append((columns, codes))
    return rows


@pytest.fixture
def market(engine: Engine, bulk) -> Session:
    with engine.begin() as connection:
        connection.execute(insert(Listing), [Listing(**columns).model_dump() for columns, _ in bulk])
        words = [{"listing_id": c["id"], "lang": c["lang"], "title": f"Title {c['id']}"} for c, _ in bulk]
        connection.execute(insert(ListingText), [ListingText(**row).model_dump() for row in words])
        codes = [{"listing_id": c["id"], "scheme": scheme, "code": code} for c, cs in bulk for scheme, code in cs]
        connection.execute(insert(ListingCode), codes)
    with reading_session(engine) as session:
        yield session


CHOICES = [
    Filters(),
    Filters(direction=Direction.NEED),
    Filters(countries=("CN", "DE")),
    Filters(direction=Direction.RESULT, countries=("IT",), trls=("7",)),
    Filters(languages=("zh",), ipc_sections=("E", "G")),
    Filters(nace_sections=("B",), not_countries=("CN",), trls=("3", "9")),
    Filters(countries=("XX",)),
]


def keeps(filters: Filters, columns: dict, codes: list[tuple[Scheme, str]]) -> bool:
    """The filters' meaning, in plain words."""
    return (
        columns["status"] is Status.PUBLISHED
        and filters.direction in {None, columns["direction"]}
        and (not filters.countries or columns["country"] in filters.countries)
        and columns["country"] not in filters.not_countries
        and (not filters.languages or columns["lang"] in filters.languages)
        and (not filters.trls or columns["trl"] in filters.trls)
        and all(
            not chosen or any((scheme, code) in codes for code in chosen)
            for scheme, chosen in (
                (Scheme.IPC_SECTION, filters.ipc_sections),
                (Scheme.NACE_SECTION, filters.nace_sections),
            )
        )
    )


def facet_of(name: str, bulk, filters: Filters) -> Counter:
    """What a facet should say: its own choice does not narrow it."""
    kept = [row for row in bulk if keeps(replace(filters, **{name: ()}), *row)]
    column = {"countries": "country", "languages": "lang", "trls": "trl"}.get(name)
    if column:
        return Counter(columns[column] for columns, _ in kept if columns[column])
    scheme = Scheme.IPC_SECTION if name == "ipc_sections" else Scheme.NACE_SECTION
    return Counter(code for _, codes in kept for kind, code in codes if kind is scheme)


def test_lists_and_facets_agree_with_counting_by_hand(market, bulk):
    for filters in CHOICES:
        kept = [columns for columns, codes in bulk if keeps(filters, columns, codes)]
        newest = sorted(kept, key=lambda c: (c["published_at"], c["id"]), reverse=True)
        page = queries.browse(market, filters, (2, 20), Reader("en"))
        assert page.total == len(kept)
        assert [card.id for card in page.rows] == [c["id"] for c in newest[20:40]]
        assert sorted(queries.matching_ids(market, filters)) == [c["id"] for c in kept]
        for facet in queries.facets(market, filters):
            counted = {value.code: value.count for value in facet.values}
            assert counted == facet_of(facet.name, bulk, filters), (facet.name, filters)
            assert {v.code for v in facet.values if v.chosen} == set(counted) & set(getattr(filters, facet.name))


def test_a_facet_shows_the_chosen_first_and_then_the_most_frequent(market):
    for facet in queries.facets(market, Filters(countries=("RS",), ipc_sections=("H",))):
        assert facet.values == sorted(facet.values, key=lambda v: (not v.chosen, -v.count, v.code))


def test_the_market_in_numbers_agrees_with_counting_by_hand(market, bulk):
    kept = [columns for columns, _ in bulk if columns["status"] is Status.PUBLISHED]
    assert queries.counts(market) == Counts(
        needs=sum(c["direction"] is Direction.NEED for c in kept),
        results=sum(c["direction"] is Direction.RESULT for c in kept),
        countries=len({c["country"] for c in kept} - {""}),
        languages=len({c["lang"] for c in kept}),
    )


def test_lists_of_thousands_ask_few_questions(market, engine):
    budget = {
        "browse": (3, lambda: queries.browse(market, Filters(), (1, 20), Reader("zh"))),
        "last page": (3, lambda: queries.browse(market, Filters(), (100, 20), Reader("zh"))),
        "facets": (5, lambda: queries.facets(market, Filters(direction=Direction.NEED, ipc_sections=("E",)))),
        "counts": (2, lambda: queries.counts(market)),
        "fulls": (4, lambda: queries.fulls_by_id(market, range(1, 101))),
        "cards": (1, lambda: queries.cards(market, range(1, 101), Reader("de"))),
    }
    for name, (most, ask) in budget.items():
        with statements(engine) as seen:
            ask()
        assert 0 < len(seen) <= most, (name, seen)


def test_pages_of_the_portal_ask_few_questions_however_large_the_market(market, client, engine):
    for path, most in (("/", 12), ("/search", 20), ("/search?page=90&countries=CN", 20)):
        with statements(engine) as seen:
            assert client.get(path).status_code == 200
        assert len(seen) <= most, (path, len(seen))


def test_words_names_numbers_and_codes_are_found_as_they_are_written(
    engine: Engine, person: Callable[..., Actor]
) -> None:
    mine = publish(engine, person(), NEED, title="煤矿井下钻孔机器人", ipc=("E21B",))
    kiln = publish(
        engine, person(country="RS"), RESULT, title="Сушара за дрво 100%", country="RS", lang="sr", ipc=("F26B",)
    )
    with reading_session(engine) as session:
        asked = {
            text: queries.containing(session, text, Filters())
            for text in ("煤矿", "机器人 煤矿", "сушара", "100%", "100_", "e21b", mine.public_id, "Organisation 2", " ")
        }
        in_serbia = queries.containing(session, "煤矿", Filters(countries=("RS",)))
    assert [asked[text] for text in ("煤矿", "机器人 煤矿", "e21b", mine.public_id)] == [[mine.id]] * 4
    assert [asked[text] for text in ("сушара", "100%", "Organisation 2")] == [[kiln.id]] * 3
    assert asked["100_"] == asked[" "] == in_serbia == []
