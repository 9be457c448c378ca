"""Machine versions of a listing in the portal's languages: asked for when it is published or edited, made by a job.

Only what anybody may read goes to the service: no sealed text, nothing under embargo, no name of an anonymous owner.
A version that a person wrote is never touched, and one that its owner removed is not made again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import Any

from sqlalchemy import Engine, delete
from sqlmodel import Session, col

from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Unavailable
from matchmaker.core.text import shorten
from matchmaker.db.engine import reading_session
from matchmaker.db.jobs import enqueue
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.i18n.locales import languages
from matchmaker.listings import confidence, queries, records, translator
from matchmaker.listings.fields import BY_NAME, WORDED
from matchmaker.listings.models import Listing, ListingText, Status, TextOrigin
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import TextDraft

KIND = "translate"
# Who rewrites a text three times in a row is answered once.
PATIENCE = timedelta(seconds=10)
# What others read of a listing under embargo.
UNDER_EMBARGO = ("title", "summary")
# A translation may be longer than what we ask people to write; a title has its place in lists.
_LIMITS = {name: 60_000 for name in WORDED if name != "title"}
# Where an anonymous owner's name stood.
_NAMELESS = "…"


class ListingChanged(Unavailable):
    """The listing was changed while its words were away; the job is tried again with the new ones."""


@dataclass(frozen=True)
class Plan:
    """What goes to the service: a listing's open words as of a revision, and the languages that it lacks."""

    public_id: str
    listing_id: int
    revision: int
    lang: str
    words: Mapping[str, str]
    targets: tuple[str, ...]


def request(uow: UnitOfWork, listing: Listing) -> None:
    """Ask for the machine versions that a published listing lacks, if there is a service to make them."""
    engine = uow.session.get_bind()
    if listing.status is not Status.PUBLISHED or not isinstance(engine, Engine) or translator.of(engine) is None:
        return
    payload = {"listing": listing.public_id}
    enqueue(uow, KIND, payload, key=f"{KIND}:{listing.public_id}", due_at=now() + PATIENCE)
    if listing.embargo_until is not None and confidence.is_embargoed(listing):
        # The rest of its words is open from that day on.
        opens = datetime.combine(listing.embargo_until, clock.min, UTC)
        enqueue(uow, KIND, payload, key=f"{KIND}:{listing.public_id}:{listing.embargo_until}", due_at=opens)


def request_all(uow: UnitOfWork) -> int:
    """The same for everything that is published, imports too; answers how many."""
    lacking = records.untranslated(uow.session, languages())
    for listing in lacking:
        request(uow, listing)
    return len(lacking)


def drop(uow: UnitOfWork, listing: Listing) -> None:
    """Take the machine versions away: they say what the original does not say any more."""
    machine = (col(ListingText.listing_id) == listing.id, col(ListingText.origin) == TextOrigin.MACHINE)
    uow.session.execute(delete(ListingText).where(*machine))


def make(engine: Engine, payload: Mapping[str, Any]) -> None:
    """The job: translate and store; raises when the service fails, so that the worker tries again later."""
    service = translator.of(engine)
    with reading_session(engine) as session:
        plan = planned(session, str(payload["listing"]))
    if service is None or plan is None:
        return
    for target in plan.targets:
        pair = service.pair(plan.lang, target)
        if pair is not None:
            words = {name: service.translate(text, pair) for name, text in plan.words.items()}
            with unit_of_work(engine) as uow:
                store(uow, plan, target, words)


HANDLERS = {KIND: make}


def planned(session: Session, public_id: str) -> Plan | None:
    """What is to be translated now; None when nothing is."""
    listing = queries.by_public_id(session, public_id)
    if listing is None or listing.status is not Status.PUBLISHED or listing.lang == "und":
        return None
    full = queries.full(session, listing)
    settled = {text.lang for text in full.texts if text.origin is TextOrigin.OWNER}
    settled |= records.declined_languages(session, public_id)
    targets = tuple(lang for lang in languages() if lang not in settled)
    words = open_words(full)
    if not targets or not words:
        return None
    return Plan(public_id, listing.id or 0, listing.revision, listing.lang, words, targets)


def open_words(full: FullListing) -> dict[str, str]:
    """The original's words that anybody may read, without an anonymous owner's name."""
    names = UNDER_EMBARGO if confidence.is_embargoed(full.listing) else WORDED
    words = {name: getattr(full.original, name) for name in names}
    if full.listing.anonymous:
        words = {name: nameless(text, full) for name, text in words.items()}
    return {name: text for name, text in words.items() if text}


def nameless(text: str, full: FullListing) -> str:
    """The text with the owner's names taken out."""
    owner = full.organisation
    names = {full.listing.organisation_name, *((owner.name, owner.name_en) if owner else ())} - {""}
    pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(pattern, _NAMELESS, text, flags=re.IGNORECASE) if pattern else text


def store(uow: UnitOfWork, plan: Plan, lang: str, words: Mapping[str, str]) -> None:
    """Write a machine version, unless a person has written one meanwhile; raises ListingChanged.

    The listing's revision stays: its vectors are made of the original alone, and nobody's edit is out of date.
    """
    listing = uow.session.get(Listing, plan.listing_id)
    if listing is None or listing.status is not Status.PUBLISHED or listing.revision != plan.revision:
        raise ListingChanged("the listing was changed while it was being translated")
    stored = uow.session.get(ListingText, (plan.listing_id, lang))
    if stored is not None and stored.origin is TextOrigin.OWNER:
        return
    title = shorten(words["title"], BY_NAME["title"].limit)
    said = {"lang": lang, **words, "title": title}
    wanted = TextDraft.model_validate(said, context={"limits": _LIMITS})
    text = stored or ListingText(listing_id=plan.listing_id, lang=lang, title=title)
    for name, value in wanted.words().items():
        setattr(text, name, value)
    text.origin = TextOrigin.MACHINE
    uow.session.add(text)
    record(uow, "translator", "listing.machine_text", ("listing", plan.public_id), lang)
