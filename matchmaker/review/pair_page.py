"""One match as a broker sees it: both sides in full, why they fit, their histories, what was asked and can be done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from datetime import date, timedelta
from typing import Protocol

from sqlmodel import Session

from matchmaker.accounts.models import Organisation
from matchmaker.accounts.queries import person_names, writers
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import NotFound
from matchmaker.listings import confidence
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Listing, ListingText
from matchmaker.listings.owners import described
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingCard
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.reciprocity import Mutual
from matchmaker.matching.runtime import matcher
from matchmaker.matching.schemas import Match
from matchmaker.matching.weights import active
from matchmaker.review import broker_queries, queries, showings, timeline
from matchmaker.review.broker_queries import Colleague
from matchmaker.review.history import History, histories
from matchmaker.review.models import Addressee, Audience, DeclineReason, Question, Side, State, Suggestion
from matchmaker.review.policy import NotYours, Why, obstacle
from matchmaker.review.queries import DeskItem
from matchmaker.review.queue import TO_DECIDE
from matchmaker.review.reasons import backward, explain
from matchmaker.review.service import PARKED_DAYS, REOPENABLE
from matchmaker.review.sides import asked, expressed, open_to, organisation_of
from matchmaker.review.states import OVER, TOGETHER


class Words(Protocol):
    """What somebody wrote who is interested, in the language `lang`."""

    lang: str
    what: str
    why: str
    who: str


Letters = Callable[[Session, Sequence[int | None]], Mapping[int, Words]]
"""Suggestion id → the words that an interest began with; a higher feature has them, see app.py."""

LETTERS: list[Letters] = []


@dataclass(frozen=True)
class SideView:
    """One side: its listing as far as the reader may know it, and its organisation's history where they may."""

    side: Side
    card: ListingCard | None
    full: FullListing | None
    text: ListingText | None
    # Where no listing names the owner.
    described: str = ""
    country: str = ""
    history: History | None = None
    has_account: bool = False

    @property
    def original(self) -> ListingText | None:
        """The text as its author wrote it, where the reader is shown another version."""
        if self.full is None or self.text is None or self.text.lang == self.full.original.lang:
            return None
        return self.full.original

    @property
    def takes_offers(self) -> bool:
        return self.full is None or self.full.listing.open_for_interest


@dataclass(frozen=True)
class Answered:
    """A question with the names of those who asked, were asked and answered; a side's people stay unnamed."""

    question: Question
    asker: str
    colleague: str = ""
    # The reader is the colleague whose opinion is wanted.
    for_reader: bool = False


@dataclass(frozen=True)
class Refused:
    """A deed that could not be taken as it was: what was typed, and what is wrong with it."""

    deed: str
    typed: Mapping[str, str]
    problems: Mapping[str, str]


@dataclass(frozen=True)
class PairPage:
    """The match with everything that a broker decides by; `deeds` are the names of what they may do now."""

    item: DeskItem
    need: SideView
    result: SideView
    match: Match | None
    # What each side's own list says, and both together; None while it cannot be computed.
    mutual: Mutual | None
    deeds: frozenset[str]
    why_not: Why | None
    broker: str
    decided_by: str
    colleagues: Sequence[Colleague]
    questions: Sequence[Answered]
    notes: Sequence[timeline.Entry]
    entries: Sequence[timeline.Entry]
    words: Words | None
    park_until: date
    # How likely brokers endorse a match of this score, where enough verdicts say so.
    chance: float | None = None
    # Suggested from further down its list, so that the verdict teaches more.
    explored: bool = False
    reasons: Sequence[DeclineReason] = tuple(DeclineReason)
    refused: Refused | None = default(default=None)

    @property
    def suggestion(self) -> Suggestion:
        return self.item.suggestion

    @property
    def score(self) -> float:
        """What the pair is worth to both sides now; the stored score only orders the desk."""
        return self.mutual.both if self.mutual else self.suggestion.score

    @property
    def sides(self) -> tuple[SideView, SideView]:
        return self.need, self.result

    @property
    def came_forward(self) -> bool:
        """Whether one side has asked by itself."""
        return expressed(self.suggestion)

    @property
    def asks_result_first(self) -> bool:
        """Whether the side of the result is the better one to begin with: the other has nobody who could answer."""
        return self.result.has_account and not self.need.has_account

    @property
    def waits_for(self) -> SideView | None:
        """The side whose answer a broker may write down: it is asked, and has no account."""
        side = asked(self.suggestion)
        view = self.need if side is Side.NEED else self.result
        return view if side is not None and not view.has_account else None


def pair_page(session: Session, public_id: str, reader: Reader, refused: Refused | None = None) -> PairPage:
    """The match of an address; raises NotFound, also for whoever may not know that it exists."""
    actor = reader.actor
    assert actor is not None  # the desk is closed to strangers
    item = queries.item(session, public_id, reader)
    suggestion = item.suggestion
    why_not = _why_not(session, actor, suggestion)
    colleagues = broker_queries.colleagues(session)
    need, result = _sides(session, item, reader)
    opened = open_to(session, suggestion, actor)
    entries = timeline.entries(session, suggestion, timeline.Reader.BROKER, opened)
    names = person_names(session, [suggestion.broker_id, suggestion.decided_by])
    match, mutual = _explained(session, need, result, reader.lang)
    return PairPage(
        item=item,
        need=need,
        result=result,
        match=match,
        mutual=mutual,
        deeds=deeds_of(suggestion, actor) if why_not is None else frozenset(),
        why_not=why_not,
        broker=names.get(suggestion.broker_id or 0, ""),
        decided_by=names.get(suggestion.decided_by or 0, ""),
        colleagues=[one for one in colleagues.values() if one.id != actor.person_id],
        questions=_questions(session, suggestion, actor),
        notes=[entry for entry in entries if entry.note],
        entries=entries,
        words=_words(session, suggestion) if _reads_letter(suggestion, actor, opened) else None,
        park_until=now().date() + timedelta(days=PARKED_DAYS),
        chance=active(session).chance(match.score) if match else None,
        explored=_explored(session, suggestion),
        refused=refused,
    )


