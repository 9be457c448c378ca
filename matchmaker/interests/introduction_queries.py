"""Every SELECT over introductions, their agreements and their threads."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlmodel import Session, col, func

from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.core.paging import Page
from matchmaker.files.models import StoredFile
from matchmaker.interests.introduction_policy import broker_of, standing
from matchmaker.interests.models import (
    Declaration,
    GateCheck,
    Introduction,
    Message,
    MessageAttachment,
    Nda,
    ThreadRead,
)
from matchmaker.listings.models import Disclosure, ListingAttachment, SealedText
from matchmaker.notifications.models import Notification
from matchmaker.review.models import MatchMove, Side, State, Suggestion

SIZE = 20


@dataclass(frozen=True)
class Member:
    """Somebody of an organisation, and in which role."""

    person: Person
    role: MembershipRole


@dataclass(frozen=True)
class Entry:
    """An introduction in a list: its match, and how many messages its reader has not seen."""

    introduction: Introduction
    suggestion: Suggestion
    unread: int


def of_match(session: Session, suggestion: Suggestion) -> Introduction | None:
    """The introduction that a match led to."""
    wanted = select(Introduction).where(col(Introduction.suggestion_id) == suggestion.id)
    return session.execute(wanted).scalar_one_or_none()


def readable(session: Session, public_id: str, actor: Actor | None, *, lock: bool = False) -> Introduction:
    """The introduction, if the actor is in it; raises NotFound for everybody else, whatever their role.

    With `lock`, others wait until this transaction ends.
    """
    wanted = select(Introduction).where(col(Introduction.public_id) == public_id)
    found: Introduction | None = session.execute(wanted.with_for_update() if lock else wanted).scalar_one_or_none()
    if found is None or not standing(actor, found).inside:
        raise NotFound("no such introduction")
    return found


def match_of(session: Session, introduction: Introduction) -> Suggestion:
    """The match that the introduction belongs to."""
    wanted = select(Suggestion).where(col(Suggestion.id) == introduction.suggestion_id)
    found: Suggestion = session.execute(wanted).scalar_one()
    return found


def match_by_public_id(session: Session, public_id: str) -> Suggestion:
    """The match of an address, whatever its state; raises NotFound."""
    wanted = select(Suggestion).where(col(Suggestion.public_id) == public_id)
    found: Suggestion | None = session.execute(wanted).scalar_one_or_none()
    if found is None:
        raise NotFound("no such match")
    return found


def mine(session: Session, actor: Actor, number: int) -> Page[Entry]:
    """The introductions that the actor is in, what happened last first."""
    last = select(func.max(col(Message.id))).where(col(Message.introduction_id) == Introduction.id).scalar_subquery()
    base = (
        select(Introduction, Suggestion)
        .join(Suggestion, col(Suggestion.id) == Introduction.suggestion_id)
        .where(_in_it(actor))
    )
    total = session.execute(select(func.count()).select_from(base.subquery())).scalar_one()
    order = (func.coalesce(last, 0).desc(), col(Introduction.id).desc())
    rows = session.execute(base.order_by(*order).offset((number - 1) * SIZE).limit(SIZE)).all()
    unread = unread_counts(session, [row[0].id for row in rows], actor.person_id)
    return Page([Entry(row[0], row[1], unread.get(row[0].id, 0)) for row in rows], number, SIZE, total)


def unread_counts(session: Session, introduction_ids: Iterable[int], person_id: int) -> dict[int, int]:
    """Introduction id → messages of others that the person has not seen; only where there are any."""
    seen = and_(col(ThreadRead.introduction_id) == Message.introduction_id, col(ThreadRead.person_id) == person_id)
    rows = session.execute(
        select(col(Message.introduction_id), func.count())
        .outerjoin(ThreadRead, seen)
        .where(col(Message.introduction_id).in_(list(introduction_ids)), col(Message.author_id) != person_id)
        .where(col(Message.id) > func.coalesce(col(ThreadRead.last_message_id), 0))
        .group_by(col(Message.introduction_id))
    )
    return dict(rows.all())


def organisations(session: Session, ids: Iterable[int | None]) -> dict[int, Organisation]:
    """Organisations by row id."""
    wanted = select(Organisation).where(col(Organisation.id).in_(set(ids) - {None}))
    return {row.id: row for row in session.execute(wanted).scalars() if row.id is not None}


def members(session: Session, organisation_ids: Iterable[int | None]) -> dict[int, list[Member]]:
    """Organisation id → its people with an open account, owners first."""
    wanted = (
        select(Membership, Person)
        .join(Person, col(Person.id) == Membership.person_id)
        .where(col(Membership.organisation_id).in_(set(organisation_ids) - {None}), col(Person.closed_at).is_(None))
        .order_by(col(Membership.role) != MembershipRole.OWNER, col(Membership.person_id))
    )
    found: dict[int, list[Member]] = {}
    for membership, person in session.execute(wanted):
        found.setdefault(membership.organisation_id, []).append(Member(person, membership.role))
    return found


def people(session: Session, ids: Iterable[int | None]) -> dict[int, Person]:
    """People by row id."""
    rows = session.execute(select(Person).where(col(Person.id).in_(set(ids) - {None}))).scalars()
    return {row.id: row for row in rows if row.id is not None}


def broker(session: Session, introduction: Introduction) -> Person | None:
    """The broker who reads along; None where both sides released them, or they are a broker no more."""
    wanted = select(Person).where(
        col(Person.id) == broker_of(introduction), col(Person.role) != Role.MEMBER, col(Person.closed_at).is_(None)
    )
    found: Person | None = session.execute(wanted).scalar_one_or_none()
    return found


def answered_by(session: Session, suggestion: Suggestion) -> dict[Side, set[int]]:
    """Who moved the match for each side: the people whom the other side should know."""
    wanted = select(col(MatchMove.party), col(MatchMove.person_id)).where(
        col(MatchMove.suggestion_id) == suggestion.id,
        col(MatchMove.party).in_([side.value for side in Side]),
        col(MatchMove.person_id).is_not(None),
    )
    found: dict[Side, set[int]] = {side: set() for side in Side}
    for party, person_id in session.execute(wanted):
        found[Side(party)].add(person_id)
    return found


def waiting(session: Session) -> Sequence[str]:
    """Public ids of the matches that both sides want and that a gate still holds."""
    wanted = select(col(Suggestion.public_id)).where(col(Suggestion.state) == State.MUTUAL)
    return session.execute(wanted.order_by(col(Suggestion.id))).scalars().all()


def told_since_check(
    session: Session, person_ids: Iterable[int | None], suggestion: Suggestion, news: tuple[str, str]
) -> bool:
    """Whether any of the people were told this news (kind, path) since the gate last changed its mind of the match."""
    kind, path = news
    checked = select(func.max(col(GateCheck.at))).where(col(GateCheck.suggestion_id) == suggestion.id)
    wanted = select(col(Notification.id)).where(
        col(Notification.person_id).in_(set(person_ids) - {None}),
        col(Notification.kind) == kind,
        col(Notification.path) == path,
        col(Notification.at) >= checked.scalar_subquery(),
    )
    return session.execute(wanted.limit(1)).first() is not None


def unread_news(session: Session, person_ids: Iterable[int | None], kind: str, path: str) -> set[int]:
    """Which of the people have not read yet that something of this kind happened there."""
    wanted = select(col(Notification.person_id)).where(
        col(Notification.person_id).in_(set(person_ids) - {None}),
        col(Notification.kind) == kind,
        col(Notification.path) == path,
        col(Notification.read_at).is_(None),
    )
    return set(session.execute(wanted).scalars())


def names_of_introduced(session: Session, public_ids: Collection[str], actor: Actor) -> dict[str, str]:
    """Names of these organisations, as far as the actor is in an introduction with them."""
    theirs = or_(col(Introduction.need_org_id) == Organisation.id, col(Introduction.result_org_id) == Organisation.id)
    met = select(col(Introduction.id)).where(theirs, _in_it(actor)).correlate(Organisation).exists()
    wanted = select(Organisation).where(col(Organisation.public_id).in_(list(public_ids)), met)
    return {row.public_id: row.name for row in session.execute(wanted).scalars()}


def news_at(session: Session, person_id: int, kind: str, path: str) -> Sequence[Notification]:
    """The person's unread news of a kind that lead to a page."""
    wanted = select(Notification).where(
        col(Notification.person_id) == person_id,
        col(Notification.read_at).is_(None),
        col(Notification.kind) == kind,
        col(Notification.path) == path,
    )
    return session.execute(wanted).scalars().all()


