"""What the desk's forms do: one table of deeds, each read from its form, told when done, and taken back or not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from flask_babel import LazyString

from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import Invalid
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import lazy
from matchmaker.review import offers, questions, service
from matchmaker.review.models import Addressee, DeclineReason, Side
from matchmaker.review.questions import Asking
from matchmaker.review.service import No, Pause


@dataclass(frozen=True)
class Call:
    """A form that was sent about a match."""

    public_id: str
    revision: int
    form: Mapping[str, str]
    actor: Actor

    def text(self, name: str) -> str:
        return self.form.get(name, "")

    def side(self, name: str) -> Side | None:
        given = self.text(name)
        return Side(given) if given in set(Side) else None

    @property
    def reason(self) -> DeclineReason | None:
        given = self.text("reason")
        return DeclineReason(given) if given in set(DeclineReason) else None


@dataclass(frozen=True)
class Deed:
    """One deed: how it is done, what is said afterwards, whether it can be taken back, and done to several at once."""

    do: Callable[[UnitOfWork, Call], object]
    told: LazyString
    undoable: bool = False
    several: bool = False


def _plain(verb: Callable[..., object]) -> Callable[[UnitOfWork, Call], object]:
    """A verb that asks for nothing but the match."""
    return lambda uow, call: verb(uow, call.public_id, revision=call.revision, actor=call.actor)


def _endorse(uow: UnitOfWork, call: Call) -> object:
    first = call.side("first")
    return service.endorse(uow, call.public_id, revision=call.revision, actor=call.actor, first=first)


def _decline(uow: UnitOfWork, call: Call) -> object:
    no = No(call.reason, call.text("note"), share=bool(call.text("share")))
    return service.decline(uow, call.public_id, no, revision=call.revision, actor=call.actor)


def _park(uow: UnitOfWork, call: Call) -> object:
    pause = Pause(_day(call.text("until")), call.text("note"))
    return service.park(uow, call.public_id, pause, revision=call.revision, actor=call.actor)


def _assign(uow: UnitOfWork, call: Call) -> object:
    return service.assign(uow, call.public_id, call.text("colleague"), revision=call.revision, actor=call.actor)


def _note(uow: UnitOfWork, call: Call) -> object:
    return service.note(uow, call.public_id, call.text("note"), actor=call.actor)


def _ask(uow: UnitOfWork, call: Call) -> object:
    whom = call.text("addressee")
    addressee = Addressee(whom) if whom in set(Addressee) else None
    wanted = Asking(addressee, call.text("text"), call.text("colleague"))
    return questions.ask(uow, call.public_id, wanted, actor=call.actor)


def _reply(uow: UnitOfWork, call: Call) -> object:
    return questions.answer(uow, call.text("question"), call.text("answer"), actor=call.actor)


def _forward(uow: UnitOfWork, call: Call) -> object:
    return offers.forward(uow, call.public_id, call.text("note"), revision=call.revision, actor=call.actor)


# A higher feature adds what has consequences in its own rooms, see app.py.
DEEDS: dict[str, Deed] = {
    "endorse": Deed(_endorse, lazy("Endorsed. The first side is asked in ten minutes."), undoable=True, several=True),
    "decline": Deed(_decline, lazy("Declined."), undoable=True, several=True),
    "park": Deed(_park, lazy("Parked."), undoable=True, several=True),
    "assign": Deed(_assign, lazy("Given to your colleague."), undoable=True, several=True),
    "take": Deed(_plain(service.take), lazy("It is yours now."), undoable=True, several=True),
    "give_back": Deed(_plain(service.give_back), lazy("Given back to all."), undoable=True),
    "unpark": Deed(_plain(service.unpark), lazy("It is to be decided again."), undoable=True),
    "reopen": Deed(_plain(service.reopen), lazy("It is open again."), undoable=True),
    "note": Deed(_note, lazy("The note is kept.")),
    "ask": Deed(_ask, lazy("The question is asked.")),
    "reply": Deed(_reply, lazy("Your answer is sent.")),
    "offer_now": Deed(_plain(offers.offer_now), lazy("The first side is asked.")),
    "forward": Deed(_forward, lazy("The interest is passed on.")),
}


def _day(text: str) -> date | None:
    """A day as date fields send it, None where nothing was chosen."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid({"until": "date_parsing"}) from None
