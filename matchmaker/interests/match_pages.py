"""What the pages of matches show to a side: its own listing, what it may know of the other one, and what it may do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import LazyString
from sqlmodel import Session

from matchmaker.accounts.models import Organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.paging import Page
from matchmaker.interests import expression_queries, introduction_queries
from matchmaker.interests.introductions import gate_path, path_of
from matchmaker.interests.models import Interest
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader as ListingReader
from matchmaker.listings.models import Status
from matchmaker.listings.owners import described
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingCard
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import matcher
from matchmaker.matching.schemas import Match
from matchmaker.review import parties, timeline
from matchmaker.review.answers import REVOCABLE
from matchmaker.review.deadlines import days_left
from matchmaker.review.models import Question, Side, State, Suggestion
from matchmaker.review.parties import Box, Ours
from matchmaker.review.reasons import explain
from matchmaker.review.sides import (
    asked,
    country_of,
    is_endorsed,
    knows,
    listing_of,
    may_answer,
    organisation_of,
    yes_at,
)
from matchmaker.review.states import OVER, TOGETHER
from matchmaker.review.timeline import Entry, Reader, state_title

SIZE = 10


@dataclass(frozen=True)
class Due:
    """A deadline, and how many working days of whoever is waited for are left after today."""

    at: datetime
    days: int


@dataclass(frozen=True)
class May:
    """What the reader may do with a match."""

    # The reader's side is asked, and the reader may answer for it.
    answer: bool = False
    withdraw: bool = False
    ask: bool = False
    # The reader acts for their organisation, but has not confirmed their address; or only reads for it.
    unconfirmed: bool = False
    only_reads: bool = False


@dataclass(frozen=True)
class Other:
    """What a side may know of the other one: its card, and its organisation without a name until the introduction."""

    listing: ListingCard | None
    name: str
    country: str
    # Whether the listing's page is there for the reader.
    is_readable: bool = False


@dataclass(frozen=True)
class MatchCard:
    """A match in a list or on its own page; `other` and `match` are None while the side may know only a question."""

    suggestion: Suggestion
    side: Side
    status: LazyString
    own: ListingCard | None
    other: Other | None
    match: Match | None
    interest: Interest | None
    due: Due | None
    may: May
    questions: Sequence[Question] = ()

    @property
    def is_theirs(self) -> bool:
        """Whether the interest is the other side's."""
        return self.interest is not None and self.interest.organisation_id != organisation_of(
            self.suggestion, self.side
        )

    @property
    def score(self) -> float:
        return self.match.score if self.match else self.suggestion.score


@dataclass(frozen=True)
class ListPage:
    """A box with its cards, and how many matches the others hold."""

    box: Box
    counts: Mapping[Box, int]
    page: Page[Ours]
    cards: Sequence[MatchCard]


@dataclass(frozen=True)
class Refused:
    """A no, or a text, that could not be taken as it was: what was typed, and what is wrong with it."""

    form: str
    values: Mapping[str, str]
    problems: Mapping[str, str]


@dataclass(frozen=True)
class MatchPage:
    """One match: the card, the timeline, and the ways on from it."""

    card: MatchCard
    entries: Sequence[Entry]
    introduction: str = ""
    gate: str = ""
    refused: Refused | None = field(default=None)


def list_page(session: Session, box: Box, number: int, reader: ListingReader) -> ListPage:
    """A box of the reader's matches; beyond the end, the last page."""
    assert reader.actor is not None
    page = parties.in_box(session, reader.actor, box, (number, SIZE))
    if not page.rows and page.total:
        page = parties.in_box(session, reader.actor, box, (page.pages, SIZE))
    return ListPage(box, parties.counts(session, reader.actor), page, cards(session, page.rows, reader))


def match_page(session: Session, ours: Ours, reader: ListingReader, refused: Refused | None = None) -> MatchPage:
    """The page of a match for one of its sides."""
    suggestion, side = ours.suggestion, ours.side
    introduction = introduction_queries.of_match(session, suggestion)
    known = knows(session, suggestion, side)
    return MatchPage(
        card=cards(session, [ours], reader)[0],
        entries=timeline.entries(session, suggestion, Reader(side.value)) if known else (),
        introduction=path_of(introduction) if introduction else "",
        gate=gate_path(suggestion) if suggestion.state is State.MUTUAL else "",
        refused=refused,
    )


