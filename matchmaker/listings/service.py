"""What owners do with a listing: write, hand in, hold, withdraw; every step is checked, recorded and told."""

from datetime import date, timedelta

from sqlalchemy import delete, select

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings import life, machine_texts, news, policy, publication, queries, records, sealing, versions
from matchmaker.listings.confidence import EVERYTHING, belongs, is_embargoed, sight
from matchmaker.listings.fields import LIFETIME_DAYS
from matchmaker.listings.models import (
    ChangeKind,
    Listing,
    ListingChange,
    ListingCode,
    ListingText,
    ListingVersion,
    QualityReview,
    SealedText,
    Status,
    TextOrigin,
)
from matchmaker.listings.moves import Step, advance, find_own, note_change
from matchmaker.listings.records import DECLINED
from matchmaker.listings.schemas import ListingDraft, TextDraft
from matchmaker.listings.states import IN_REVIEW, READ_BY_OTHERS, RUNNING, Party


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
    listing = writable(uow, public_id, actor)
    if wanted.confidence is not None and not belongs(actor, listing):
        raise NotAllowed("what is confidential is for the owner to say")
    if listing.revision != revision:
        raise Conflict("this listing was changed in the meantime")
    if wanted.direction is not listing.direction:
        raise Conflict("a need cannot become a result")
    if listing.status in READ_BY_OTHERS:
        require_complete(wanted, listing.deadline)
    version = uow.session.get(ListingText, (listing.id, wanted.lang))
    if wanted.lang != listing.lang and version is not None and version.origin is TextOrigin.OWNER:
        raise Invalid({"lang": "version_exists"})
    fill(uow, listing, wanted)
    _changed(uow, listing, actor)
    record(uow, actor.public_id, "listing.change", ("listing", public_id))
    return listing


