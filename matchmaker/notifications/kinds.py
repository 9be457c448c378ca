"""The kinds of news that there are; each feature declares its own in its `news.py`, `app.py` puts them together."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from flask_babel import LazyString
from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.i18n import lazy
from matchmaker.notifications.models import Frequency


@dataclass(frozen=True)
class Kind:
    """One kind of news. `sentence` may name params: `%(listing)s` is a public id that is shown as the title that its
    receiver may read, `%(date)s` a day as the receiver writes it, anything else the param itself."""

    name: str
    title: LazyString
    sentence: LazyString
    default: Frequency = Frequency.IMMEDIATE
    # A drawing of the sprite.
    icon: str = "bell"
    # Only brokers and administrators are ever told; nobody else need choose how often.
    staff: bool = False

    @property
    def group(self) -> str:
        """What comes before the first dot: settings and digests show kinds by it."""
        return self.name.partition(".")[0]


KINDS: dict[str, Kind] = {}
"""Every kind by name, filled when the application is put together."""

GROUPS: dict[str, LazyString] = {
    "listing": lazy("Your listings and their review"),
    "interest": lazy("Expressions of interest"),
    "match": lazy("Matches that are offered to you or that you look after"),
    "introduction": lazy("Introductions"),
    "message": lazy("Messages"),
    "organisation": lazy("Your organisation and its members"),
    "alert": lazy("Saved searches and standing needs"),
}
"""What the kinds of a group have in common, in the order of the page of settings; a name begins with its group."""

Resolver = Callable[[Session, Collection[str], Actor, str], Mapping[str, str]]
"""Words for values of a param, as this reader may know them, in this language; a value without words is left out."""

RESOLVERS: dict[str, Resolver] = {}
"""Who knows the words of a param, by its name; filled as KINDS is."""


def declare(*kinds: Kind) -> None:
    """Add a feature's kinds."""
    KINDS.update({kind.name: kind for kind in kinds})


def resolve(param: str, resolver: Resolver) -> None:
    """Let `resolver` say what a param of this name means."""
    RESOLVERS[param] = resolver
