"""The words of a non-disclosure agreement, from our short template in the languages of both sides."""

from functools import cache
from string import Template

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError

from matchmaker.accounts.models import Organisation
from matchmaker.config import ROOT
from matchmaker.core.countries import country_name
from matchmaker.core.text import clean_line, clean_text

FOLDER = ROOT / "data" / "nda"
# Both texts stand one after the other where the sides read different languages.
LANGUAGES = {"en": ("en",), "zh": ("zh",), "zh_en": ("zh", "en")}
MOST_YEARS = 20
MOST_PURPOSE, MOST_LAW, MOST_FURTHER = 1000, 300, 3000

_YEARS = {"en": ("{} year", "{} years"), "zh": ("{} 年", "{} 年")}
_EMPTY = {"en": "None.", "zh": "无。"}
_BOTH = {
    "zh": "本协议中文文本与英文文本如有不一致，双方应当善意协商。",
    "en": "Where the Chinese and the English text differ, the parties settle the difference in good faith.",
}


class NdaDraft(BaseModel):
    """What is left to fill in by whoever proposes."""

    model_config = ConfigDict(extra="ignore", str_max_length=10_000)

    language: str
    purpose: str
    years: int
    law: str
    further: str = ""

    @field_validator("language")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise PydanticCustomError("missing", "missing")
        return value

    @field_validator("years", mode="before")
    @classmethod
    def _years(cls, value: object) -> object:
        text = str(value).strip()
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_YEARS:
            raise PydanticCustomError("bad_years", "{most}", {"most": MOST_YEARS})
        return int(text)

    @field_validator("purpose", "law")
    @classmethod
    def _filled(cls, value: str) -> str:
        value = clean_line(value)
        if not value:
            raise PydanticCustomError("missing", "missing")
        return value

    @field_validator("purpose")
    @classmethod
    def _purpose(cls, value: str) -> str:
        return _within(value, MOST_PURPOSE)

    @field_validator("law")
    @classmethod
    def _law(cls, value: str) -> str:
        return _within(value, MOST_LAW)

    @field_validator("further")
    @classmethod
    def _further(cls, value: str) -> str:
        return _within(clean_text(value), MOST_FURTHER)


def _within(value: str, limit: int) -> str:
    if len(value) > limit:
        raise PydanticCustomError("too_long", "{length} > {limit}", {"length": len(value), "limit": limit})
    return value


def agreement(draft: NdaDraft, need: Organisation, result: Organisation) -> str:
    """The whole text, as both sides will confirm it to the letter."""
    langs = LANGUAGES[draft.language]
    return "\n\n\n".join(_in(lang, draft, (need, result), both=len(langs) > 1) for lang in langs) + "\n"


def _in(lang: str, draft: NdaDraft, parties: tuple[Organisation, Organisation], *, both: bool) -> str:
    one, many = _YEARS[lang]
    further = [draft.further, _BOTH[lang] if both else ""]
    return _template(lang).substitute(
        need_party=_party(parties[0], lang),
        result_party=_party(parties[1], lang),
        purpose=draft.purpose,
        years=(one if draft.years == 1 else many).format(draft.years),
        law=draft.law,
        further="\n".join(filter(None, further)) or _EMPTY[lang],
    )


def _party(organisation: Organisation, lang: str) -> str:
    names = dict.fromkeys(filter(None, (organisation.name, organisation.name_en)))
    places = filter(None, (organisation.city, country_name(organisation.country, lang)))
    return (", " if lang == "en" else "，").join((" / ".join(names), *places))


@cache
def _template(lang: str) -> Template:
    return Template((FOLDER / f"{lang}.txt").read_text(encoding="utf-8").strip())
