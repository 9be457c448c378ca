"""Every SELECT about the brokers: who they are, what they take on, what is in their hands, how fast they are."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session, col

from matchmaker.accounts.models import (
    Broker,
    BrokerLevel,
    BrokerScope,
    Membership,
    Organisation,
    Person,
    ScopeKind,
)
from matchmaker.core.clock import now
from matchmaker.listings.models import Listing, ListingCode, Scheme
from matchmaker.review import taste_queries
from matchmaker.review.models import MatchMove, MoveKind, State, Suggestion
from matchmaker.review.policy import STAFF
from matchmaker.review.queue import TO_DECIDE
from matchmaker.review.states import OFFERED, Party
from matchmaker.review.taste import Aversion, Trait

# What a first verdict is: everything that tells the ranking, or a side, what a broker thinks.
VERDICTS = (State.ENDORSED, State.DECLINED, State.PARKED, State.OFFERED_SECOND)


@dataclass(frozen=True)
class Scopes:
    """Languages, fields and regions; an empty one means all."""

    languages: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Colleague:
    """A broker or administrator, with what they take on; without a card of their own nothing is given to them."""

    id: int
    public_id: str
    name: str
    card: Broker | None = None
    scopes: Scopes = Scopes()

    @property
    def takes(self) -> bool:
        """Whether new matches are given to them without asking."""
        return self.card is not None and self.card.available


@dataclass(frozen=True)
class Candidate:
    """A broker as the choice sees them: `open` of `most_open`, and when they were given something last."""

    person_id: int
    public_id: str = ""
    level: BrokerLevel = BrokerLevel.JUNIOR
    most_open: int = 30
    open: int = 0
    scopes: Scopes = Scopes()
    organisations: frozenset[int] = frozenset()
    given_at: datetime | None = None
    # Kinds of matches that they have had enough of.
    averse: tuple[Aversion, ...] = ()


@dataclass(frozen=True)
class Case:
    """What a match asks of a broker: languages, IPC sections, countries, the two organisations, and whose brokers."""

    languages: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    organisations: frozenset[int] = frozenset()
    # Brokers who look after one of the two organisations.
    house: frozenset[int] = frozenset()
    # The kinds of the pair that verdicts can be about.
    traits: frozenset[Trait] = frozenset()


@dataclass(frozen=True)
class Figures:
    """A broker's load now and pace lately: matches to decide, waiting for sides, median seconds to a first verdict."""

    to_decide: int = 0
    waiting: int = 0
    verdicts: int = 0
    median_seconds: float | None = None
    # Offers that ended in silence, and interests that the clock had to pass on.
    lapsed: int = 0
    passed_on: int = 0


def colleagues(session: Session) -> dict[int, Colleague]:
    """Everybody who may look after matches, by row id, in the order of their names; one query."""
    wanted = (
        select(Person, Broker, BrokerScope)
        .outerjoin(Broker, col(Broker.person_id) == Person.id)
        .outerjoin(BrokerScope, col(BrokerScope.person_id) == Person.id)
        .where(col(Person.role).in_(list(STAFF)), col(Person.closed_at).is_(None))
        .order_by(col(Person.name), col(Person.id))
    )
    people: dict[int, tuple[Person, Broker | None]] = {}
    scopes: dict[int, dict[ScopeKind, set[str]]] = {}
    for person, card, scope in session.execute(wanted):
        people[person.id] = (person, card)
        if scope is not None:
            scopes.setdefault(person.id, {}).setdefault(scope.kind, set()).add(scope.code)
    return {
        id_: Colleague(id_, person.public_id, person.name, card, _scopes(scopes.get(id_, {})))
        for id_, (person, card) in people.items()
    }


def candidates(session: Session) -> list[Candidate]:
    """Brokers who take new matches, with their desks as they are now."""
    able = {id_: one for id_, one in colleagues(session).items() if one.takes}
    if not able:
        return []
    counted = (
        select(
            col(Suggestion.broker_id),
            func.count().filter(col(Suggestion.state).in_(TO_DECIDE)),
            func.max(col(Suggestion.assigned_at)),
        )
        .where(col(Suggestion.broker_id).in_(list(able)))
        .group_by(col(Suggestion.broker_id))
    )
    desks = {id_: (count, given) for id_, count, given in session.execute(counted)}
    averse = taste_queries.of_people(session, list(able), now())
    houses: dict[int, set[int]] = {}
    for row in session.execute(select(Membership).where(col(Membership.person_id).in_(list(able)))).scalars():
        houses.setdefault(row.person_id, set()).add(row.organisation_id)
    return [
        Candidate(
            person_id=id_,
            public_id=one.public_id,
            level=one.card.level,
            most_open=one.card.most_open,
            open=desks.get(id_, (0, None))[0],
            scopes=one.scopes,
            organisations=frozenset(houses.get(id_, ())),
            given_at=desks.get(id_, (0, None))[1],
            averse=tuple(averse.get(id_, ())),
        )
        for id_, one in able.items()
        if one.card is not None
    ]


