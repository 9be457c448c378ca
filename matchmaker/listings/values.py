"""Read single values as files write them into ours; None means that a value cannot be understood."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from urllib.parse import urlsplit

import pycountry

from matchmaker.core.countries import countries, parse_country
from matchmaker.core.languages import LISTING_LANGUAGES, endonym, is_language, languages
from matchmaker.core.money import bounded, is_currency, parse_amount, unit_of
from matchmaker.listings.models import Direction

# What stands in a cell that holds nothing; "none" is a value of its own (no protection), "NA" is Namibia.
_BLANK = {"", "n/a", "null", "nan", "-", "--", "—", "–", "#n/a", "#value!", "#ref!", "#name?", "#div/0!"}
_SEPARATORS = re.compile(r"[;；，、,|\n]+")


def as_text(value: object, joint: str = ", ") -> str:
    """Any plain value as text, a list joined; "" for nothing and for what has no words (an object)."""
    if isinstance(value, list | tuple):
        return joint.join(filter(None, (as_text(part, joint) for part in value)))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if value is None or isinstance(value, dict):
        return ""
    text = str(value)
    return "" if text.strip().casefold() in _BLANK else text


def as_list(value: object) -> list[str]:
    """The parts of a list, or of a text separated by commas or semicolons in any script; each once."""
    parts: Iterable[str] = map(as_text, value) if isinstance(value, list | tuple) else _SEPARATORS.split(as_text(value))
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


_DIRECTIONS: dict[Direction, str] = {
    Direction.NEED: "need needs demand demands request requests technology_request wanted "
    "需求 需 技术需求 企业需求 找技术 榜单",
    Direction.RESULT: "result results offer offers supply technology_offer 成果 供给 技术成果 科技成果 技术供给 找市场",
}
_DIRECTION_WORDS = {word: direction for direction, words in _DIRECTIONS.items() for word in words.split()}


def as_direction(value: object) -> Direction | None:
    """A need or a result, by any of their usual names."""
    return _DIRECTION_WORDS.get(_slug(as_text(value)))


def _slug(text: str) -> str:
    return re.sub(r"[\s\-]+", "_", text.strip().casefold())


_NUMERIC_DATE = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d\d)(\d\d)|年(\d{1,2})月(\d{1,2})日?)(?:[T\s].*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
_YEAR = re.compile(r"(\d{4})(?:年|\.0)?")
_YEAR_MONTH = re.compile(r"(\d{4})(?:[-/](\d{1,2})|年(\d{1,2})月)")
_WORDED_DATES = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y")


def as_date(value: object) -> date | None:
    """A calendar day: ISO, `20180109`, `2018/3/9`, `2018年3月9日`, `March 09, 2018`, `9.3.2018`, a month or a year.

    `03/04/2018` is refused, since half of the world reads it as April and half as March.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = as_text(value).strip()
    try:
        found = _date_in_figures(text) or _date_in_words(text)
    except ValueError:
        return None
    return found if found is not None and 1900 <= found.year <= 2200 else None


def _date_in_figures(text: str) -> date | None:
    if match := _NUMERIC_DATE.fullmatch(text):
        year, *rest = (int(part) for part in match.groups() if part and part.isdigit())
        return date(year, rest[0], rest[1])
    if match := _DAY_FIRST.fullmatch(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if match[2] == "." or first > 12 or first == second:
            return date(year, second, first)
        return date(year, first, second) if second > 12 else None
    if match := _YEAR_MONTH.fullmatch(text):
        return date(int(match[1]), int(match[2] or match[3]), 1)
    if match := _YEAR.fullmatch(text):
        return date(int(match[1]), 1, 1)
    return None


def _date_in_words(text: str) -> date | None:
    for form in _WORDED_DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def midnight(day: date) -> datetime:
    """The beginning of the day, aware, in UTC."""
    return datetime.combine(day, time(), UTC)


@cache
def _language_words() -> dict[str, str]:
    words = {name.casefold(): code for lang in ("en", "zh") for code, name in languages(lang)}
    words |= {endonym(code).casefold(): code for code in LISTING_LANGUAGES}
    for language in pycountry.languages:
        if is_language(getattr(language, "alpha_2", "")):
            words |= {language.alpha_3: language.alpha_2}
            words |= {getattr(language, "bibliographic", language.alpha_3): language.alpha_2}
    return words


def as_language(value: object) -> str | None:
    """An ISO 639-1 code from `zh-CN`, `ZH`, `zho`, `Chinese`, `中文`…"""
    text = as_text(value).strip().casefold()
    code = re.split(r"[-_]", text)[0]
    return code if is_language(code) else _language_words().get(text)


@cache
def _country_words() -> dict[str, str]:
    return {name.casefold(): code for lang in ("en", "zh") for code, name in countries(lang)}


def as_country(value: object) -> str | None:
    """An ISO 3166-1 alpha-2 code (or EU) from a code or a name in English or Chinese."""
    text = as_text(value).strip()
    return parse_country(text) or _country_words().get(text.casefold())


_CURRENCY_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "US$": "USD",
    "人民币": "CNY",
    "元": "CNY",
    "RMB": "CNY",
    "欧元": "EUR",
    "美元": "USD",
}


