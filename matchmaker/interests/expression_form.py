"""The form of an expression of interest: what was typed, what is wrong with it, and what there is to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import LazyString
from sqlmodel import Session

from matchmaker.core.clock import now
from matchmaker.core.languages import languages
from matchmaker.core.text import clean_text
from matchmaker.core.workdays import after_workdays
from matchmaker.i18n import lazy
from matchmaker.interests import expression_queries as queries
from matchmaker.interests.expression_schemas import LEAST, MOST, TEXTS
from matchmaker.interests.expressions import Prospect, prospect, writes_for
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.schemas import ListingCard
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import matcher
from matchmaker.review.deadlines import ANSWER_DAYS
from matchmaker.review.reasons import explain

TITLES: dict[str, tuple[LazyString, LazyString]] = {
    "what": (
        lazy("What are you interested in?"),
        lazy("Which part of it, for which use, and what you would like to do together."),
    ),
    "why": (
        lazy("Why does it fit you?"),
        lazy("The problem or the market that you have, and what would follow for the other side."),
    ),
    "who": (
        lazy("Who are you?"),
        lazy("What you do, how big you are, what you bring along. Leave your name out: it opens with an introduction."),
    ),
}


@dataclass(frozen=True)
class TextField:
    """One of the three texts."""

    name: str
    title: LazyString
    hint: LazyString
    value: str
    problem: str

    @property
    def length(self) -> int:
        """Characters as they would be stored."""
        return len(clean_text(self.value))


@dataclass(frozen=True)
class ExpressionForm:
    """The page; `prospect` says whether there is a form on it at all."""

    listing: ListingCard
    prospect: Prospect
    organisations: Sequence[tuple[str, str]]
    # Own listings that could stand on the other side.
    owned: Sequence[ListingCard]
    languages: Sequence[tuple[str, str]]
    # If it were sent now: until when the other side has time.
    answer_by: datetime
    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    least: int = LEAST
    most: int = MOST
    days: int = ANSWER_DAYS

    @property
    def own_options(self) -> list[tuple[str, str]]:
        """One's own listings as a list to choose from; with several organisations, each with its owner."""
        several = len(self.organisations) > 1
        return [(own.public_id, f"{own.title} · {own.owner}" if several else own.title) for own in self.owned]

    @property
    def texts(self) -> list[TextField]:
        """The three texts as typed."""
        return [
            TextField(name, *TITLES[name], self.values.get(name, ""), self.problems.get(name, "")) for name in TEXTS
        ]


def expression_form(
    session: Session,
    public_id: str,
    reader: Reader,
    values: Mapping[str, str],
    problems: Mapping[str, str],
) -> ExpressionForm:
    """The form for a listing that the reader may see; raises NotFound for any other."""
    assert reader.actor is not None
    full = listings.visible(session, public_id, reader.actor)
    orgs = queries.organisations(session, writes_for(reader.actor))
    ids = [org.id for org in orgs if org.id is not None]
    owned = queries.offered_listings(session, ids, full.listing.direction.opposite)
    cards = listings.cards(session, [full.listing.id or 0, *(own.id or 0 for own in owned)], reader)
    return ExpressionForm(
        listing=cards[full.listing.id or 0],
        prospect=prospect(session, full.listing, reader.actor),
        organisations=[(org.public_id, org.name) for org in orgs],
        owned=[cards[own.id or 0] for own in owned],
        languages=languages(reader.lang),
        answer_by=after_workdays(now(), ANSWER_DAYS, full.listing.country),
        values={"lang": reader.lang, **values},
        problems=problems,
    )


def pair_score(session: Session, public_id: str, own_id: str, lang: str) -> float:
    """What the ranking says of a listing and one's own, by open words; 0 where it cannot say anything yet."""
    rows = [row for row in (listings.by_public_id(session, id_) for id_ in (public_id, own_id) if id_) if row]
    if len(rows) < 2 or rows[0].direction is rows[1].direction:
        return 0.0
    need, result = sorted(listings.fulls(session, rows), key=lambda full: full.listing.direction.value)
    found = explain(Ranking(matcher(), session, Reader(lang)), need, result)
    return found.score if found else 0.0
