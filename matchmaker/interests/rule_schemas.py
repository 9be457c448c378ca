"""What an administrator may say of a rule of export control, in the form and in a file."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from pydantic_core import PydanticCustomError

from matchmaker.core.countries import parse_country
from matchmaker.core.text import clean_line
from matchmaker.interests.gate import Transfer
from matchmaker.interests.models import ExportRule, Verdict
from matchmaker.taxonomy.service import parse_code
from matchmaker.web import forms

COLUMNS = (
    "ipc", "origin", "destination", "verdict", "title", "source", "source_url", "valid_from", "valid_until",
    "is_example",
)  # fmt: skip
# Columns that an export adds, for readers; an import passes over them.
TOLD = ("public_id", "ended_at")
_FORMULA = ("=", "+", "-", "@")
_YES = {"1", "yes", "true", "on"}


class RuleDraft(BaseModel):
    """A rule as it is written down; empty field, origin or destination means any."""

    model_config = ConfigDict(extra="ignore", str_max_length=4096)

    ipc: str = ""
    origin: str = ""
    destination: str = ""
    verdict: Verdict
    title: str
    source: str
    source_url: str = ""
    valid_from: date
    valid_until: date | None = None
    is_example: bool = False

    @field_validator("ipc")
    @classmethod
    def _field(cls, value: str) -> str:
        """A code of the table that listings are coded by: a finer one would never apply to any."""
        code = parse_code("ipc", value) if value.strip() else ""
        if code is None:
            raise PydanticCustomError("unknown_code", "unknown", {"code": clean_line(value)[:40]})
        return code

    @field_validator("origin", "destination")
    @classmethod
    def _place(cls, value: str) -> str:
        code = parse_country(value) if value.strip() else ""
        if code is None:
            raise PydanticCustomError("unknown_code", "unknown", {"code": clean_line(value)[:40]})
        return code

    @field_validator("verdict", mode="before")
    @classmethod
    def _verdict(cls, value: str) -> str:
        if value not in set(Verdict):
            raise PydanticCustomError("missing", "missing")
        return value

    @field_validator("title", "source")
    @classmethod
    def _line(cls, value: str) -> str:
        value = clean_line(value)
        if not value:
            raise PydanticCustomError("missing", "missing")
        if len(value) > 256:
            raise PydanticCustomError("too_long", "{length} > {limit}", {"length": len(value), "limit": 256})
        return value

    @field_validator("source_url")
    @classmethod
    def _address(cls, value: str) -> str:
        value = clean_line(value)
        if value and (len(value) > 2048 or not _is_web_address(value)):
            raise PydanticCustomError("bad_url", "bad address")
        return value

    @field_validator("valid_until", mode="before")
    @classmethod
    def _no_end(cls, value: Any) -> Any:
        return value or None

    @field_validator("is_example", mode="before")
    @classmethod
    def _ticked(cls, value: Any) -> bool:
        return value is True or str(value).strip().casefold() in _YES

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise PydanticCustomError("ends_before", "ends before it begins")
        return self


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def draft_of(rule: ExportRule) -> RuleDraft:
    """The rule as it would be written down again."""
    return RuleDraft.model_construct(**{name: getattr(rule, name) for name in COLUMNS})


@dataclass(frozen=True)
class BadRow:
    """A line of a file (the header is line 1) that is no rule, and why."""

    line: int
    problems: Mapping[str, str]


def read_csv(text: str) -> tuple[list[RuleDraft], list[BadRow]]:
    """The rules of a file with a header line, and the lines that cannot be read; ended ones are passed over."""
    drafts: list[RuleDraft] = []
    bad: list[BadRow] = []
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        if missing := {"verdict", "title", "source", "valid_from"} - set(rows.fieldnames or ()):
            return [], [BadRow(1, dict.fromkeys(sorted(missing), forms.message("missing")))]
        for row in rows:
            if (row.get("ended_at") or "").strip():
                continue
            given = {name: _plain(value or "") for name, value in row.items() if name in COLUMNS}
            draft, problems = forms.parse(RuleDraft, given, whole="valid_until")
            if draft is not None:
                drafts.append(draft)
            else:
                bad.append(BadRow(rows.line_num, problems))
    except csv.Error:
        bad.append(BadRow(rows.reader.line_num, {"": forms.message("bad_table")}))
    return drafts, bad


def write_csv(rules: Iterable[ExportRule]) -> str:
    """The table as a file that spreadsheets open and `read_csv` reads again."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow((*TOLD[:1], *COLUMNS, *TOLD[1:]))
    for rule in rules:
        cells = (_cell(getattr(rule, name)) for name in COLUMNS)
        writer.writerow((rule.public_id, *cells, rule.ended_at.isoformat() if rule.ended_at else ""))
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    # A spreadsheet must not take a title for a formula.
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(cell: str) -> str:
    """The cell without what `_cell` put before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


class Question(BaseModel):
    """A pair that somebody tries the table on: fields, from where, to where, on which day."""

    model_config = ConfigDict(extra="ignore", str_max_length=400)

    ipc: str = ""
    origin: str = ""
    destination: str = ""
    day: date

    @field_validator("ipc")
    @classmethod
    def _fields(cls, value: str) -> str:
        codes = [(text, parse_code("ipc", text)) for text in value.replace(",", " ").split()]
        if unknown := [text for text, code in codes if code is None]:
            raise PydanticCustomError("unknown_code", "unknown", {"code": unknown[0][:40]})
        return " ".join(code for _text, code in codes if code)

    @field_validator("origin", "destination")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and parse_country(value) is None:
            raise PydanticCustomError("unknown_code", "unknown", {"code": clean_line(value)[:40]})
        return parse_country(value) or ""

    @property
    def transfer(self) -> Transfer:
        """The pair as the gate takes it."""
        origins, destinations = ({code} - {""} for code in (self.origin, self.destination))
        return Transfer(frozenset(self.ipc.split()), frozenset(origins), frozenset(destinations))
