"""News become letters: at once, in the morning, or on Monday, as their receiver wishes; each is in one letter only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from matchmaker.accounts.models import Person
from matchmaker.accounts.queries import actor_of
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n.locales import languages, speaking
from matchmaker.notifications import letters, queries
from matchmaker.notifications.kinds import Kind
from matchmaker.notifications.models import Frequency, Notification
from matchmaker.notifications.sentences import Told, told
from matchmaker.notifications.unsubscribing import unsubscribe_url
from matchmaker.notifications.zones import zone_of

# Immediate news wait this long for others of their kind, so that ten in a minute are one letter.
GRACE = timedelta(minutes=1)
# A letter that lists more than this is not read; the portal has them all.
LISTED = 50


@dataclass(frozen=True)
class Section:
    """News of one kind in a letter; `more` are those that it does not list."""

    kind: Kind
    told: Sequence[Told]
    more: int
    unsubscribe: str


def write_immediate(uow: UnitOfWork, person_id: int, kind: str, at: datetime) -> None:
    """Put a person's waiting news of one kind into a letter, in one transaction with the note that they are in it."""
    rows = queries.waiting_of(uow.session, person_id, [Frequency.IMMEDIATE], [kind])
    person = uow.session.get_one(Person, person_id)
    unread = _take(person, rows, at)
    if not unread:
        return
    # None when the kind is no more: the program is newer than the news.
    for section in _sections(uow, person, unread):
        values = {"section": section, "unsubscribe": section.unsubscribe}
        letters.post(uow, person, "news", person.lang, values)


def write_digest(uow: UnitOfWork, person_id: int, frequencies: Sequence[Frequency], at: datetime) -> None:
    """Put all of a person's news that wait for these digests into one letter, grouped by kind."""
    rows = queries.waiting_of(uow.session, person_id, frequencies)
    person = uow.session.get_one(Person, person_id)
    unread = _take(person, rows, at)
    if not unread:
        return
    sections = _sections(uow, person, unread)
    if not sections:
        return
    count = sum(len(section.told) + section.more for section in sections)
    kinds = [section.kind.name for section in sections]
    values = {"sections": sections, "count": count, "unsubscribe": unsubscribe_url(person, kinds)}
    letters.post(uow, person, "digest", person.lang, values)


def _take(person: Person, rows: Sequence[Notification], at: datetime) -> list[Notification]:
    """Those that belong in a letter; all are dealt with: what was read needs none, and some people get none."""
    for row in rows:
        row.mailed_at = at
    if person.closed_at is not None or person.email_confirmed_at is None:
        return []
    return [row for row in rows if row.read_at is None]


def _sections(uow: UnitOfWork, person: Person, rows: Sequence[Notification]) -> list[Section]:
    lang = person.lang if person.lang in languages() else "en"
    with speaking(lang, zone_of(uow.session, person)):
        news = told(uow.session, rows, actor_of(uow.session, person), lang)
    news.sort(key=lambda each: each.kind.name)  # stable: within a kind the oldest stays first
    sections = []
    for kind, group in groupby(news, key=lambda each: each.kind):
        all_told = list(group)
        sections.append(
            Section(kind, all_told[:LISTED], max(0, len(all_told) - LISTED), unsubscribe_url(person, [kind.name]))
        )
    return sections