def deeds_of(suggestion: Suggestion, actor: Actor) -> frozenset[str]:
    """What whoever handles the match may do with it as it stands."""
    state, mine = suggestion.state, suggestion.broker_id == actor.person_id
    came = expressed(suggestion)
    able = {
        "endorse": state in TO_DECIDE,
        "decline": state in TO_DECIDE,
        "park": state in TO_DECIDE and not came,
        "take": state in TO_DECIDE and not mine,
        "give_back": state in TO_DECIDE and suggestion.broker_id is not None,
        "unpark": state is State.PARKED,
        "assign": state not in OVER | TOGETHER,
        "ask": state not in OVER,
        "note": True,
        "offer_now": state is State.ENDORSED and not came,
        "forward": (state is State.IN_REVIEW and came) or (state is State.ENDORSED and came),
        "reopen": state in REOPENABLE and state is not State.PARKED,
        "record": asked(suggestion) is not None,
    }
    return frozenset(name for name, may in able.items() if may)


def _why_not(session: Session, actor: Actor, suggestion: Suggestion) -> Why | None:
    """Why the reader may look on only; raises NotFound for those who have no part in the match, and NotYours for
    those who belong to one of its sides: what a desk thinks of their own house is not for them."""
    why = obstacle(actor, suggestion)
    if why is Why.INTERESTED:
        raise NotYours(why)
    if why is Why.COLLEAGUE and not queries.took_part(session, suggestion, actor.person_id):
        raise NotFound("no such match")
    return why


def _sides(session: Session, item: DeskItem, reader: Reader) -> tuple[SideView, SideView]:
    suggestion = item.suggestion
    ids = [id_ for id_ in (suggestion.need_id, suggestion.result_id) if id_ is not None]
    rows = {id_: session.get(Listing, id_) for id_ in ids}
    sights = confidence.sights(session, reader.actor, [row for row in rows.values() if row])
    fulls = {id_: listings.full(session, row, sights[id_]) for id_, row in rows.items() if row}
    cards = {Side.NEED: item.need, Side.RESULT: item.result}
    by_side = {Side.NEED: fulls.get(suggestion.need_id or 0), Side.RESULT: fulls.get(suggestion.result_id or 0)}
    known = {organisation_of(suggestion, side) for side, full in by_side.items() if full is not None and full.is_named}
    past = histories(session, [id_ for id_ in known if id_ is not None])
    need, result = (
        _side(session, (suggestion, side), (cards[side], by_side[side]), past, reader.lang) for side in Side
    )
    return need, result


def _side(
    session: Session,
    place: tuple[Suggestion, Side],
    listing: tuple[ListingCard | None, FullListing | None],
    past: Mapping[int, History],
    lang: str,
) -> SideView:
    suggestion, side = place
    card, full = listing
    org_id = organisation_of(suggestion, side)
    owner = session.get(Organisation, org_id) if org_id is not None and full is None else None
    return SideView(
        side=side,
        card=card,
        full=full,
        text=full.text_for(lang) if full else None,
        described=described(owner) if owner else "",
        country=owner.country if owner else "",
        history=past.get(org_id or 0),
        has_account=bool(writers(session, org_id)),
    )


def _explained(
    session: Session, need: SideView, result: SideView, lang: str
) -> tuple[Match, Mutual] | tuple[None, None]:
    """Explanations are kept for every broker, so they are made for nobody in particular."""
    if need.full is None or result.full is None:
        return None, None
    ranking = Ranking(matcher(), session, Reader(lang), desk=True)
    match = explain(ranking, need.full, result.full)
    if match is None:
        return None, None
    return match, Mutual(match.parts, backward(ranking, need.full, result.full))


def _explored(session: Session, suggestion: Suggestion) -> bool:
    shown = showings.newest(session, [suggestion.id or 0], Audience.DESK).get(suggestion.id or 0)
    return shown is not None and shown.explored


def _questions(session: Session, suggestion: Suggestion, actor: Actor) -> list[Answered]:
    rows = queries.questions_of(session, suggestion)
    names = person_names(session, [id_ for row in rows for id_ in (row.asked_by, row.colleague_id)])
    return [
        Answered(
            question=row,
            asker=names.get(row.asked_by, ""),
            colleague=names.get(row.colleague_id or 0, ""),
            for_reader=row.addressee is Addressee.BROKER and row.colleague_id == actor.person_id,
        )
        for row in rows
    ]


def _reads_letter(suggestion: Suggestion, actor: Actor, opened: frozenset[Side]) -> bool:
    """Whether the interested side's words are for the reader: once the two have met, for their own broker alone."""
    apart = suggestion.state not in TOGETHER | {State.CLOSED}
    return apart or opened == set(Side) or suggestion.broker_id == actor.person_id


def _words(session: Session, suggestion: Suggestion) -> Words | None:
    for letters in LETTERS:
        found = letters(session, [suggestion.id])
        if (words := found.get(suggestion.id or 0)) is not None:
            return words
    return None
