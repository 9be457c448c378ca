"""The reviewers' pages as plain values: the queue, and one listing with what was said of it before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from matchmaker.accounts.queries import person_names
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.core.paging import Page
from matchmaker.listings import attachments, policy, records
from matchmaker.listings import queries as listings
from matchmaker.listings.attachments import Attached
from matchmaker.listings.life import is_held_by_reviewer
from matchmaker.listings.models import ListingText, QualityReview, Status
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingCard
from matchmaker.portal.listing_page import Section, sections_of
from matchmaker.quality import queries
from matchmaker.quality.queries import Waiting


@dataclass(frozen=True)
class QueuePage:
    """What waits for a reviewer, and what reviewers hold."""

    waiting: Page[Waiting]
    held: Sequence[ListingCard]
    # Languages that are shown first, none when all are alike to the reviewer.
    spoken: Sequence[str]


@dataclass(frozen=True)
class Sheet:
    """What the reviewer filled in, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReviewPage:
    """One listing before its reviewer: the open part in the language chosen, earlier reviews, the sheet."""

    full: FullListing
    text: ListingText
    sections: Sequence[Section]
    reviews: Sequence[QualityReview]
    names: Mapping[int, str]
    is_mine: bool
    # Those of the open part: what goes out with the listing is looked at like the listing.
    open_files: Sequence[Attached] = ()
    sheet: Sheet = field(default_factory=Sheet)
    # The revision that the sheet was filled in against, when the owner has changed the listing since.
    outdated: int | None = None

    @property
    def status(self) -> Status:
        return self.full.listing.status

    @property
    def is_held(self) -> bool:
        return is_held_by_reviewer(self.full.listing)

    @property
    def reviewer(self) -> str:
        """Who has taken it, or holds it."""
        return self.names.get(self.full.listing.reviewer_id or 0, "")

    def with_sheet(self, sheet: Sheet, outdated: int | None = None) -> "ReviewPage":
        """The same page with what was typed."""
        return replace(self, sheet=sheet, outdated=outdated)


def queue_page(session: Session, number: int, lang: str, *, actor: Actor) -> QueuePage:
    """The queue for this reviewer."""
    spoken = records.languages(session, [actor.person_id]).get(actor.person_id, set())
    waiting = queries.queue(session, number, spoken, lang, actor=actor)
    return QueuePage(waiting, queries.held(session, lang, actor=actor), sorted(spoken))


def review_page(session: Session, public_id: str, chosen: str, lang: str, *, actor: Actor) -> ReviewPage:
    """The page; raises NotFound for what the reviewer may not see, and for what they may not judge."""
    full = listings.visible(session, public_id, actor)
    if not policy.APPRAISE.allows(actor, full.listing):
        raise NotFound("nobody judges what is their own")
    # The original: that is what is judged; other versions are a click away.
    text = full.text_for(chosen or full.listing.lang)
    reviews = records.reviews(session, full.listing.id or 0)
    people = [review.reviewer_id for review in reviews]
    return ReviewPage(
        full=full,
        text=text,
        # A published listing under embargo is judged by its title and summary, like everybody reads it.
        sections=sections_of(full, text, lang) if policy.READ.allows(actor, full.listing) else (),
        reviews=reviews,
        names=person_names(session, [*people, full.listing.reviewer_id]),
        is_mine=full.listing.reviewer_id == actor.person_id and full.listing.status is Status.UNDER_REVIEW,
        open_files=[one for one in attachments.for_reader(session, full) if not one.sealed],
    )
