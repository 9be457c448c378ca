"""Open the way between two sides that both said yes: past the gates, then with names, sealed parts and a thread."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from matchmaker.accounts.models import Organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed
from matchmaker.core.text import clean_line, clean_text
from matchmaker.core.workdays import after_workdays, zone_of
from matchmaker.db.uow import UnitOfWork
from matchmaker.interests import gate, rule_queries
from matchmaker.interests import introduction_news as news
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests.introduction_policy import broker_is_released, standing
from matchmaker.interests.models import Declaration, Introduction, Verdict
from matchmaker.interests.telling import Told, is_news, listing_for, organisations_of, people_of, tell_sides
from matchmaker.listings.models import Disclosure, DisclosureLevel
from matchmaker.notifications.service import News, tell
from matchmaker.review import answers
from matchmaker.review.answers import Step
from matchmaker.review.models import CloseReason, Side, State, Suggestion
from matchmaker.review.moves import Move, advance, find, sides_of
from matchmaker.review.states import Party

# Working days that a declaration may take, and after which a match that may not go on is closed.
DAYS = 10
# Working days that the side which is here waits for the other one to open an account.
ACCOUNT_DAYS = 20
MOST_DECLARED, MOST_LICENCE = 5000, 128


class Hurdle(StrEnum):
    """What still stands between a match and its introduction."""

    PROHIBITED = "prohibited"
    NO_ACCOUNT = "no_account"
    DECLARATION = "declaration"


def open_if_free(uow: UnitOfWork, suggestion: Suggestion) -> Introduction | None:
    """Introduce the sides of a match that both want when nothing stands in the way; else say what does.

    Called when a match became mutual, when a declaration came in, and by the clock; twice is once.
    """
    known = queries.of_match(uow.session, suggestion)
    if known is not None or suggestion.state is not State.MUTUAL:
        return known
    gate.examine(uow, suggestion)
    found = hurdle(uow.session, suggestion)
    if found is None:
        return _introduce(uow, suggestion)
    _WAIT[found](uow, suggestion)
    return None


def hurdle(session: Session, suggestion: Suggestion) -> Hurdle | None:
    """What the match waits for, by what the gate said of it last."""
    checked = rule_queries.last_check(session, suggestion)
    if checked is not None and checked.verdict is Verdict.PROHIBITED:
        return Hurdle.PROHIBITED
    if absent_sides(session, suggestion):
        return Hurdle.NO_ACCOUNT
    if checked is None or checked.verdict is Verdict.FREE:
        return None
    declared = rule_queries.last_declaration(session, suggestion)
    # What was declared before the rules changed says nothing of the rules of today.
    return None if declared is not None and declared.at >= checked.at else Hurdle.DECLARATION


def absent_sides(session: Session, suggestion: Suggestion) -> frozenset[Side]:
    """The sides that have nobody here whom the other could meet."""
    return frozenset(side for side, people in people_of(session, suggestion).items() if not people)


def declare(
    uow: UnitOfWork, public_id: str, said: tuple[str, str], *, actor: Actor, agreed: bool
) -> Introduction | None:
    """Hand in the declaration (text, licence number) that a rule asks for; answers the introduction if that was all.

    Once it is there, sending it again changes nothing.
    """
    suggestion = find(uow, public_id)
    if Side.RESULT not in sides_of(actor, suggestion) or not actor.confirmed:
        raise NotAllowed("the side that transfers the technology declares, with a confirmed address")
    if suggestion.state is not State.MUTUAL or hurdle(uow.session, suggestion) is not Hurdle.DECLARATION:
        return _already_declared(uow, suggestion)
    text, licence = _declared(said, agreed=agreed)
    assert suggestion.id is not None
    assert suggestion.result_org_id is not None
    uow.session.add(
        Declaration(
            suggestion_id=suggestion.id,
            organisation_id=suggestion.result_org_id,
            person_id=actor.person_id,
            text=text,
            licence_number=licence,
        )
    )
    record(uow, actor.public_id, "declaration.add", ("suggestion", suggestion.public_id))
    return open_if_free(uow, suggestion)


def _already_declared(uow: UnitOfWork, suggestion: Suggestion) -> Introduction | None:
    if rule_queries.last_declaration(uow.session, suggestion) is None:
        raise Conflict("no declaration is asked for")
    return queries.of_match(uow.session, suggestion)


def _declared(said: tuple[str, str], *, agreed: bool) -> tuple[str, str]:
    text, licence = clean_text(said[0]), clean_line(said[1])
    problems = {}
    if not text:
        problems["text"] = "missing"
    if len(text) > MOST_DECLARED:
        problems["text"] = "string_too_long"
    if len(licence) > MOST_LICENCE:
        problems["licence_number"] = "string_too_long"
    if not agreed:
        problems["agreed"] = "not_ticked"
    if problems:
        raise Invalid(problems)
    return text, licence


def _introduce(uow: UnitOfWork, suggestion: Suggestion) -> Introduction:
    assert suggestion.id is not None
    assert suggestion.need_org_id is not None
    assert suggestion.result_org_id is not None
    introduction = Introduction(
        suggestion_id=suggestion.id,
        need_org_id=suggestion.need_org_id,
        result_org_id=suggestion.result_org_id,
        broker_id=suggestion.broker_id,
    )
    uow.session.add(introduction)
    advance(uow, suggestion, Move(State.INTRODUCED, party=Party.SYSTEM))
    open_listings(uow, suggestion, DisclosureLevel.INTEREST)
    for listing_id in _listings(suggestion):
        if introduction.broker_id is not None:
            uow.session.add(
                Disclosure(listing_id=listing_id, person_id=introduction.broker_id, level=DisclosureLevel.INTEREST)
            )
    record(uow, "the system", "introduction.open", ("introduction", introduction.public_id), suggestion.public_id)
    tell_sides(uow, suggestion, Told(news.OPENED, path_of(introduction)))
    return introduction


def path_of(introduction: Introduction) -> str:
    """The introduction's page."""
    return f"/introductions/{introduction.public_id}"


