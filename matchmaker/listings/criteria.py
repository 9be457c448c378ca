"""The four questions that a reviewer answers about a listing, each from 0 to 5; any 0 keeps it from the market."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import LazyString

from matchmaker.i18n import lazy

BEST = 5
SCALE = range(BEST + 1)
REMARKS_LIMIT = 5000


@dataclass(frozen=True)
class Criterion:
    """One question, and what the marks 0, 3 and 5 mean; those between are between."""

    name: str
    title: LazyString
    question: LazyString
    marks: Mapping[int, LazyString]


CRITERIA: tuple[Criterion, ...] = (
    Criterion(
        "clarity",
        lazy("Clarity"),
        lazy("Would a specialist abroad understand it at once?"),
        {
            0: lazy("It cannot be understood what is sought or offered."),
            3: lazy("The matter is clear; some terms or figures need a question."),
            5: lazy("Clear from title to last line, also after a translation."),
        },
    ),
    Criterion(
        "substance",
        lazy("Substance"),
        lazy("Does it say enough to judge whether something fits?"),
        {
            0: lazy("An advertisement or a wish without any technical content."),
            3: lazy("Problem and way are described; figures or conditions are missing in places."),
            5: lazy("Figures, conditions and limits that can be checked."),
        },
    ),
    Criterion(
        "credibility",
        lazy("Credibility"),
        lazy("Can one believe that it is meant and that it is true?"),
        {
            0: lazy("Contradicts itself or what is known, or breaks the rules of the platform."),
            3: lazy("Plausible; evidence such as tests, patents or references is thin."),
            5: lazy("Backed by tests, patents, references or a running process."),
        },
    ),
    Criterion(
        "partnership",
        lazy("Partnership"),
        lazy("Is it clear who is wanted and what both sides would do?"),
        {
            0: lazy("No partner is looked for."),
            3: lazy("Type of partner and of partnership are named."),
            5: lazy("Role, expectation and next step of both sides are clear."),
        },
    ),
)
