"""From a row of a foreign table to a listing: which column is which field, and what its value means there.

Nothing a source says is lost in silence: a text that does not fit its field moves to the description, and a value
that cannot be understood leaves a note in the report.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from matchmaker.core.clock import now
from matchmaker.core.countries import parse_country
from matchmaker.core.errors import Invalid
from matchmaker.core.text import clean_line, clean_text, shorten
from matchmaker.listings import values
from matchmaker.listings.columns import sha256_of
from matchmaker.listings.fields import BY_NAME, CODED, IMPORT_LIMITS, WORDED, Widget
from matchmaker.listings.models import Direction
from matchmaker.listings.schemas import ListingDraft, TextDraft, is_known
from matchmaker.taxonomy import service as taxonomy
from matchmaker.taxonomy.vocabulary import VOCABULARIES

# After the title and summary come first, what else did not fit follows the description.
_LEADING = ("title", "summary")
Value = TypeVar("Value")

_LIMITS = {"limits": IMPORT_LIMITS}
_MAX_VERSIONS = 40
# An initial or an abbreviation ends with a full stop too, but not so late; a Chinese sentence ends with its own mark.
_SENTENCE_END = re.compile(r"(?<=.{8})[.!?;](?=\s)|[。！？；]")


@dataclass(frozen=True)
class Entry:
    """A listing ready to be stored; `published` is the day that the source gives, if it gives one."""

    line: int
    source: str
    source_id: str
    draft: ListingDraft
    versions: tuple[TextDraft, ...] = ()
    organisation: str = ""
    url: str = ""
    licence: str = ""
    published: date | None = None
    organisation_id: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.source_id

    def digest(self) -> str:
        """SHA-256 of all that would be stored, so that an unchanged row is left alone."""
        stored = [
            self.draft.model_dump(mode="json"),
            [version.model_dump(mode="json") for version in self.versions],
            [self.organisation, self.organisation_id, self.url, self.licence, str(self.published)],
        ]
        return sha256_of(stored)


def prepare(picked: dict[str, object], key: tuple[str, str], line: int) -> Entry:
    """Build the listing; raises Invalid with what makes the row unfit."""
    source, source_id = key
    if len(source) > 64:
        raise Invalid({"source": "longer than 64 characters"})
    notes: list[str] = []
    direction = _direction(picked)
    wanted: dict[str, object] = {"direction": direction, **_place(picked, notes)}
    wanted |= _words(picked, direction, notes) | _facts(picked, notes) | _codes(picked, notes)
    draft = _validated(wanted)
    notes += [f"{name}: does not apply to a {direction}, left out" for name in _lost(wanted, draft)]
    return Entry(
        line=line,
        source=source,
        source_id=source_id,
        draft=draft,
        versions=_versions(picked.get("texts"), draft.lang, notes),
        organisation=_line(picked, "organisation", 256, notes),
        url=_read(picked, "url", values.as_url, notes) or "",
        licence=_line(picked, "licence", 128, notes),
        published=_published(picked, notes),
        notes=tuple(notes),
    )


def _direction(picked: dict[str, object]) -> Direction:
    said = picked.get("direction")
    direction = values.as_direction(said)
    if direction is None:
        what = "missing" if said is None else f"{values.as_text(said)[:40]!r} is neither a need nor a result"
        raise Invalid({"direction": what})
    return direction


def _read(
    picked: dict[str, object], name: str, reader: Callable[[object], Value | None], notes: list[str]
) -> Value | None:
    value = picked.get(name)
    found = None if value is None else reader(value)
    if value is not None and found is None:
        notes.append(f"{name}: not understood, left out")
    return found


def _line(picked: dict[str, object], name: str, limit: int, notes: list[str]) -> str:
    text = clean_line(values.as_text(picked.get(name)))
    if len(text) > limit:
        notes.append(f"{name}: shortened to {limit} characters")
    return shorten(text, limit)


def _place(picked: dict[str, object], notes: list[str]) -> dict[str, object]:
    return {
        # Who matches listings detects the language of what is undetermined.
        "lang": _read(picked, "lang", values.as_language, notes) or "und",
        "country": _read(picked, "country", values.as_country, notes) or "",
    }


def _published(picked: dict[str, object], notes: list[str]) -> date | None:
    day = _read(picked, "published", values.as_date, notes)
    if day is not None and day > now().date():
        notes.append("published: in the future, left out")
        return None
    return day


def _words(picked: dict[str, object], direction: Direction, notes: list[str]) -> dict[str, object]:
    words = {name: _cleaned(name, picked.get(name)) for name in WORDED}
    if not _says_something(words["title"]) and (words["description"] or words["summary"]):
        words["title"] = _first_sentence(words["description"] or words["summary"])
        notes.append("title: missing, taken from the text")
    front: list[str] = []
    behind: list[str] = []
    for name in WORDED:
        limit, text = BY_NAME[name].limit, words[name]
        foreign = direction not in BY_NAME[name].directions
        if name == "description" or not text or (len(text) <= limit and not foreign):
            continue
        (front if name in _LEADING else behind).append(text)
        words[name] = "" if foreign else shorten(text, limit)
        what = f"does not apply to a {direction}, moved" if foreign else f"longer than {limit} characters, in full"
        notes.append(f"{name}: {what} in the description")
    words["description"] = "\n\n".join(filter(None, [*front, words["description"], *behind]))
    return dict(words)


def _cleaned(name: str, value: object) -> str:
    if name == "keywords":
        return clean_line(", ".join(values.as_list(value)))
    if BY_NAME[name].widget is Widget.LINE:
        return clean_line(values.as_text(value))
    return clean_text(values.as_text(value, "\n"))


def _says_something(title: str) -> bool:
    return sum(character.isalnum() for character in title) > 1


def _first_sentence(text: str) -> str:
    """The beginning of the text, as far as a title goes; `H. G. Pars Laboratories…` does not end at its H."""
    line = text.partition("\n")[0]
    end = next((mark.end() for mark in _SENTENCE_END.finditer(line)), len(line))
    return shorten(line[:end].strip(), BY_NAME["title"].limit)


def _facts(picked: dict[str, object], notes: list[str]) -> dict[str, object]:
    facts: dict[str, object] = {
        "trl": _read(picked, "trl", values.as_trl, notes),
        "deadline": _read(picked, "deadline", values.as_date, notes),
        **_budget(picked, notes),
    }
    for name in ("stage", "ipr_status", "ip_ownership"):
        facts[name] = _read(picked, name, lambda value, name=name: _choice(name, value), notes)  # type: ignore[misc]
    return facts


def _choice(name: str, value: object) -> str | None:
    code = values.as_choice(name, value)
    return code if is_known(name, code) else None


def _budget(picked: dict[str, object], notes: list[str]) -> dict[str, object]:
    whole = _read(picked, "budget", values.as_range, notes) or (None, None)
    low = _read(picked, "budget_min", values.as_amount, notes) or whole[0]
    high = _read(picked, "budget_max", values.as_amount, notes) or whole[1]
    if low is not None and high is not None and low > high:
        notes.append("budget: from is more than up to, left out")
        low = high = None
    currency = _read(picked, "budget_currency", values.as_currency, notes)
    if currency is None:
        sums = (picked.get(name) for name in ("budget", "budget_max", "budget_min"))
        currency = next(filter(None, map(values.currency_in, sums)), None)
    return {"budget_min": low, "budget_max": high, "budget_currency": currency}


def _codes(picked: dict[str, object], notes: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in CODED:
        said = [_as_code(name, text) for text in values.as_list(picked.get(name))]
        known = list(dict.fromkeys(code for code in said if code is not None and is_known(name, code)))
        limit = BY_NAME[name].limit
        if any(code is None or code not in known for code in said):
            notes.append(f"{name}: unknown code, left out")
        if len(known) > limit:
            notes.append(f"{name}: more than {limit}, the first {limit} taken")
        found[name] = tuple(known[:limit])
    return found


def _as_code(name: str, text: str) -> str | None:
    vocabulary = BY_NAME[name].vocabulary
    if name == "target_countries":
        return parse_country(text) or values.as_country(text)
    if vocabulary in VOCABULARIES:
        return values.as_choice(name, text)
    return taxonomy.parse_code(vocabulary, text)


def _validated(wanted: dict[str, object]) -> ListingDraft:
    try:
        return ListingDraft.model_validate(wanted, context=_LIMITS)
    except ValidationError as error:
        raise Invalid(dict(map(_problem, error.errors(include_url=False)))) from None


def _problem(error: ErrorDetails) -> tuple[str, str]:
    where = ".".join(str(part) for part in error["loc"]) or "listing"
    return where, f"too long ({error['msg']})" if error["type"] == "too_long" else error["msg"]


def _lost(wanted: dict[str, object], draft: ListingDraft) -> Iterable[str]:
    """Facts that the schema dropped because the direction has no such field."""
    return (name for name, value in wanted.items() if value not in (None, "", ()) and name not in WORDED
            and name in BY_NAME and getattr(draft, name) in (None, "", ()))  # fmt: skip


def _versions(said: object, original: str, notes: list[str]) -> tuple[TextDraft, ...]:
    """Further language versions: `{"en": {"title": …, "summary": …, "machine": true}}`."""
    if said is None:
        return ()
    found: list[TextDraft] = []
    for lang, words in said.items() if isinstance(said, dict) else [("", None)]:
        version = _version(lang, words)
        if version is None or version.lang == original or len(found) == _MAX_VERSIONS:
            notes.append("texts: a language version is unfit, left out")
        else:
            found.append(version)
    return tuple({version.lang: version for version in found}.values())


def _version(lang: str, words: object) -> TextDraft | None:
    if not isinstance(words, dict):
        return None
    said = {name: _cleaned(name, words.get(name)) for name in WORDED}
    origin = "machine" if words.get("machine") is True or words.get("origin") == "machine" else "owner"
    try:
        return TextDraft.model_validate({**said, "lang": values.as_language(lang), "origin": origin}, context=_LIMITS)
    except ValidationError:
        return None