def submit(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Hand the listing in for review.

    Raises Invalid naming what is missing, and NotAllowed as long as the actor's address is not confirmed.
    """
    listing = find_own(uow, public_id, actor)
    if not actor.confirmed:
        raise NotAllowed("only a confirmed account may hand a listing in")
    require_complete(queries.full(uow.session, listing, EVERYTHING).draft())
    step = Step(Status.SUBMITTED, actor)
    advance(uow, listing, step)
    listing.submitted_at = step.at
    if listing.published_at is not None:
        # What was left of the old year is over: taken back, it does not return to the market by itself.
        listing.expires_at = step.at
    versions.keep(uow, listing, actor.person_id)
    news.to_reviewers(uow, listing)
    return listing


def take_back(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Take a listing back that was handed in, also while a reviewer reads it; it is what it was before."""
    listing = find_own(uow, public_id, actor)
    if listing.status not in IN_REVIEW:
        raise Conflict("only what was handed in can be taken back")
    reader = listing.reviewer_id
    advance(uow, listing, Step(Status.WITHDRAWN if listing.published_at else Status.DRAFT, actor))
    news.to_reviewer(uow, listing, reader)
    return listing


def publish(uow: UnitOfWork, listing: Listing, step: Step) -> None:
    """Begin a listing's year on the market: what a good review does. The caller tells who should know."""
    require_complete(queries.full(uow.session, listing, EVERYTHING).draft(), listing.deadline)
    listing.published_at = listing.published_at or step.at
    advance(uow, listing, step)
    listing.expires_at = step.at + timedelta(days=LIFETIME_DAYS)
    listing.renewals, listing.reminded_at = 0, None


def republish(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Put a withdrawn listing back as it was, for the rest of its time; raises Conflict when it needs a review."""
    listing = find_own(uow, public_id, actor)
    if not actor.confirmed:
        raise NotAllowed("only a confirmed account may publish")
    if not life.may_come_back(listing, actor.person_id, now()):
        raise Conflict("this listing has to be reviewed again")
    advance(uow, listing, Step(Status.PUBLISHED, actor))
    return listing


def withdraw(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Take the listing off the market at once. What an administrator took off comes back by a review only."""
    listing = find_own(uow, public_id, actor)
    if listing.status not in RUNNING:
        raise Conflict("only a listing that is on the market can be withdrawn")
    held_by = listing.reviewer_id
    advance(uow, listing, Step(Status.WITHDRAWN, actor))
    listing.reviewer_id = held_by or _hand_of(listing, actor)
    if not _is_owners(listing, actor):
        news.to_owner(uow, listing, "listing.removed")
    return listing


def hold(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Take one's own listing off the market for a while; its time runs on. Reviewers do it in quality/service.py."""
    listing = find_own(uow, public_id, actor)
    advance(uow, listing, Step(Status.ON_HOLD, actor))
    listing.reviewer_id = _hand_of(listing, actor)
    return listing


def resume(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """End one's own hold; what a reviewer holds is not the owner's to let go."""
    listing = find_own(uow, public_id, actor)
    if listing.status is not Status.ON_HOLD or life.is_over(listing, now()):
        raise Conflict("this listing is not on hold any more")
    if listing.reviewer_id not in {None, actor.person_id}:
        raise NotAllowed("a reviewer holds this listing")
    advance(uow, listing, Step(Status.PUBLISHED, actor))
    return listing


def renew(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Give the listing a second year, once, in its last two weeks."""
    listing = find_own(uow, public_id, actor)
    if not life.may_renew(listing, now()):
        raise Conflict("this listing cannot be renewed now")
    assert listing.expires_at is not None
    listing.expires_at += timedelta(days=LIFETIME_DAYS)
    listing.renewals += 1
    listing.reminded_at = None
    record(uow, actor.public_id, "listing.renew", ("listing", public_id))
    return listing


def archive(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Put a listing away for good; its contents can be copied into a new draft."""
    listing = find_own(uow, public_id, actor)
    advance(uow, listing, Step(Status.ARCHIVED, actor))
    return listing


def set_open_for_interest(uow: UnitOfWork, public_id: str, *, wanted: bool, actor: Actor) -> Listing:
    """Say whether the listing takes expressions of interest; it is matched and shown in any case."""
    listing = find_own(uow, public_id, actor)
    if listing.status is Status.ARCHIVED:
        raise Conflict("an archived listing does not change")
    if listing.open_for_interest is not wanted:
        listing.open_for_interest = wanted
        record(uow, actor.public_id, "listing.open" if wanted else "listing.close", ("listing", public_id))
    return listing


def copy(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """A new draft with the contents of a listing of one's own, its language versions included; asked twice, one."""
    listing = find_own(uow, public_id, actor)
    found = queries.full(uow.session, listing, sight(actor, listing))
    # What is confidential in the one is confidential in the other.
    wanted = found.draft().model_copy(update={"confidence": sealing.closed_in(uow.session, listing)})
    twin = records.twin(uow.session, wanted, now(), actor=actor, besides=listing.id)
    if twin is not None and twin.status is Status.DRAFT:
        return twin
    made = draft(uow, wanted, actor=actor)
    made.organisation_id = listing.organisation_id
    for text in found.texts[1:]:
        put_text(uow, made, TextDraft.model_construct(**text.model_dump(exclude={"listing_id"})))
    return made


def delete_draft(uow: UnitOfWork, public_id: str, *, actor: Actor) -> None:
    """Remove a draft for good; what was ever published can only be withdrawn."""
    listing = find_own(uow, public_id, actor)
    if listing.status is not Status.DRAFT:
        raise Conflict("only a draft can be deleted")
    for rows in (ListingText, ListingCode, ListingVersion, QualityReview, SealedText):
        uow.session.execute(delete(rows).where(rows.listing_id == listing.id))  # type: ignore[arg-type]
    uow.session.delete(listing)
    record(uow, actor.public_id, "listing.delete_draft", ("listing", public_id))


def add_text(uow: UnitOfWork, public_id: str, wanted: TextDraft, *, revision: int, actor: Actor) -> ListingText:
    """Add or replace a language version; raises Conflict when the listing changed since `revision` was read."""
    listing = writable(uow, public_id, actor)
    if listing.revision != revision:
        raise Conflict("this listing was changed in the meantime")
    if wanted.lang == listing.lang:
        raise Conflict("this is the language of the original")
    text = put_text(uow, listing, wanted)
    _changed(uow, listing, actor)
    record(uow, actor.public_id, "listing.add_text", ("listing", public_id), wanted.lang)
    return text


def remove_text(uow: UnitOfWork, public_id: str, lang: str, *, actor: Actor) -> None:
    """Remove a language version; the original stays."""
    listing = writable(uow, public_id, actor)
    if lang == listing.lang:
        raise Conflict("the original cannot be removed")
    text = uow.session.get(ListingText, (listing.id, lang))
    if text is None:
        raise NotFound("no such language version")
    declined = text.origin is TextOrigin.MACHINE
    uow.session.delete(text)
    _changed(uow, listing, actor)
    record(uow, actor.public_id, DECLINED if declined else "listing.remove_text", ("listing", public_id), lang)


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
        machine_texts.drop(uow, listing)
    put_text(uow, listing, TextDraft(lang=wanted.lang, **wanted.words()))
    _put_codes(uow, listing, wanted)
    sealing.seal(uow, listing, wanted.confidence)


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


def _is_owners(listing: Listing, actor: Actor) -> bool:
    return Party.OWNER in policy.parties_of(actor, listing)


def _hand_of(listing: Listing, actor: Actor) -> int | None:
    """Who of the platform took the listing off the market; nobody when its owner did."""
    return None if _is_owners(listing, actor) else actor.person_id


def writable(uow: UnitOfWork, public_id: str, actor: Actor) -> Listing:
    """The actor's listing for a change of contents, with what it said until now kept.

    Nobody replaces what they may not read: an embargo holds for an administrator too.
    """
    listing = find_own(uow, public_id, actor)
    if is_embargoed(listing) and not belongs(actor, listing):
        raise NotAllowed("this listing is under embargo")
    if listing.status is Status.ARCHIVED:
        raise Conflict("an archived listing does not change")
    versions.keep(uow, listing, None)
    return listing


def _changed(uow: UnitOfWork, listing: Listing, actor: Actor) -> None:
    """Count the change, keep it as a version and tell the indexes."""
    listing.revision += 1
    listing.updated_at = now()
    versions.keep(uow, listing, actor.person_id)
    note_change(uow, listing, ChangeKind.EDITED)
