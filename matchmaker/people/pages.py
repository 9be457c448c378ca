"""What the pages of an account show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from matchmaker.accounts import queries as accounts
from matchmaker.accounts.models import Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.countries import countries
from matchmaker.core.errors import NotFound
from matchmaker.core.languages import languages
from matchmaker.core.zones import zones
from matchmaker.i18n.locales import current_language
from matchmaker.people import browsers, queries
from matchmaker.people.queries import BrokerCard, Obstacle
from matchmaker.people.service import handle_of
from matchmaker.taxonomy.service import options
from matchmaker.web.forms import Problems


@dataclass(frozen=True)
class SignInRow:
    """A signed-in browser as its owner sees it."""

    handle: str
    browser: str
    address: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


@dataclass(frozen=True)
class Refused:
    """A form of the page that was sent and not taken: which one, with what, and what is wrong."""

    form: str = ""
    values: dict[str, str] = field(default_factory=dict)
    problems: Problems = field(default_factory=dict)

    def of(self, form: str) -> Problems:
        return self.problems if form == self.form else {}

    def value(self, form: str, name: str, otherwise: str) -> str:
        return self.values.get(name, otherwise) if form == self.form else otherwise


@dataclass(frozen=True)
class AccountPage:
    """Everything about one's own account."""

    person: Person
    actor: Actor
    sign_ins: Sequence[SignInRow]
    obstacles: Sequence[Obstacle]
    zones: Sequence[tuple[str, str]]
    is_last_administrator: bool
    refused: Refused


def account_page(session: Session, refused: Refused, *, actor: Actor, token_hash: str) -> AccountPage:
    """One's own account; `token_hash` is this browser's."""
    person = session.get(Person, actor.person_id)
    if person is None:
        raise NotFound("there is no such account any more")
    rows = [
        SignInRow(
            handle_of(row),
            browsers.title(row.user_agent),
            row.address,
            row.created_at,
            row.seen_at,
            row.token_hash == token_hash,
        )
        for row in accounts.running_sign_ins(session, actor.person_id)
    ]
    last = person.role is Role.ADMINISTRATOR and accounts.open_administrators(session) == 1
    return AccountPage(
        person=person,
        actor=actor,
        sign_ins=rows,
        obstacles=queries.obstacles(session, person),
        zones=zones(current_language()),
        is_last_administrator=last,
        refused=refused,
    )


@dataclass(frozen=True)
class BrokerPage:
    """The form of what a broker takes on; `own` when the reader is the broker."""

    card: BrokerCard
    own: bool
    languages: Sequence[tuple[str, str]]
    fields: Sequence[tuple[str, str]]
    regions: Sequence[tuple[str, str]]
    problems: Problems


def broker_page(session: Session, person: Person, *, own: bool, problems: Problems | None = None) -> BrokerPage:
    """The form for one broker."""
    lang = current_language()
    return BrokerPage(
        card=queries.broker(session, person),
        own=own,
        languages=languages(lang),
        fields=[(concept.code, concept.label) for concept in options("ipc", lang, level=1)],
        regions=countries(lang),
        problems=problems or {},
    )
