"""A need and a result whose owners, viewers and brokers are known, and a match of theirs in any state."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Engine, select

from matchmaker.accounts import queries as accounts_queries
from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import consent
from matchmaker.listings.models import Listing
from matchmaker.review import answers, clock, offers, service
from matchmaker.review.answers import Refusal, Step
from matchmaker.review.models import CloseReason, DeclineReason, MatchMove, Question, Side, State, Suggestion
from matchmaker.review.moves import Move, advance
from matchmaker.review.service import Found
from matchmaker.review.states import Party
from tests.factories.market import NEED, RESULT, publish

# What an expression of interest says, long enough.
SAID = "我们希望就井下自动钻孔机器人的联合试制、现场试验与后续量产开展合作，" * 6


@dataclass(frozen=True)
class Arena:
    """Everybody who could touch the match of `need` and `result`."""

    engine: Engine
    need: Listing
    result: Listing
    needer: Actor
    resulter: Actor
    broker: Actor
    colleague: Actor
    administrator: Actor
    stranger: Actor
    need_viewer: Actor
    unconfirmed: Actor

    @property
    def roles(self) -> dict[str, Actor]:
        """Everybody by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Actor)}

    def match(self, public_id: str = "") -> Suggestion:
        """The match as it is stored now: the one of this address, or the only one."""
        with reading_session(self.engine) as session:
            wanted = select(Suggestion)
            if public_id:
                wanted = wanted.where(Suggestion.public_id == public_id)  # type: ignore[arg-type]
            found: Suggestion = session.execute(wanted).scalar_one()
            return found

    def moves(self) -> list[MatchMove]:
        """All entries of all timelines."""
        with reading_session(self.engine) as session:
            return list(session.execute(select(MatchMove).order_by(MatchMove.id)).scalars())  # type: ignore[arg-type]

    def say_yes(self, side: Side = Side.NEED, actor: Actor | None = None) -> Suggestion:
        """A side says yes, by its owner unless somebody else is named; gates are asked."""
        found = self.match()
        with unit_of_work(self.engine) as uow:
            who = actor or (self.needer if side is Side.NEED else self.resulter)
            return consent.say_yes(uow, found.public_id, side=side, revision=found.revision, actor=who)

    def say_no(self, side: Side = Side.NEED, actor: Actor | None = None, **refusal: object) -> Suggestion:
        """A side says no."""
        found = self.match()
        said = replace(Refusal(side, DeclineReason.PRICE), **refusal)  # type: ignore[arg-type]
        with unit_of_work(self.engine) as uow:
            who = actor or (self.needer if side is Side.NEED else self.resulter)
            return answers.say_no(uow, found.public_id, said, revision=found.revision, actor=who)

    def offer(self) -> Suggestion:
        """The broker endorses the pair, and asks the need's side at once."""
        found = self.match()
        with unit_of_work(self.engine) as uow:
            endorsed = service.endorse(uow, found.public_id, revision=found.revision, actor=self.broker)
            endorsed.broker_id = self.broker.person_id
            return offers.offer_now(uow, found.public_id, revision=endorsed.revision, actor=self.broker)


def arena(engine: Engine, person: Callable[..., Actor], **changes: object) -> Arena:
    """A suggested match between a Chinese need and a German result; `changes` are the need's fields."""
    needer, resulter = person(), person(country="DE", kind="institute")
    need = publish(engine, needer, NEED, **changes)
    result = publish(engine, resulter, RESULT)
    viewer = join(engine, person(country="FR"), needer, MembershipRole.VIEWER)
    unconfirmed = join(engine, person(country="FR"), needer, MembershipRole.MEMBER)
    with unit_of_work(engine) as uow:
        uow.session.get_one(Person, unconfirmed.person_id).email_confirmed_at = None
        service.suggest(uow, [Found(need.id or 0, result.id or 0, 0.7)])
    return Arena(
        engine=engine,
        need=need,
        result=result,
        needer=needer,
        resulter=resulter,
        broker=person(Role.BROKER),
        colleague=person(Role.BROKER),
        administrator=person(Role.ADMINISTRATOR),
        stranger=person(country="IT"),
        need_viewer=viewer,
        unconfirmed=replace(unconfirmed, confirmed=False),
    )


