"""Listings for tests, complete enough to be published; every field may be overridden."""

from typing import Any

from sqlalchemy import Engine

from matchmaker.accounts.models import Person, Role
from matchmaker.accounts.queries import actor_of, person_by_email
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.listings import queries, service
from matchmaker.listings.criteria import CRITERIA
from matchmaker.listings.models import Direction, Disclosure, DisclosureLevel, Listing
from matchmaker.listings.schemas import ListingDraft, TextDraft
from matchmaker.quality import service as quality
from matchmaker.quality.schemas import Judgement

REVIEWER = "reviewer@factory.example"

NEED: dict[str, Any] = {
    "direction": Direction.NEED,
    "lang": "zh",
    "title": "煤矿井下自动钻孔机器人",
    "summary": "高瓦斯矿井希望引进可自动定位、自动换杆的钻孔机器人。",
    "description": "现有钻机每班需五人，希望引进远程操作的钻孔机器人及随钻测量技术。",
    "technical_spec": "防爆型式满足煤矿井下要求。",
    "country": "CN",
    "partnerships": ("licence",),
    "ipc": ("E21B",),
    "nace": ("05.10",),
    "trl": "7",
}
RESULT: dict[str, Any] = {
    "direction": Direction.RESULT,
    "lang": "de",
    "title": "Ferngesteuertes Bohrgerät für den Bergbau unter Tage",
    "summary": "Das Bohrgerät richtet sich selbst aus und wechselt das Gestänge ohne Bediener.",
    "description": "Sensoren messen während des Bohrens die Bahn; die Steuerung hält sie auf fünf Zentimeter genau.",
    "advantages": "Halb so viele Menschen vor Ort.",
    "stage": "prototype",
    "ipr_status": "patent_granted",
    "country": "DE",
    "partnerships": ("licence",),
    "ipc": ("E21B",),
    "nace": ("28.92",),
    "trl": "8",
}


def write(engine: Engine, actor: Actor, values: dict[str, Any], **changes: Any) -> Listing:
    """A draft of the actor's: `write(engine, actor, NEED, title="…")`."""
    with unit_of_work(engine) as uow:
        return service.draft(uow, ListingDraft(**{**values, **changes}), actor=actor)


def publish(engine: Engine, actor: Actor, values: dict[str, Any], **changes: Any) -> Listing:
    """A published listing of the actor's, which somebody else has reviewed."""
    with unit_of_work(engine) as uow:
        return publish_within(uow, actor, ListingDraft(**{**values, **changes}))


def publish_within(uow: UnitOfWork, actor: Actor, wanted: ListingDraft) -> Listing:
    """The same as a part of a transaction that does more."""
    listing = service.draft(uow, wanted, actor=actor)
    service.submit(uow, listing.public_id, actor=actor)
    return _approve(uow, listing)


def bring_out(engine: Engine, actor: Actor, listing: Listing) -> Listing:
    """Hand a listing in, whatever it was before, and let a reviewer publish it."""
    with unit_of_work(engine) as uow:
        return _approve(uow, service.submit(uow, listing.public_id, actor=actor))


def submit(engine: Engine, actor: Actor, values: dict[str, Any], **changes: Any) -> Listing:
    """A listing of the actor's that waits for its review."""
    with unit_of_work(engine) as uow:
        listing = service.draft(uow, ListingDraft(**{**values, **changes}), actor=actor)
        return service.submit(uow, listing.public_id, actor=actor)


def approve(engine: Engine, listing: Listing) -> Listing:
    """Let a reviewer publish a listing that waits."""
    with unit_of_work(engine) as uow:
        return _approve(uow, listing)


def judgement(mark: int = 4, **changes: Any) -> Judgement:
    """The same mark for every question, unless a change says otherwise."""
    return Judgement(**{**{criterion.name: mark for criterion in CRITERIA}, **changes})


def _approve(uow: UnitOfWork, listing: Listing) -> Listing:
    reviewer = _reviewer(uow)
    quality.take(uow, listing.public_id, actor=reviewer)
    return quality.publish(uow, quality.Read(listing.public_id, listing.revision), judgement(), actor=reviewer)


def _reviewer(uow: UnitOfWork) -> Actor:
    """A broker of no organisation, one for each database."""
    person = person_by_email(uow.session, REVIEWER)
    if person is None:
        person = Person(email=REVIEWER, name="Reviewer", password_hash="-", role=Role.BROKER, email_confirmed_at=now())
        uow.session.add(person)
        uow.session.flush()
    return actor_of(uow.session, person)


def translate(engine: Engine, actor: Actor, listing: Listing, **words: Any) -> None:
    """Add a language version."""
    with unit_of_work(engine) as uow:
        stored = queries.by_public_id(uow.session, listing.public_id)
        assert stored is not None
        service.add_text(uow, listing.public_id, TextDraft(**words), revision=stored.revision, actor=actor)


def disclose(engine: Engine, listing: Listing, level: DisclosureLevel, to: Actor) -> None:
    """Open a listing up to a level, as an introduction does: to a broker in person, to others' organisations."""
    person = to.person_id if to.role is Role.BROKER else None
    with unit_of_work(engine) as uow:
        row = Disclosure(listing_id=listing.id or 0, level=level, person_id=person)
        row.organisation_id = None if person else to.organisation_id
        uow.session.add(row)