def cases(session: Session, suggestions: Sequence[Suggestion]) -> dict[int, Case]:
    """What each match asks of a broker, by row id."""
    listing_ids = {id_ for one in suggestions for id_ in (one.need_id, one.result_id) if id_ is not None}
    org_ids = {id_ for one in suggestions for id_ in (one.need_org_id, one.result_org_id) if id_ is not None}
    said = select(col(Listing.id), col(Listing.lang), col(Listing.country)).where(col(Listing.id).in_(listing_ids))
    listings = {id_: (lang, country) for id_, lang, country in session.execute(said)}
    owned = select(Organisation).where(col(Organisation.id).in_(org_ids))
    orgs = {row.id: row for row in session.execute(owned).scalars()}
    fields, traits = _fields(session, listing_ids), taste_queries.traits(session, suggestions)
    return {
        one.id: replace(_case(one, listings, orgs, fields), traits=traits.get(one.id, frozenset()))
        for one in suggestions
        if one.id is not None
    }


def figures(session: Session, people: Iterable[int], since: datetime) -> dict[int, Figures]:
    """Load now, and pace since that moment, of each of these people."""
    ids = list(people)
    loads = _loads(session, ids)
    paces = _paces(session, ids, since)
    missed = _missed(session, ids, since)
    found = {}
    for id_ in ids:
        to_decide, waiting = loads.get(id_, (0, 0))
        seconds = paces.get(id_, [])
        lapsed, passed_on = missed.get(id_, (0, 0))
        middle = median(seconds) if seconds else None
        found[id_] = Figures(to_decide, waiting, len(seconds), middle, lapsed, passed_on)
    return found


def _scopes(codes: Mapping[ScopeKind, set[str]]) -> Scopes:
    kinds = (ScopeKind.LANGUAGE, ScopeKind.FIELD, ScopeKind.REGION)
    return Scopes(*(frozenset(codes.get(kind, ())) for kind in kinds))


def _fields(session: Session, listing_ids: set[int]) -> dict[int, set[str]]:
    """Listing id → its IPC sections."""
    wanted = select(col(ListingCode.listing_id), col(ListingCode.code)).where(
        col(ListingCode.listing_id).in_(listing_ids), col(ListingCode.scheme) == Scheme.IPC_SECTION
    )
    found: dict[int, set[str]] = {}
    for listing_id, code in session.execute(wanted):
        found.setdefault(listing_id, set()).add(code)
    return found


def _case(
    one: Suggestion,
    listings: Mapping[int, tuple[str, str]],
    orgs: Mapping[int | None, Organisation],
    fields: Mapping[int, set[str]],
) -> Case:
    said = [listings[id_] for id_ in (one.need_id, one.result_id) if id_ is not None and id_ in listings]
    owners = [orgs[id_] for id_ in (one.need_org_id, one.result_org_id) if id_ is not None and id_ in orgs]
    sections = [fields.get(id_, set()) for id_ in (one.need_id, one.result_id) if id_ is not None]
    return Case(
        languages=frozenset(lang for lang, _ in said if lang != "und"),
        fields=frozenset().union(*sections),
        countries=frozenset(filter(None, [*(country for _, country in said), *(owner.country for owner in owners)])),
        organisations=frozenset(owner.id for owner in owners if owner.id is not None),
        house=frozenset(owner.broker_id for owner in owners if owner.broker_id is not None),
    )


def _loads(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Person → (matches to decide, matches that wait for a side or a gate)."""
    waiting = (State.ENDORSED, *OFFERED, State.MUTUAL)
    counted = (
        select(
            col(Suggestion.broker_id),
            func.count().filter(col(Suggestion.state).in_(TO_DECIDE)),
            func.count().filter(col(Suggestion.state).in_(waiting)),
        )
        .where(col(Suggestion.broker_id).in_(ids))
        .group_by(col(Suggestion.broker_id))
    )
    return {id_: (open_, waits) for id_, open_, waits in session.execute(counted) if id_ is not None}


def _paces(session: Session, ids: Sequence[int], since: datetime) -> dict[int, list[float]]:
    """Person → seconds from being given a match to the first verdict on it, of verdicts since that moment."""
    wanted = select(col(MatchMove.person_id), col(MatchMove.at), col(MatchMove.before)).where(
        col(MatchMove.person_id).in_(ids),
        col(MatchMove.at) >= since,
        col(MatchMove.kind) == MoveKind.MOVE,
        col(MatchMove.party) == Party.BROKER.value,
        col(MatchMove.was).in_(TO_DECIDE),
        col(MatchMove.now).in_(VERDICTS),
    )
    found: dict[int, list[float]] = {}
    for person_id, at, before in session.execute(wanted):
        given = json.loads(before).get("assigned_at")
        # What nobody had been given was in nobody's hands.
        if given is not None:
            found.setdefault(person_id, []).append((at - datetime.fromisoformat(given)).total_seconds())
    return found


def _missed(session: Session, ids: Sequence[int], since: datetime) -> dict[int, tuple[int, int]]:
    """Person → (matches that lapsed in their hands, interests that the clock passed on without them)."""
    lapsed = col(MatchMove.now) == State.LAPSED
    passed_on = and_(col(MatchMove.now) == State.OFFERED_SECOND, col(MatchMove.was).in_(TO_DECIDE))
    counted = (
        select(col(Suggestion.broker_id), func.count().filter(lapsed), func.count().filter(passed_on))
        .join(MatchMove, col(MatchMove.suggestion_id) == Suggestion.id)
        .where(
            col(Suggestion.broker_id).in_(ids),
            col(MatchMove.at) >= since,
            col(MatchMove.party) == Party.CLOCK.value,
            or_(lapsed, passed_on),
        )
        .group_by(col(Suggestion.broker_id))
    )
    return {id_: (silent, late) for id_, silent, late in session.execute(counted) if id_ is not None}
