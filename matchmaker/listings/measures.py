"""What can be checked in a text of any language: numbers with units, limits, standards, sums of money."""

import re
from collections.abc import Iterable

from matchmaker.listings.cues import FOLDER

# Bounded, so that a page of digits is read as fast as a page of words; a blank stands before three digits only.
_NUMBER = r"\d{1,12}(?:[.,']\d{1,12}|[ \u00a0\u202f]\d{3}(?!\d)){0,4}"
_SIGNS = r"[≥≤<>＞＜⩾⩽±≈～~]"


def _any_of(words: Iterable[str]) -> str:
    """One of these, the longer ones first."""
    return "|".join(map(re.escape, sorted(set(words), key=len, reverse=True)))


# Units that stand for nothing else after a number, by script.
_BY_SCRIPT = dict(line.split(": ") for line in (FOLDER / "units.txt").read_text(encoding="utf-8").splitlines())
_UNITS = _any_of(f"{_BY_SCRIPT['latin']} {_BY_SCRIPT['cyrillic']}".split())
_HAN_UNITS = _any_of(_BY_SCRIPT["chinese"].split())
# One letter is a unit in this very case only: "5 A" is a current, "de 3 a 5" a range; "2018 г." is a year.
_LETTERS = "(?-i:[mgtlLshVWAKNJ]|Pa|dBA?|[мтлчВ]|кВ)"
_TIMES = r"[x×](?!\s?\d)|times|fold|-?fach|fois|veces|vezes|volte|раза?\b|пута|puta|razy|-?krotnie|-?szor|-?szer|-?ször"
_UNIT = (
    rf"(?:[%％‰]|°\s?[CFcfС]?|℃|[万亿千百]?(?:{_HAN_UNITS})"
    rf"|(?:{_UNITS}|{_LETTERS})(?![^\W\d_\u4e00-\u9fff])|(?:{_TIMES}))"
)
# A limit before the figure, the figure or a range, and what it counts; or a limit with a bare figure.
_MEASURE = re.compile(
    rf"(?:{_SIGNS}\s?)?(?<![\w.])-?{_NUMBER}\s?(?:[-–—~～至到]\s?{_NUMBER}\s?)?{_UNIT}"
    rf"|(?<=[\u4e00-\u9fff]){_NUMBER}\s?(?:[-–—~～至到]\s?{_NUMBER}\s?)?{_UNIT}"
    rf"|{_SIGNS}\s?{_NUMBER}",
    re.IGNORECASE,
)
_COUNT = re.compile(rf"(?<![\w.,/-]){_NUMBER}(?![\w/]|[.,]\d)|(?<![\d.])\d+\s?[万千百]?(?=[件台套个次人天只条孔棵株])")
_FIGURE = re.compile(_NUMBER)
_MYRIADS = re.compile("[万亿千百成]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_STANDARD = re.compile(
    r"\b(?:GB/T|GBZ?|HJ|JB/T|MT/T|DL/T|YY/T|ISO(?:/IEC|/TS)?|IEC|EN|DIN|ASTM|IEEE|JIS|GOST|ГОСТ(?:\s?Р)?|SRPS|UNI|NF|UNE"
    r"|BS|PN|MSZ)[\s\u00a0-]?(?:EN[\s\u00a0]|ISO[\s\u00a0])*[A-Z]?\d[\d.:-]*|\bIP[56]\d\b|\bATEX\b"
)
_CURRENCY = r"€|\$|£|¥|￥|₽|EUR|USD|CNY|RMB|GBP|CHF|PLN|HUF|RSD|RUB|BRL|JPY"
_AFTER = (
    r"万元|亿元|美元|欧元|元|euros?|eura|evra|dollars?|dólar(?:es)?|zł|złotych|ft|forint|din\.?|dinara"
    r"|руб(?:лей|ля|\.)?|reais"
)
_MONEY = re.compile(
    rf"(?:{_CURRENCY})\s?{_NUMBER}|{_NUMBER}\s?(?:{_CURRENCY}|(?:[万亿]?(?:{_AFTER}))(?![^\W\d_\u4e00-\u9fff]))",
    re.IGNORECASE,
)
# A full stop ends a sentence before a blank only, 0.5 goes on; but Chinese abstracts put no blank after it.
_SENTENCE = re.compile(r"(?<=[。！？；;\n])|(?<=[.!?])\s+|(?<=[\u4e00-\u9fff]\.)(?=[\u4e00-\u9fff])")


def measures(text: str) -> list[str]:
    """Numbers with what they count, and limits: "≥ 67 %", "30 mm", "1200万吨"."""
    return [match[0].strip() for match in _MEASURE.finditer(text)]


def quantities(text: str) -> list[str]:
    """The figures of measures that stand for themselves: 200万 and 3亿 are figures only together with their word."""
    found = (match[0] for match in _MEASURE.finditer(text))
    return [number for measure in found if not _MYRIADS.search(measure) for number in numbers(measure)]


def numbers(text: str) -> list[str]:
    """Every figure."""
    return [match[0] for match in _FIGURE.finditer(text)]


def digits(number: str) -> str:
    """A figure however it is grouped: 1,500 and 1 500 are the same."""
    return "".join(filter(str.isdigit, number))


def counts(text: str) -> list[str]:
    """Bare numbers that are no year and no list number."""
    found = (match[0].strip() for match in _COUNT.finditer(text))
    return [number for number in found if not _YEAR.fullmatch(number)]


def standards(text: str) -> list[str]:
    """Technical standards by number."""
    return [match[0].strip() for match in _STANDARD.finditer(text)]


def sums(text: str) -> list[str]:
    """Amounts of money."""
    return [match[0].strip() for match in _MONEY.finditer(text)]


def sentences(text: str) -> list[str]:
    """The text's sentences and lines."""
    return [part.strip() for part in _SENTENCE.split(text) if part and part.strip()]