def join(engine: Engine, somebody: Actor, other: Actor, role: MembershipRole) -> Actor:
    """The same person, now only in the other's organisation."""
    with unit_of_work(engine) as uow:
        row = uow.session.get_one(Person, somebody.person_id)
        for membership in uow.session.execute(select(Membership).where(Membership.person_id == row.id)).scalars():  # type: ignore[arg-type]
            uow.session.delete(membership)
        org = uow.session.get_one(Organisation, other.organisation_id)
        accounts.join(uow, row, org, role)
        uow.session.flush()
        return accounts_queries.actor_of(uow.session, row)


def give_broker(engine: Engine, owner: Actor, broker: Actor) -> None:
    """Let the broker look after the owner's organisation."""
    with unit_of_work(engine) as uow:
        uow.session.get_one(Organisation, owner.organisation_id).broker_id = broker.person_id


def ask_side(found: Arena, side: Side, text: str = "Which mine is it?") -> Question:
    """A broker's question to a side."""
    match = found.match()
    with unit_of_work(found.engine) as uow:
        question = Question(
            suggestion_id=match.id or 0, addressee=side.value, asked_by=found.broker.person_id, text=text
        )
        uow.session.add(question)
        uow.session.flush()
        return question


def reach(found: Arena, state: State) -> Suggestion:
    """Bring the match into a state, by the verbs that lead there."""
    for step in _WAYS[state]:
        step(found)
    reached = found.match()
    assert reached.state is state
    return reached


def _move(to: State, **changes: object) -> Callable[[Arena], None]:
    """A move of the broker's that has a verb of the desk."""

    def step(found: Arena) -> None:
        with unit_of_work(found.engine) as uow:
            row = uow.session.get_one(Suggestion, found.match().id)
            own = {"broker_id": found.broker.person_id}
            advance(uow, row, Move(to, found.broker, changes={**own, **changes}))

    return step


def _mutual(found: Arena) -> None:
    """Both said yes, and the gates were not asked yet."""
    match = found.match()
    with unit_of_work(found.engine) as uow:
        answers.say_yes(uow, match.public_id, side=Side.RESULT, revision=match.revision, actor=found.resulter)


def _progress(to: State, reason: CloseReason | None = None) -> Callable[[Arena], None]:
    def step(found: Arena) -> None:
        match = found.match()
        with unit_of_work(found.engine) as uow:
            answers.progress(uow, match.public_id, Step(to, "", reason), revision=match.revision, actor=found.needer)

    return step


def _lapse(found: Arena) -> None:
    deadline = found.match().deadline_at
    assert clock.lapse_due(found.engine, at=deadline) == 1


def _close(found: Arena) -> None:
    with unit_of_work(found.engine) as uow:
        row = uow.session.get_one(Suggestion, found.match().id)
        why = CloseReason.LISTING_WITHDRAWN
        advance(uow, row, Move(State.CLOSED, party=Party.SYSTEM, reason=why.value, changes={"close_reason": why}))


_OFFER = [Arena.offer]
_YES = [*_OFFER, Arena.say_yes]
_MUTUAL = [*_YES, _mutual]
_MET = [*_YES, lambda found: found.say_yes(Side.RESULT)]
_WAYS: dict[State, list[Callable[[Arena], object]]] = {
    State.SUGGESTED: [],
    State.IN_REVIEW: [_move(State.IN_REVIEW)],
    State.ENDORSED: [_move(State.ENDORSED)],
    State.PARKED: [_move(State.PARKED)],
    State.DECLINED: [*_OFFER, Arena.say_no],
    State.OFFERED_FIRST: _OFFER,
    State.OFFERED_SECOND: _YES,
    State.MUTUAL: _MUTUAL,
    State.INTRODUCED: _MET,
    State.MEETING: [*_MET, _progress(State.MEETING)],
    State.NEGOTIATING: [*_MET, _progress(State.NEGOTIATING)],
    State.AGREEMENT: [*_MET, _progress(State.AGREEMENT)],
    State.CLOSED: [*_OFFER, _close],
    State.LAPSED: [*_OFFER, _lapse],
}
