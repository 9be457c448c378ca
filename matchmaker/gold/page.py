"""The pages of the gold set as plain values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from matchmaker.accounts.models import Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.core.paging import Page
from matchmaker.gold import grading, queries
from matchmaker.gold.agreement import Agreement, agreement
from matchmaker.gold.drawing import first_for
from matchmaker.gold.models import Deed, GoldEvaluation, GoldGrade, GoldPair, GoldRound
from matchmaker.gold.policy import is_gradable
from matchmaker.gold.queries import Held, Progress
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import ListingText
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingCard


@dataclass(frozen=True)
class RoundRow:
    """A round in the list: how far it is, and how far the reader is with it."""

    row: GoldRound
    progress: Progress
    done: int
    waiting: int
    is_grader: bool


@dataclass(frozen=True)
class SideText:
    """One side of a pair as everybody may read it: in the reader's language, and as its author wrote it."""

    card: ListingCard
    full: FullListing
    text: ListingText

    @property
    def original(self) -> ListingText | None:
        """The author's own text, where another version is shown."""
        return None if self.text.lang == self.full.original.lang else self.full.original


@dataclass(frozen=True)
class Typed:
    """A verdict that could not be taken: what was typed, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PairPage:
    """One need beside one result; nothing here tells what ranked it, or how high."""

    row: GoldRound
    pair: GoldPair
    need: SideText
    result: SideText
    # What the reader has said of it so far.
    held: GoldGrade | None
    # Grades with notes of the others, for who settles what these differ on; nobody else sees them.
    others: Sequence[GoldGrade]
    done: int
    waiting: int
    last: tuple[GoldGrade, GoldPair] | None
    typed: Typed

    @property
    def settles(self) -> bool:
        return bool(self.others)

    @property
    def version(self) -> int:
        return self.held.version if self.held else 0

    @property
    def grade(self) -> int | None:
        return self.held.grade if self.held else None

    @property
    def note(self) -> str:
        return self.typed.values.get("note", self.held.note if self.held else "")


@dataclass(frozen=True)
class Listed:
    """A pair in a list; without cards where one of its listings may not be read now."""

    pair: GoldPair
    need: ListingCard | None
    result: ListingCard | None
    grade: GoldGrade | None = None
    grades: Sequence[GoldGrade] = ()


@dataclass(frozen=True)
class GraderRow:
    """A grader with how much they did, and how far they agree with the others."""

    person: Person
    graded: int
    skipped: int
    agreement: Agreement


@dataclass(frozen=True)
class LanguageRow:
    """A pair of languages, the need's first."""

    need: str
    result: str
    pairs: int
    judged: int
    # How many are graded as answers, in part or whole.
    answers: int
    agreement: Agreement


@dataclass(frozen=True)
class RoundPage:
    """A round: for a grader their own share, for administrators everything but which ranking brought what."""

    own: RoundRow
    agreement: Agreement | None = None
    graders: Sequence[GraderRow] = ()
    languages: Sequence[LanguageRow] = ()
    disputed: int = 0
    gone: int = 0
    people: Sequence[Person] = ()
    chosen: frozenset[str] = frozenset()
    evaluations: Sequence[tuple[GoldEvaluation, Mapping[str, Any]]] = ()


def index_page(session: Session, actor: Actor) -> list[RoundRow]:
    """The reader's rounds."""
    rows = queries.rounds(session, actor)
    ids = [row.id or 0 for row in rows]
    found, done, waiting = (
        queries.progress(session, ids),
        queries.done(session, actor),
        queries.waiting(session, actor),
    )
    mine = queries.rounds_graded_by(session, actor)
    return [
        RoundRow(row, found.get(id_, Progress()), done.get(id_, 0), waiting.get(id_, 0), id_ in mine)
        for id_, row in zip(ids, rows, strict=True)
    ]


def next_pair(session: Session, row: GoldRound, actor: Actor) -> GoldPair | None:
    """What the actor grades next, None when nothing waits for them."""
    waiting = queries.waiting_pairs(session, actor, row.id or 0)
    return session.get(GoldPair, first_for(actor.person_id, row.seed, waiting)) if waiting else None


def pair_page(session: Session, pair: GoldPair, reader: Reader, typed: Typed | None = None) -> PairPage:
    """The pair; raises NotFound for who may not grade it, and when one of its listings may not be read any more."""
    actor = reader.actor
    assert actor is not None  # graders are signed in
    pair, row = grading.mine_to_grade(session, pair.public_id, actor)
    fulls = listings.fulls_by_id(session, [pair.need_id, pair.result_id])
    if not all(is_gradable(full.listing) for full in fulls.values()):
        raise NotFound("one of the two listings left the market")
    settles = grading.may_settle(session, pair, actor)
    if not settles and not queries.is_grader(session, row.id, actor):
        raise NotFound("no such pair")
    cards = listings.cards(session, fulls, Reader(reader.lang))
    need, result = (SideText(cards[id_], fulls[id_], fulls[id_].text_for(reader.lang)) for id_ in fulls_order(pair))
    others = [one for one in queries.grades_of(session, pair) if one.deed is Deed.GRADED] if settles else []
    return PairPage(
        row=row,
        pair=pair,
        need=need,
        result=result,
        held=queries.current(session, pair.id, actor.person_id),
        others=others,
        done=queries.done(session, actor).get(pair.round_id, 0),
        waiting=queries.waiting(session, actor).get(pair.round_id, 0),
        last=queries.last(session, actor, pair.round_id),
        typed=typed or Typed(),
    )


