"""A non-disclosure agreement's page as data: the text or file, its hash, and who has confirmed it when."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from matchmaker.accounts.models import Organisation, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.files.models import StoredFile
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests import nda as agreements
from matchmaker.interests.introduction_policy import Standing, standing
from matchmaker.interests.models import Introduction, Nda
from matchmaker.interests.nda import Confirmation
from matchmaker.review.models import Side, State


@dataclass(frozen=True)
class Signature:
    """A side of the agreement and its confirmation, None while it is missing."""

    side: Side
    organisation: Organisation
    ours: bool
    confirmation: Confirmation | None
    person: Person | None


@dataclass(frozen=True)
class NdaPage:
    """The agreement as one side reads it."""

    nda: Nda
    introduction: Introduction
    here: Standing
    file: StoredFile | None
    sha256: str
    signatures: Sequence[Signature]
    proposer: str
    # The proposal that took its place.
    newer: Nda | None
    may_confirm: bool
    ended: bool

    @property
    def in_force(self) -> bool:
        return agreements.is_in_force(self.nda)


@dataclass(frozen=True)
class NdaFormPage:
    """The form in which a text is proposed."""

    introduction: Introduction
    here: Standing
    parties: Sequence[Organisation]
    pending: Nda | None


def nda_page(session: Session, public_id: str, actor: Actor) -> NdaPage:
    """The agreement's page; raises NotFound for whoever is of neither side."""
    nda, introduction = agreements.readable(session, public_id, actor)
    orgs = queries.organisations(session, [introduction.need_org_id, introduction.result_org_id])
    given = {side: agreements.confirmation(nda, side) for side in Side}
    people = queries.people(session, [nda.proposed_by, *(found.person_id for found in given.values() if found)])
    by_side = {Side.NEED: introduction.need_org_id, Side.RESULT: introduction.result_org_id}
    here = standing(actor, introduction)
    ended = queries.match_of(session, introduction).state is State.CLOSED
    return NdaPage(
        nda=nda,
        introduction=introduction,
        here=here,
        file=queries.file_of(session, nda),
        sha256=agreements.digest(session, nda),
        signatures=[
            Signature(side, orgs[by_side[side]], by_side[side] in actor.memberships, found, _person(people, found))
            for side, found in given.items()
        ],
        proposer=people[nda.proposed_by].name,
        newer=agreements.pending(session, introduction) if nda.replaced_at else None,
        may_confirm=nda.replaced_at is None and not ended and _lacks_theirs(here, given, actor),
        ended=ended,
    )


def form_page(session: Session, public_id: str, actor: Actor) -> NdaFormPage:
    """The form's page; raises NotFound for whoever may not speak for a side."""
    introduction = queries.readable(session, public_id, actor)
    here = standing(actor, introduction)
    if not here.speaks:
        raise NotFound("no such page")
    orgs = queries.organisations(session, [introduction.need_org_id, introduction.result_org_id])
    parties = [orgs[introduction.need_org_id], orgs[introduction.result_org_id]]
    return NdaFormPage(introduction, here, parties, agreements.pending(session, introduction))


def _person(people: dict[int, Person], given: Confirmation | None) -> Person | None:
    return people.get(given.person_id) if given else None


def _lacks_theirs(here: Standing, given: dict[Side, Confirmation | None], actor: Actor) -> bool:
    """Whether a side that the actor speaks for has not confirmed, and they themselves not for the other."""
    signed = any(found is not None and found.person_id == actor.person_id for found in given.values())
    return here.writes and not signed and any(given[side] is None for side in here.speaks)
