"""Advice on how to write a need or a result, in the writer's language: what is there, what is missing, how to say it.

It never blocks anything. A need says what it works on, how, to what effect, what is wanted, where, and a figure that
can be measured; a result answers the reviewers' five questions. Where the words of a language are unknown, only
numbers, standards, sums and filled fields are read, and the rest is left open instead of being called missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString

from matchmaker.core.text import shorten
from matchmaker.i18n import lazy
from matchmaker.listings.cues import Lexicon, lexicon
from matchmaker.listings.fields import BY_NAME, WORDED
from matchmaker.listings.measures import counts, measures, sentences, standards, sums
from matchmaker.listings.models import Direction
from matchmaker.listings.schemas import ListingDraft

# Pieces of evidence that a row shows, and how long one may be.
SHOWN, LONGEST = 4, 90


class State(StrEnum):
    """What became of one element."""

    FOUND = "found"
    # Named, but without the figure that makes it count.
    THIN = "thin"
    MISSING = "missing"
    # The words of this language are not known, so nobody can say.
    UNREAD = "unread"


@dataclass(frozen=True)
class Evidence:
    """The words that count, as written; without words, the filled field itself counts."""

    field: str
    words: str = ""

    @property
    def title(self) -> LazyString:
        return BY_NAME[self.field].title


@dataclass(frozen=True)
class Text:
    """A draft as the rules read it: its filled texts by field, and the cues of its language if there are any."""

    fields: Sequence[tuple[str, str]]
    lexicon: Lexicon | None

    def cues(self, element: str) -> list[Evidence]:
        """Words of the lexicon, each once."""
        if self.lexicon is None:
            return []
        found = [Evidence(name, word) for name, words in self.fields for word in self.lexicon.find(element, words)]
        return list({piece.words.casefold(): piece for piece in reversed(found)}.values())[::-1][:SHOWN]

    def has(self, element: str, sentence: str) -> bool:
        return self.lexicon is not None and bool(self.lexicon.find(element, sentence, 1))


Look = Callable[["Element", Text], list[Evidence]]


def by_words(element: "Element", text: Text) -> list[Evidence]:
    """Any word of the element's list."""
    return text.cues(element.name)


def by_words_or_money(element: "Element", text: Text) -> list[Evidence]:
    """A word of the list or a sum of money."""
    found = [Evidence(name, amount) for name, words in text.fields for amount in sums(words)]
    return (found + text.cues(element.name))[:SHOWN]


def by_measure(_element: "Element", text: Text) -> list[Evidence]:
    """A number with a unit, a limit, a standard; a bare number beside a word of comparison."""
    found = []
    for name, words in text.fields:
        for sentence in sentences(words):
            figures = measures(sentence) + standards(sentence)
            if not figures and text.has("target", sentence):
                figures = counts(sentence)
            found += [Evidence(name, figure) for figure in figures]
    return list(dict.fromkeys(found))[:SHOWN]


