"""Agree on confidence: one side proposes a text, both confirm this very one, and what waits for it opens."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.files import service as files
from matchmaker.files.service import Received
from matchmaker.interests import introduction_news as news
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests.introduction_policy import Standing, standing
from matchmaker.interests.introductions import open_listings, path_of
from matchmaker.interests.models import Introduction, Nda
from matchmaker.interests.nda_text import NdaDraft, agreement
from matchmaker.interests.telling import Told, tell_sides
from matchmaker.listings.models import DisclosureLevel
from matchmaker.review.models import Side, State


@dataclass(frozen=True)
class Confirmation:
    """Who confirmed for a side, and when."""

    person_id: int
    at: datetime


def digest(session: Session, nda: Nda) -> str:
    """SHA-256 of what is agreed: of the text's UTF-8, or of the file's bytes."""
    file = queries.file_of(session, nda)
    return file.sha256 if file else hashlib.sha256(nda.text.encode("utf-8")).hexdigest()


def confirmation(nda: Nda, side: Side) -> Confirmation | None:
    """The side's confirmation, None while it is missing."""
    person_id, at = getattr(nda, f"{side.value}_confirmed_by"), getattr(nda, f"{side.value}_confirmed_at")
    return Confirmation(person_id, at) if at is not None else None


def is_in_force(nda: Nda) -> bool:
    """Whether both sides have confirmed it."""
    return all(confirmation(nda, side) for side in Side)


def pending(session: Session, introduction: Introduction) -> Nda | None:
    """The proposal that still waits for a confirmation."""
    return next((nda for nda in queries.ndas(session, introduction) if not is_in_force(nda)), None)


def propose(uow: UnitOfWork, public_id: str, draft: NdaDraft, *, seen: str, actor: Actor) -> Nda:
    """Put a text up for both to confirm, in the place of one that was not confirmed by both yet.

    `seen` is the public id of the proposal that the actor knew of; raises Conflict when it is another one by now.
    """
    introduction = _open(uow, public_id, actor)
    orgs = queries.organisations(uow.session, (introduction.need_org_id, introduction.result_org_id))
    text = agreement(draft, orgs[introduction.need_org_id], orgs[introduction.result_org_id])
    nda = Nda(introduction_id=introduction.id or 0, proposed_by=actor.person_id, text=text)
    return _put_up(uow, introduction, nda, seen, actor)


def propose_file(uow: UnitOfWork, public_id: str, received: Received, *, seen: str, actor: Actor) -> Nda:
    """Put a PDF up in the same way; raises Invalid for any other kind of file."""
    introduction = _open(uow, public_id, actor)
    if received.kind.name != "pdf":
        raise Invalid({"file": "pdf_only"})
    before = pending(uow.session, introduction)
    if before is not None and digest(uow.session, before) == received.sha256:
        return before  # the same form was sent twice
    stored = files.store(uow, received, actor=actor)
    nda = Nda(introduction_id=introduction.id or 0, proposed_by=actor.person_id, file_id=stored.id)
    return _put_up(uow, introduction, nda, seen, actor)


def require_proposer(session: Session, public_id: str, actor: Actor) -> None:
    """Raise what proposing would raise for this actor, before their file is looked at."""
    here = standing(actor, queries.readable(session, public_id, actor))
    if not here.speaks or not here.confirmed:
        raise NotAllowed("only people who act for a side may propose")


def _put_up(uow: UnitOfWork, introduction: Introduction, nda: Nda, seen: str, actor: Actor) -> Nda:
    before = pending(uow.session, introduction)
    if before is not None and (before.text, before.file_id) == (nda.text, nda.file_id):
        return before  # the same form was sent twice
    if (before.public_id if before else "") != seen:
        raise Conflict("another text was proposed or confirmed in the meantime")
    if before is not None:
        before.replaced_at = now()
        record(uow, actor.public_id, "nda.replace", ("nda", before.public_id), f"now {nda.public_id}")
    uow.session.add(nda)
    uow.session.flush()  # its digest asks for the row
    detail = f"{introduction.public_id} sha256 {digest(uow.session, nda)}"
    record(uow, actor.public_id, "nda.propose", ("nda", nda.public_id), detail)
    told = Told(news.NDA_PROPOSED, nda_path(nda), but=(actor.person_id,))
    tell_sides(uow, queries.match_of(uow.session, introduction), told, set(Side))
    return nda


