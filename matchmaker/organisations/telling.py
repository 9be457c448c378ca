"""Tell people about an organisation; its name is looked up when the news are read."""

from collections.abc import Collection, Iterable

from sqlmodel import Session

from matchmaker.accounts.models import Organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications.kinds import Kind
from matchmaker.notifications.service import News, tell
from matchmaker.organisations import queries


def names(session: Session, public_ids: Collection[str], _actor: Actor, _lang: str) -> dict[str, str]:
    """Public id → name, for the sentences of news."""
    return queries.names(session, list(public_ids))


def tell_of(uow: UnitOfWork, person_ids: Iterable[int | None], kind: Kind, organisation: Organisation) -> None:
    """Tell these people this kind of news about the organisation; the news lead to its page."""
    path = f"/organisations/{organisation.public_id}"
    tell(uow, person_ids, News(kind.name, path, {"organisation": organisation.public_id}))
