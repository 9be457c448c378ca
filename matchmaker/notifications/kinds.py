"""The kinds of news that there are; each feature declares its own in its `news.py`, `app.py` puts them together."""

from dataclasses import dataclass

from flask_babel import LazyString

from matchmaker.notifications.models import Frequency


@dataclass(frozen=True)
class Kind:
    """One kind of news. `sentence` may name params: `%(listing)s` is a public id that is shown as the title that its
    receiver may read, `%(date)s` a day as the receiver writes it, anything else the param itself."""

    name: str
    title: LazyString
    sentence: LazyString
    default: Frequency = Frequency.IMMEDIATE


KINDS: dict[str, Kind] = {}
"""Every kind by name, filled when the application is put together."""


def declare(*kinds: Kind) -> None:
    """Add a feature's kinds."""
    KINDS.update({kind.name: kind for kind in kinds})