def nda_path(nda: Nda) -> str:
    """The agreement's page."""
    return f"/introductions/nda/{nda.public_id}"


def readable(session: Session, public_id: str, actor: Actor | None, *, lock: bool = False) -> tuple[Nda, Introduction]:
    """The agreement and its introduction, for the two sides only: what they agree on is not the broker's."""
    nda = queries.nda(session, public_id, lock=lock)
    introduction = queries.introduction_of(session, nda)
    if not standing(actor, introduction).reads:
        raise NotFound("no such agreement")
    return nda, introduction


def confirm(uow: UnitOfWork, public_id: str, seen: str, *, actor: Actor) -> Nda:
    """Confirm, for the actor's side, the text or file whose SHA-256 is `seen`; with both the agreement is in force.

    Raises Conflict when it was replaced meanwhile, or is not what the actor saw.
    """
    nda, introduction = readable(uow.session, public_id, actor, lock=True)
    side = _free_side(standing(actor, introduction), nda, actor)
    if nda.replaced_at is not None or digest(uow.session, nda) != seen:
        raise Conflict("this text was replaced in the meantime")
    if confirmation(nda, side) is not None:
        return nda  # a second click
    _require_open(uow, introduction)
    setattr(nda, f"{side.value}_confirmed_by", actor.person_id)
    setattr(nda, f"{side.value}_confirmed_at", now())
    record(uow, actor.public_id, "nda.confirm", ("nda", nda.public_id), f"{side.value} sha256 {seen}")
    if is_in_force(nda):
        _come_into_force(uow, nda, introduction)
    else:
        told = Told(news.NDA_CONFIRMED, nda_path(nda), but=(actor.person_id,))
        tell_sides(uow, queries.match_of(uow.session, introduction), told, {side.other})
    return nda


def _free_side(here: Standing, nda: Nda, actor: Actor) -> Side:
    """The side that the actor confirms for; nobody confirms for both, or it would be an agreement with oneself."""
    if not here.confirmed or not here.speaks:
        raise NotAllowed("only people who act for a side may confirm")
    done = {side for side in Side if (given := confirmation(nda, side)) and given.person_id == actor.person_id}
    if done:
        return next(iter(done))
    return next((side for side in here.speaks if confirmation(nda, side) is None), next(iter(here.speaks)))


def _come_into_force(uow: UnitOfWork, nda: Nda, introduction: Introduction) -> None:
    suggestion = queries.match_of(uow.session, introduction)
    open_listings(uow, suggestion, DisclosureLevel.NDA)
    record(uow, "the system", "nda.in_force", ("nda", nda.public_id), introduction.public_id)
    tell_sides(uow, suggestion, Told(news.NDA_IN_FORCE, nda_path(nda)), set(Side))
    # The broker knows that there is one, and leads nobody to its text.
    tell_sides(uow, suggestion, Told(news.NDA_IN_FORCE, path_of(introduction)), {None}, introduction)


def _open(uow: UnitOfWork, public_id: str, actor: Actor) -> Introduction:
    introduction = queries.readable(uow.session, public_id, actor, lock=True)
    require_proposer(uow.session, public_id, actor)
    _require_open(uow, introduction)
    return introduction


def _require_open(uow: UnitOfWork, introduction: Introduction) -> None:
    if queries.match_of(uow.session, introduction).state is State.CLOSED:
        raise Conflict("this introduction has ended")
