"""The page of one listing: its texts in one language, its facts by group, and its matches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from flask_babel import LazyString
from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import Unavailable
from matchmaker.i18n import _, lazy
from matchmaker.listings import actions, attachments, life, policy, records, sealed
from matchmaker.listings import queries as listings
from matchmaker.listings.actions import Action
from matchmaker.listings.advice import Assessment, assess
from matchmaker.listings.attachments import Attached
from matchmaker.listings.confidence import Reader
from matchmaker.listings.fields import GROUP_TITLES, Field, Group, Widget, fields_for
from matchmaker.listings.kin import NO_KIN, Kin, with_kin
from matchmaker.listings.models import Listing, ListingText, QualityReview, SealedText, Status
from matchmaker.listings.owners import described
from matchmaker.listings.queries import FullListing
from matchmaker.listings.sealed import Viewer
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import matcher
from matchmaker.matching.schemas import MatchList, Readiness, Scope
from matchmaker.taxonomy.titles import title_of
from matchmaker.web.presentation import day, money

MATCHES = 10
UNFINISHED = frozenset({Status.DRAFT, Status.SUBMITTED, Status.UNDER_REVIEW, Status.RETURNED})
# The page's head shows these itself.
HEADED = frozenset({"lang", "title", "summary", "country", "budget_max", "budget_currency"})
# The form speaks to the owner, the page about them.
TITLES = {**GROUP_TITLES, Group.PARTNER: lazy("Partner sought")}


class Kind(StrEnum):
    """How a fact is shown."""

    # What the owner wrote, in the language of the version.
    TEXT = "text"
    # Words of the owner's, separated by commas.
    TAGS = "tags"
    # Words from a vocabulary, in the reader's language.
    WORDS = "words"
    # Codes with their titles, "E21B" and "Earth drilling".
    CODES = "codes"


@dataclass(frozen=True)
class Fact:
    """One field that holds something; a value of codes is (code, title), else ("", words)."""

    name: str
    title: LazyString | str
    kind: Kind
    values: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """A group of the form, with the facts that it holds."""

    group: Group
    title: LazyString
    facts: Sequence[Fact]


@dataclass(frozen=True)
class OwnersPart:
    """What can be done with the listing now, what the last reviewer said, and how near its end is."""

    actions: Sequence[Action]
    review: QualityReview | None
    days_left: int | None
    renewable: bool


@dataclass(frozen=True)
class SealedPart:
    """That there is something sealed; text and files themselves only where it is open, to its owner always."""

    text: SealedText | None = None
    files: Sequence[Attached] = ()
    is_open: bool = False
    # When it was opened to the reader; None for its owner.
    opened_at: datetime | None = None
    # Who of others has read it, for its owner.
    viewers: Sequence[Viewer] = ()


@dataclass(frozen=True)
class ListingPage:
    """Everything the page shows; `matches` is None while the listing is not on the market."""

    full: FullListing
    text: ListingText
    sections: Sequence[Section]
    scope: Scope
    matches: MatchList | None
    editable: bool
    # What only those who may change it are shown.
    owner: OwnersPart | None = None
    # Whether the reader may judge it.
    appraisable: bool = False
    # None where nothing is sealed.
    sealed: SealedPart | None = None
    # Those whose names the reader may know, the sealed ones among them.
    files: Sequence[Attached] = ()

    @property
    def open_files(self) -> Sequence[Attached]:
        return [one for one in self.files if not one.sealed]

    # The original's texts, when another language version is shown; and whether the reader's own is lacking.
    beside: Sequence[Fact] = ()
    lacking: bool = False
    # What the text still lacks, for its owner and as long as it is not out.
    advice: Assessment | None = None
    # The same matter in other listings, as far as the reader may see them together.
    kin: Kin = NO_KIN
    # Whether the reader may say what is the same and what is not.
    judges_kin: bool = False

    @property
    def may_unseal(self) -> bool:
        """Whether the reader may read the sealed text and is to be recorded for it: not the owner's own people."""
        return self.sealed is not None and self.full.sight.sealed and not self.full.sight.own

    @property
    def described(self) -> str:
        """What others read in the place of the owner's name."""
        return described(self.full.organisation)

    def unsealed(self, text: SealedText | None, opened_at: datetime) -> "ListingPage":
        """The same page with the sealed part, for a reader whose look is recorded."""
        files = [one for one in self.files if one.sealed]
        return replace(self, sealed=SealedPart(text, files, is_open=True, opened_at=opened_at))

    def section(self, group: str) -> Section | None:
        """The group's section, None when nothing was filled in."""
        return next((section for section in self.sections if section.group == group), None)


@dataclass(frozen=True)
class Wanted:
    """What the address asks for: a language version and a scope, both optional."""

    text: str = ""
    scope: Scope = Scope.CROSS_BORDER

    @classmethod
    def read(cls, text: str | None, scope: str | None) -> "Wanted":
        return cls(text or "", Scope(scope) if scope in set(Scope) else Scope.CROSS_BORDER)


