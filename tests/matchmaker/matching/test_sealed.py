"""Sealed passages are compared for their owner and for the desk, and nothing that a stranger sees depends on them."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlmodel import Session, select

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.app import create_app
from matchmaker.config import Settings
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.interests.expression_form import pair_score
from matchmaker.interests.match_pages import explained
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import EVERYTHING, STRANGER, Reader, Sight
from matchmaker.listings.models import Direction, Listing, ListingText
from matchmaker.listings.queries import Filters
from matchmaker.listings.schemas import Confidence
from matchmaker.matching import queries, service, tasks
from matchmaker.matching.models import Passage
from matchmaker.matching.passages import OPEN, Hidden, pieces_of
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Match, Quote, Scope
from matchmaker.matching.scoring import total
from matchmaker.review.interest import Coming, come_forward
from matchmaker.review.models import Side, State, Suggestion
from matchmaker.review.moves import Move
from matchmaker.review.offers import pass_on
from matchmaker.review.service import Found, Pause, endorse, park, suggest, unpark
from matchmaker.review.sides import is_endorsed
from matchmaker.review.states import Party
from tests.factories.market import NEED, RESULT, publish, translate
from tests.factories.matches import arena, reach
from tests.flows.actors import member
from tests.matchmaker.matching.conftest import CountingEncoder, People, changed

SECRET = "graphene aerogel kettle for penguins"
OWNER = Sight(inside=True, sealed=True, own=True)
LATER = now().date() + timedelta(days=9)


def embed(matcher: Matcher) -> None:
    while matcher.round():
        pass


def passages(engine: Engine, listing: Listing) -> list[Passage]:
    with reading_session(engine) as session:
        return queries.passages_of(session, [listing.id or 0])


def matches(matcher: Matcher, listing: Listing, sight: Sight = STRANGER, *, desk: bool = False) -> list[Match]:
    with reading_session(matcher.engine) as session:
        row = session.get(Listing, listing.id)
        assert row is not None
        ranking = Ranking(matcher, session, Reader("en"), desk=desk)
        return list(ranking.matches(listings.full(session, row, sight), scope=Scope.EVERYWHERE, limit=30).matches)


# What is cut


def version(**words: str) -> ListingText:
    return ListingText(listing_id=1, **{"lang": "en", "title": "Kettle", "summary": "A kettle.", **words})


def test_a_sealed_text_is_cut_under_the_title_after_everything_open() -> None:
    texts = [version(description="It boils."), version(lang="de", title="Kessel", summary="Ein Kessel.")]
    pieces = pieces_of(texts, Hidden(SECRET))
    assert [(p.lang, p.sealed) for p in pieces] == [("en", False), ("de", False), ("en", True)]
    assert pieces[-1].encoded == f"Kettle\n{SECRET}"
    assert pieces[:-1] == pieces_of(texts)


def test_under_embargo_title_and_summary_are_open_and_the_rest_is_sealed() -> None:
    texts = [version(description="It boils."), version(lang="de", title="Kessel", summary="Ein Kessel.")]
    pieces = pieces_of(texts, Hidden(embargo=True))
    # The German version says no more than its summary.
    assert [(p.lang, p.text, p.sealed) for p in pieces] == [
        ("en", "A kettle.", False),
        ("de", "Ein Kessel.", False),
        ("en", "A kettle.\nIt boils.", True),
    ]
    # When the day comes there is nothing new to encode.
    assert {p.digest for p in pieces_of(texts)} <= {p.digest for p in pieces}


def test_the_guessed_language_of_an_open_passage_does_not_depend_on_what_is_hidden() -> None:
    texts = [version(lang="und", title="X1", summary="A kettle for tea.", description="煤矿井下自动钻孔机器人" * 9)]
    assert [p.lang for p in pieces_of(texts, Hidden(embargo=True)) if not p.sealed] == ["en"]
    assert [p.lang for p in pieces_of(texts, Hidden(SECRET, embargo=True)) if not p.sealed] == ["en"]
    assert [p.lang for p in pieces_of(texts, OPEN)] == ["zh"]


def test_a_piece_that_is_printed_tells_nothing() -> None:
    assert SECRET not in repr(pieces_of([version()], Hidden(SECRET)))
    assert SECRET not in repr(Hidden(SECRET))


# What is stored


def test_a_sealed_passage_is_stored_as_a_vector_without_words(engine: Engine, people: People, matcher: Matcher) -> None:
    listing = publish(engine, people.of("CN"), NEED, confidence=Confidence(sealed=SECRET))
    embed(matcher)
    stored = passages(engine, listing)
    assert [(p.sealed, p.text != "") for p in stored] == [(False, True), (True, False)]
    assert all(p.vector for p in stored)


def test_opening_it_later_or_to_fewer_encodes_nothing_again(
    engine: Engine, people: People, matcher: Matcher, encoder: CountingEncoder
) -> None:
    owner = people.of("CN")
    listing = publish(engine, owner, NEED, confidence=Confidence(sealed=SECRET))
    embed(matcher)
    before = [(p.digest, p.vector) for p in passages(engine, listing)]
    encoder.taken()
    changed(engine, owner, listing, confidence=Confidence(sealed=SECRET, sealed_level="nda", anonymous=True))
    embed(matcher)
    assert encoder.taken() == []
    assert [(p.digest, p.vector) for p in passages(engine, listing)] == before


def test_when_the_day_of_an_embargo_comes_passages_open_without_being_encoded_again(
    engine: Engine, people: People, matcher: Matcher, encoder: CountingEncoder
) -> None:
    owner = people.of("CN")
    wanted = Confidence(embargo_until=LATER, sealed=SECRET)
    listing = publish(engine, owner, NEED, description="Molybdenum bit", confidence=wanted)
    embed(matcher)
    assert tasks.open_embargoes(engine) == 0
    assert [p.text for p in passages(engine, listing)] == [NEED["summary"], "", ""]
    day_has_come(engine, listing)
    encoder.taken()
    assert sum(tick.run(engine) for tick in tasks.TICKS) == 1
    assert encoder.taken() == []
    assert [(p.sealed, "Molybdenum" in p.text) for p in passages(engine, listing)] == [(False, True), (True, False)]
    # Once, and every index hears of it.
    assert tasks.open_embargoes(engine) == 0
    hits = search(matcher, "Molybdenum bit")
    assert "Molybdenum" in hits[0].text


def day_has_come(engine: Engine, listing: Listing) -> None:
    """The embargo ended today; what was embedded was embedded yesterday."""
    with unit_of_work(engine) as uow:
        row = uow.session.get(Listing, listing.id)
        assert row is not None
        (embedding,) = queries.embeddings_of(uow.session, listing.id or 0)
        row.embargo_until, embedding.at = now().date(), now() - timedelta(days=1)


def test_an_embargoed_listing_that_cannot_be_opened_from_what_is_there_waits_for_the_encoder(
    engine: Engine, people: People, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = publish(engine, people.of("CN"), NEED, confidence=Confidence(embargo_until=LATER))
    embed(matcher)
    day_has_come(engine, listing)
    # A release that cuts passages in another way.
    monkeypatch.setattr("matchmaker.matching.passages.BODY", ("summary", "keywords", "indicators", "technical_spec"))
    assert tasks.open_embargoes(engine) == 1
    assert tasks.open_embargoes(engine) == 0
    embed(matcher)
    assert [p.sealed for p in passages(engine, listing)] == [False]


def test_an_embargo_that_is_over_is_known_by_its_day(engine: Engine, people: People, matcher: Matcher) -> None:
    listing = publish(engine, people.of("CN"), NEED, confidence=Confidence(embargo_until=LATER))
    embed(matcher)
    with reading_session(engine) as session:
        for day, expected in ((LATER - timedelta(days=1), []), (LATER, [listing.id]), (date.max, [listing.id])):
            assert queries.over_embargoes(session, day, 10) == expected


def search(matcher: Matcher, text: str) -> list[Quote]:
    with reading_session(matcher.engine) as session:
        return [hit.snippet for hit in Ranking(matcher, session, Reader("en")).search(text, Filters(), (1, 50)).rows]


# Who finds what by it


@pytest.fixture
def pair(engine: Engine, people: People, matcher: Matcher) -> tuple[Listing, Listing]:
    """A need and, among nine results, the one that answers it by its sealed text only."""
    matcher.followers.clear()
    open_words = {"title": "Something", "summary": "Of some kind.", "lang": "en"}
    need = publish(engine, people.of("CN"), NEED, **{**open_words, "title": SECRET, "description": f"{SECRET} wanted"})
    plain = [publish(engine, people.of("DE"), RESULT, **open_words, description=f"Number {n}") for n in range(9)]
    sealed = Confidence(sealed=f"{SECRET}. {SECRET}.")
    result = publish(engine, people.of("HU"), RESULT, **open_words, description="Number 9", confidence=sealed)
    assert plain
    embed(matcher)
    return need, result


def place(found: list[Match], listing: Listing) -> int:
    return [match.listing.id for match in found].index(listing.id)


def test_owners_and_the_desk_find_by_it_and_strangers_do_not(matcher: Matcher, pair: tuple[Listing, Listing]) -> None:
    need, result = pair
    assert place(matches(matcher, need, OWNER), result) == 0
    assert place(matches(matcher, need, desk=True), result) == 0
    assert place(matches(matcher, need), result) > 0
    assert len(matches(matcher, need)) == len(matches(matcher, need, OWNER)) == 10


def test_a_match_by_it_has_a_score_with_parts_and_no_passage(matcher: Matcher, pair: tuple[Listing, Listing]) -> None:
    need, result = pair
    for found in (matches(matcher, need, OWNER)[0], matches(matcher, need, desk=True)[0]):
        assert found.other == Quote("en", "", sealed=True)
        assert found.score == pytest.approx(sum(part.points for part in found.parts))
        assert found.score > matches(matcher, need)[0].score
    # The desk sees the sealed passage of neither side, the owner their own.
    (desk, *_), (own, *_) = matches(matcher, result, desk=True), matches(matcher, result, OWNER)
    assert desk.own == Quote("en", "", sealed=True)
    assert (own.own.sealed, SECRET in own.own.text) == (True, True)
    assert not [match for match in matches(matcher, result) if match.own.sealed or match.other.sealed]


def test_a_pair_on_the_desk_is_explained_as_the_owner_is_answered(
    matcher: Matcher, pair: tuple[Listing, Listing]
) -> None:
    need, result = pair
    with reading_session(matcher.engine) as session:
        full = listings.fulls_by_id(session, [need.id or 0, result.id or 0])
        asking = Ranking(matcher, session, Reader("en"), desk=True)
        found = asking.explain(full[need.id or 0], full[result.id or 0])
        parts = asking.among(full[need.id or 0], [result.id or 0])
    assert found is not None
    assert found.score == pytest.approx(matches(matcher, need, OWNER)[0].score, abs=1e-6)
    assert list(parts) == [result.id]
    assert total(parts[result.id or 0]) == pytest.approx(found.score, abs=1e-6)


def test_a_typed_search_never_goes_by_it(matcher: Matcher, pair: tuple[Listing, Listing]) -> None:
    with reading_session(matcher.engine) as session:
        found = Ranking(matcher, session, Reader("en"), desk=True).search(SECRET, Filters(), (1, 50)).rows
    assert found[0].listing.id == pair[0].id
    assert not [hit for hit in found if hit.snippet.sealed]
    assert not [hit for hit in found[1:] if SECRET in hit.snippet.text]


def test_what_was_just_closed_is_quoted_nowhere(engine: Engine, people: People, matcher: Matcher) -> None:
    matcher.followers.clear()
    owner = people.of("DE")
    need = publish(engine, people.of("CN"), NEED)
    result = publish(engine, owner, RESULT, summary="Kurz.", description=f"{SECRET} {SECRET}")
    embed(matcher)
    assert SECRET in matches(matcher, need)[0].other.text
    assert SECRET in search(matcher, SECRET)[0].text
    # The encoder has not read it again yet.
    changed(engine, owner, result, confidence=Confidence(embargo_until=LATER))
    assert matches(matcher, need)[0].other == Quote("de", "")
    assert matches(matcher, result)[0].own == Quote("de", "")
    assert [quote.text for quote in search(matcher, SECRET) if SECRET in quote.text] == []
    embed(matcher)
    assert matches(matcher, need)[0].other.text == "Kurz."


def test_an_index_that_runs_one_that_opens_and_one_from_a_snapshot_answer_alike_from_inside(
    engine: Engine, people: People, matcher: Matcher, pair: tuple[Listing, Listing], settings: Settings
) -> None:
    need, result = pair
    view = matcher.index.catch_up
    matcher.snapshot()
    with reading_session(engine) as session:
        assert view(session).closed is not None
    changed(
        engine,
        people.of("DE"),
        publish(engine, people.of("DE"), RESULT),
        title="Late",
        confidence=Confidence(sealed=SECRET),
    )
    changed(engine, people.of("HU"), result, country="AT")
    embed(matcher)
    other = Matcher(settings, engine)
    other._encoder = matcher.open()
    found = [[(m.listing.id, round(m.score, 5)) for m in matches(each, need, OWNER)] for each in (matcher, other)]
    assert found[0] == found[1]
    with reading_session(engine) as session:
        now_inside = view(session).inside
        owners = [int(o) for c in now_inside.columns for o in c.owners[c.alive]]
    assert len(owners) == len(set(owners)) == 12
    # Opened again, it is found once, by everybody.
    changed(engine, people.of("HU"), result, confidence=Confidence())
    embed(matcher)
    with reading_session(engine) as session:
        owners = [int(o) for c in view(session).inside.columns for o in c.owners[c.alive]]
    assert len(owners) == len(set(owners)) == 12


def test_a_snapshot_holds_no_sealed_vector(engine: Engine, people: People, matcher: Matcher) -> None:
    listing = publish(engine, people.of("CN"), NEED, confidence=Confidence(sealed=SECRET))
    embed(matcher)
    with reading_session(engine) as session:
        matcher.index.write_snapshot(session)
        view = matcher.index.catch_up(session)
    open_ids = [p.id for p in passages(engine, listing) if not p.sealed]
    assert view.pool.layers[0].passage_ids.tolist() == open_ids
    assert view.pool.layers[0].passages.count == len(open_ids)


# What strangers see


WORDS = ("coal", "tea", "rail", "valve", "laser", "enzyme", "pump", "drone", "kiln", "sensor", "boron", "yeast")
PLACES = (("CN", "zh"), ("DE", "de"), ("HU", "hu"), ("RS", "sr"), ("IT", "it"))


class Market:
    """A market of its own, the same each time but for what is sealed in it."""

    def __init__(self, app: Flask, *, seed: int, sealed: Callable[[int], str]) -> None:
        self.engine: Engine = app.extensions["matchmaker.engine"]
        self.matcher: Matcher = app.extensions["matchmaker.matcher"]
        self.matcher.followers.clear()
        self.app, self.draw = app, random.Random(seed)
        self.listings: list[Listing] = []
        owner = None
        for number in range(24):
            owner = self.post(number, sealed, owner)
            if number == 15:
                embed(self.matcher)
                self.matcher.snapshot()
        embed(self.matcher)

    def post(self, number: int, sealed: Callable[[int], str], owner: Actor | None) -> Actor:
        owner = owner or member(self.engine)
        country, lang = PLACES[number % len(PLACES)]
        words = [" ".join(self.draw.choices(WORDS, k=8)) for _ in range(3)]
        values = {"country": country, "lang": lang, "title": words[0], "summary": words[1], "description": words[2]}
        wanted = Confidence(anonymous=number % 4 == 0, sealed=sealed(number))
        made = publish(self.engine, owner, NEED if number % 2 else RESULT, **values, confidence=wanted)
        if number % 5 == 0:
            translate(self.engine, owner, made, lang="en", title=words[2], summary=words[0])
        self.listings.append(made)
        return owner

    def inside(self) -> list[list[tuple[int, float]]]:
        """The desk's lists, by the order in which the listings were posted."""
        places = {listing.id: number for number, listing in enumerate(self.listings)}
        found = [matches(self.matcher, listing, desk=True) for listing in self.listings]
        return [[(places[match.listing.id], round(match.score, 6)) for match in row] for row in found]

    def pages(self) -> dict[str, str]:
        """Everything that a stranger can read, with the addresses and times of this market taken out."""
        browser = self.app.test_client()
        names = {listing.public_id: f"listing-{number}" for number, listing in enumerate(self.listings)}
        paths = ["/", "/search", *(f"/search?q={word}" for word in WORDS), "/search?q=coal+tea&direction=need"]
        paths += [f"/listings/{id_}{rest}" for id_ in names for rest in ("/matches?scope=everywhere", "/matches", "")]
        return {rename(path, names): rename(stranger(browser, path), names) for path in paths}