def cards(session: Session, rows: Sequence[Ours], reader: ListingReader) -> list[MatchCard]:
    """The cards of these matches, in their order."""
    suggestions = [row.suggestion for row in rows]
    ids = _listing_ids(suggestions)
    found = listings.cards(session, ids, reader)
    full = listings.fulls_by_id(session, ids)
    orgs = introduction_queries.organisations(
        session, [organisation_of(row.suggestion, row.side.other) for row in rows]
    )
    interests = expression_queries.interests_of(session, [one.id for one in suggestions])
    asked_of = parties.questions(session, {row.suggestion.id or 0: row.side for row in rows})
    made = []
    for row in rows:
        known = knows(session, row.suggestion, row.side)
        id_ = row.suggestion.id or 0
        made.append(
            MatchCard(
                suggestion=row.suggestion,
                side=row.side,
                status=state_title(row.suggestion, row.side),
                own=found.get(listing_of(row.suggestion, row.side) or 0),
                other=_other(row, found, orgs) if known else None,
                match=explained(session, row.suggestion, full, reader.lang) if known else None,
                interest=interests.get(id_) if known else None,
                due=_due(session, row.suggestion) if known else None,
                may=_may(row, reader.actor),
                questions=asked_of.get(id_, ()),
            )
        )
    return made


def _other(row: Ours, found: Mapping[int, ListingCard], orgs: Mapping[int, Organisation]) -> Other:
    """The other side; its name comes with the introduction, also where the listing itself shows it to everybody."""
    org = orgs.get(organisation_of(row.suggestion, row.side.other) or 0)
    card = found.get(listing_of(row.suggestion, row.side.other) or 0)
    together = row.suggestion.state in TOGETHER
    name = org.name if org and together else described(org)
    country = org.country if org else card.country if card else ""
    shown = card.model_copy(update={"owner": name}) if card else None
    return Other(shown, name, country, card is not None and (together or card.status is Status.PUBLISHED))


def explained(session: Session, suggestion: Suggestion, full: Mapping[int, FullListing], lang: str) -> Match | None:
    """Why the two fit; None where one of them has no listing, or a text waits for the encoder.

    What is sealed counts where a broker has put the two together, and is shown to nobody. Whoever comes by themselves
    could ask about any listing, with any words, and read off the score what it seals: they are answered as strangers.
    """
    need, result = full.get(suggestion.need_id or 0), full.get(suggestion.result_id or 0)
    if need is None or result is None:
        return None
    return explain(Ranking(matcher(), session, ListingReader(lang), desk=is_endorsed(suggestion)), need, result)


def _due(session: Session, suggestion: Suggestion) -> Due | None:
    if suggestion.deadline_at is None:
        return None
    waits_for = asked(suggestion)
    if waits_for is None:
        waits_for = Side.RESULT if suggestion.state is State.MUTUAL else (suggestion.first_side or Side.NEED).other
    country = country_of(session, suggestion, waits_for)
    return Due(suggestion.deadline_at, days_left(suggestion.deadline_at, country, now()))


def _may(row: Ours, actor: Actor | None) -> May:
    suggestion, side = row.suggestion, row.side
    acts = may_answer(actor, suggestion, side)
    concerned = suggestion.state in TOGETHER or asked(suggestion) is side or yes_at(suggestion, side) is not None
    return May(
        answer=acts and asked(suggestion) is side,
        withdraw=acts and yes_at(suggestion, side) is not None and suggestion.state in REVOCABLE,
        ask=acts and suggestion.broker_id is not None and suggestion.state not in OVER and concerned,
        unconfirmed=actor is not None and not actor.confirmed,
        only_reads=actor is not None and actor.confirmed and not acts,
    )


def _listing_ids(suggestions: Iterable[Suggestion]) -> set[int]:
    return {id_ for one in suggestions for id_ in (one.need_id, one.result_id) if id_ is not None}
