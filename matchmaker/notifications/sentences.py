"""News as their reader reads them: the sentence in their language, with the names that they may know."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup, escape
from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.core.text import has_rtl
from matchmaker.i18n import _
from matchmaker.notifications.kinds import KINDS, RESOLVERS, Kind
from matchmaker.notifications.models import Notification
from matchmaker.web.presentation import day

# Unicode's isolates: a name that is written from right to left must not turn the sentence around it.
FIRST_STRONG, POP = "\u2068", "\u2069"


@dataclass(frozen=True)
class Told:
    """One piece of news in words: `text` for letters' plain part and subjects, `words` for pages."""

    public_id: str
    kind: Kind
    text: str
    words: Markup
    path: str
    at: datetime
    unread: bool


def told(session: Session, rows: Sequence[Notification], actor: Actor, lang: str) -> list[Told]:
    """The news as this reader may know them, in their order; one question for each kind of name, not for each row.

    Call it while speaking `lang`. News of a kind that is no more are left out.
    """
    params = [_params(row) for row in rows]
    known = _names(session, params, actor, lang)
    return [_told(row, values, known) for row, values in zip(rows, params, strict=True) if row.kind in KINDS]


def _told(row: Notification, params: Mapping[str, str], known: Mapping[str, Mapping[str, str]]) -> Told:
    kind = KINDS[row.kind]
    values = {name: _value(name, value, known) for name, value in params.items()}
    sentence = str(kind.sentence)
    return Told(
        public_id=row.public_id,
        kind=kind,
        text=sentence % _Words({name: _isolated(value) for name, value in values.items()}),
        words=Markup(escape(sentence)) % _Marked({name: _bdi(value) for name, value in values.items()}),  # noqa: S704
        path=row.path,
        at=row.at,
        unread=row.read_at is None,
    )


class _Words(dict[str, str]):
    """Params of a sentence; one that an older version of the program did not note is an ellipsis."""

    def __missing__(self, _name: str) -> str:
        return "…"


class _Marked(dict[str, Markup]):
    def __missing__(self, _name: str) -> Markup:
        return Markup("…")


def _params(row: Notification) -> dict[str, str]:
    return {name: str(value) for name, value in json.loads(row.params).items()}


def _names(
    session: Session, params: Sequence[Mapping[str, str]], actor: Actor, lang: str
) -> dict[str, Mapping[str, str]]:
    wanted: dict[str, set[str]] = {}
    for each in params:
        for name, value in each.items():
            if name in RESOLVERS:
                wanted.setdefault(name, set()).add(value)
    return {name: RESOLVERS[name](session, values, actor, lang) for name, values in wanted.items()}


def _value(name: str, value: str, known: Mapping[str, Mapping[str, str]]) -> str:
    if name in RESOLVERS:
        return known.get(name, {}).get(value) or _("(not to be seen any more)")
    if name == "date":
        try:
            return day(date.fromisoformat(value[:10]))
        except ValueError:
            return value
    return value


def _isolated(value: str) -> str:
    # Only where it matters: old mail programs show the marks as boxes.
    return f"{FIRST_STRONG}{value}{POP}" if has_rtl(value) else value


def _bdi(value: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(value)