def gate_path(suggestion: Suggestion) -> str:
    """The page that says what a match waits for."""
    return f"/introductions/gate/{suggestion.public_id}"


def open_listings(uow: UnitOfWork, suggestion: Suggestion, level: DisclosureLevel) -> None:
    """Open each side's listing to the other side's organisation, up to a level."""
    for listing_id, other in (
        (suggestion.need_id, suggestion.result_org_id),
        (suggestion.result_id, suggestion.need_org_id),
    ):
        if listing_id is not None and other is not None:
            uow.session.add(Disclosure(listing_id=listing_id, organisation_id=other, level=level))


def _listings(suggestion: Suggestion) -> Iterable[int]:
    return (id_ for id_ in (suggestion.need_id, suggestion.result_id) if id_ is not None)


def _wait_for_declaration(uow: UnitOfWork, suggestion: Suggestion) -> None:
    asked = Told(news.DECLARATION, gate_path(suggestion))
    if is_news(uow, suggestion, asked):
        date = {"date": _set_deadline(uow, suggestion, DAYS, Side.RESULT)}
        tell_sides(uow, suggestion, replace(asked, params=date), {Side.RESULT})
        tell_sides(uow, suggestion, Told(news.WAITS_FOR_DECLARATION, gate_path(suggestion), date), {Side.NEED, None})


def _wait_for_account(uow: UnitOfWork, suggestion: Suggestion) -> None:
    told = Told(news.NO_ACCOUNT, gate_path(suggestion))
    if is_news(uow, suggestion, told):
        present = next(iter(set(Side) - absent_sides(uow.session, suggestion)), Side.NEED)
        _set_deadline(uow, suggestion, ACCOUNT_DAYS, present)
        tell_sides(uow, suggestion, told)


