"""The form of a listing as data: what each field holds, offers and complains about, for the template to print."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as default
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from matchmaker.core.languages import endonym, language_name, languages
from matchmaker.core.scripts import foreign_script, script_name
from matchmaker.core.text import clean_text
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.listings import confidential, publication
from matchmaker.listings.confidential import ConfidentialSection
from matchmaker.listings.fields import (
    FIELDS,
    GROUP_TITLES,
    WORDED,
    Field,
    Group,
    Widget,
    fields_for,
    missing_for_publication,
)
from matchmaker.listings.models import Direction, Listing
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingDraft, TextDraft
from matchmaker.taxonomy import titles
from matchmaker.web import forms
from matchmaker.web.forms import Problems

Values = Mapping[str, Any]

# Fields that the form repeats, one entry for each choice.
REPEATED = frozenset(field.name for field in FIELDS if field.widget in {Widget.CHECKS, Widget.COUNTRIES})
# Without a title and a language there is nothing to show in a list, so even a draft needs these.
ALWAYS = frozenset({"title", "lang"})


@dataclass(frozen=True)
class FormField:
    """One field as the page shows it; `theirs` is what somebody else stored meanwhile, in words."""

    field: Field
    values: tuple[str, ...]
    options: Sequence[tuple[str, str]]
    needed: bool
    problem: str = ""
    theirs: str | None = None

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def value(self) -> str:
        return ", ".join(self.values)

    @property
    def always(self) -> bool:
        return self.name in ALWAYS

    @property
    def described_by(self) -> str:
        """Ids of what a screen reader should read with the input."""
        parts = {"hint": self.field.hint, "error": self.problem, "theirs": self.theirs is not None}
        return " ".join(f"{part}-{self.name}" for part, there in parts.items() if there)


@dataclass(frozen=True)
class Section:
    """A group of the form."""

    key: Group
    title: str
    fields: Sequence[FormField]

    @property
    def needed(self) -> int:
        return sum(field.needed for field in self.fields)

    @property
    def filled(self) -> int:
        return sum(field.needed and any(field.values) for field in self.fields)


@dataclass(frozen=True)
class ListingForm:
    """The page: what was typed, what is wrong with it, and the stored listing when there is one.

    `revision` is what the writer saw when the typing began: a page that comes back with problems must not forget it.
    """

    direction: Direction
    lang: str
    values: Values
    problems: Problems = default(default_factory=dict)
    listing: Listing | None = None
    revision: int = 0
    # The stored contents, when somebody else changed them while this form was open.
    theirs: Values | None = None
    # The revision whose words were put into the form, to be saved as a new one.
    restored: int | None = None
    # What others read in the place of the owner's name; None for a writer who is not of the owner's organisation.
    described: str | None = None

    @property
    def confidential(self) -> ConfidentialSection | None:
        """The section that only the owner's own people see and change."""
        if self.described is None:
            return None
        theirs = None if self.theirs is None else self.theirs.get(confidential.KEY)
        return ConfidentialSection(self.values.get(confidential.KEY) or {}, self.described, self.problems, theirs)

    @property
    def sections(self) -> list[Section]:
        shown = [self._show(field) for field in fields_for(self.direction)]
        groups = ((group, [x for x in shown if x.field.group is group]) for group in Group)
        return [Section(group, str(GROUP_TITLES[group]), fields) for group, fields in groups if fields]

    @property
    def wrong(self) -> list[FormField]:
        """The fields with a problem, in the form's order."""
        return [self._show(field) for field in fields_for(self.direction) if field.name in self.problems]

    @property
    def text_lang(self) -> str:
        """The language the words are typed in."""
        return str(self.values.get("lang") or "")

    def with_problems(self, problems: Problems) -> "ListingForm":
        """The same page, telling what is wrong."""
        return replace(self, problems=problems)

    def against(self, current: FullListing, kept: Values) -> "ListingForm":
        """The same page beside what somebody else stored meanwhile; the next save replaces that.

        `kept` is what is confidential of it, nothing for a writer who may not know.
        """
        theirs = {**values_of_draft(current.draft()), **kept}
        return replace(self, listing=current.listing, revision=current.listing.revision, theirs=theirs)

    def with_version(self, revision: int, contents: Values) -> "ListingForm":
        """The same page with the contents of an old version, beside what is stored where that differs."""
        old = {field.name: _as_typed(contents.get(field.name)) for field in FIELDS}
        return replace(self, values=old, theirs=self.values, restored=revision)

    def _show(self, field: Field) -> FormField:
        values = _entries(field, self.values.get(field.name))
        return FormField(
            field=field,
            values=values,
            options=_options(field, values, self.lang),
            needed=self.direction in field.required,
            problem=self.problems.get(field.name, ""),
            theirs=_their(field, values, self.theirs, self.lang),
        )


