"""What the pages of news show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import LazyString
from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.paging import Page
from matchmaker.i18n import lazy
from matchmaker.notifications import queries, service
from matchmaker.notifications.kinds import GROUPS, KINDS, Kind
from matchmaker.notifications.models import Frequency
from matchmaker.notifications.sentences import Told, told

FREQUENCIES: Mapping[Frequency, LazyString] = {
    Frequency.IMMEDIATE: lazy("At once"),
    Frequency.DAILY: lazy("Every morning"),
    Frequency.WEEKLY: lazy("On Mondays"),
    Frequency.OFF: lazy("No letters"),
}
OTHER = lazy("Other news")


@dataclass(frozen=True)
class NewsPage:
    """The reader's list; `newest` is the public id up to which "mark all" goes."""

    news: Page[Told]
    unread: int
    newest: str


@dataclass(frozen=True)
class Setting:
    """One kind with how often it comes."""

    kind: Kind
    frequency: Frequency


@dataclass(frozen=True)
class SettingsPage:
    """The kinds by what they are about."""

    groups: Sequence[tuple[LazyString, Sequence[Setting]]]


def news_page(session: Session, number: int, lang: str, *, actor: Actor) -> NewsPage:
    """A page of the actor's news; the last one when there are not so many."""
    found = queries.page_of(session, actor.person_id, number)
    if found.total and not found.rows:
        found = queries.page_of(session, actor.person_id, found.pages)
    return NewsPage(
        Page(told(session, found.rows, actor, lang), found.number, found.size, found.total),
        queries.unread(session, actor.person_id),
        queries.newest(session, actor.person_id),
    )


def settings_page(session: Session, *, actor: Actor) -> SettingsPage:
    """Every kind that the actor may be told, as they have it now."""
    chosen = service.frequencies(queries.preferences(session, actor.person_id))
    groups: dict[str, list[Setting]] = {}
    mine = {name: kind for name, kind in KINDS.items() if actor.role is not Role.MEMBER or not kind.staff}
    for name, kind in mine.items():
        groups.setdefault(kind.group, []).append(Setting(kind, chosen[name]))
    order = [*GROUPS, *(group for group in groups if group not in GROUPS)]
    return SettingsPage([(GROUPS.get(group, OTHER), groups[group]) for group in order if group in groups])