def by_gain(element: "Element", text: Text) -> list[Evidence]:
    """A comparison with a number in the same sentence; in an unknown language, a number among the advantages."""
    found = []
    # Where it is asked for, it is said best.
    for name, words in sorted(text.fields, key=lambda each: each[0] != element.field):
        for sentence in sentences(words):
            # A field that asks for advantages needs no word of comparison.
            better = text.has("better", sentence) if text.lexicon else name == "advantages"
            if better and measures(sentence):
                found.append(Evidence(name, shorten(sentence, LONGEST)))
    return found[: SHOWN // 2]


@dataclass(frozen=True)
class Element:
    """One thing that a listing should say: what it asks, an example, its share of the score, where it is written."""

    name: str
    direction: Direction
    title: LazyString
    weight: int
    field: str
    ask: LazyString
    example: LazyString
    look: Look = by_words
    # Fields outside of the text that answer it by being filled.
    answers: tuple[str, ...] = ()
    # Another element whose words make this one thin instead of missing.
    hint: str = ""

    @property
    def title_of_field(self) -> LazyString:
        return BY_NAME[self.field].title


NEED, RESULT = Direction.NEED, Direction.RESULT

ELEMENTS: tuple[Element, ...] = (
    Element("material", NEED, lazy("Material"), 15, "technical_spec",
            lazy("Say what it is made of or works on: substances, workpieces, raw material."),
            lazy("“aluminium castings of alloy AlSi9Cu3, up to 12 kg”")),
    Element("method", NEED, lazy("Method"), 15, "technical_spec",
            lazy("Name the process or technique that you use now or expect, even if you are open to others."),
            lazy("“laser cleaning instead of pickling in acid”")),
    Element("efficacy", NEED, lazy("Effect"), 15, "description",
            lazy("Say what must become better: what is raised, lowered, prevented or made possible."),
            lazy("“reduce the scrap rate and make the seam resistant to corrosion”")),
    Element("product", NEED, lazy("Product"), 15, "summary",
            lazy("Say what you want to have in the end: a device, a line, software, a material, a service."),
            lazy("“an inspection robot with software that our control room can read”")),
    Element("application", NEED, lazy("Application"), 15, "description",
            lazy("Say where it is used: the sector, the place, the working conditions."),
            lazy("“in a coal mine, 700 m below ground, in wet and dusty air”"), answers=("nace",)),
    Element("indicators", NEED, lazy("Measurable indicators"), 25, "indicators",
            lazy("Give at least one target as a number with a unit, a limit or a standard."),
            lazy("“deviation at 200 m below 1 m; noise ≤ 85 dB; according to IEC 60079”"), by_measure),
    Element("problem", RESULT, lazy("Problem solved"), 20, "description",
            lazy("Say whose problem it solves and how it is done today."),
            lazy("“Today five people handle the rods by hand, and holes miss their target.”")),
    Element("advantage", RESULT, lazy("Advantage over today's way, with a number"), 30, "advantages",
            lazy("Compare with today's way and put a number to it."),
            lazy("“drying takes 40 minutes instead of 3 hours and uses 35 % less gas”"), by_gain, hint="better"),
    Element("maturity", RESULT, lazy("Maturity"), 15, "stage",
            lazy("Choose the stage of development and say where and how long it was tested."),
            lazy("“prototype, tested for 1,200 hours at a paper mill”"), answers=("stage", "trl")),
    Element("economics", RESULT, lazy("Economics"), 20, "description",
            lazy("Say what it costs or saves: price, running costs, pay-back time, size of the market."),
            lazy("“about EUR 90,000 a line; pays for itself within 14 months”"), by_words_or_money),
    Element("ip", RESULT, lazy("Intellectual property"), 15, "ipr_status",
            lazy("Choose the status of the rights: patent applied for or granted, know-how, software, none."),
            lazy("“European patent granted 2024; know-how on the coating is secret”"),
            answers=("ipr_status", "ipr_notes")),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One element, and what was found of it."""

    element: Element
    state: State
    evidence: Sequence[Evidence] = ()


@dataclass(frozen=True)
class Assessment:
    """The rows of a draft and its score from 0 to 100; `partly` when the words of its language are unknown."""

    direction: Direction
    lang: str
    rows: Sequence[Row]
    partly: bool

    @property
    def score(self) -> int:
        """The weights of what is there among those of what could be read; half for what is thin."""
        worth = {State.FOUND: 1.0, State.THIN: 0.5, State.MISSING: 0.0}
        read = [row for row in self.rows if row.state in worth]
        whole = sum(row.element.weight for row in read)
        return round(100 * sum(worth[row.state] * row.element.weight for row in read) / whole) if whole else 0

    @property
    def open(self) -> Sequence[Row]:
        """The rows that still ask for something."""
        return [row for row in self.rows if row.state is not State.FOUND]

    @property
    def complete(self) -> int:
        """How many elements are there."""
        return len(self.rows) - len(self.open)


def assess(draft: ListingDraft) -> Assessment:
    """Read a draft, finished or not, and say what a reader abroad would still ask."""
    fields = [(name, words) for name in WORDED if (words := getattr(draft, name, ""))]
    text = Text(fields, lexicon(draft.lang))
    # An empty form is missing everything, in whatever language it is to be written.
    partly = text.lexicon is None and bool(fields)
    rows = [_row(element, draft, text, partly=partly) for element in ELEMENTS if element.direction is draft.direction]
    return Assessment(draft.direction, draft.lang, rows, partly)


def _row(element: Element, draft: ListingDraft, text: Text, *, partly: bool) -> Row:
    filled = [Evidence(name) for name in element.answers if getattr(draft, name, None)]
    evidence = [*filled, *element.look(element, text)][:SHOWN]
    if evidence:
        return Row(element, State.FOUND, evidence)
    if element.hint and (thin := text.cues(element.hint)):
        return Row(element, State.THIN, thin)
    # Numbers and fields are read in any language; words are not.
    by_words_only = element.look in {by_words, by_words_or_money} and not element.answers
    unread = partly and (by_words_only or element.name == "application" or bool(element.hint))
    return Row(element, State.UNREAD if unread else State.MISSING)
