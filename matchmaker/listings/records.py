"""Every SELECT over what happened to listings, and over whom to tell: versions, reviews, dates that are due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from matchmaker.accounts.models import BrokerScope, Membership, MembershipRole, Person, Role, ScopeKind
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.models import AuditEvent
from matchmaker.listings.confidence import EVERYTHING
from matchmaker.listings.fields import ARCHIVED_AFTER_DAYS, REMINDED_DAYS
from matchmaker.listings.models import Listing, ListingText, ListingVersion, QualityReview, Status
from matchmaker.listings.queries import FullListing, fulls
from matchmaker.listings.schemas import Confidence, ListingDraft
from matchmaker.listings.sealed import text_of
from matchmaker.listings.states import ENDED, RUNNING

# A form that is sent again within this time is the same form.
SAME_FORM = timedelta(minutes=2)

# The deed of an owner who takes a machine's version away; its detail is the language.
DECLINED = "listing.decline_machine"


@dataclass(frozen=True)
class VersionLine:
    """A version without its contents."""

    revision: int
    at: datetime
    author_id: int | None


def version_lines(session: Session, listing_id: int) -> list[VersionLine]:
    """The versions of a listing, newest first."""
    columns = (col(ListingVersion.revision), col(ListingVersion.at), col(ListingVersion.author_id))
    wanted = select(*columns).where(col(ListingVersion.listing_id) == listing_id)
    return [VersionLine(*row) for row in session.execute(wanted.order_by(col(ListingVersion.revision).desc()))]


def version(session: Session, listing_id: int, revision: int) -> ListingVersion | None:
    """One version with its contents."""
    return session.get(ListingVersion, (listing_id, revision))


def reviews(session: Session, listing_id: int) -> list[QualityReview]:
    """What reviewers said of a listing, newest first."""
    wanted = select(QualityReview).where(col(QualityReview.listing_id) == listing_id)
    return list(session.execute(wanted.order_by(col(QualityReview.id).desc())).scalars())


def last_reviews(session: Session, listing_ids: Sequence[int]) -> dict[int, QualityReview]:
    """The newest review of each listing that has one."""
    wanted = select(QualityReview).where(col(QualityReview.listing_id).in_(listing_ids))
    rows = session.execute(wanted.order_by(col(QualityReview.id))).scalars()
    return {row.listing_id: row for row in rows}


def to_remind(session: Session, at: datetime, most: int) -> Sequence[Listing]:
    """Listings that end soon and whose owners were not told yet."""
    ends = col(Listing.expires_at)
    soon = (ends > at, ends <= at + timedelta(days=REMINDED_DAYS), col(Listing.reminded_at).is_(None))
    return _due(session, most, col(Listing.status).in_(RUNNING), *soon)


def to_expire(session: Session, at: datetime, most: int) -> Sequence[Listing]:
    """Listings whose time is over."""
    return _due(session, most, col(Listing.status).in_(RUNNING), col(Listing.expires_at) <= at)


def to_archive(session: Session, at: datetime, most: int) -> Sequence[Listing]:
    """Listings that have been off the market for so long that nobody will come back to them."""
    long_ago = at - timedelta(days=ARCHIVED_AFTER_DAYS)
    return _due(session, most, col(Listing.status).in_(ENDED), col(Listing.status_at) <= long_ago)


def _due(session: Session, most: int, *where: ColumnElement[bool]) -> Sequence[Listing]:
    return session.execute(select(Listing).where(*where).order_by(col(Listing.id)).limit(most)).scalars().all()


def writers(session: Session, listing: Listing) -> set[int]:
    """Those who look after a listing: all who write for its organisation, its author among them while they belong."""
    members = select(col(Membership.person_id)).where(
        col(Membership.organisation_id) == listing.organisation_id,
        col(Membership.role).in_({MembershipRole.OWNER, MembershipRole.MEMBER}),
    )
    return set(session.execute(members).scalars())


def reviewers(session: Session, listing: Listing) -> set[int]:
    """Whom to tell that a listing waits: brokers of its language, else all brokers, else the administrators."""
    own = select(Membership).where(
        col(Membership.person_id) == Person.id, col(Membership.organisation_id) == listing.organisation_id
    )
    people = select(col(Person.id), col(Person.role)).where(
        col(Person.role).in_({Role.BROKER, Role.ADMINISTRATOR}), col(Person.closed_at).is_(None), ~own.exists()
    )
    roles = {id_: role for id_, role in session.execute(people) if id_ != listing.author_id}
    brokers = {id_ for id_, role in roles.items() if role is Role.BROKER}
    speaks = languages(session, brokers)
    fitting = {id_ for id_ in brokers if listing.lang in speaks.get(id_, {listing.lang})}
    return fitting or brokers or set(roles)


def languages(session: Session, people: Iterable[int]) -> dict[int, set[str]]:
    """The languages that each broker works in; whoever named none works in all, and is not in the answer."""
    scope = (col(BrokerScope.person_id).in_(set(people)), col(BrokerScope.kind) == ScopeKind.LANGUAGE)
    found: dict[int, set[str]] = {}
    for id_, code in session.execute(select(col(BrokerScope.person_id), col(BrokerScope.code)).where(*scope)):
        found.setdefault(id_, set()).add(code)
    return found


def twin(
    session: Session, wanted: ListingDraft, at: datetime, *, actor: Actor, besides: int | None = None
) -> Listing | None:
    """A listing that the actor made a moment ago and that says the very same: their form was sent twice."""
    made = (
        col(Listing.author_id) == actor.person_id,
        col(Listing.created_at) > at - SAME_FORM,
        col(Listing.id) != (besides or 0),
    )
    rows = session.execute(select(Listing).where(*made).order_by(col(Listing.id).desc()).limit(5)).scalars().all()
    return next((x.listing for x in fulls(session, rows, EVERYTHING) if _says(session, x, wanted)), None)


def _says(session: Session, found: FullListing, wanted: ListingDraft) -> bool:
    stored = found.draft()
    open_part = all(_comparable(getattr(stored, name)) == _comparable(getattr(wanted, name)) for name in _COMPARED)
    return open_part and _keeps(session, found.listing, wanted.confidence or Confidence())


def _keeps(session: Session, listing: Listing, wanted: Confidence) -> bool:
    """Whether the same is kept from others: a form that was sent again with a sealed text added is another one."""
    text = text_of(session, listing.id)
    kept = (listing.anonymous, listing.embargo_until, listing.sealed_level, text.text if text else "")
    return kept == (wanted.anonymous, wanted.embargo_until, wanted.sealed_level, wanted.sealed_words)


_COMPARED = tuple(name for name in ListingDraft.model_fields if name != "confidence")


def _comparable(value: object) -> object:
    return sorted(value) if isinstance(value, tuple) else value


def declined_languages(session: Session, public_id: str) -> set[str]:
    """Languages whose machine version the owner took away: the record is the only place that remembers it."""
    wanted = select(col(AuditEvent.detail)).where(
        col(AuditEvent.object_id) == public_id, col(AuditEvent.action) == DECLINED
    )
    return set(session.execute(wanted).scalars())


def untranslated(session: Session, languages: Sequence[str]) -> list[Listing]:
    """Published listings without a version in one of these languages."""
    versions = select(func.count()).where(
        col(ListingText.listing_id) == Listing.id, col(ListingText.lang).in_(languages)
    )
    lacking = versions.correlate(Listing).scalar_subquery() < len(languages)
    wanted = select(Listing).where(col(Listing.status) == Status.PUBLISHED, col(Listing.lang) != "und", lacking)
    return list(session.execute(wanted.order_by(col(Listing.id))).scalars())