def listing_page(session: Session, public_id: str, wanted: Wanted, reader: Reader) -> ListingPage:
    """The page for this reader; raises NotFound for a listing that they may not see."""
    full = listings.visible(session, public_id, reader.actor)
    text = full.text_for(wanted.text or reader.lang)
    editable = policy.EDIT.allows(reader.actor, full.listing)
    unfinished = editable and full.listing.status in UNFINISHED and not full.is_shortened
    original, files = full.original.lang, attachments.for_reader(session, full)
    return ListingPage(
        full=full,
        text=text,
        sections=sections_of(full, text, reader.lang),
        scope=wanted.scope,
        matches=_matches(session, full, wanted.scope, reader),
        editable=editable,
        owner=_owners_part(session, full.listing, reader.actor),
        appraisable=policy.APPRAISE.allows(reader.actor, full.listing),
        sealed=_sealed(session, full, files),
        files=files,
        beside=texts_of(full, full.original) if text.lang != original else (),
        lacking=original not in {"und", reader.lang} and all(version.lang != reader.lang for version in full.texts),
        advice=assess(full.draft()) if unfinished else None,
        kin=with_kin(session, [full.listing.id or 0], reader).get(full.listing.id or 0, NO_KIN),
        judges_kin=policy.TELL_KIN.allows(reader.actor, full.listing),
    )


def _owners_part(session: Session, listing: Listing, actor: Actor | None) -> OwnersPart | None:
    if actor is None or not policy.EDIT.allows(actor, listing):
        return None
    at = now()
    return OwnersPart(
        actions=actions.offered(actor, listing, at),
        review=next(iter(records.reviews(session, listing.id or 0)), None),
        days_left=life.days_left(listing, at),
        renewable=life.may_renew(listing, at),
    )


def _sealed(session: Session, full: FullListing, files: Sequence[Attached]) -> SealedPart | None:
    """What may be told of the sealed part without a record: all to its owner, that there is one to others."""
    if not sealed.has_part(session, full.listing.id):
        return None
    if not full.sight.own:
        return SealedPart()
    text, closed = sealed.text_of(session, full.listing.id), [one for one in files if one.sealed]
    return SealedPart(text, closed, is_open=True, viewers=sealed.viewers(session, full.listing))


def _matches(session: Session, full: FullListing, scope: Scope, reader: Reader) -> MatchList | None:
    if full.listing.status is not Status.PUBLISHED:
        return None
    try:
        found = Ranking(matcher(), session, reader).matches(full, scope=scope, limit=MATCHES)
    except Unavailable:
        # The encoder is still loading; the page shows the listing and asks again by itself.
        return MatchList(Readiness.PENDING, scope)
    if found.readiness is Readiness.PENDING:
        # Somebody waits for this one; the worker need not find it by itself.
        matcher().wake()
    return found


def sections_of(full: FullListing, text: ListingText, lang: str) -> list[Section]:
    """The filled fields in the form's order and groups, with words for a reader of `lang`."""
    found: dict[Group, list[Fact]] = {}
    for field in fields_for(full.listing.direction):
        fact = None if field.name in HEADED else _fact(field, full, text, lang)
        if fact is not None:
            found.setdefault(field.group, []).append(fact)
    return [Section(group, TITLES[group], facts) for group, facts in found.items()]


def texts_of(full: FullListing, text: ListingText) -> list[Fact]:
    """The words of one language version, title and summary apart."""
    fields = (f for f in fields_for(full.listing.direction) if f.worded and f.name not in HEADED)
    return [fact for fact in (_worded(field, text) for field in fields) if fact is not None]


def _fact(field: Field, full: FullListing, text: ListingText, lang: str) -> Fact | None:
    if field.worded:
        return _worded(field, text)
    if field.scheme:
        codes = full.codes[field.name]
        kind = Kind.CODES if field.widget is Widget.CODES else Kind.WORDS
        values = [(code, title_of(_vocabulary(field), code, lang)) for code in codes]
        return Fact(field.name, field.title, kind, values) if values else None
    words = _budget(full) if field.name == "budget_min" else _plain(field, getattr(full.listing, field.name), lang)
    title = lazy("Budget") if field.name == "budget_min" else field.title
    return Fact(field.name, title, Kind.WORDS, [("", words)]) if words else None


def _worded(field: Field, text: ListingText) -> Fact | None:
    words = getattr(text, field.name)
    if not words:
        return None
    if field.name != "keywords":
        return Fact(field.name, field.title, Kind.TEXT, [("", words)])
    tags = words.replace("，", ",").replace("、", ",").replace("；", ",").replace(";", ",").split(",")
    return Fact(field.name, field.title, Kind.TAGS, [("", tag.strip()) for tag in tags if tag.strip()])


def _vocabulary(field: Field) -> str:
    return "countries" if field.widget is Widget.COUNTRIES else field.vocabulary


def _plain(field: Field, value: object, lang: str) -> str:
    if value is None or value == "":
        return ""
    if field.widget is Widget.DATE:
        return day(value)  # type: ignore[arg-type]
    return title_of(field.vocabulary, str(value), lang)


def _budget(full: FullListing) -> str:
    """The range as one phrase; an open end is said in words."""
    low, high, currency = full.listing.budget_min, full.listing.budget_max, full.listing.budget_currency
    if low is not None and high is not None and low != high:
        return f"{money(low, currency)} – {money(high, currency)}"
    if high is not None:
        return money(high, currency) if low == high else _("up to %(amount)s", amount=money(high, currency))
    return _("from %(amount)s", amount=money(low, currency)) if low is not None else ""
