"""The life of a listing: draft, change, publish, withdraw; every step leaves a row in the change log."""

from datetime import date, timedelta

from sqlalchemy import delete, select

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings import policy, publication, versions
from matchmaker.listings.fields import LIFETIME_DAYS
from matchmaker.listings.models import (
    ChangeKind,
    Listing,
    ListingChange,
    ListingCode,
    ListingText,
    Status,
    TextOrigin,
)
from matchmaker.listings.queries import DECLINED
from matchmaker.listings.schemas import ListingDraft, TextDraft


def draft(uow: UnitOfWork, wanted: ListingDraft, *, actor: Actor) -> Listing:
    """Keep a listing that only its organisation sees."""
    if actor.organisation_id is None:
        raise NotAllowed("only members of an organisation can post")
    listing = Listing(
        direction=wanted.direction,
        lang=wanted.lang,
        organisation_id=actor.organisation_id,
        author_id=actor.person_id,
    )
    uow.session.add(listing)
    uow.session.flush()  # texts and codes need listing.id
    fill(uow, listing, wanted)
    record(uow, actor.public_id, "listing.draft", ("listing", listing.public_id))
    return listing


def change(uow: UnitOfWork, public_id: str, wanted: ListingDraft, *, revision: int, actor: Actor) -> Listing:
    """Replace the contents.

    Raises Conflict when somebody else changed them since `revision` was read, and Invalid when the language of the
    original is to become one that has a version of its own.
    """
    listing = _editable(uow, public_id, actor)
    if listing.revision != revision:
        raise Conflict("this listing was changed in the meantime")
    if wanted.direction is not listing.direction:
        raise Conflict("a need cannot become a result")
    if listing.status is Status.PUBLISHED:
        require_complete(wanted, listing.deadline)
    version = uow.session.get(ListingText, (listing.id, wanted.lang))
    if wanted.lang != listing.lang and version is not None and version.origin is TextOrigin.OWNER:
        raise Invalid({"lang": "version_exists"})
    fill(uow, listing, wanted)
    listing.revision += 1
    listing.updated_at = now()
    note_change(uow, listing, ChangeKind.EDITED)
    record(uow, actor.public_id, "listing.change", ("listing", public_id))
    return listing


def publish(uow: UnitOfWork, public_id: str, wanted: ListingDraft, *, actor: Actor) -> Listing:
    """Show the listing to everybody and offer it to the matcher; raises Invalid naming what is missing."""
    listing = _editable(uow, public_id, actor)
    if listing.status is Status.PUBLISHED:
        raise Conflict("this listing is published already")
    require_complete(wanted)
    _set_published(uow, listing)
    record(uow, actor.public_id, "listing.publish", ("listing", public_id))
    return listing


