"""What the pages of an organisation show, and to whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from matchmaker.accounts import queries as accounts
from matchmaker.accounts.models import (
    IdentifierScheme,
    Invitation,
    Membership,
    MembershipRole,
    Organisation,
    Person,
    VerificationStep,
)
from matchmaker.accounts.policy import Verb, may
from matchmaker.accounts.schemas import Actor
from matchmaker.i18n.locales import current_language
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.schemas import ListingCard
from matchmaker.organisations import queries
from matchmaker.people.queries import BrokerCard, brokers
from matchmaker.web.forms import Problems


@dataclass(frozen=True)
class Inside:
    """What only its people, its broker and administrators see."""

    identifiers: dict[IdentifierScheme, str]
    members: Sequence[tuple[Membership, Person]]
    invitations: Sequence[Invitation]
    steps: Sequence[tuple[VerificationStep, str]]
    broker: Person | None


@dataclass(frozen=True)
class OrganisationPage:
    """An organisation as one reader sees it; `inside` is None for strangers."""

    organisation: Organisation
    actor: Actor | None
    listings: Sequence[ListingCard]
    inside: Inside | None = None
    problems: Problems = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def may(self, verb: str) -> bool:
        return may(self.actor, Verb(verb), self.organisation)

    @property
    def own_role(self) -> MembershipRole | None:
        return self.actor.memberships.get(self.organisation.id or 0) if self.actor else None


def profile(session: Session, organisation: Organisation, *, actor: Actor | None) -> OrganisationPage:
    """The public profile, with the inside for those who may see it; anonymous listings are in neither."""
    assert organisation.id is not None
    found = listings.cards(
        session, queries.public_listings(session, organisation.id), Reader(current_language(), actor)
    )
    inside = inside_of(session, organisation) if may(actor, Verb.SEE_INSIDE, organisation) else None
    return OrganisationPage(organisation, actor, list(found.values()), inside)


def inside_of(session: Session, organisation: Organisation) -> Inside:
    """Everything that is not public of an organisation; the caller decided who may see it."""
    assert organisation.id is not None
    return Inside(
        identifiers=queries.identifiers(session, organisation.id),
        members=accounts.members(session, organisation.id),
        invitations=queries.open_invitations(session, organisation.id),
        steps=queries.verification_steps(session, organisation.id),
        broker=session.get(Person, organisation.broker_id) if organisation.broker_id else None,
    )


@dataclass(frozen=True)
class BrokerChoice:
    """The brokers that an owner may choose from; their languages and fields help to choose."""

    organisation: Organisation
    cards: Sequence[BrokerCard]


def broker_choice(session: Session, organisation: Organisation) -> BrokerChoice:
    """The brokers that take on new work, and the chosen one even if they do not."""
    found = [card for card in brokers(session) if card.broker.available or card.person.id == organisation.broker_id]
    return BrokerChoice(organisation, found)
