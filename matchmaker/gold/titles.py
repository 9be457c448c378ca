"""What grades mean, in words that two brokers understand alike."""

from dataclasses import dataclass

from flask_babel import LazyString

from matchmaker.gold.models import Deed
from matchmaker.i18n import lazy


@dataclass(frozen=True)
class Meaning:
    """A grade's name, and when it is given."""

    name: LazyString
    words: LazyString


GRADES: tuple[Meaning, ...] = (
    Meaning(lazy("No relation"), lazy("Another subject: nobody with this need would read on.")),
    Meaning(lazy("Same field"), lazy("Related in subject, but it does not solve what is asked for.")),
    Meaning(lazy("Answers in part"), lazy("Could solve a part of it, or all of it after real adaptation.")),
    Meaning(lazy("Answers it"), lazy("Solves what is asked for: worth bringing the two sides together.")),
)

DEEDS: dict[Deed, LazyString] = {
    Deed.GRADED: lazy("Graded"),
    Deed.SKIPPED: lazy("Skipped"),
    Deed.TAKEN_BACK: lazy("Taken back"),
    Deed.SETTLED: lazy("Settled"),
}