def rename(text: str, names: dict[str, str]) -> str:
    for name, plain in names.items():
        text = text.replace(name, plain)
    return text


def stranger(browser: FlaskClient, path: str) -> str:
    """A page as a stranger reads it, without the hint that something is sealed and without times."""
    text = browser.get(path, headers={"Accept-Language": "en"}).text
    text = re.sub(r'<section class="mm-card mm-sealed".*?</section>', "", text, flags=re.DOTALL)
    return re.sub(r'"valid(From|Through)": "[^"]*"|datetime="[^"]*"|\s+', " ", text)


def nothing(_number: int) -> str:
    return ""


SEALS: dict[str, Callable[[int], str]] = {
    "a few": lambda number: "valve laser boron" if number in {2, 3, 17} else "",
    "every one, at length": lambda number: f"{' '.join(WORDS)} {number}. " * 50,
    "in another script": lambda number: "十七号矿井的瓦斯配方" if number % 3 == 0 else "",
}


@pytest.fixture
def fresh(tmp_path: Path, migrated: bytes, settings: Settings) -> Iterator[Callable[[], Flask]]:
    """A new application with an empty database, as often as one likes."""
    made: list[Flask] = []

    def make() -> Flask:
        var = tmp_path / f"market-{len(made)}"
        var.mkdir()
        (var / "matchmaker.db").write_bytes(migrated)
        app = create_app(replace(settings, var=var, database_url=f"sqlite:///{var / 'matchmaker.db'}"), testing=True)
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["matchmaker.matcher"].close()
        app.extensions["matchmaker.engine"].dispose()


