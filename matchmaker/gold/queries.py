"""Every SELECT of the gold set."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import median_low

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.accounts.models import Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.core.paging import Page
from matchmaker.gold.agreement import distance
from matchmaker.gold.models import Deed, GoldEvaluation, GoldGrade, GoldGrader, GoldNeed, GoldPair, GoldRound
from matchmaker.gold.policy import foreign, gradable, is_own
from matchmaker.listings.models import Direction, Listing

STAFF = (Role.BROKER, Role.ADMINISTRATOR)
# Grades so many steps apart are looked at by a third person.
FAR_APART = 2
SIZE = 25

Need, Result = aliased(Listing), aliased(Listing)


@dataclass(frozen=True)
class Progress:
    """How far a round's pools are drawn: of so many needs so many; and what they hold."""

    needs: int = 0
    drawn: int = 0
    pairs: int = 0
    # Pairs with as many grades as are wanted.
    full: int = 0

    @property
    def is_drawn(self) -> bool:
        return self.drawn == self.needs


@dataclass(frozen=True)
class Held:
    """A pair with the grades that hold, by person, and its settlement if there is one."""

    pair: GoldPair
    need_lang: str
    result_lang: str
    # Whether both listings may be read now.
    is_open: bool
    grades: dict[int, GoldGrade]
    settled: GoldGrade | None = None

    @property
    def values(self) -> dict[int, int]:
        """Person → grade."""
        return {person: row.grade for person, row in self.grades.items() if row.grade is not None}

    @property
    def final(self) -> int | None:
        """The grade that counts: as it was settled, else the lower of the two middle ones; None while disputed."""
        if self.settled is not None:
            return self.settled.grade
        values = list(self.values.values())
        return None if not values or self.is_disputed else int(median_low(values))

    @property
    def is_disputed(self) -> bool:
        """Whether a third person is to settle it."""
        return self.settled is None and distance(self.values.values()) >= FAR_APART


def round_of(session: Session, public_id: str, actor: Actor) -> GoldRound:
    """The round of an address; raises NotFound for who neither grades in it nor runs the platform."""
    found: GoldRound | None = session.execute(
        select(GoldRound).where(col(GoldRound.public_id) == public_id)
    ).scalar_one_or_none()
    if found is None or not (actor.role is Role.ADMINISTRATOR or is_grader(session, found.id, actor)):
        raise NotFound("no such round")
    return found


