"""Brokers ask the sides and each other; who was asked answers once, and who asked is told."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import Conflict, Invalid, MatchmakerError, NotAllowed, NotFound
from matchmaker.db.uow import unit_of_work
from matchmaker.review import questions, service
from matchmaker.review.models import Addressee, Question
from matchmaker.review.policy import NotYours
from matchmaker.review.questions import Asking
from tests.factories.matches import Arena, arena, join
from tests.matchmaker.review.test_desk_verbs import news


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


def ask(found: Arena, asking: Asking, actor: Actor | None = None) -> Question:
    with unit_of_work(found.engine) as uow:
        question = questions.ask(uow, found.match().public_id, asking, actor=actor or found.broker)
        uow.session.flush()
        return question


def answer(found: Arena, question: Question, text: str, actor: Actor) -> None:
    with unit_of_work(found.engine) as uow:
        questions.answer(uow, question.public_id, text, actor=actor)


def stored(found: Arena) -> list[Question]:
    with Session(found.engine) as session:
        return list(session.execute(select(Question)).scalars())


def opinion(found: Arena, text: str = "Is this the same principle?") -> Asking:
    return Asking(Addressee.BROKER, text, found.colleague.public_id)


@pytest.mark.parametrize(("addressee", "asked"), [(Addressee.NEED, "needer"), (Addressee.RESULT, "resulter")])
def test_a_side_is_asked_and_answers_and_the_other_one_learns_nothing(
    found: Arena, addressee: Addressee, asked: str
) -> None:
    question = ask(found, Asking(addressee, "How deep is the hole?"))
    public_id = found.match().public_id
    assert news(found.engine, found.roles[asked]) == [("match.question", f"/matches/{public_id}")]
    other = found.resulter if asked == "needer" else found.needer
    assert news(found.engine, other) == []
    answer(found, question, "Eighty metres.", found.roles[asked])
    assert [(row.answer, row.answered_by) for row in stored(found)] == [
        ("Eighty metres.", found.roles[asked].person_id)
    ]
    assert [kind for kind, _ in news(found.engine, found.broker)] == ["match.replied"]
    assert news(found.engine, other) == []


def test_a_colleague_gives_an_opinion(found: Arena) -> None:
    question = ask(found, opinion(found))
    public_id = found.match().public_id
    assert news(found.engine, found.colleague) == [("match.second_opinion", f"/desk/{public_id}")]
    answer(found, question, "Yes, and cheaper.", found.colleague)
    assert news(found.engine, found.broker) == [("match.opinion", f"/desk/{public_id}")]
    assert stored(found)[0].answer == "Yes, and cheaper."


@pytest.mark.parametrize("role", ["needer", "resulter", "broker", "administrator", "stranger", "need_viewer"])
def test_an_opinion_is_given_by_who_was_asked_alone(found: Arena, role: str) -> None:
    question = ask(found, opinion(found))
    with pytest.raises((NotFound, NotAllowed)):
        answer(found, question, "Me too!", found.roles[role])
    assert stored(found)[0].answer == ""


@pytest.mark.parametrize("role", ["resulter", "broker", "administrator", "stranger", "need_viewer", "unconfirmed"])
def test_a_side_s_question_is_answered_by_its_confirmed_people_alone(found: Arena, role: str) -> None:
    question = ask(found, Asking(Addressee.NEED, "How deep?"))
    with pytest.raises((NotFound, NotAllowed)):
        answer(found, question, "Me too!", found.roles[role])
    assert stored(found)[0].answer == ""


@pytest.mark.parametrize("role", ["needer", "resulter", "stranger", "need_viewer", "unconfirmed"])
def test_only_brokers_ask(found: Arena, role: str) -> None:
    with pytest.raises(NotYours):
        ask(found, Asking(Addressee.NEED, "How deep?"), found.roles[role])


def test_a_colleague_s_match_is_not_asked_about(found: Arena) -> None:
    with unit_of_work(found.engine) as uow:
        service.take(uow, found.match().public_id, revision=1, actor=found.broker)
    with pytest.raises(NotYours):
        ask(found, Asking(Addressee.NEED, "How deep?"), found.colleague)


def test_a_broker_of_one_of_the_houses_is_not_asked(found: Arena, person: Callable[..., Actor]) -> None:
    insider = join(found.engine, person(Role.BROKER), found.needer, MembershipRole.VIEWER)
    with pytest.raises(Invalid) as caught:
        ask(found, Asking(Addressee.BROKER, "What do you think?", insider.public_id))
    assert caught.value.problems == {"colleague": "colleague_interested"}


@pytest.mark.parametrize(
    ("asking", "problem"),
    [
        (Asking(None, "How deep?"), {"addressee": "missing"}),
        (Asking(Addressee.NEED, " \n"), {"text": "missing"}),
        (Asking(Addressee.NEED, "x" * 5000), {"text": "string_too_long"}),
        (Asking(Addressee.BROKER, "How deep?", "nobody"), {"colleague": "missing"}),
    ],
)
def test_a_question_names_whom_and_what(found: Arena, asking: Asking, problem: dict[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        ask(found, asking)
    assert caught.value.problems == problem
    assert stored(found) == []


def test_nobody_asks_themselves(found: Arena) -> None:
    with pytest.raises(Invalid) as caught:
        ask(found, Asking(Addressee.BROKER, "Hm?", found.broker.public_id))
    assert caught.value.problems == {"colleague": "yourself"}


def test_a_side_without_an_account_is_asked_by_other_means(found: Arena, engine: Engine) -> None:
    with unit_of_work(engine) as uow:
        uow.session.add(found.match())
        row = uow.session.merge(found.match())
        row.result_org_id = None
    with pytest.raises(Invalid) as caught:
        ask(found, Asking(Addressee.RESULT, "How deep?"))
    assert caught.value.problems == {"addressee": "no_account"}


def test_a_click_that_comes_twice_asks_once_and_answers_once(found: Arena) -> None:
    first, again = ask(found, opinion(found)), ask(found, opinion(found))
    assert first.public_id == again.public_id
    for _ in range(2):
        answer(found, first, "Yes.", found.colleague)
    assert len(stored(found)) == 1
    assert len(news(found.engine, found.colleague)) == len(news(found.engine, found.broker)) == 1


def test_an_answer_is_not_replaced(found: Arena) -> None:
    question = ask(found, opinion(found))
    answer(found, question, "Yes.", found.colleague)
    with pytest.raises(Conflict):
        answer(found, question, "No.", found.colleague)
    assert stored(found)[0].answer == "Yes."


def test_what_is_over_is_not_asked_about(found: Arena) -> None:
    with unit_of_work(found.engine) as uow:
        service.decline(
            uow, found.match().public_id, service.No(service.DeclineReason.IP), revision=1, actor=found.broker
        )
    with pytest.raises(MatchmakerError):
        ask(found, opinion(found))
