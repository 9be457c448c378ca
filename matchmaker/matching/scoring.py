"""The score of a need and a result: named parts in one table, whose points add up to the score.

Every part answers a value from 0 to 1 and the words that the reader sees. What a listing does not say is neutral: it
neither helps nor hurts more than the middle, since most imported listings say little.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask_babel import LazyString

from matchmaker.core.countries import country_name, covers
from matchmaker.i18n import lazy
from matchmaker.i18n.locales import current_language
from matchmaker.matching.schemas import NOTHING_SHARED, Part, Shared, Side, Weights
from matchmaker.taxonomy import service as taxonomy
from matchmaker.taxonomy.vocabulary import OrganisationKind, OrganisationSize, PartnershipType, PartnerType, Trl

NEUTRAL = 0.5
# Codes that share less than this share little more than a chapter of the classification.
BROAD = 0.3
# After two years a listing counts half.
HALF_LIFE = timedelta(days=730)


@dataclass(frozen=True)
class Pair:
    """A need and a result, how well their texts fit (0 to 1), and the rare words that they share."""

    need: Side
    result: Side
    fit: float
    now: datetime
    shared: Shared = NOTHING_SHARED


@dataclass(frozen=True)
class Answer:
    """A value from 0 to 1, the words for it, and what a side could say for it to count."""

    value: float
    words: LazyString | str
    hint: LazyString | str = ""


# What a silent need could say, and what a silent result could.
Hints = tuple[LazyString, LazyString]
_IPC_HINTS = lazy("The need could name an IPC code."), lazy("The result could name an IPC code.")
_NACE_HINTS = lazy("The need could name a NACE code."), lazy("The result could name a NACE code.")
_PARTNERSHIP_HINTS = (
    lazy("The need could say which partnership it accepts."),
    lazy("The result could say which partnership it accepts."),
)
_MONEY_HINTS = lazy("The need could give its budget."), lazy("The result could say what it costs.")


# Whoever names more areas than this has some in common with everybody; by so many characters of a code.
MOST_AREAS, AREA = 4, {"ipc": 1, "nace": 2}


def text_fit(pair: Pair) -> Answer:
    """How far the best pair of passages stands out, whatever the two languages are."""
    for least, words in _FIT_WORDS:
        if pair.fit >= least:
            return Answer(pair.fit, words)
    return Answer(pair.fit, _FIT_WORDS[-1][1])


def shared_words(pair: Pair) -> Answer:
    """How much both say of the rare words: names, standards, substances, which no encoder takes to the letter."""
    if not pair.shared.words:
        return Answer(0.0, lazy("No rare word, name or number in common."))
    return Answer(pair.shared.value, lazy("Both say: %(words)s.", words=", ".join(pair.shared.words)))


def common_fields(pair: Pair) -> Answer:
    """How near the closest two IPC codes are."""
    return _closest("ipc", pair, _IPC_HINTS)


def common_sectors(pair: Pair) -> Answer:
    """How near the closest two NACE codes are."""
    return _closest("nace", pair, _NACE_HINTS)


def maturity(pair: Pair) -> Answer:
    """Whether the result has reached the readiness that the need asks for; each missing level costs a quarter."""
    if pair.result.trl is None:
        return Answer(NEUTRAL, lazy("The result gives no TRL."), lazy("The result could give its TRL."))
    if pair.need.trl is None:
        hint = lazy("The need could say which TRL it asks for.")
        return Answer(NEUTRAL, lazy("The need asks for no particular TRL."), hint)
    reached, wanted = Trl.of(pair.result.trl).level, Trl.of(pair.need.trl).level
    said = {"reached": reached, "wanted": wanted}
    if reached >= wanted:
        return Answer(1.0, lazy("TRL %(reached)s reached, %(wanted)s wanted.", **said))
    value = max(0.0, 1 - (wanted - reached) / 4)
    return Answer(value, lazy("TRL %(reached)s reached, %(wanted)s wanted: too early.", **said))


def partnership(pair: Pair) -> Answer:
    """Whether both sides accept the same kind of partnership."""
    if not pair.need.partnerships or not pair.result.partnerships:
        hint = _ask(pair.need.partnerships, _PARTNERSHIP_HINTS)
        return Answer(NEUTRAL, lazy("One side names no type of partnership."), hint)
    shared = [code for code in pair.need.partnerships if code in pair.result.partnerships]
    if not shared:
        return Answer(0.0, lazy("The two sides look for different types of partnership."))
    return Answer(1.0, lazy("Both sides accept: %(partnership)s.", partnership=PartnershipType.of(shared[0]).title))


def partner(pair: Pair) -> Answer:
    """Whether each side is the kind and size of partner that the other looks for."""
    wishes = [
        (wanted, has)
        for one, other in ((pair.need, pair.result), (pair.result, pair.need))
        for wanted, has in ((one.partner_types, other.kind), (one.partner_sizes, other.size))
        if wanted and has and PartnerType.ANY.value not in wanted
    ]
    if not wishes:
        return Answer(NEUTRAL, lazy("Nothing is said of the kind of partner, or any will do."))
    met = [has in wanted for wanted, has in wishes]
    if all(met):
        return Answer(1.0, lazy("Each side is a partner of the kind that the other looks for."))
    missed = wishes[met.index(False)][1]
    kinds = {str(each.value): each.title for each in (*OrganisationKind, *OrganisationSize)}
    words = lazy("Another kind of partner is sought than: %(kind)s.", kind=kinds.get(missed, missed))
    return Answer(sum(met) / (2 * len(met)), words)


def countries(pair: Pair) -> Answer:
    """Whether each side's country is among those that the other side looks to."""
    wishes = ((pair.need.target_countries, pair.result.country), (pair.result.target_countries, pair.need.country))
    asked = [(targets, country) for targets, country in wishes if targets and country]
    if not asked:
        return Answer(NEUTRAL, lazy("Neither side limits the countries."))
    met = [any(covers(target, country) for target in targets) for targets, country in asked]
    if all(met):
        name = country_name(asked[0][1], current_language())
        return Answer(1.0, lazy("%(country)s is among the countries sought.", country=name))
    missed = country_name(asked[met.index(False)][1], current_language())
    return Answer(sum(met) / (2 * len(met)), lazy("%(country)s is not among the countries sought.", country=missed))