def round_named(session: Session, public_id: str) -> GoldRound:
    """The round with this id, for the command line; raises NotFound."""
    found: GoldRound | None = session.execute(
        select(GoldRound).where(col(GoldRound.public_id) == public_id)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no round {public_id}")
    return found


def is_grader(session: Session, round_id: int | None, actor: Actor) -> bool:
    """Whether the actor grades in the round."""
    return round_id is not None and session.get(GoldGrader, (round_id, actor.person_id)) is not None


def rounds(session: Session, actor: Actor) -> list[GoldRound]:
    """The actor's rounds, or for administrators all: open ones first, newest first."""
    wanted = select(GoldRound).order_by(col(GoldRound.closed_at).is_not(None), col(GoldRound.id).desc())
    if actor.role is not Role.ADMINISTRATOR:
        wanted = wanted.join(GoldGrader, col(GoldGrader.round_id) == GoldRound.id)
        wanted = wanted.where(col(GoldGrader.person_id) == actor.person_id)
    return list(session.execute(wanted).scalars())


def every_round(session: Session) -> list[GoldRound]:
    """All rounds, newest first."""
    return list(session.execute(select(GoldRound).order_by(col(GoldRound.id).desc())).scalars())


def rounds_graded_by(session: Session, actor: Actor) -> set[int]:
    """The rounds in which the actor grades."""
    wanted = select(col(GoldGrader.round_id)).where(col(GoldGrader.person_id) == actor.person_id)
    return set(session.execute(wanted).scalars())


def people(session: Session, ids: Iterable[int]) -> dict[int, Person]:
    """People by row id, in the order of their names."""
    wanted = select(Person).where(col(Person.id).in_(list(ids))).order_by(col(Person.name), col(Person.id))
    return {person.id: person for person in session.execute(wanted).scalars() if person.id is not None}


def skipped(session: Session, round_id: int) -> dict[int, int]:
    """Person → how many pairs of a round they left to others."""
    wanted = (
        select(col(GoldGrade.person_id), func.count())
        .join(GoldPair, col(GoldPair.id) == GoldGrade.pair_id)
        .where(col(GoldPair.round_id) == round_id, col(GoldGrade.superseded_at).is_(None))
        .where(col(GoldGrade.deed) == Deed.SKIPPED)
        .group_by(col(GoldGrade.person_id))
    )
    return dict(session.execute(wanted).all())


def own_among(session: Session, pairs: Sequence[GoldPair], actor: Actor) -> set[int]:
    """Those of the pairs that have a side of the actor's own."""
    rows = listings_of(session, {id_ for pair in pairs for id_ in (pair.need_id, pair.result_id)})
    own = {id_ for id_, row in rows.items() if is_own(actor, row)}
    return {pair.id or 0 for pair in pairs if own & {pair.need_id, pair.result_id}}


def graders(session: Session, round_id: int) -> dict[int, Person]:
    """Who grades in a round, by row id, in the order of their names."""
    wanted = select(Person).join(GoldGrader, col(GoldGrader.person_id) == Person.id)
    rows = session.execute(
        wanted.where(col(GoldGrader.round_id) == round_id).order_by(col(Person.name), col(Person.id))
    )
    return {person.id: person for person in rows.scalars() if person.id is not None}


def possible_graders(session: Session) -> list[Person]:
    """Brokers and administrators whose accounts are open, by name."""
    wanted = select(Person).where(col(Person.role).in_(STAFF), col(Person.closed_at).is_(None))
    return list(session.execute(wanted.order_by(col(Person.name), col(Person.id))).scalars())


def drawable(session: Session, languages: Collection[str], countries: Collection[str]) -> dict[int, str]:
    """Needs that can be judged, with their languages; no language or country means all."""
    where = [col(Listing.direction) == Direction.NEED, gradable(Listing)]
    if languages:
        where.append(col(Listing.lang).in_(languages))
    if countries:
        where.append(col(Listing.country).in_(countries))
    rows = session.execute(select(col(Listing.id), col(Listing.lang)).where(*where))
    return {id_: lang for id_, lang in rows if id_ is not None}


def eligible(session: Session, need: Listing) -> dict[int, str]:
    """Results that may be put beside a need, with their languages: never one of its own house."""
    where = [col(Listing.direction) == Direction.RESULT, gradable(Listing)]
    if need.organisation_id is not None:
        where.append(func.coalesce(col(Listing.organisation_id), 0) != need.organisation_id)
    rows = session.execute(select(col(Listing.id), col(Listing.lang)).where(*where))
    return {id_: lang for id_, lang in rows if id_ is not None}


def unpooled(session: Session, most: int, round_id: int | None = None) -> list[tuple[GoldRound, int]]:
    """Needs of open rounds whose pools are to be drawn, in the order of the draw."""
    wanted = (
        select(GoldRound, col(GoldNeed.listing_id))
        .join(GoldNeed, col(GoldNeed.round_id) == GoldRound.id)
        .where(col(GoldNeed.pooled_at).is_(None), col(GoldRound.closed_at).is_(None))
        .order_by(col(GoldRound.id), col(GoldNeed.ordinal))
        .limit(most)
    )
    if round_id is not None:
        wanted = wanted.where(col(GoldRound.id) == round_id)
    return [(row[0], row[1]) for row in session.execute(wanted)]


def seen_languages(session: Session, round_id: int, need_lang: str) -> dict[str, int]:
    """How many pairs the round has beside needs of this language, by the result's language."""
    wanted = (
        select(col(Result.lang), func.count())
        .select_from(GoldPair)
        .join(Need, col(Need.id) == GoldPair.need_id)
        .join(Result, col(Result.id) == GoldPair.result_id)
        .where(col(GoldPair.round_id) == round_id, col(Need.lang) == need_lang)
        .group_by(col(Result.lang))
    )
    return dict(session.execute(wanted).all())


def progress(session: Session, round_ids: Iterable[int]) -> dict[int, Progress]:
    """How far the rounds are, in two queries."""
    ids = list(round_ids)
    needs = (
        select(col(GoldNeed.round_id), func.count(), func.count(col(GoldNeed.pooled_at)))
        .where(col(GoldNeed.round_id).in_(ids))
        .group_by(col(GoldNeed.round_id))
    )
    is_full = col(GoldPair.graded) >= col(GoldPair.seats)
    pairs = (
        select(col(GoldPair.round_id), func.count(), func.count().filter(is_full))
        .where(col(GoldPair.round_id).in_(ids))
        .group_by(col(GoldPair.round_id))
    )
    held = {row[0]: (row[1], row[2]) for row in session.execute(pairs)}
    return {row[0]: Progress(row[1], row[2], *held.get(row[0], (0, 0))) for row in session.execute(needs)}


def waiting_pairs(session: Session, actor: Actor, round_id: int) -> list[tuple[int, int]]:
    """(pair, need) of what the actor may still grade in a round."""
    wanted = _waiting(actor).with_only_columns(col(GoldPair.id), col(GoldPair.need_id))
    return [(row[0], row[1]) for row in session.execute(wanted.where(col(GoldPair.round_id) == round_id))]


def waiting(session: Session, actor: Actor) -> dict[int, int]:
    """Round → how many pairs wait there for the actor; rounds where none does are not in it."""
    wanted = _waiting(actor).with_only_columns(col(GoldPair.round_id), func.count()).group_by(col(GoldPair.round_id))
    return dict(session.execute(wanted).all())


def done(session: Session, actor: Actor) -> dict[int, int]:
    """Round → how many pairs the actor has graded."""
    wanted = (
        select(col(GoldPair.round_id), func.count())
        .select_from(GoldGrade)
        .join(GoldPair, col(GoldPair.id) == GoldGrade.pair_id)
        .where(*_holds(actor), col(GoldGrade.deed) == Deed.GRADED)
        .group_by(col(GoldPair.round_id))
    )
    return dict(session.execute(wanted).all())


def pair_of(session: Session, public_id: str) -> GoldPair:
    """The pair of an address; raises NotFound."""
    found: GoldPair | None = session.execute(
        select(GoldPair).where(col(GoldPair.public_id) == public_id)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("no such pair")
    return found


def current(session: Session, pair_id: int | None, person_id: int) -> GoldGrade | None:
    """The person's deed to the pair that holds."""
    wanted = select(GoldGrade).where(
        col(GoldGrade.pair_id) == pair_id,
        col(GoldGrade.person_id) == person_id,
        col(GoldGrade.superseded_at).is_(None),
    )
    return session.execute(wanted).scalar_one_or_none()


def versions(session: Session, pair_id: int | None, person_id: int) -> list[GoldGrade]:
    """Everything that the person did to the pair, oldest first."""
    wanted = select(GoldGrade).where(col(GoldGrade.pair_id) == pair_id, col(GoldGrade.person_id) == person_id)
    return list(session.execute(wanted.order_by(col(GoldGrade.version))).scalars())


def grades_of(session: Session, pair: GoldPair) -> list[GoldGrade]:
    """Everybody's deeds to the pair that hold."""
    wanted = select(GoldGrade).where(col(GoldGrade.pair_id) == pair.id, col(GoldGrade.superseded_at).is_(None))
    return list(session.execute(wanted.order_by(col(GoldGrade.id))).scalars())


def count_grades(session: Session, pair_id: int | None) -> int:
    """How many people have graded the pair."""
    wanted = select(func.count()).where(
        col(GoldGrade.pair_id) == pair_id,
        col(GoldGrade.superseded_at).is_(None),
        col(GoldGrade.deed) == Deed.GRADED,
    )
    found: int = session.execute(wanted).scalar_one()
    return found


def last(session: Session, actor: Actor, round_id: int) -> tuple[GoldGrade, GoldPair] | None:
    """The newest grade or skip of the actor's in a round: what an undo takes back."""
    wanted = (
        select(GoldGrade, GoldPair)
        .join(GoldPair, col(GoldPair.id) == GoldGrade.pair_id)
        .where(*_holds(actor), col(GoldPair.round_id) == round_id)
        .where(col(GoldGrade.deed).in_((Deed.GRADED, Deed.SKIPPED)))
        .order_by(col(GoldGrade.id).desc())
        .limit(1)
    )
    row = session.execute(wanted).one_or_none()
    return (row[0], row[1]) if row else None


def deeds_of(
    session: Session, actor: Actor, round_id: int, number: int, deed: Deed | None
) -> Page[tuple[GoldGrade, GoldPair]]:
    """What the actor did in a round, newest first; of one kind where `deed` names it."""
    kinds = (deed,) if deed else (Deed.GRADED, Deed.SKIPPED, Deed.SETTLED)
    wanted = (
        select(GoldGrade, GoldPair)
        .join(GoldPair, col(GoldPair.id) == GoldGrade.pair_id)
        .where(*_holds(actor), col(GoldPair.round_id) == round_id, col(GoldGrade.deed).in_(kinds))
    )
    total = session.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    number = min(max(1, number), max(1, -(-total // SIZE)))
    rows = session.execute(wanted.order_by(col(GoldGrade.id).desc()).offset((number - 1) * SIZE).limit(SIZE))
    return Page([(row[0], row[1]) for row in rows], number, SIZE, total)


def held(session: Session, round_id: int | None) -> list[Held]:
    """Every pair of a round with its grades, in two queries."""
    pairs = (
        select(GoldPair, col(Need.lang), col(Result.lang), gradable(Need) & gradable(Result))
        .join(Need, col(Need.id) == GoldPair.need_id)
        .join(Result, col(Result.id) == GoldPair.result_id)
        .where(col(GoldPair.round_id) == round_id)
        .order_by(col(GoldPair.id))
    )
    grades: dict[int, dict[int, GoldGrade]] = {}
    settled: dict[int, GoldGrade] = {}
    rows = (
        select(GoldGrade)
        .join(GoldPair, col(GoldPair.id) == GoldGrade.pair_id)
        .where(col(GoldPair.round_id) == round_id, col(GoldGrade.superseded_at).is_(None))
    )
    for row in session.execute(rows.order_by(col(GoldGrade.id))).scalars():
        if row.deed is Deed.SETTLED:
            settled[row.pair_id] = row
        elif row.deed is Deed.GRADED:
            grades.setdefault(row.pair_id, {})[row.person_id] = row
    return [
        Held(pair, need, result, bool(is_open), grades.get(pair.id or 0, {}), settled.get(pair.id or 0))
        for pair, need, result, is_open in session.execute(pairs)
    ]


def listings_of(session: Session, ids: Iterable[int]) -> dict[int, Listing]:
    """Listings by row id, whatever their state."""
    rows = session.execute(select(Listing).where(col(Listing.id).in_(list(ids)))).scalars()
    return {row.id: row for row in rows if row.id is not None}


def results_on_market(session: Session, after: int, most: int) -> Sequence[Listing]:
    """The next published results that anybody may read, by row id."""
    wanted = select(Listing).where(
        col(Listing.direction) == Direction.RESULT, gradable(Listing), col(Listing.id) > after
    )
    return session.execute(wanted.order_by(col(Listing.id)).limit(most)).scalars().all()


def evaluations(session: Session, round_id: int | None, most: int = 10) -> list[GoldEvaluation]:
    """What the ranking reached on the round, newest first."""
    wanted = select(GoldEvaluation).where(col(GoldEvaluation.round_id) == round_id)
    return list(session.execute(wanted.order_by(col(GoldEvaluation.id).desc()).limit(most)).scalars())


def _waiting(actor: Actor) -> Select[GoldPair]:
    """Pairs of open rounds that lack a grade, that the actor may give one to, and has not yet."""
    touched = select(col(GoldGrade.id)).where(
        *_holds(actor), col(GoldGrade.pair_id) == GoldPair.id, col(GoldGrade.deed) != Deed.TAKEN_BACK
    )
    return (
        select(GoldPair)
        .join(GoldRound, col(GoldRound.id) == GoldPair.round_id)
        .join(GoldGrader, col(GoldGrader.round_id) == GoldPair.round_id)
        .join(Need, col(Need.id) == GoldPair.need_id)
        .join(Result, col(Result.id) == GoldPair.result_id)
        .where(
            col(GoldRound.closed_at).is_(None),
            col(GoldGrader.person_id) == actor.person_id,
            col(GoldPair.graded) < col(GoldPair.seats),
            ~touched.exists(),
            gradable(Need),
            gradable(Result),
            foreign(actor, Need),
            foreign(actor, Result),
        )
    )


def _holds(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return col(GoldGrade.person_id) == actor.person_id, col(GoldGrade.superseded_at).is_(None)