@dataclass(frozen=True)
class TextForm:
    """The page of one language version: the words in it, beside the original's; `revision` is the listing's."""

    found: FullListing
    text_lang: str
    values: Values
    revision: int
    problems: Problems = default(default_factory=dict)
    # The stored words, when somebody else changed the listing while this form was open.
    theirs: Values | None = None

    @property
    def fields(self) -> list[FormField]:
        """The worded fields that the original or this version holds."""
        worded = [field for field in fields_for(self.found.listing.direction) if field.worded]
        held = (self.values, self.theirs or {})
        return [self._show(f) for f in worded if self.original(f.name) or any(words.get(f.name) for words in held)]

    def original(self, name: str) -> str:
        """What the original says in a field."""
        return str(getattr(self.found.original, name))

    @property
    def wrong(self) -> list[FormField]:
        return [field for field in self.fields if field.problem]

    def with_problems(self, problems: Problems) -> "TextForm":
        """The same page, telling what is wrong."""
        return replace(self, problems=problems)

    def against(self, current: FullListing) -> "TextForm":
        """The same page beside what somebody else stored meanwhile; the next save replaces that."""
        theirs = values_of_text(current, self.text_lang)
        return replace(self, found=current, revision=current.listing.revision, theirs=theirs)

    def _show(self, field: Field) -> FormField:
        values = _entries(field, self.values.get(field.name))
        theirs = _their(field, values, self.theirs, self.text_lang)
        return FormField(field, values, (), field.name == "title", self.problems.get(field.name, ""), theirs)


def blank(lang: str, country: str) -> Values:
    """An empty form, with what can be guessed of its writer."""
    return {"lang": lang, "country": country}


def stored(found: FullListing, lang: str, problems: Problems, kept: Values) -> ListingForm:
    """The page of a stored listing; `kept` is what is confidential of it, nothing for a writer who may not know."""
    listing, values = found.listing, {**values_of_draft(found.draft()), **kept}
    return ListingForm(listing.direction, lang, values, problems, listing, listing.revision)


def stored_text(found: FullListing, text_lang: str) -> TextForm:
    """The page of a language version as it is stored, empty when there is none yet."""
    return TextForm(found, text_lang, values_of_text(found, text_lang), found.listing.revision)


def missing(found: FullListing) -> Problems:
    """What a stored listing still needs before it can be published."""
    return {name: forms.message(kind) for name, kind in publication.problems(found.draft()).items()}


def values_of_draft(draft: ListingDraft) -> Values:
    """Stored contents as the form holds them."""
    return {field.name: _as_typed(getattr(draft, field.name)) for field in FIELDS}


def values_of_text(found: FullListing, text_lang: str) -> Values:
    """The stored words of a version as the form holds them."""
    version = next((text for text in found.texts if text.lang == text_lang), None)
    return version.model_dump() if version else {}


def typed(form: MultiDict[str, str]) -> Values:
    """What the browser sent; lists of codes are taken apart at any comma, the Chinese ones too."""
    values = {name: x for name, x in forms.values_of(form, REPEATED).items() if name not in confidential.NAMES}
    coded = (field for field in FIELDS if field.widget is Widget.CODES and field.name in values)
    codes = {field.name: list(_entries(field, values[field.name])) for field in coded}
    return values | codes | confidential.typed(form)


