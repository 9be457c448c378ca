"""What brokers ask the two sides and each other about a match; the sides see no more of each other by it."""

from dataclasses import dataclass

from sqlmodel import col, select

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications.service import tell
from matchmaker.review.answers import answer_question
from matchmaker.review.models import Addressee, Question, Side, Suggestion
from matchmaker.review.moves import find
from matchmaker.review.policy import NotYours, Why, obstacle, require_handling
from matchmaker.review.service import colleague_of, news_of
from matchmaker.review.sides import has_account, tell_side
from matchmaker.review.states import OVER
from matchmaker.review.wording import clean_note


@dataclass(frozen=True)
class Asking:
    """Whom a broker asks, and what; the colleague by public id, where one is asked."""

    addressee: Addressee | None
    text: str
    colleague: str = ""


def ask(uow: UnitOfWork, public_id: str, asking: Asking, *, actor: Actor) -> Question:
    """Ask a side or a colleague about a match; raises Invalid where nobody is there to answer.

    The same question, while it waits for its answer, is asked once.
    """
    suggestion = find(uow, public_id)
    require_handling(actor, suggestion)
    if suggestion.state in OVER:
        raise Conflict("this match is over")
    text = _text(asking.text, "text")
    colleague_id = _addressed(uow, suggestion, asking, actor)
    assert asking.addressee is not None
    assert suggestion.id is not None
    known = _waiting(uow, suggestion.id, (asking.addressee, colleague_id, text))
    if known is not None:
        return known
    question = Question(
        suggestion_id=suggestion.id,
        addressee=asking.addressee,
        colleague_id=colleague_id,
        asked_by=actor.person_id,
        text=text,
    )
    uow.session.add(question)
    record(uow, actor.public_id, "question.ask", ("suggestion", suggestion.public_id), asking.addressee.value)
    if colleague_id is None:
        tell_side(uow, suggestion, Side(asking.addressee.value), "match.question")
    else:
        tell(uow, [colleague_id], news_of(uow, suggestion, "match.second_opinion"))
    return question


def answer(uow: UnitOfWork, public_id: str, text: str, *, actor: Actor) -> Question:
    """Answer a question by its public id; whoever asked is told. Raises NotFound for those who were not asked.

    The same answer again changes nothing; another one is a conflict.
    """
    question = uow.session.exec(select(Question).where(Question.public_id == public_id)).one_or_none()
    if question is None or question.addressee is not Addressee.BROKER:
        return answer_question(uow, public_id, text, actor=actor)
    suggestion = uow.session.get(Suggestion, question.suggestion_id)
    assert suggestion is not None
    if actor.person_id != question.colleague_id:
        raise NotFound("no such question")
    if (why := obstacle(actor, suggestion)) not in {None, Why.COLLEAGUE}:
        raise NotYours(why)
    said = _text(text, "answer")
    if question.answered_at is not None:
        if question.answer == said:
            return question
        raise Conflict("this question is answered already")
    question.answer, question.answered_by, question.answered_at = said, actor.person_id, now()
    uow.session.add(question)
    record(uow, actor.public_id, "question.answer", ("suggestion", suggestion.public_id), question.public_id)
    tell(uow, [question.asked_by], news_of(uow, suggestion, "match.opinion"))
    return question


def _addressed(uow: UnitOfWork, suggestion: Suggestion, asking: Asking, actor: Actor) -> int | None:
    """The colleague's row id, None where a side is asked."""
    if asking.addressee is None:
        raise Invalid({"addressee": "missing"})
    if asking.addressee is not Addressee.BROKER:
        if not has_account(uow.session, suggestion, Side(asking.addressee.value)):
            raise Invalid({"addressee": "no_account"})
        return None
    person = colleague_of(uow, asking.colleague, suggestion)
    if person.id == actor.person_id:
        raise Invalid({"colleague": "yourself"})
    return person.id


def _waiting(uow: UnitOfWork, suggestion_id: int, same: tuple[Addressee, int | None, str]) -> Question | None:
    addressee, colleague_id, text = same
    wanted = select(Question).where(
        Question.suggestion_id == suggestion_id,
        Question.addressee == addressee,
        Question.colleague_id == colleague_id,
        Question.text == text,
        col(Question.answered_at).is_(None),
    )
    return uow.session.exec(wanted).first()


def _text(text: str, field: str) -> str:
    """What was written; problems are told at the field of the form."""
    try:
        return clean_note(text, needed=True)
    except Invalid as error:
        raise Invalid({field: error.problems["note"]}) from None