def fulls_order(pair: GoldPair) -> tuple[int, int]:
    """The need first."""
    return pair.need_id, pair.result_id


def round_page(session: Session, row: GoldRound, actor: Actor) -> RoundPage:
    """A round as its reader may see it."""
    own = next(one for one in index_page(session, actor) if one.row.id == row.id)
    pairs = queries.held(session, row.id)
    grades = {one.pair.id or 0: one.values for one in pairs}
    if actor.role is not Role.ADMINISTRATOR:
        mine = agreement(grades, grader=actor.person_id)
        return RoundPage(own, mine, disputed=len(_settleable(pairs, actor)))
    people = queries.graders(session, row.id or 0)
    known = {**people, **queries.people(session, {who for one in pairs for who in one.grades} - people.keys())}
    skipped = queries.skipped(session, row.id or 0)
    return RoundPage(
        own=own,
        agreement=agreement(grades),
        graders=[
            GraderRow(
                person,
                sum(id_ in one.grades for one in pairs),
                skipped.get(id_, 0),
                agreement(grades, grader=id_),
            )
            for id_, person in known.items()
        ],
        languages=language_rows(pairs),
        disputed=sum(one.is_disputed for one in pairs),
        gone=sum(not one.is_open for one in pairs),
        people=queries.possible_graders(session),
        chosen=frozenset(person.public_id for person in people.values()),
        evaluations=[(one, json.loads(one.figures)) for one in queries.evaluations(session, row.id)],
    )


def language_rows(pairs: Sequence[Held]) -> list[LanguageRow]:
    """Per pair of languages what was judged, and how far graders agree there; the most judged first."""
    groups: dict[tuple[str, str], list[Held]] = {}
    for one in pairs:
        groups.setdefault((one.need_lang, one.result_lang), []).append(one)
    rows = [
        LanguageRow(
            need,
            result,
            len(group),
            sum(bool(one.grades) for one in group),
            sum((one.final or 0) >= queries.FAR_APART for one in group),
            agreement({one.pair.id or 0: one.values for one in group}),
        )
        for (need, result), group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row.judged, row.need, row.result))


def disputes(session: Session, row: GoldRound, reader: Reader) -> list[Listed]:
    """The pairs that the reader may settle, or for administrators all that are disputed."""
    actor = reader.actor
    assert actor is not None
    pairs = [one for one in queries.held(session, row.id) if one.is_disputed and one.is_open]
    if actor.role is not Role.ADMINISTRATOR:
        pairs = _settleable(pairs, actor)
    own = queries.own_among(session, [one.pair for one in pairs], actor)
    pairs = [one for one in pairs if one.pair.id not in own]
    listed = _listed(session, [one.pair for one in pairs], reader.lang)
    return [
        Listed(one.pair, *listed[one.pair.id or 0], grades=sorted(one.grades.values(), key=lambda g: g.grade or 0))
        for one in pairs
    ]


def mine(session: Session, row: GoldRound, reader: Reader, chosen: tuple[int, Deed | None]) -> Page[Listed]:
    """What the reader did in a round, newest first; `chosen` is (page, kind of deed or None for all)."""
    assert reader.actor is not None
    found = queries.deeds_of(session, reader.actor, row.id or 0, *chosen)
    cards = _listed(session, [pair for _, pair in found.rows], reader.lang)
    rows = [Listed(pair, *cards[pair.id or 0], grade=grade) for grade, pair in found.rows]
    return Page(rows, found.number, found.size, found.total)


def _settleable(pairs: Sequence[Held], actor: Actor) -> list[Held]:
    return [one for one in pairs if one.is_disputed and one.is_open and actor.person_id not in one.grades]


def _listed(
    session: Session, pairs: Sequence[GoldPair], lang: str
) -> dict[int, tuple[ListingCard | None, ListingCard | None]]:
    """Pair → the cards of both, None for a listing that may not be read now."""
    ids = {id_ for pair in pairs for id_ in fulls_order(pair)}
    rows = queries.listings_of(session, ids)
    cards = listings.cards(session, [id_ for id_, row in rows.items() if is_gradable(row)], Reader(lang))
    return {pair.id or 0: (cards.get(pair.need_id), cards.get(pair.result_id)) for pair in pairs}