def parse(direction: Direction, values: Values, *, complete: bool) -> tuple[ListingDraft | None, Problems]:
    """The draft, or everything that is wrong at once; `complete` also asks for what publishing needs."""
    wanted, problems = forms.parse(ListingDraft, {**values, "direction": direction}, whole="budget_max")
    if wanted is None and complete:
        filled = {field.name for field in FIELDS if any(_entries(field, values.get(field.name)))}
        absent = missing_for_publication(direction, filled)
        problems = {**{name: forms.message("missing") for name in absent}, **problems}
    text_lang = str(values.get("lang") or "")
    closed = values.get(confidential.KEY) or {}
    found = {
        "lang": _other_script(text_lang, _worded(values)),
        "sealed": _other_script(text_lang, closed.get("sealed", "")),
    }
    strange = {name: complaint for name, complaint in found.items() if complaint}
    return (None, {**strange, **problems}) if strange else (wanted, problems)


def parse_text(text_lang: str, values: Values) -> tuple[TextDraft | None, Problems]:
    """A language version, or what is wrong with it."""
    wanted, problems = forms.parse(TextDraft, {**values, "lang": text_lang})
    # The form of a version does not ask for its language; the title is the first thing that is in the wrong one.
    strange = _other_script(text_lang, _worded(values))
    return (None, {"title": strange, **problems}) if strange else (wanted, problems)


def language_options(lang: str, *, without: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Every language by its name for the reader and in itself."""
    named = ((code, name, endonym(code)) for code, name in languages(lang) if code not in without)
    return [(code, name if own.casefold() == name.casefold() else f"{name} · {own}") for code, name, own in named]


def _worded(values: Values) -> str:
    return " ".join(str(values.get(name) or "") for name in WORDED)


def _other_script(text_lang: str, words: str) -> str:
    """The complaint about words in a script that their language does not use, or ""."""
    script = foreign_script(words, text_lang)
    if script is None:
        return ""
    lang = current_language()
    said = _(
        "This text looks as if it were written in %(script)s script, not in %(language)s.",
        script=script_name(script, lang),
        language=language_name(text_lang, lang),
    )
    return str(said)


def _their(field: Field, mine: tuple[str, ...], stored: Values | None, lang: str) -> str | None:
    """What somebody else stored in a field, in words; None when it is the same."""
    if stored is None:
        return None
    theirs = _entries(field, stored.get(field.name))
    if [clean_text(x) for x in theirs] == [clean_text(x) for x in mine]:
        return None
    names = dict(_options(field, theirs, lang))
    return "\n".join(names.get(value, value) for value in theirs)


def _as_typed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Decimal):
        return f"{value:f}".removesuffix(".00")
    return "" if value is None else str(value)


def _entries(field: Field, value: Any) -> tuple[str, ...]:
    """The field's entries as a tuple of strings, whichever way they were sent."""
    if isinstance(value, str):
        split = field.widget is Widget.CODES
        value = re.split("[,;，；、]", value) if split else [value]
    found = (str(entry) for entry in value or ())
    return tuple(entry.strip() if field.widget is Widget.CODES else entry for entry in found if entry.strip())


def _options(field: Field, values: Sequence[str], lang: str) -> list[tuple[str, str]]:
    if field.widget is Widget.LANGUAGE:
        unknown = [("und", _("Not known"))] if "und" in values else []
        return unknown + language_options(lang)
    if field.widget in {Widget.COUNTRY, Widget.COUNTRIES}:
        return titles.choices(titles.COUNTRIES, lang)
    if field.widget is Widget.CODES:
        return [(code, titles.title_of(field.vocabulary, code, lang)) for code in values]
    offered = titles.choices(field.vocabulary, lang) if field.vocabulary else []
    # A stored value that is offered no more, such as the currency of an old listing, is not lost by the next save.
    old = [value for value in values if field.vocabulary and value not in dict(offered)]
    return offered + [(value, titles.title_of(field.vocabulary, value, lang)) for value in old]
