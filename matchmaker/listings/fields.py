"""The form as data: which field a need and a result has, its limit, and who must fill it before publishing.

After the Enterprise Europe Network profile (title 500, summary 500, description 4,000 characters) and the Chinese
form for open technology calls (揭榜). The form, the listing page, validation and the import all read this table.
"""

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString

from matchmaker.i18n import lazy
from matchmaker.listings.models import Direction, Scheme

NEED = frozenset({Direction.NEED})
RESULT = frozenset({Direction.RESULT})
BOTH = NEED | RESULT
NOBODY: frozenset[Direction] = frozenset()


class Widget(StrEnum):
    """How a field is asked for and shown."""

    LINE = "line"
    TEXT = "text"
    CHOICE = "choice"
    CHECKS = "checks"
    CODES = "codes"
    COUNTRIES = "countries"
    LANGUAGE = "language"
    COUNTRY = "country"
    DATE = "date"
    MONEY = "money"


class Group(StrEnum):
    """A section of the form and of the listing page."""

    WHAT = "what"
    MATURITY = "maturity"
    TERMS = "terms"
    PARTNER = "partner"
    FIELDS = "fields"


GROUP_TITLES: dict[Group, LazyString] = {
    Group.WHAT: lazy("What it is about"),
    Group.MATURITY: lazy("Maturity and rights"),
    Group.TERMS: lazy("Terms"),
    Group.PARTNER: lazy("The partner you look for"),
    Group.FIELDS: lazy("Fields and sectors"),
}


@dataclass(frozen=True)
class Field:
    """One field: `limit` counts characters of a text or entries of a list; `required` is for publishing."""

    name: str
    group: Group
    widget: Widget
    title: LazyString
    limit: int
    directions: frozenset[Direction] = BOTH
    required: frozenset[Direction] = NOBODY
    hint: LazyString | str = ""
    # Lines of the text area, or the vocabulary's scheme.
    rows: int = 0
    vocabulary: str = ""
    # Belongs to a language version, not to the listing as a whole.
    worded: bool = False
    scheme: Scheme | None = None