def test_what_a_stranger_sees_is_the_same_byte_for_byte_with_and_without_sealed_texts(
    fresh: Callable[[], Flask],
) -> None:
    without = Market(fresh(), seed=7, sealed=nothing)
    expected, inside = without.pages(), without.inside()
    assert len(expected) > 80
    for how, sealed in SEALS.items():
        market = Market(fresh(), seed=7, sealed=sealed)
        found = market.pages()
        assert [path for path in expected if found[path] != expected[path]] == [], how
        # They are there all the same, and count for those who may be helped by them.
        assert market.inside() != inside, how


def test_the_matcher_reads_everything_and_says_nothing(engine: Engine, people: People, session: Session) -> None:
    listing = publish(engine, people.of("CN"), NEED, confidence=Confidence(anonymous=True, embargo_until=LATER))
    row = session.get(Listing, listing.id)
    assert row is not None
    whole, seen = listings.full(session, row, EVERYTHING), listings.full(session, row)
    assert (whole.original.description, seen.original.description) == (NEED["description"], "")
    assert row.direction is Direction.NEED
    assert service.sealed_words(session, whole).keys() == {
        p.digest for p in pieces_of(whole.texts, Hidden(embargo=True)) if p.sealed
    }


@pytest.mark.parametrize("back", [False, True])
def test_a_pair_that_a_broker_only_put_aside_is_nobodys_word(
    engine: Engine, person: Callable[..., Actor], *, back: bool
) -> None:
    """Parking is kept with who and when, as a verdict is; an interest that comes then was endorsed by nobody."""
    found = arena(engine, person)
    with unit_of_work(engine) as uow:
        match = reach(found, State.SUGGESTED)
        match = park(uow, match.public_id, Pause(), revision=match.revision, actor=found.broker)
        if back:
            match = unpark(uow, match.public_id, revision=match.revision, actor=found.broker)
        assert match.decided_by == found.broker.person_id
        come_forward(uow, match, Coming(Side.NEED, found.needer))
        if match.state is State.IN_REVIEW:
            pass_on(uow, match, Move(State.OFFERED_SECOND, party=Party.CLOCK), now())
        assert match.state is State.OFFERED_SECOND
        assert not is_endorsed(match)


