"""What the pages of the back office show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from flask import url_for
from sqlmodel import Session

from matchmaker.accounts import queries as accounts
from matchmaker.accounts.models import Membership, Organisation, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.admin import queries, veil
from matchmaker.audit import queries as audit
from matchmaker.audit.models import AuditEvent
from matchmaker.audit.queries import Wanted
from matchmaker.core.paging import Page
from matchmaker.core.tables import BYTE_ORDER_MARK, csv_line
from matchmaker.organisations import pages as organisations
from matchmaker.organisations import queries as organisation_queries
from matchmaker.organisations.pages import Inside
from matchmaker.organisations.queries import Claim
from matchmaker.web.forms import Problems

ASKED = ("actor", "action", "object_kind", "object_id", "since", "until")
COLUMNS = ("id", "at", "actor", "action", "object_kind", "object_id", "detail", "hash")


@dataclass(frozen=True)
class OrganisationDetail:
    """Everything that an administrator needs to say whether an organisation is who it says it is."""

    organisation: Organisation
    inside: Inside
    rivals: Sequence[Claim]
    problems: Problems
    note: str


def organisation_detail(session: Session, public_id: str, problems: Problems, note: str) -> OrganisationDetail:
    """One organisation with evidence and history."""
    organisation = organisation_queries.find(session, public_id)
    rivals = organisation_queries.rival_claims(session, organisation.id or 0)
    return OrganisationDetail(organisation, organisations.inside_of(session, organisation), rivals, problems, note)


@dataclass(frozen=True)
class PersonDetail:
    """An account as administrators see it."""

    person: Person
    affiliations: Sequence[tuple[Membership, Organisation]]
    sign_ins: int
    is_self: bool
    is_last_administrator: bool


def person_detail(session: Session, person: Person, *, actor: Actor) -> PersonDetail:
    """One account; how often it is signed in, not from where."""
    assert person.id is not None
    administers = person.role.value == "administrator" and person.closed_at is None
    return PersonDetail(
        person=person,
        affiliations=queries.affiliations(session, person.id),
        sign_ins=len(accounts.running_sign_ins(session, person.id)),
        is_self=person.id == actor.person_id,
        is_last_administrator=administers and accounts.open_administrators(session) == 1,
    )


@dataclass(frozen=True)
class AuditPage:
    """A page of the record with what was asked for; `names` are of those actors who are people."""

    events: Page[AuditEvent]
    asked: Mapping[str, str]
    names: Mapping[str, str]
    kinds: Sequence[str]
    actions: Sequence[str]

    @property
    def csv_address(self) -> str:
        """All that was asked for as a file, not only this page."""
        asked: dict[str, Any] = {name: value for name, value in self.asked.items() if name in ASKED and value}
        return url_for("admin.audit_csv", **asked)


def wanted(asked: Mapping[str, str]) -> Wanted:
    """What the filters of an address ask for; a day that is none is not asked for."""
    words = {name: asked.get(name, "").strip()[:64] for name in ("actor", "action", "object_kind", "object_id")}
    return Wanted(**words, since=_day(asked.get("since", "")), until=_day(asked.get("until", "")))


def audit_page(session: Session, asked: Mapping[str, str], number: int) -> AuditPage:
    """A page of the record."""
    found = audit.page(session, wanted(asked), number, besides=veil.besides(wanted(asked)))
    events = Page(list(veil.veiled(session, found.rows)), found.number, found.size, found.total)
    names = queries.names_of_actors(session, {event.actor for event in events.rows})
    return AuditPage(events, asked, names, audit.kinds(session), audit.actions(session))


def as_csv(events: Iterator[AuditEvent]) -> Iterator[str]:
    """The events as lines of a CSV file, one at a time, with a byte order mark so that spreadsheets read UTF-8."""
    yield BYTE_ORDER_MARK + csv_line(COLUMNS)
    for event in events:
        values = [getattr(event, name) for name in COLUMNS]
        values[1] = event.at.astimezone(UTC).isoformat()
        yield csv_line(values)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
