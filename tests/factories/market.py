"""Listings for tests, complete enough to be published; every field may be overridden."""

from typing import Any

from sqlalchemy import Engine

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries, service
from matchmaker.listings.models import Direction, Disclosure, DisclosureLevel, Listing
from matchmaker.listings.schemas import ListingDraft, TextDraft

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
    """A published listing of the actor's."""
    wanted = ListingDraft(**{**values, **changes})
    with unit_of_work(engine) as uow:
        listing = service.draft(uow, wanted, actor=actor)
        return service.publish(uow, listing.public_id, wanted, actor=actor)


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