FIELDS: tuple[Field, ...] = (
    Field("lang", Group.WHAT, Widget.LANGUAGE, lazy("Language of your text"), 8, required=BOTH,
          hint=lazy("Write in your own language; matching works across languages.")),
    Field("title", Group.WHAT, Widget.LINE, lazy("Title"), 256, required=BOTH, worded=True,
          hint=lazy("One line that a specialist abroad would understand, without brand names.")),
    Field("summary", Group.WHAT, Widget.TEXT, lazy("Summary"), 500, required=BOTH, worded=True, rows=3,
          hint=lazy("Two or three sentences: who you are, what you look for or offer, with whom.")),
    Field("description", Group.WHAT, Widget.TEXT, lazy("Description"), 4000, required=BOTH, worded=True, rows=10,
          hint=lazy("The problem or the technology, how it is done today, and figures that can be checked.")),
    Field("advantages", Group.WHAT, Widget.TEXT, lazy("Advantages and innovations"), 2000, RESULT, RESULT,
          hint=lazy("What is better than today's way, with a number."), worded=True, rows=5),
    Field("technical_spec", Group.WHAT, Widget.TEXT, lazy("Technical specification or expertise sought"), 2000,
          NEED, NEED, hint=lazy("Material, method, conditions, interfaces, standards to meet."), worded=True, rows=5),
    Field("indicators", Group.WHAT, Widget.TEXT, lazy("Key indicators"), 2000, NEED,
          hint=lazy("One measurable target a line, such as: positioning error below 5 cm."), worded=True, rows=4),
    Field("keywords", Group.WHAT, Widget.LINE, lazy("Keywords"), 300, worded=True,
          hint=lazy("Separated by commas.")),
    Field("stage", Group.MATURITY, Widget.CHOICE, lazy("Stage of development"), 16, RESULT, RESULT, vocabulary="Stage"),
    Field("trl", Group.MATURITY, Widget.CHOICE, lazy("Technology readiness level (TRL)"), 1, BOTH, vocabulary="Trl",
          hint=lazy("For a need: the level that a solution must have reached at least.")),
    Field("ipr_status", Group.MATURITY, Widget.CHOICE, lazy("Intellectual property status"), 24, RESULT, RESULT,
          vocabulary="IprStatus"),
    Field("ipr_notes", Group.MATURITY, Widget.TEXT, lazy("Notes on intellectual property"), 1000, worded=True, rows=2),
    Field("ip_ownership", Group.TERMS, Widget.CHOICE, lazy("Who will own the intellectual property"), 16, NEED,
          vocabulary="IpOwnership"),
    Field("budget_min", Group.TERMS, Widget.MONEY, lazy("Budget from"), 20, NEED),
    Field("budget_max", Group.TERMS, Widget.MONEY, lazy("Budget up to"), 20, NEED),
    Field("budget_currency", Group.TERMS, Widget.CHOICE, lazy("Currency"), 3, NEED, vocabulary="Currency"),
    Field("deadline", Group.TERMS, Widget.DATE, lazy("Deadline for answers"), 10, NEED),
    Field("partnerships", Group.PARTNER, Widget.CHECKS, lazy("Types of partnership"), 9, required=BOTH,
          vocabulary="PartnershipType", scheme=Scheme.PARTNERSHIP),
    Field("partner_types", Group.PARTNER, Widget.CHECKS, lazy("Type of partner"), 6, vocabulary="PartnerType",
          scheme=Scheme.PARTNER_TYPE),
    Field("partner_sizes", Group.PARTNER, Widget.CHECKS, lazy("Size of partner"), 5, vocabulary="PartnerSize",
          scheme=Scheme.PARTNER_SIZE),
    Field("target_countries", Group.PARTNER, Widget.COUNTRIES, lazy("Target countries"), 30,
          hint=lazy("Leave empty for any country."), scheme=Scheme.TARGET_COUNTRY),
    Field("country", Group.PARTNER, Widget.COUNTRY, lazy("Your country"), 2, required=BOTH),
    Field("ipc", Group.FIELDS, Widget.CODES, lazy("Fields of technology (IPC)"), 8, vocabulary="ipc", scheme=Scheme.IPC,
          hint=lazy("Type a word or a code, such as E21B.")),
    Field("nace", Group.FIELDS, Widget.CODES, lazy("Sectors (NACE)"), 8, vocabulary="nace", scheme=Scheme.NACE,
          hint=lazy("Type a word or a code, such as 05.10.")),
    Field("sdg", Group.FIELDS, Widget.CHECKS, lazy("Sustainable Development Goals"), 17, vocabulary="sdg",
          scheme=Scheme.SDG),
)  # fmt: skip

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}
WORDED: tuple[str, ...] = tuple(field.name for field in FIELDS if field.worded)
CODED: dict[str, Scheme] = {field.name: field.scheme for field in FIELDS if field.scheme}
PLAIN: tuple[str, ...] = tuple(field.name for field in FIELDS if not field.worded and not field.scheme)

# A published source is kept whole even when it is longer than what we ask people to write.
IMPORT_LIMITS: dict[str, int] = {"description": 60_000}

# How long a listing stays published, how long before its end its owner is reminded and may renew it, how often, and
# how long after it left the market it is put away.
LIFETIME_DAYS, REMINDED_DAYS, RENEWALS, ARCHIVED_AFTER_DAYS = 365, 14, 1, 730


def fields_for(direction: Direction) -> list[Field]:
    """The fields that a listing of this direction has, in the form's order."""
    return [field for field in FIELDS if direction in field.directions]


def missing_for_publication(direction: Direction, filled: set[str]) -> list[str]:
    """Names of the required fields that are not among the filled ones."""
    return [f.name for f in FIELDS if direction in f.required and f.name not in filled]