def open_disclosures(session: Session, listing_id: int, person_id: int) -> Sequence[Disclosure]:
    """What is open of a listing to a person, oldest first."""
    wanted = select(Disclosure).where(
        col(Disclosure.listing_id) == listing_id,
        col(Disclosure.person_id) == person_id,
        col(Disclosure.ended_at).is_(None),
    )
    return session.execute(wanted.order_by(col(Disclosure.id))).scalars().all()


def ndas(session: Session, introduction: Introduction) -> Sequence[Nda]:
    """The agreements of an introduction that were not replaced, newest first."""
    wanted = select(Nda).where(col(Nda.introduction_id) == introduction.id, col(Nda.replaced_at).is_(None))
    return session.execute(wanted.order_by(col(Nda.id).desc())).scalars().all()


def nda(session: Session, public_id: str, *, lock: bool = False) -> Nda:
    """The agreement of an address; raises NotFound."""
    wanted = select(Nda).where(col(Nda.public_id) == public_id)
    found: Nda | None = session.execute(wanted.with_for_update() if lock else wanted).scalar_one_or_none()
    if found is None:
        raise NotFound("no such agreement")
    return found


def file_of(session: Session, nda: Nda) -> StoredFile | None:
    """The file that is agreed on, None where it is a text."""
    return session.execute(select(StoredFile).where(col(StoredFile.id) == nda.file_id)).scalar_one_or_none()