def money(pair: Pair) -> Answer:
    """Whether what the need can spend reaches what the result costs; only where both speak of one currency."""
    (_, most), (least, _) = pair.need.budget, pair.result.budget
    if most is None or least is None:
        hint = _ask(most is not None, _MONEY_HINTS)
        return Answer(NEUTRAL, lazy("One side names no sum."), hint)
    if pair.need.currency != pair.result.currency:
        return Answer(NEUTRAL, lazy("The two sides speak of different currencies."))
    if most >= least:
        return Answer(1.0, lazy("The budget reaches what the result costs."))
    return Answer(float(most / least), lazy("The result costs more than the budget."))


def freshness(pair: Pair) -> Answer:
    """How recent the older of the two listings is, and whether the need still takes answers."""
    if pair.need.deadline is not None and pair.need.deadline < pair.now.astimezone(UTC).date():
        return Answer(0.0, lazy("The need's deadline has passed."))
    dates = [side.dated for side in (pair.need, pair.result) if side.dated]
    if not dates:
        return Answer(NEUTRAL, lazy("The listings carry no date."))
    age = max(timedelta(0), pair.now - min(dates))
    value = float(0.5 ** (age / HALF_LIFE))
    if age < timedelta(days=90):
        return Answer(value, lazy("Both listings are recent."))
    return Answer(value, lazy("The older listing is from %(year)s.", year=min(dates).year))


@dataclass(frozen=True)
class Rule:
    """One part of every score; the weights, set by hand, add up to 1 over all rules."""

    name: str
    title: LazyString
    weight: float
    judge: Callable[[Pair], Answer]


# The part that the texts make.
TEXT = "text_fit"

RULES: tuple[Rule, ...] = (
    Rule(TEXT, lazy("Texts fit"), 0.64, text_fit),
    Rule("shared_words", lazy("Words in common"), 0.05, shared_words),
    Rule("common_fields", lazy("Field of technology"), 0.09, common_fields),
    Rule("common_sectors", lazy("Sector"), 0.04, common_sectors),
    Rule("maturity", lazy("Maturity"), 0.05, maturity),
    Rule("partnership", lazy("Partnership"), 0.04, partnership),
    Rule("partner", lazy("Kind of partner"), 0.03, partner),
    Rule("money", lazy("Money"), 0.01, money),
    Rule("countries", lazy("Countries"), 0.03, countries),
    Rule("freshness", lazy("Freshness"), 0.02, freshness),
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
        said = rule.judge(pair)
        found.append(Part(rule.name, rule.title, said.value, weights.shares[rule.name], said.words, said.hint))
    return tuple(found)


def total(found: Iterable[Part]) -> float:
    """The score: the sum of the parts' points."""
    return sum(part.points for part in found)


def _closest(scheme: str, pair: Pair, hints: Hints) -> Answer:
    need, result = getattr(pair.need, scheme), getattr(pair.result, scheme)
    if not need or not result:
        return Answer(NEUTRAL, lazy("One side names no code."), _ask(need, hints))
    value, code = taxonomy.closest(scheme, need, result)
    if code is None:
        return Answer(0.0, lazy("No code in common."))
    # Titles of the classification list everything they cover; the first of it says enough in a reason.
    label = re.split("[;；]", taxonomy.label(scheme, code, current_language()))[0].rstrip(".。")
    focus = min(1.0, MOST_AREAS / max(len({code[: AREA[scheme]] for code in codes}) for codes in (need, result)))
    if focus < 1:
        return Answer(
            value * focus,
            lazy("In common: %(label)s; but one side names so many areas that it says less.", label=label),
        )
    if value < BROAD:
        return Answer(value, lazy("Only the broad area is the same: %(label)s.", label=label))
    return Answer(value, lazy("In common: %(label)s.", label=label))


def _ask(need_says: object, hints: Hints) -> LazyString:
    """What the need could add where it is silent; else what the result could."""
    return hints[1] if need_says else hints[0]
