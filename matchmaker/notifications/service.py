"""Tell people what happened, in the transaction in which it happens."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications.kinds import KINDS
from matchmaker.notifications.models import Notification, Preference


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