def as_amount(value: object) -> Decimal | None:
    """A sum of money, such as `1,500,000`, `50万元` or `EUR 20000`; `50.000` is refused, being 50 or 50,000."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        return bounded(Decimal(str(value)))
    return parse_amount(_without_currency(as_text(value)))


def as_range(value: object) -> tuple[Decimal | None, Decimal] | None:
    """The two ends of `50-100万元`, or (None, the sum) of a single one."""
    if isinstance(value, int | float | Decimal):
        single = as_amount(value)
        return None if single is None else (None, single)
    ends = re.split(r"\s*[-–—~～至到]\s*", _without_currency(as_text(value)))
    high = as_amount(ends[-1])
    if high is None or len(ends) > 2:
        return None
    if len(ends) == 1:
        return None, high
    low = as_amount(ends[0] if unit_of(ends[0]) else f"{ends[0]}{unit_of(ends[-1])}")
    return (low, high) if low is not None and low <= high else None


def as_currency(value: object) -> str | None:
    """An ISO 4217 code from a code or an unambiguous sign; a bare dollar sign belongs to twenty countries."""
    text = as_text(value).strip()
    code = _CURRENCY_SIGNS.get(text, text.upper())
    return code if re.fullmatch("[A-Z]{3}", code) and is_currency(code) else None


def currency_in(value: object) -> str | None:
    """The currency that a sum of money names, if it names one."""
    text = as_text(value)
    named = (code for code in re.findall(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", text) if is_currency(code))
    # The longest sign first: 欧元 ends with 元.
    signs = sorted(_CURRENCY_SIGNS, key=len, reverse=True)
    return next(named, None) or next((_CURRENCY_SIGNS[sign] for sign in signs if sign in text), None)


def _without_currency(text: str) -> str:
    signs = "|".join(re.escape(sign) for sign in sorted(_CURRENCY_SIGNS, key=len, reverse=True))
    return re.sub(rf"{signs}|(?<![A-Za-z])[A-Z]{{3}}(?![A-Za-z])", "", text).strip()


def as_url(value: object) -> str | None:
    """An address of the web; everything else (javascript:, file:) is refused."""
    text = as_text(value).strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    fit = parts.scheme in {"http", "https"} and parts.netloc and len(text) <= 2048 and text.isprintable()
    return text if fit and not re.search(r"[\s<>\"]", text) else None


def as_trl(value: object) -> str | None:
    """A readiness level: `6`, `TRL 6`, `6级`; a range (`TRL 5-6`) counts as its lower end."""
    match = re.fullmatch(r"(?:TRL)?\s*([1-9])(?:\s*[-–~至]\s*(?:TRL)?\s*[1-9])?级?", as_text(value).strip(), re.I)
    return match[1] if match else None


_CHOICE_WORDS: dict[str, dict[str, str]] = {
    "stage": {
        "concept": "概念 概念阶段 idea",
        "laboratory": "实验室 实验室阶段 小试 小试阶段 lab",
        "prototype": "样机 样机阶段 中试 中试阶段",
        "demonstration": "示范 示范应用 demonstrated",
        "in_use": "已应用 产业化 产业化阶段 批量生产 量产 on_the_market already_on_the_market",
    },
    "ipr_status": {
        "patent_applied": "专利申请中 已申请专利 patent_pending patent_applied_for",
        "patent_granted": "专利已授权 已授权专利 patented",
        "copyright": "软件著作权 著作权",
        "plant_variety": "植物新品种权",
        "secret_know_how": "技术秘密 know_how",
        "none": "无",
    },
    "ip_ownership": {"client": "归需求方", "provider": "归服务方", "shared": "共有 joint", "negotiable": "面议 协商"},
    "partnerships": {
        "licence": "license 许可 技术许可 专利许可",
        "technical_cooperation": "技术合作 技术服务",
        "research_cooperation": "合作研发 联合研发 合作开发 委托开发",
        "joint_venture": "合资 合资经营",
        "investment": "投资 融资",
        "acquisition": "转让 技术转让",
        "technology_stake": "技术入股 作价入股",
    },
    "partner_types": {
        "enterprise": "企业 company",
        "institute": "研究所 科研院所",
        "university": "高校 大学",
        "investor": "投资机构",
        "public_body": "政府",
        "any": "不限",
    },
    "partner_sizes": {"any": "不限"},
}
_CHOICES = {
    field: {word: code for code, words in said.items() for word in words.split()}
    for field, said in _CHOICE_WORDS.items()
}


def as_choice(field: str, value: object) -> str:
    """A value of a closed vocabulary by its code or another usual name; what is unknown comes back as it is."""
    text = _slug(as_text(value))
    return _CHOICES.get(field, {}).get(text, text)