@pytest.mark.parametrize("endorsed", [False, True])
def test_whoever_is_interested_by_themselves_reads_no_sealed_word_off_the_score(
    app: Flask, matcher: Matcher, pair: tuple[Listing, Listing], person: Callable[..., Actor], *, endorsed: bool
) -> None:
    need, result = pair
    broker = person(Role.BROKER)
    with unit_of_work(matcher.engine) as uow:
        suggest(uow, [Found(need.id or 0, result.id or 0, 0.5)])
        match = uow.session.exec(select(Suggestion).where(Suggestion.result_id == result.id)).one()
        if endorsed:
            endorse(uow, match.public_id, revision=match.revision, actor=broker)
    open_score = next(x.score for x in matches(matcher, need) if x.listing.id == result.id)
    sealed_score = matches(matcher, need, desk=True)[0].score
    assert sealed_score > open_score + 0.1
    with app.test_request_context(), reading_session(matcher.engine) as session:
        match = session.exec(select(Suggestion).where(Suggestion.result_id == result.id)).one()
        full = listings.fulls_by_id(session, [need.id or 0, result.id or 0])
        found = explained(session, match, full, "en")
        asked = pair_score(session, result.public_id, need.public_id, "en")
    assert found is not None
    assert found.score == pytest.approx(sealed_score if endorsed else open_score, abs=1e-6)
    assert asked == pytest.approx(open_score, abs=1e-6)
