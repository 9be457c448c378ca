"""An introduction's page as data: both sides, what is open, how far they are, their agreements, the thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from matchmaker.accounts.models import MembershipRole, Organisation, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.core.paging import Page
from matchmaker.files.models import StoredFile
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests import nda as agreements
from matchmaker.interests.introduction_policy import Standing, standing
from matchmaker.interests.models import Introduction, Message, Nda
from matchmaker.listings import confidence, policy
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import DisclosureLevel, Status
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingCard
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import matcher
from matchmaker.matching.schemas import Part
from matchmaker.review.models import Side, State, Suggestion
from matchmaker.review.reasons import explain
from matchmaker.review.sides import is_endorsed
from matchmaker.review.states import TOGETHER, TRANSITIONS

SIZE = 50
# For the printer; a longer thread comes in several pages all the same.
WHOLE = 1000


@dataclass(frozen=True)
class Party:
    """One side: who it is, whom to ask for, and its listing, None where it expressed its interest without one."""

    side: Side
    organisation: Organisation
    contacts: Sequence[Person]
    ours: bool
    card: ListingCard | None = None
    # Whether the listing's own page is open to the reader, and whether it is on the market.
    visible: bool = False
    on_market: bool = True
    # Of the sealed part: "" where there is none, "open", or "nda" while it waits for an agreement.
    sealed: str = ""


@dataclass(frozen=True)
class Line:
    """A message with who wrote it; `readers` are those who have read as far as this one and no further."""

    message: Message
    author: str
    organisation: str
    mine: bool
    new: bool
    readers: Sequence[str] = ()
    files: Sequence[StoredFile] = ()


@dataclass(frozen=True)
class IntroductionPage:
    """Everything that the page shows to one reader."""

    introduction: Introduction
    suggestion: Suggestion
    here: Standing
    parties: Sequence[Party]
    broker: Person | None
    steps: Sequence[State]
    parts: Sequence[Part]
    pending: Nda | None
    in_force: Sequence[Nda]
    lines: Page[Line]
    unread: int
    whole: bool = False

    @property
    def ended(self) -> bool:
        return self.suggestion.state is State.CLOSED

    @property
    def our_side_releases(self) -> bool:
        """Whether the reader's side has said that it goes on without the broker."""
        return any(getattr(self.introduction, f"{side.value}_releases_broker_at") for side in self.here.speaks)

    @property
    def last_id(self) -> int:
        """The newest message that the page shows."""
        return max((line.message.id or 0 for line in self.lines.rows), default=0)

    def party(self, side: Side) -> Party:
        return next(party for party in self.parties if party.side is side)


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a page of the thread (0: where the news begin), or all of it for the printer."""

    number: int = 0
    whole: bool = False

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Asked":
        text = args.get("page", "")
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
        return cls(number, bool(args.get("whole")))


def introduction_page(session: Session, public_id: str, asked: Asked, lang: str, *, actor: Actor) -> IntroductionPage:
    """The page for a reader who is in the introduction; raises NotFound for anybody else."""
    introduction = queries.readable(session, public_id, actor)
    suggestion = queries.match_of(session, introduction)
    here = standing(actor, introduction)
    texts = queries.ndas(session, introduction)
    return IntroductionPage(
        introduction=introduction,
        suggestion=suggestion,
        here=here,
        parties=parties(session, introduction, suggestion, lang, actor=actor),
        broker=queries.broker(session, introduction),
        steps=[to for was, to in TRANSITIONS if was is suggestion.state and (to in TOGETHER or to is State.CLOSED)],
        parts=_parts(session, suggestion, lang),
        pending=next((nda for nda in texts if not agreements.is_in_force(nda)), None),
        in_force=[nda for nda in texts if agreements.is_in_force(nda)],
        lines=_lines(session, introduction, asked, actor),
        unread=queries.unread_counts(session, [introduction.id or 0], actor.person_id).get(introduction.id or 0, 0),
        whole=asked.whole,
    )


def parties(
    session: Session, introduction: Introduction, suggestion: Suggestion, lang: str, *, actor: Actor
) -> list[Party]:
    """Both sides, with names: only for those who are in the introduction."""
    orgs = queries.organisations(session, [introduction.need_org_id, introduction.result_org_id])
    members = queries.members(session, orgs)
    answered = queries.answered_by(session, suggestion)
    ids = [id_ for id_ in (suggestion.need_id, suggestion.result_id) if id_ is not None]
    fulls = listings.fulls_by_id(session, ids)
    cards = listings.cards(session, ids, Reader(lang, actor))
    opened = confidence.opened(session, actor, ids)
    sealed = queries.sealed_among(session, ids)
    found = []
    for side, org_id, listing_id in (
        (Side.NEED, introduction.need_org_id, suggestion.need_id or 0),
        (Side.RESULT, introduction.result_org_id, suggestion.result_id or 0),
    ):
        full, levels = fulls.get(listing_id), opened.get(listing_id, frozenset())
        found.append(
            Party(
                side=side,
                organisation=orgs[org_id],
                contacts=_contacts(members.get(org_id, []), answered[side]),
                ours=org_id in actor.memberships,
                card=cards.get(listing_id),
                visible=full is not None and (bool(levels) or policy.SEE.allows(actor, full.listing)),
                on_market=full is None or full.listing.status is Status.PUBLISHED,
                sealed=_sealed(actor, full, levels) if listing_id in sealed else "",
            )
        )
    return found


def _contacts(members: Sequence[queries.Member], answered: set[int]) -> list[Person]:
    """The people who answered; where none of them is left, the organisation's owners."""
    spoke = [member.person for member in members if member.person.id in answered]
    return spoke or [member.person for member in members if member.role is MembershipRole.OWNER]