def introduction_of_attachment(session: Session, stored: StoredFile) -> Introduction | None:
    """The introduction in whose thread the file was sent."""
    wanted = (
        select(Introduction)
        .join(Message, col(Message.introduction_id) == Introduction.id)
        .join(MessageAttachment, col(MessageAttachment.message_id) == Message.id)
        .where(col(MessageAttachment.file_id) == stored.id)
    )
    return session.execute(wanted).scalar_one_or_none()


def introduction_of_agreed(session: Session, stored: StoredFile) -> Introduction | None:
    """The introduction whose sides were to agree on the file."""
    wanted = (
        select(Introduction).join(Nda, col(Nda.introduction_id) == Introduction.id).where(col(Nda.file_id) == stored.id)
    )
    return session.execute(wanted).scalar_one_or_none()


def attachments(session: Session, messages: Iterable[Message]) -> dict[int, list[StoredFile]]:
    """Message id → its files in the order in which they were chosen."""
    wanted = (
        select(col(MessageAttachment.message_id), StoredFile)
        .join(StoredFile, col(StoredFile.id) == MessageAttachment.file_id)
        .where(col(MessageAttachment.message_id).in_([message.id for message in messages]))
        .order_by(col(StoredFile.id))
    )
    found: dict[int, list[StoredFile]] = {}
    for message_id, stored in session.execute(wanted):
        found.setdefault(message_id, []).append(stored)
    return found


def introduction_of(session: Session, nda: Nda) -> Introduction:
    """The introduction that an agreement belongs to."""
    wanted = select(Introduction).where(col(Introduction.id) == nda.introduction_id)
    found: Introduction = session.execute(wanted).scalar_one()
    return found


def message_by_once(session: Session, once: str) -> Message | None:
    """The message that a form has sent already."""
    return session.execute(select(Message).where(col(Message.once) == once)).scalar_one_or_none()


def sealed_among(session: Session, listing_ids: Collection[int]) -> set[int]:
    """Which of the listings have a sealed part."""
    texts = select(col(SealedText.listing_id)).where(col(SealedText.listing_id).in_(list(listing_ids)))
    files = select(col(ListingAttachment.listing_id)).where(
        col(ListingAttachment.listing_id).in_(list(listing_ids)), col(ListingAttachment.sealed)
    )
    return set(session.execute(texts.union(files)).scalars())


def count_messages(session: Session, introduction: Introduction, upto: int | None = None) -> int:
    """How many messages a thread has, up to one of them or in all."""
    wanted = select(func.count()).where(col(Message.introduction_id) == introduction.id)
    if upto is not None:
        wanted = wanted.where(col(Message.id) <= upto)
    count: int = session.execute(wanted).scalar_one()
    return count


def thread(session: Session, introduction: Introduction, number: int, size: int) -> Page[Message]:
    """A page of the thread, oldest first; a number beyond the end, or 0, is the last page."""
    total = count_messages(session, introduction)
    pages = max(1, -(-total // size))
    number = number if 0 < number <= pages else pages
    wanted = select(Message).where(col(Message.introduction_id) == introduction.id).order_by(col(Message.id))
    return Page(session.execute(wanted.offset((number - 1) * size).limit(size)).scalars().all(), number, size, total)


def reads(session: Session, introduction: Introduction) -> Mapping[int, int]:
    """Person id → the last message that they have seen."""
    wanted = select(col(ThreadRead.person_id), col(ThreadRead.last_message_id)).where(
        col(ThreadRead.introduction_id) == introduction.id
    )
    return dict(session.execute(wanted).all())


def last_language(session: Session, introduction: Introduction, person_id: int) -> str:
    """The language that somebody wrote in last; "" when they have not written yet."""
    wanted = (
        select(col(Message.lang))
        .where(col(Message.introduction_id) == introduction.id, col(Message.author_id) == person_id)
        .order_by(col(Message.id).desc())
        .limit(1)
    )
    return session.execute(wanted).scalar_one_or_none() or ""


def declarations(session: Session, suggestion: Suggestion) -> Sequence[Declaration]:
    """What was declared for a match, oldest first."""
    wanted = select(Declaration).where(col(Declaration.suggestion_id) == suggestion.id)
    return session.execute(wanted.order_by(col(Declaration.id))).scalars().all()


def _in_it(actor: Actor) -> ColumnElement[bool]:
    """The same as `introduction_policy.standing(...).inside`, for a whole list."""
    orgs = list(actor.memberships)
    kept = or_(
        col(Introduction.need_releases_broker_at).is_(None), col(Introduction.result_releases_broker_at).is_(None)
    )
    as_broker = and_(col(Introduction.broker_id) == actor.person_id, kept) if actor.role is not Role.MEMBER else false()
    return or_(col(Introduction.need_org_id).in_(orgs), col(Introduction.result_org_id).in_(orgs), as_broker)
