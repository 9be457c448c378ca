"""The score of a need and a result: named parts in one table, whose points add up to the score.

Every part answers a value from 0 to 1 and the words that the reader sees. What a listing does not say is neutral: it
neither helps nor hurts more than the middle, since most imported listings say little.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask_babel import LazyString

from matchmaker.core.countries import country_name, covers
from matchmaker.i18n import lazy
from matchmaker.i18n.locales import current_language
from matchmaker.matching.schemas import Part, Side, Weights
from matchmaker.taxonomy import service as taxonomy
from matchmaker.taxonomy.vocabulary import PartnershipType, Trl

NEUTRAL = 0.5
# Codes that share less than this share little more than a chapter of the classification.
BROAD = 0.3
# After two years a listing counts half.
HALF_LIFE = timedelta(days=730)


@dataclass(frozen=True)
class Pair:
    """A need and a result, and how well their texts fit (0 to 1)."""

    need: Side
    result: Side
    fit: float
    now: datetime


Answer = tuple[float, LazyString | str]


def text_fit(pair: Pair) -> Answer:
    """How far the best pair of passages stands out, whatever the two languages are."""
    for least, words in _FIT_WORDS:
        if pair.fit >= least:
            return pair.fit, words
    return pair.fit, _FIT_WORDS[-1][1]


def common_fields(pair: Pair) -> Answer:
    """How near the closest two IPC codes are."""
    return _closest("ipc", pair.need.ipc, pair.result.ipc)


def common_sectors(pair: Pair) -> Answer:
    """How near the closest two NACE codes are."""
    return _closest("nace", pair.need.nace, pair.result.nace)


def maturity(pair: Pair) -> Answer:
    """Whether the result has reached the readiness that the need asks for; each missing level costs a quarter."""
    if pair.result.trl is None:
        return NEUTRAL, lazy("The result gives no TRL.")
    if pair.need.trl is None:
        return NEUTRAL, lazy("The need asks for no particular TRL.")
    reached, wanted = Trl.of(pair.result.trl).level, Trl.of(pair.need.trl).level
    said = {"reached": reached, "wanted": wanted}
    if reached >= wanted:
        return 1.0, lazy("TRL %(reached)s reached, %(wanted)s wanted.", **said)
    return max(0.0, 1 - (wanted - reached) / 4), lazy("TRL %(reached)s reached, %(wanted)s wanted: too early.", **said)


def partnership(pair: Pair) -> Answer:
    """Whether both sides accept the same kind of partnership."""
    if not pair.need.partnerships or not pair.result.partnerships:
        return NEUTRAL, lazy("One side names no type of partnership.")
    shared = [code for code in pair.need.partnerships if code in pair.result.partnerships]
    if not shared:
        return 0.0, lazy("The two sides look for different types of partnership.")
    return 1.0, lazy("Both sides accept: %(partnership)s.", partnership=PartnershipType.of(shared[0]).title)


def countries(pair: Pair) -> Answer:
    """Whether each side's country is among those that the other side looks to."""
    wishes = ((pair.need.target_countries, pair.result.country), (pair.result.target_countries, pair.need.country))
    asked = [(targets, country) for targets, country in wishes if targets and country]
    if not asked:
        return NEUTRAL, lazy("Neither side limits the countries.")
    met = [any(covers(target, country) for target in targets) for targets, country in asked]
    if all(met):
        name = country_name(asked[0][1], current_language())
        return 1.0, lazy("%(country)s is among the countries sought.", country=name)
    missed = asked[met.index(False)][1]
    value = sum(met) / (2 * len(met))
    return value, lazy(
        "%(country)s is not among the countries sought.", country=country_name(missed, current_language())
    )


def freshness(pair: Pair) -> Answer:
    """How recent the older of the two listings is, and whether the need still takes answers."""
    if pair.need.deadline is not None and pair.need.deadline < pair.now.astimezone(UTC).date():
        return 0.0, lazy("The need's deadline has passed.")
    dates = [side.dated for side in (pair.need, pair.result) if side.dated]
    if not dates:
        return NEUTRAL, lazy("The listings carry no date.")
    age = max(timedelta(0), pair.now - min(dates))
    value = float(0.5 ** (age / HALF_LIFE))
    if age < timedelta(days=90):
        return value, lazy("Both listings are recent.")
    return value, lazy("The older listing is from %(year)s.", year=min(dates).year)


@dataclass(frozen=True)
class Rule:
    """One part of every score; the weights, set by hand, add up to 1 over all rules."""

    name: str
    title: LazyString
    weight: float
    judge: Callable[[Pair], Answer]


RULES: tuple[Rule, ...] = (
    Rule("text_fit", lazy("Texts fit"), 0.70, text_fit),
    Rule("common_fields", lazy("Field of technology"), 0.10, common_fields),
    Rule("common_sectors", lazy("Sector"), 0.05, common_sectors),
    Rule("maturity", lazy("Maturity"), 0.05, maturity),
    Rule("partnership", lazy("Partnership"), 0.04, partnership),
    Rule("countries", lazy("Countries"), 0.03, countries),
    Rule("freshness", lazy("Freshness"), 0.03, freshness),
)

HAND = Weights(0, {rule.name: rule.weight for rule in RULES})

_FIT_WORDS: tuple[tuple[float, LazyString], ...] = (
    (0.75, lazy("The texts speak of the same thing.")),
    (0.5, lazy("The texts speak of closely related things.")),
    (0.25, lazy("The texts have something in common.")),
    (0.0, lazy("The texts have little in common.")),
)


def parts(pair: Pair, weights: Weights = HAND) -> tuple[Part, ...]:
    """Every part of the pair's score, in the order of the table; `weights` name every rule, see weights.py."""
    found = []
    for rule in RULES:
        value, words = rule.judge(pair)
        found.append(Part(rule.name, rule.title, value, weights.shares[rule.name], words))
    return tuple(found)


def total(found: tuple[Part, ...]) -> float:
    """The score: the sum of the parts' points."""
    return sum(part.points for part in found)


def _closest(scheme: str, need: tuple[str, ...], result: tuple[str, ...]) -> Answer:
    if not need or not result:
        return NEUTRAL, lazy("One side names no code.")
    value, code = taxonomy.closest(scheme, need, result)
    if code is None:
        return 0.0, lazy("No code in common.")
    # Titles of the classification list everything they cover; the first of it says enough in a reason.
    label = re.split("[;；]", taxonomy.label(scheme, code, current_language()))[0].rstrip(".。")
    if value < BROAD:
        return value, lazy("Only the broad area is the same: %(label)s.", label=label)
    return value, lazy("In common: %(label)s.", label=label)