def _sealed(actor: Actor, full: FullListing | None, levels: frozenset[DisclosureLevel]) -> str:
    if full is None:
        return ""
    return "open" if confidence.reads_sealed(actor, full.listing, levels) else "nda"


def _parts(session: Session, suggestion: Suggestion, lang: str) -> Sequence[Part]:
    """How the points come about; without passages, which may be of a sealed part that is not open yet."""
    if suggestion.need_id is None or suggestion.result_id is None:
        return ()
    fulls = listings.fulls_by_id(session, [suggestion.need_id, suggestion.result_id])
    # As it was explained to the sides, see match_pages.py.
    ranking = Ranking(matcher(), session, Reader(lang), desk=is_endorsed(suggestion))
    found = explain(ranking, fulls[suggestion.need_id], fulls[suggestion.result_id])
    return found.parts if found else ()


def _lines(session: Session, introduction: Introduction, asked: Asked, actor: Actor) -> Page[Line]:
    reads = queries.reads(session, introduction)
    seen = reads.get(actor.person_id, 0)
    size = WHOLE if asked.whole else SIZE
    number = asked.number or queries.count_messages(session, introduction, upto=seen) // size + 1
    page = queries.thread(session, introduction, number, size)
    people = queries.people(session, [*(message.author_id for message in page.rows), *reads])
    files = queries.attachments(session, page.rows)
    orgs = queries.organisations(session, [introduction.need_org_id, introduction.result_org_id])
    by_side = {Side.NEED: introduction.need_org_id, Side.RESULT: introduction.result_org_id}
    rows = [
        Line(
            message=message,
            author=people[message.author_id].name,
            organisation=orgs[by_side[message.side]].name if message.side else "",
            mine=message.author_id == actor.person_id,
            new=(message.id or 0) > seen and message.author_id != actor.person_id,
            readers=_readers(message, reads, people, but={actor.person_id, message.author_id}),
            files=files.get(message.id or 0, ()),
        )
        for message in page.rows
    ]
    return Page(rows, page.number, page.size, page.total)


def _readers(message: Message, reads: Mapping[int, int], people: Mapping[int, Person], *, but: set[int]) -> list[str]:
    return [people[id_].name for id_, upto in reads.items() if upto == message.id and id_ not in but]
