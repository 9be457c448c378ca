"""The history of a listing as a page: its versions, and what one changed in another, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from matchmaker.accounts.queries import person_names
from matchmaker.accounts.schemas import Actor
from matchmaker.core.countries import country_name
from matchmaker.core.errors import NotFound
from matchmaker.core.languages import language_name
from matchmaker.i18n import _
from matchmaker.listings import policy, queries, records, sealed, versions
from matchmaker.listings.diff import Op, Piece, compare, compare_lists
from matchmaker.listings.fields import WORDED, Field, Widget, fields_for
from matchmaker.listings.models import Direction, QualityReview
from matchmaker.listings.queries import FullListing
from matchmaker.listings.versions import Contents
from matchmaker.taxonomy.titles import title_of
from matchmaker.web.presentation import day, money

# What of a version may have been closed since.
CLOSABLE = frozenset({*WORDED, "texts"}) - {"title", "summary"}


@dataclass(frozen=True)
class Line:
    """A version in the list; `who` is told to its own organisation only."""

    revision: int
    at: datetime
    who: str


@dataclass(frozen=True)
class Change:
    """One field that differs; a list's pieces are its values, a text's are its own characters."""

    title: str
    # The language of the words, "" for values in the reader's own.
    lang: str
    pieces: Sequence[Piece]
    listed: bool = False


@dataclass(frozen=True)
class HistoryPage:
    """The versions, newest first, and what `chosen` changed in `against`, which is None for the first one."""

    full: FullListing
    lines: Sequence[Line]
    chosen: int | None
    against: int | None
    changes: Sequence[Change]
    reviews: Sequence[QualityReview]
    reviewers: Mapping[int, str]
    editable: bool


def history_page(
    session: Session, public_id: str, wanted: tuple[int | None, int | None], lang: str, *, actor: Actor
) -> HistoryPage:
    """The page; `wanted` are the revisions to compare, newest and the one before by themselves."""
    full = queries.visible(session, public_id, actor)
    listing = full.listing
    # Old versions say what an embargo keeps from everybody else.
    if not policy.HISTORY.allows(actor, listing) or full.is_shortened:
        raise NotFound("no such page")
    assert listing.id is not None
    found = records.version_lines(session, listing.id)
    reviews = records.reviews(session, listing.id)
    ours = policy.belongs_to_owner(actor, listing)
    names = person_names(session, [line.author_id for line in found] if ours else [])
    chosen, against = _chosen([line.revision for line in found], wanted)
    return HistoryPage(
        full=full,
        lines=[Line(line.revision, line.at, names.get(line.author_id or 0, "")) for line in found],
        chosen=chosen,
        against=against,
        changes=_changes(session, full, (against, chosen), lang),
        reviews=reviews,
        reviewers=person_names(session, [review.reviewer_id for review in reviews]),
        editable=policy.EDIT.allows(actor, listing),
    )


def differences(old: Contents, new: Contents, direction: Direction, lang: str) -> list[Change]:
    """The fields in which two versions differ, in the form's order; further language versions follow."""
    fields = fields_for(direction)
    found = [_change(field, (old, new), lang) for field in fields if old.get(field.name) != new.get(field.name)]
    return [change for change in found if change.pieces] + list(_of_texts(fields, old, new, lang))


def _chosen(revisions: Sequence[int], wanted: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    """What is compared with what: revisions that do not exist give way to the newest and the one before the chosen."""
    if not revisions:
        return None, None
    chosen = wanted[0] if wanted[0] in revisions else revisions[0]
    before = [revision for revision in revisions if revision < (chosen or 0)]
    against = wanted[1] if wanted[1] in revisions and wanted[1] != chosen else next(iter(before), None)
    return chosen, against


def _changes(session: Session, full: FullListing, pair: tuple[int | None, int | None], lang: str) -> list[Change]:
    listing = full.listing
    old, new = (records.version(session, listing.id or 0, revision) if revision else None for revision in pair)
    if old is None or new is None:
        return []
    before, after = versions.read(old), versions.read(new)
    if full.sight.own:
        found = differences(before, after, listing.direction, lang)
        return found if old.sealed_digest == new.sealed_digest else [*found, _of_sealed_text()]
    if sealed.has_part(session, listing.id):
        # What is sealed now may have stood in the open text once; it is not to be read there by others.
        before, after = ({name: x for name, x in one.items() if name not in CLOSABLE} for one in (before, after))
    return differences(before, after, listing.direction, lang)


def _of_sealed_text() -> Change:
    """That it changed, and not what it said."""
    return Change(_("Sealed text"), "", [Piece(Op.SAME, _("changed"))], listed=True)


def _change(field: Field, pair: tuple[Contents, Contents], lang: str) -> Change:
    before, after = (contents.get(field.name) for contents in pair)
    if field.worded:
        return Change(str(field.title), str(pair[1].get("lang") or ""), compare(before or "", after or ""))
    values = [_values(field, contents, lang) for contents in pair]
    return Change(str(field.title), "", compare_lists(*values), listed=True)


def _of_texts(fields: Sequence[Field], old: Contents, new: Contents, lang: str) -> Iterator[Change]:
    before, after = ({text["lang"]: text for text in contents.get("texts", ())} for contents in (old, new))
    for code in sorted(before.keys() | after.keys()):
        was, is_now = before.get(code, {}), after.get(code, {})
        for field in fields:
            if field.worded and was.get(field.name, "") != is_now.get(field.name, ""):
                title = _("%(field)s, version in %(language)s", field=field.title, language=language_name(code, lang))
                yield Change(title, code, compare(was.get(field.name, ""), is_now.get(field.name, "")))


def _values(field: Field, contents: Contents, lang: str) -> list[str]:
    value = contents.get(field.name)
    if value in (None, "", []):
        return []
    return [_said(field, one, contents, lang) for one in (value if isinstance(value, list) else [value])]


def _said(field: Field, value: Any, contents: Contents, lang: str) -> str:
    """One value in the reader's words."""
    text = str(value)
    if field.widget is Widget.DATE:
        return day(date.fromisoformat(text))
    if field.widget is Widget.MONEY:
        return money(Decimal(text), contents.get("budget_currency"))
    if field.widget is Widget.LANGUAGE:
        return language_name(text, lang)
    if field.widget in {Widget.COUNTRY, Widget.COUNTRIES}:
        return country_name(text, lang)
    words = title_of(field.vocabulary, text, lang)
    return f"{text} · {words}" if field.widget is Widget.CODES and words != text else words
