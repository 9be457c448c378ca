"""The confidential section of the form: what was typed, what it means for whom, and what stands in the way.

It is kept apart from the table of fields, so that nothing that goes through all fields meets the sealed text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import LazyString
from sqlmodel import Session
from werkzeug.datastructures import MultiDict

from matchmaker.accounts.queries import organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.i18n import lazy
from matchmaker.listings import sealed
from matchmaker.listings.confidence import belongs
from matchmaker.listings.models import DisclosureLevel, Listing
from matchmaker.listings.owners import described
from matchmaker.listings.schemas import SEALED_LIMIT
from matchmaker.web.forms import Problems

NAMES = ("anonymous", "sealed", "sealed_level", "embargo_until")
# Under which the form keeps its confidential values, apart from all others.
KEY = "confidence"

TITLES: dict[str, LazyString] = {
    "anonymous": lazy("Anonymous"),
    "sealed": lazy("Sealed text"),
    "sealed_level": lazy("When the sealed text opens"),
    "embargo_until": lazy("Embargo until"),
}
LEVELS: dict[DisclosureLevel, LazyString] = {
    DisclosureLevel.INTEREST: lazy("After the introduction"),
    DisclosureLevel.NDA: lazy("After a non-disclosure agreement"),
}


@dataclass(frozen=True)
class ConfidentialSection:
    """The section as the page shows it; `described` is what others read in the place of the owner's name.

    `theirs` are the stored values after somebody else of the organisation changed them.
    """

    values: Mapping[str, str]
    described: str
    problems: Problems = field(default_factory=dict)
    theirs: Mapping[str, str] | None = None
    limit: int = SEALED_LIMIT

    @property
    def earliest(self) -> str:
        """The first day that an embargo may end on, as a date field wants it."""
        return date.fromordinal(now().date().toordinal() + 1).isoformat()

    @property
    def levels(self) -> list[tuple[str, LazyString]]:
        return [(level.value, title) for level, title in LEVELS.items()]

    @property
    def wrong(self) -> list[tuple[str, LazyString, str]]:
        """Name, title and complaint of each field with a problem."""
        return [(name, TITLES[name], self.problems[name]) for name in NAMES if name in self.problems]

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def changed(self, name: str) -> str | None:
        """What somebody else stored in a field meanwhile, None when it is the same."""
        if self.theirs is None:
            return None
        stored, mine = self.theirs.get(name, ""), self.value(name).replace("\r\n", "\n").strip()
        return None if stored == mine else stored


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """The section's values under a key of their own; nothing where the page had no such section."""
    if "sealed" not in form:
        return {}
    return {KEY: {name: form[name] for name in NAMES if name in form}}


def stored(session: Session, listing: Listing, actor: Actor) -> dict[str, Any]:
    """The stored values as the form holds them; nothing for whoever is not of the owner's organisation."""
    if not belongs(actor, listing):
        return {}
    text = sealed.text_of(session, listing.id)
    lies_ahead = listing.embargo_until is not None and listing.embargo_until > now().date()
    return {
        KEY: {
            "anonymous": "1" if listing.anonymous else "",
            "sealed": text.text if text else "",
            "sealed_level": listing.sealed_level.value,
            # One that is over is not asked for again.
            "embargo_until": listing.embargo_until.isoformat() if lies_ahead and listing.embargo_until else "",
        }
    }


def line_for(session: Session, organisation_id: int | None) -> str:
    """What others read in the place of this organisation's name."""
    return described(organisation(session, organisation_id) if organisation_id else None)
