"""Tell people what happened, in the transaction in which it happens; note what they read and what they want."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import update
from sqlmodel import col

from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications import queries
from matchmaker.notifications.kinds import KINDS
from matchmaker.notifications.models import Frequency, Notification, Preference
from matchmaker.notifications.unsubscribing import Cancelled


@dataclass(frozen=True)
class News:
    """What is told: a kind, the page that it leads to, and codes and public ids for its sentence."""

    kind: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)


def tell(uow: UnitOfWork, person_ids: Iterable[int | None], news: News) -> None:
    """Put the news on each person's list; letters follow as each of them wants."""
    kind = KINDS[news.kind]
    for person_id in sorted(set(person_ids) - {None}):  # type: ignore[type-var]
        wanted = uow.session.get(Preference, (person_id, kind.name))
        uow.session.add(
            Notification(
                person_id=person_id or 0,
                kind=kind.name,
                params=json.dumps(dict(news.params)),
                path=news.path,
                frequency=wanted.frequency if wanted else kind.default,
            )
        )


def mark_read(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Notification:
    """Note that the actor has seen one of their news; raises NotFound for somebody else's."""
    row = queries.one(uow.session, actor.person_id, public_id)
    if row is None:
        raise NotFound("no such news")
    row.read_at = row.read_at or now()
    return row


def mark_all_read(uow: UnitOfWork, newest: str, *, actor: Actor) -> None:
    """Note that the actor has seen everything up to the newest that their page showed; what came since stays unread."""
    row = queries.one(uow.session, actor.person_id, newest)
    if row is None:
        raise NotFound("no such news")
    seen = update(Notification).where(
        col(Notification.person_id) == actor.person_id,
        col(Notification.read_at).is_(None),
        col(Notification.id) <= row.id,
    )
    uow.session.execute(seen.values(read_at=now()))


def prefer(uow: UnitOfWork, person_id: int, chosen: Mapping[str, Frequency]) -> None:
    """Set how often the person wants letters of these kinds; holds for what waits to be mailed already, too."""
    for kind, frequency in chosen.items():
        row = uow.session.get(Preference, (person_id, kind)) or Preference(
            person_id=person_id, kind=kind, frequency=frequency
        )
        row.frequency = frequency
        uow.session.add(row)
        # What was not to be mailed stays so: somebody who wants letters again wants no old ones.
        waiting = update(Notification).where(
            col(Notification.person_id) == person_id,
            col(Notification.kind) == kind,
            col(Notification.mailed_at).is_(None),
            col(Notification.frequency) != Frequency.OFF,
        )
        uow.session.execute(waiting.values(frequency=frequency))


def choose(uow: UnitOfWork, chosen: Mapping[str, Frequency], *, actor: Actor) -> None:
    """Set the actor's own wishes, as the page of settings has them."""
    before = frequencies(queries.preferences(uow.session, actor.person_id))
    changed = {kind: frequency for kind, frequency in chosen.items() if before[kind] is not frequency}
    prefer(uow, actor.person_id, changed)
    if changed:
        detail = " ".join(f"{kind}={frequency.value}" for kind, frequency in sorted(changed.items()))
        record(uow, actor.public_id, "news.settings", ("person", actor.public_id), detail)


def unsubscribe(uow: UnitOfWork, cancelled: Cancelled) -> dict[str, Frequency]:
    """End letters of these kinds; answers how often each came before, so that it can be taken back."""
    person = _person(uow, cancelled)
    before = frequencies(queries.preferences(uow.session, person.id or 0))
    prefer(uow, person.id or 0, dict.fromkeys(cancelled.kinds, Frequency.OFF))
    record(uow, person.public_id, "news.unsubscribe", ("person", person.public_id), " ".join(cancelled.kinds))
    # A second click finds them off already: taking it back leads to the usual, not to nothing.
    return {
        kind: before[kind] if before[kind] is not Frequency.OFF else KINDS[kind].default
        for kind in cancelled.kinds
        if kind in before
    }


def subscribe_again(uow: UnitOfWork, cancelled: Cancelled, wanted: Mapping[str, Frequency]) -> None:
    """Take an `unsubscribe` back, for the kinds that it was about."""
    person = _person(uow, cancelled)
    kinds = {kind: wanted[kind] for kind in cancelled.kinds if kind in wanted}
    prefer(uow, person.id or 0, kinds)
    record(uow, person.public_id, "news.subscribe", ("person", person.public_id), " ".join(kinds))


def _person(uow: UnitOfWork, cancelled: Cancelled) -> Person:
    person = queries.person_by_public_id(uow.session, cancelled.person)
    if person is None:
        raise NotFound("no such person")
    return person


def frequencies(chosen: Mapping[str, Frequency]) -> dict[str, Frequency]:
    """How often each kind comes by letter, for somebody who chose these."""
    return {name: chosen.get(name, kind.default) for name, kind in KINDS.items()}
