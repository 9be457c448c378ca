"""What a caller may say of a listing, and what readers get."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from matchmaker.core.clock import now
from matchmaker.core.countries import is_country
from matchmaker.core.languages import LISTING_LANGUAGES
from matchmaker.core.money import is_currency, parse_amount
from matchmaker.core.text import clean_line, clean_text
from matchmaker.listings.fields import BY_NAME, CODED, PLAIN, WORDED, Widget
from matchmaker.listings.models import Direction, DisclosureLevel, Scheme, Status, TextOrigin
from matchmaker.taxonomy import service as taxonomy
from matchmaker.taxonomy.vocabulary import VOCABULARIES

SEALED_LIMIT = 4000
LONGEST_EMBARGO = timedelta(days=3653)
# More than any field takes is not read while it is being typed.
LONGEST_READ = 8_000
CHOICES = tuple(n for n in PLAIN if BY_NAME[n].widget is Widget.CHOICE and n != "budget_currency")


class Words(BaseModel):
    """The texts of a listing in one language. `context={"limits": {field: n}}` lifts a limit for an import."""

    # An error tells what is wrong and never what was typed: it may end in a log.
    model_config = ConfigDict(extra="ignore", str_max_length=200_000, hide_input_in_errors=True)

    lang: str
    title: str
    summary: str = ""
    description: str = ""
    advantages: str = ""
    technical_spec: str = ""
    indicators: str = ""
    keywords: str = ""
    ipr_notes: str = ""

    @field_validator(*WORDED, mode="after")
    @classmethod
    def _words(cls, value: str, info: ValidationInfo) -> str:
        name = str(info.field_name)
        value = clean_line(value) if BY_NAME[name].widget is Widget.LINE else clean_text(value)
        limit = ((info.context or {}).get("limits") or {}).get(name, BY_NAME[name].limit)
        if len(value) > limit:
            raise PydanticCustomError("too_long", "{length} > {limit}", {"length": len(value), "limit": limit})
        return value

    @field_validator("title", mode="after")
    @classmethod
    def _title_says_something(cls, value: str) -> str:
        if len([character for character in value if character.isalnum()]) < 2:
            # An empty one was forgotten; "A" or "--" was not, and is told what a title needs.
            kind = "says_too_little" if any(map(str.isprintable, value)) else "missing"
            raise PydanticCustomError(kind, "a title has at least two letters or digits")
        return value

    @field_validator("lang", mode="after")
    @classmethod
    def _language(cls, value: str) -> str:
        if value not in LISTING_LANGUAGES and value != "und":
            raise PydanticCustomError("unknown_code", "{code}", {"code": value[:40]})
        return value

    def words(self) -> dict[str, str]:
        """The texts, by field."""
        return {name: getattr(self, name) for name in WORDED}


class TextDraft(Words):
    """A further language version."""

    origin: TextOrigin = TextOrigin.OWNER


class Confidence(BaseModel):
    """What an owner keeps from whom: their name, a sealed text, and until a day all but title and summary."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    anonymous: bool = False
    # In the language of the original; neither printed nor dumped.
    sealed: SecretStr = SecretStr("")
    sealed_level: DisclosureLevel = DisclosureLevel.INTEREST
    embargo_until: date | None = None

    @property
    def sealed_words(self) -> str:
        """The sealed text itself, for the one who stores it."""
        return self.sealed.get_secret_value()

    @field_validator("sealed", mode="after")
    @classmethod
    def _sealed(cls, value: SecretStr) -> SecretStr:
        words = clean_text(value.get_secret_value())
        if len(words) > SEALED_LIMIT:
            raise PydanticCustomError("too_long", "{length} > {limit}", {"length": len(words), "limit": SEALED_LIMIT})
        return SecretStr(words)

    @field_validator("embargo_until", mode="before")
    @classmethod
    def _day(cls, value: Any) -> Any:
        return _as_day(value) or None

    @field_validator("embargo_until", mode="after")
    @classmethod
    def _is_to_come(cls, value: date | None) -> date | None:
        """A slip of the finger in the year would open at once what is to stay closed."""
        if value is not None and value <= now().date():
            raise PydanticCustomError("day_past", "has passed")
        if value is not None and value > now().date() + LONGEST_EMBARGO:
            raise PydanticCustomError("deadline_far", "too far ahead")
        return value