def withdraw(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Take the listing off the market at once; it can be published again."""
    listing = _editable(uow, public_id, actor)
    if listing.status is not Status.PUBLISHED:
        raise Conflict("only a published listing can be withdrawn")
    listing.status = Status.WITHDRAWN
    listing.updated_at = now()
    note_change(uow, listing, ChangeKind.WITHDRAWN)
    record(uow, actor.public_id, "listing.withdraw", ("listing", public_id))
    return listing


def delete_draft(uow: UnitOfWork, public_id: str, *, actor: Actor) -> None:
    """Remove a draft for good; what was ever published can only be withdrawn."""
    listing = _editable(uow, public_id, actor)
    if listing.status is not Status.DRAFT:
        raise Conflict("only a draft can be deleted")
    for rows in (ListingText, ListingCode):
        uow.session.execute(delete(rows).where(rows.listing_id == listing.id))  # type: ignore[arg-type]
    uow.session.delete(listing)
    record(uow, actor.public_id, "listing.delete_draft", ("listing", public_id))


def expire(uow: UnitOfWork, most: int = 100) -> int:
    """Take listings off the market whose time is over; answers how many. Their owners may publish them again."""
    over = select(Listing).where(Listing.status == Status.PUBLISHED, Listing.expires_at < now()).limit(most)  # type: ignore[arg-type, operator]
    listings = uow.session.execute(over).scalars().all()
    for listing in listings:
        listing.status = Status.WITHDRAWN
        listing.updated_at = now()
        note_change(uow, listing, ChangeKind.WITHDRAWN)
        record(uow, "the clock", "listing.expire", ("listing", listing.public_id))
    return len(listings)


def add_text(uow: UnitOfWork, public_id: str, wanted: TextDraft, *, revision: int, actor: Actor) -> ListingText:
    """Add or replace a language version; raises Conflict when the listing changed since `revision` was read."""
    listing = _editable(uow, public_id, actor)
    if listing.revision != revision:
        raise Conflict("this listing was changed in the meantime")
    if wanted.lang == listing.lang:
        raise Conflict("this is the language of the original")
    text = put_text(uow, listing, wanted)
    listing.revision += 1
    listing.updated_at = now()
    note_change(uow, listing, ChangeKind.EDITED)
    record(uow, actor.public_id, "listing.add_text", ("listing", public_id), wanted.lang)
    return text


def remove_text(uow: UnitOfWork, public_id: str, lang: str, *, actor: Actor) -> None:
    """Remove a language version; the original stays."""
    listing = _editable(uow, public_id, actor)
    if lang == listing.lang:
        raise Conflict("the original cannot be removed")
    text = uow.session.get(ListingText, (listing.id, lang))
    if text is None:
        raise NotFound("no such language version")
    declined = text.origin is TextOrigin.MACHINE
    uow.session.delete(text)
    record(uow, actor.public_id, DECLINED if declined else "listing.remove_text", ("listing", public_id), lang)
    listing.revision += 1
    listing.updated_at = now()
    note_change(uow, listing, ChangeKind.EDITED)


def require_complete(wanted: ListingDraft, kept: date | None = None) -> None:
    """Raise Invalid with every field that publishing needs and the draft lacks or that cannot be right."""
    found = publication.problems(wanted, kept)
    if found:
        raise Invalid(found)


def fill(uow: UnitOfWork, listing: Listing, wanted: ListingDraft) -> None:
    """Write the draft's contents into the listing's rows."""
    old_lang = listing.lang
    for name, value in wanted.facts().items():
        setattr(listing, name, value)
    uow.session.add(listing)
    if old_lang != wanted.lang:
        # The version that was the original is replaced, not kept as a translation of itself.
        uow.session.execute(
            delete(ListingText).where(ListingText.listing_id == listing.id, ListingText.lang == old_lang)  # type: ignore[arg-type]
        )
    original = uow.session.get(ListingText, (listing.id, wanted.lang))
    if original is None or any(getattr(original, name) != said for name, said in wanted.words().items()):
        # At once and not when new ones are made: what was taken out of the original may have been taken out for good.
        versions.drop(uow, listing)
    put_text(uow, listing, TextDraft(lang=wanted.lang, **wanted.words()))
    _put_codes(uow, listing, wanted)


def put_text(uow: UnitOfWork, listing: Listing, wanted: TextDraft) -> ListingText:
    """Write one language version."""
    assert listing.id is not None
    text = uow.session.get(ListingText, (listing.id, wanted.lang)) or ListingText(
        listing_id=listing.id, lang=wanted.lang, title=wanted.title
    )
    text.origin = TextOrigin.OWNER if wanted.lang == listing.lang else wanted.origin
    for name, words in wanted.words().items():
        setattr(text, name, words)
    uow.session.add(text)
    return text


def note_change(uow: UnitOfWork, listing: Listing, kind: ChangeKind) -> None:
    """Tell the indexes, and ask for machine versions; a draft concerns nobody."""
    if listing.status is Status.DRAFT:
        return
    assert listing.id is not None
    uow.session.add(ListingChange(listing_id=listing.id, kind=kind))
    if kind in {ChangeKind.PUBLISHED, ChangeKind.EDITED}:
        versions.request(uow, listing)


def note_embedded(uow: UnitOfWork, listing_ids: list[int]) -> None:
    """Tell the indexes that the vectors of these listings are new."""
    uow.session.add_all(ListingChange(listing_id=id_, kind=ChangeKind.EMBEDDED) for id_ in listing_ids)


def _put_codes(uow: UnitOfWork, listing: Listing, wanted: ListingDraft) -> None:
    assert listing.id is not None
    kept = uow.session.execute(select(ListingCode).where(ListingCode.listing_id == listing.id)).scalars().all()  # type: ignore[arg-type]
    have = {(row.scheme, row.code): row for row in kept}
    want = wanted.codes()
    for pair, row in have.items():
        if pair not in want:
            uow.session.delete(row)
    uow.session.add_all(
        ListingCode(listing_id=listing.id, scheme=scheme, code=code) for scheme, code in sorted(want - have.keys())
    )


def _set_published(uow: UnitOfWork, listing: Listing) -> None:
    listing.status = Status.PUBLISHED
    listing.published_at = listing.published_at or now()
    listing.expires_at = now() + timedelta(days=LIFETIME_DAYS)
    listing.updated_at = now()
    note_change(uow, listing, ChangeKind.PUBLISHED)


def _editable(uow: UnitOfWork, public_id: str, actor: Actor) -> Listing:
    wanted = select(Listing).where(Listing.public_id == public_id)  # type: ignore[arg-type]
    listing: Listing | None = uow.session.execute(wanted).scalar_one_or_none()
    if listing is None or not policy.SEE.allows(actor, listing):
        raise NotFound("no such listing")
    if not policy.EDIT.allows(actor, listing):
        raise NotAllowed("this listing belongs to another organisation")
    return listing
