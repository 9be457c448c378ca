"""What people are told about their standing questions."""

from matchmaker.i18n import lazy
from matchmaker.notifications.kinds import Kind, declare
from matchmaker.notifications.models import Frequency

SEARCH = Kind(
    "alert.search",
    lazy("New answers to a saved search"),
    lazy("Your saved search “%(search)s” has new answers: %(count)s."),
    Frequency.DAILY,
    "bookmark",
)
LISTING = Kind(
    "alert.listing",
    lazy("New matches of your own listings"),
    lazy("Your listing “%(listing)s” has new matches: %(count)s."),
    Frequency.DAILY,
    "lightbulb",
)

declare(SEARCH, LISTING)