class ListingDraft(Words):
    """A listing as somebody writes it."""

    direction: Direction
    # None leaves what is confidential as it is. Whatever copies or compares a draft as a whole does not get it.
    confidence: Confidence | None = Field(default=None, exclude=True, repr=False)
    country: str = ""
    trl: str | None = None
    stage: str | None = None
    ipr_status: str | None = None
    ip_ownership: str | None = None
    budget_min: Decimal | None = None
    budget_max: Decimal | None = None
    budget_currency: str | None = None
    deadline: date | None = None
    partnerships: tuple[str, ...] = ()
    partner_types: tuple[str, ...] = ()
    partner_sizes: tuple[str, ...] = ()
    target_countries: tuple[str, ...] = ()
    ipc: tuple[str, ...] = ()
    nace: tuple[str, ...] = ()
    sdg: tuple[str, ...] = ()

    @field_validator(*PLAIN, mode="before")
    @classmethod
    def _empty_is_absent(cls, value: Any, info: ValidationInfo) -> Any:
        """A form sends an untouched field as an empty string."""
        if isinstance(value, str) and not value.strip():
            return "" if info.field_name in {"lang", "country"} else None
        return value.strip() if isinstance(value, str) else value

    @field_validator(*CODED, mode="before")
    @classmethod
    def _codes(cls, value: Any, info: ValidationInfo) -> tuple[str, ...]:
        """Codes are strings; a form repeats the field, a table cell separates by comma or semicolon."""
        field = BY_NAME[str(info.field_name)]
        codes = tuple(dict.fromkeys(_as_code(field.name, code) for code in _split(value) if code))
        unknown = [code for code in codes if not is_known(field.name, code)]
        if unknown:
            raise PydanticCustomError("unknown_code", "{code}", {"code": unknown[0][:40]})
        if len(codes) > field.limit:
            raise PydanticCustomError("too_many", "{length} > {limit}", {"length": len(codes), "limit": field.limit})
        return codes

    @field_validator(*CHOICES, mode="after")
    @classmethod
    def _choice(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and not is_known(str(info.field_name), value):
            raise PydanticCustomError("unknown_code", "{code}", {"code": value[:40]})
        return value

    @field_validator("deadline", mode="before")
    @classmethod
    def _day(cls, value: Any) -> Any:
        return _as_day(value)

    @field_validator("country", mode="after")
    @classmethod
    def _country(cls, value: str) -> str:
        if value and not is_country(value.upper()):
            raise PydanticCustomError("unknown_code", "{code}", {"code": value[:40]})
        return value.upper()

    @field_validator("budget_currency", mode="after")
    @classmethod
    def _currency(cls, value: str | None) -> str | None:
        if value is not None and not is_currency(value.upper()):
            raise PydanticCustomError("unknown_code", "{code}", {"code": value[:40]})
        return value.upper() if value else None

    @field_validator("budget_min", "budget_max", mode="before")
    @classmethod
    def _sum_as_people_write_it(cls, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return value
        amount = parse_amount(value)
        if amount is None:
            raise PydanticCustomError("bad_amount", "bad amount")
        return amount

    @field_validator("budget_min", "budget_max", mode="after")
    @classmethod
    def _amount(cls, value: Decimal | None) -> Decimal | None:
        if value is not None and not (value.is_finite() and 0 <= value < Decimal(10) ** 15):
            raise PydanticCustomError("bad_amount", "bad amount")
        return None if value is None else value.quantize(Decimal("0.01"))

    @model_validator(mode="after")
    def _only_fields_of_the_direction(self) -> Self:
        """A field of the other direction is dropped, so that nothing invisible is ever stored."""
        for name, field in BY_NAME.items():
            if self.direction not in field.directions:
                setattr(self, name, type(self).model_fields[name].default)
        return self

    @model_validator(mode="after")
    def _budget_goes_up(self) -> Self:
        if self.budget_min is not None and self.budget_max is not None and self.budget_min > self.budget_max:
            raise PydanticCustomError("budget_order", "from > up to")
        return self

    def filled(self) -> set[str]:
        """Names of the fields that hold something."""
        return {name for name in BY_NAME if getattr(self, name) not in (None, "", ())}

    def facts(self) -> dict[str, Any]:
        """The listing's own columns, by field."""
        return {name: getattr(self, name) for name in PLAIN}

    def codes(self) -> set[tuple[Scheme, str]]:
        """All codes with their derived sections."""
        pairs = {(scheme, code) for name, scheme in CODED.items() for code in getattr(self, name)}
        return pairs | {
            (section, (taxonomy.ancestors(scheme.value, code) or (code,))[-1])
            for scheme, section in ((Scheme.IPC, Scheme.IPC_SECTION), (Scheme.NACE, Scheme.NACE_SECTION))
            for own, code in pairs
            if own is scheme
        }


def unfinished(direction: Direction, typed: Mapping[str, Any]) -> ListingDraft:
    """What is being typed, as far as it can be read: nothing is refused, and nothing of it may be stored."""
    words = {name: clean_text(str(typed.get(name) or "")[:LONGEST_READ]) for name in WORDED}
    lang = str(typed.get("lang") or "")
    known = {name: value for name in CHOICES if (value := typed.get(name)) and is_known(name, str(value))}
    codes = {name: tuple(code for code in _split(typed.get(name)) if is_known(name, code)) for name in CODED}
    facts = {**known, **codes, "lang": lang if lang in LISTING_LANGUAGES else "und"}
    contents: dict[str, Any] = {**words, **facts, "direction": direction}
    return ListingDraft.model_construct(**contents)


class ListingCard(BaseModel):
    """What a list shows of a listing."""

    model_config = ConfigDict(frozen=True)

    id: int
    public_id: str
    direction: Direction
    status: Status
    lang: str
    # The language the words below are in, which may be the reader's own.
    text_lang: str
    text_origin: TextOrigin
    title: str
    excerpt: str
    country: str
    owner: str
    trl: str | None
    stage: str | None
    deadline: date | None
    published_at: datetime | None
    updated_at: datetime


def _as_day(value: Any) -> Any:
    """A bare number is no date; pydantic would count it in seconds from 1970."""
    if isinstance(value, str) and value.strip() and "-" not in value:
        raise PydanticCustomError("date_parsing", "no date")
    return value.strip() if isinstance(value, str) else value


def _split(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (part.strip() for part in value.replace(";", ",").split(","))
    return (str(part).strip() for part in value)


def _as_code(name: str, text: str) -> str:
    """`e21b 7/04` is meant as E21B, `cn` as CN; what cannot be read stays as it is and is refused."""
    if name == "target_countries":
        return text.upper()
    vocabulary = BY_NAME[name].vocabulary
    return text if vocabulary in VOCABULARIES else taxonomy.parse_code(vocabulary, text) or text


def is_known(name: str, code: str) -> bool:
    """Tell whether the vocabulary of the field `name` has exactly this code."""
    vocabulary = BY_NAME[name].vocabulary
    if name == "target_countries":
        return is_country(code)
    if vocabulary in VOCABULARIES:
        return code in VOCABULARIES[vocabulary].__members__.values()
    return taxonomy.exists(vocabulary, code)
