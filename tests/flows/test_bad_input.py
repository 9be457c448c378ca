"""What nobody hopes to be sent, among the shipped demo and read by the real encoder: sensible order, little confidence,
no crash, and nobody is rewarded for stuffing."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person
from matchmaker.accounts.queries import actor_of
from matchmaker.accounts.schemas import Actor
from matchmaker.app import create_app
from matchmaker.config import load
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import demo, queries
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Listing
from matchmaker.matching.demo_task import demo as task
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Match, Scope
from tests.factories.market import NEED, RESULT, publish

ROWS = [json.loads(line) for line in (demo.FOLDER / "listings.jsonl").read_text("utf-8").splitlines()]
WORDS = " ".join(word for row in ROWS if row["direction"] == "need" for word in row["keywords"])
COPIED = next(row for row in ROWS if row["key"] == "de-rod-handling")
NONSENSE = "blorf snizzle quax drimble fenk "
STUFFED = {
    "title": f"世界领先技术 {WORDS[:100]}",
    "summary": WORDS[:490],
    "description": (WORDS * 3)[:3990],
    "advantages": WORDS[:1990],
    "lang": "zh",
    "country": "IT",
}
ODD: dict[str, dict[str, object]] = {
    "ten words": {"title": "需要更好的设备", "summary": "我们需要更好的设备", "description": "请联系我们"},
    "copy": {"lang": "de", **{name: COPIED[name] for name in ("title", "summary", "description")}},
    "nonsense": {"lang": "en", "title": "qwrt zxpl", "summary": NONSENSE, "description": NONSENSE * 9},
    "Amharic": {
        "lang": "am",
        "title": "የቡና ማድረቂያ ማሽን",
        "summary": "የቡና ፍሬን በፀሐይ ኃይል የሚያደርቅ ማሽን እንፈልጋለን።",
        "description": "የቡና ፍሬን በፀሐይ ኃይል የሚያደርቅ ማሽን እንፈልጋለን። አነስተኛ አርሶ አደሮች በቀላሉ ሊጠቀሙበት ይገባል።",
    },
    "Esperanto": {
        "lang": "eo",
        "title": "Robota borilo por minejo",
        "summary": "Ni serĉas robotan borilon por subtera karbominejo.",
        "description": "Ni serĉas robotan borilon por subtera karbominejo, kiu aŭtomate ŝanĝas borstangojn.",
    },
    "contradictory": {"trl": "9", "budget_min": "1", "budget_max": "1", "budget_currency": "EUR"},
}


@dataclass(frozen=True)
class Market:
    """The demo with odd needs and one stuffed result."""

    engine: Engine
    matcher: Matcher
    needs: dict[str, Listing]
    stuffed: Listing
    known: dict[str, int]

    def matches(self, listing_id: int, limit: int = 30) -> list[Match]:
        with reading_session(self.engine) as session:
            full = queries.full(session, session.get_one(Listing, listing_id))
            return list(
                Ranking(self.matcher, session, Reader("en")).matches(full, scope=Scope.EVERYWHERE, limit=limit).matches
            )

    def odd(self, name: str) -> list[Match]:
        return self.matches(self.needs[name].id or 0)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, migrated: bytes) -> Iterator[Market]:
    var = tmp_path_factory.mktemp("odd")
    (var / "matchmaker.db").write_bytes(migrated)
    environ = {
        "MATCHMAKER_VAR": str(var),
        "MATCHMAKER_MODELS": os.environ.get("MATCHMAKER_MODELS", str(var / "models")),
        "SECRET_KEY": "only for tests",
        "MATCHMAKER_DEMO": "0",
    }
    app = create_app(replace(load(environ), encoder_threads=1), testing=True)
    engine, matcher = app.extensions["matchmaker.engine"], app.extensions["matchmaker.matcher"]
    matcher.prepare(lambda done, total: None)
    demo.load(engine)
    poster, asker = _person(engine, "IT"), _person(engine, "CN")
    stuffed = publish(engine, poster, RESULT, **STUFFED)
    needs = {name: publish(engine, asker, NEED, **{"technical_spec": "-", **odd}) for name, odd in ODD.items()}
    while matcher.round():
        pass
    with reading_session(engine) as session:
        known = {row.source_id: row.id or 0 for row in session.exec(select(Listing)) if row.source_id}
    yield Market(engine, matcher, needs, stuffed, known)
    matcher.close()
    engine.dispose()


def _person(engine: Engine, country: str) -> Actor:
    with unit_of_work(engine) as uow:
        house = Organisation(name=f"House {country}", kind="enterprise", country=country)
        someone = Person(email=f"{country}@odd.example", name=country, password_hash="-", email_confirmed_at=now())
        uow.session.add_all([house, someone])
        uow.session.flush()
        uow.session.add(
            Membership(person_id=someone.id, organisation_id=house.id, role=MembershipRole.OWNER)  # type: ignore[arg-type]
        )
        uow.session.flush()
        return actor_of(uow.session, someone)


def test_whoever_lists_everybodys_keywords_stands_above_no_right_answer(market: Market) -> None:
    dataset = task()
    places = []
    for query in dataset.queries:
        order = [match.listing.id for match in market.matches(market.known[query.id])]
        right = [order.index(market.known[id_]) for id_ in dataset.relevant[query.id] if market.known[id_] in order]
        places.append(order.index(market.stuffed.id) if market.stuffed.id in order else len(order))
        assert min(right) < places[-1], query.id
    assert sum(place < 10 for place in places) < len(places) / 5


@pytest.mark.parametrize("name", ["ten words", "nonsense"])
def test_what_says_nothing_gets_an_order_and_little_confidence(market: Market, name: str) -> None:
    found = market.odd(name)
    assert len(found) == 30
    assert max(match.score for match in found) < 0.35, "the desk is shown nothing of it"
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)


def test_a_copy_of_a_result_finds_the_result_and_those_that_are_like_it(market: Market) -> None:
    first, second = market.odd("copy")[:2]
    assert first.listing.id == market.known["de-rod-handling"]
    assert first.score > 0.7
    assert "钻" in second.listing.title or "drill" in second.listing.title.lower()


def test_a_language_that_no_encoder_was_taught_finds_what_its_words_tell(market: Market) -> None:
    assert "drilling robot" in market.odd("Esperanto")[0].listing.title
    found = [match.listing.title.lower() for match in market.odd("Amharic")[:5]]
    assert any("dry" in title or "sấy" in title for title in found), "a dryer for coffee was asked for"


def test_fields_that_cannot_all_be_met_lower_the_score_and_say_so(market: Market) -> None:
    parts = [{part.name: part for part in match.parts} for match in market.odd("contradictory")]
    early = [each["maturity"] for each in parts if "too early" in str(each["maturity"].words)]
    met = [each["maturity"] for each in parts if "9 reached, 9 wanted" in str(each["maturity"].words)]
    assert early
    assert met
    assert max(part.points for part in early) < min(part.points for part in met)


def test_a_day_that_has_passed_hides_nothing(market: Market) -> None:
    before = [match.listing.id for match in market.odd("copy")]
    with unit_of_work(market.engine) as uow:
        uow.session.get_one(Listing, market.needs["copy"].id).deadline = date(2020, 1, 1)
    assert [match.listing.id for match in market.odd("copy")] == before


def test_every_score_is_a_number_between_nothing_and_everything(market: Market) -> None:
    for name in ODD:
        for match in market.odd(name):
            assert 0 <= match.score <= 1
            assert all(0 <= part.value <= 1 for part in match.parts)