def _stay_closed(uow: UnitOfWork, suggestion: Suggestion) -> None:
    """Say why, and leave time to put right a rule or a field that is wrong; then the match ends."""
    # Whatever was waited for before, an answer to it would not help now.
    suggestion.deadline_at = None
    told = Told(news.PROHIBITED, gate_path(suggestion))
    # The end first: where nobody is left to hear of it, it is news for ever.
    if closes_at(uow.session, suggestion) <= now():
        why = CloseReason.EXPORT_PROHIBITED
        advance(uow, suggestion, Move(State.CLOSED, party=Party.SYSTEM, reason=why, changes={"close_reason": why}))
        tell_sides(uow, suggestion, Told(news.ENDED_BY_RULE, gate_path(suggestion)))
    elif is_news(uow, suggestion, told):
        tell_sides(uow, suggestion, told)


_WAIT = {
    Hurdle.PROHIBITED: _stay_closed,
    Hurdle.NO_ACCOUNT: _wait_for_account,
    Hurdle.DECLARATION: _wait_for_declaration,
}


def closes_at(session: Session, suggestion: Suggestion) -> datetime:
    """When a match that a rule prohibits is closed for good."""
    checked = rule_queries.last_check(session, suggestion)
    assert checked is not None
    return after_workdays(checked.at, DAYS, _country(session, suggestion, Side.RESULT))


def _set_deadline(uow: UnitOfWork, suggestion: Suggestion, days: int, side: Side) -> str:
    """Set the deadline by the calendar of whoever waits or is asked; answers its day."""
    country = _country(uow.session, suggestion, side)
    suggestion.deadline_at = after_workdays(now(), days, country)
    return (suggestion.deadline_at - timedelta(seconds=1)).astimezone(zone_of(country)).date().isoformat()


def _country(session: Session, suggestion: Suggestion, side: Side) -> str:
    org = session.get(Organisation, organisations_of(suggestion)[side] or 0)
    return org.country if org else ""


def progress(uow: UnitOfWork, public_id: str, step: Step, *, revision: int, actor: Actor) -> None:
    """Note how far those who are introduced have come, or how it ended; raises as `review.answers.progress` does."""
    introduction = queries.readable(uow.session, public_id, actor, lock=True)
    if not standing(actor, introduction).writes:
        raise NotAllowed("only those who are introduced may tell how far they are")
    answers.progress(uow, queries.match_of(uow.session, introduction).public_id, step, revision=revision, actor=actor)


def release_broker(uow: UnitOfWork, public_id: str, *, actor: Actor, release: bool = True) -> Introduction:
    """Say for the actor's side that it goes on without the broker, or take that back before the other says so."""
    introduction = queries.readable(uow.session, public_id, actor, lock=True)
    here = standing(actor, introduction)
    if not here.speaks or not here.confirmed:
        raise NotAllowed("the sides decide whether the broker stays")
    if introduction.broker_id is None or broker_is_released(introduction):
        raise Conflict("there is no broker any more")
    for side in here.speaks:
        setattr(introduction, f"{side.value}_releases_broker_at", now() if release else None)
    deed = "introduction.release_broker" if release else "introduction.keep_broker"
    record(uow, actor.public_id, deed, ("introduction", introduction.public_id))
    if broker_is_released(introduction):
        _end_for_broker(uow, introduction)
    return introduction


def _end_for_broker(uow: UnitOfWork, introduction: Introduction) -> None:
    suggestion = queries.match_of(uow.session, introduction)
    assert introduction.broker_id is not None
    for listing_id in _listings(suggestion):
        # One row for each introduction: what another one opened to the same broker stays open.
        for row in queries.open_disclosures(uow.session, listing_id, introduction.broker_id)[:1]:
            row.ended_at = now()
    told = Told(news.BROKER_RELEASED, path_of(introduction))
    tell_sides(uow, suggestion, told, set(Side))
    gone = {"listing": listing_for(uow.session, suggestion, None)}
    # The thread is no page of theirs any more.
    tell(uow, [introduction.broker_id], News(news.BROKER_RELEASED, "/introductions", gone))
