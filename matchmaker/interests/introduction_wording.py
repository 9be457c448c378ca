"""What steps, ends, verdicts and hurdles are called."""

from flask_babel import LazyString

from matchmaker.i18n import lazy
from matchmaker.interests.models import Verdict
from matchmaker.review.models import CloseReason, State

# Where an introduction stands, and what those in it say when they move it there.
STANDS: dict[State, LazyString] = {
    State.INTRODUCED: lazy("Introduced"),
    State.MEETING: lazy("Meeting"),
    State.NEGOTIATING: lazy("Negotiating"),
    State.AGREEMENT: lazy("Agreement"),
    State.CLOSED: lazy("Closed"),
}
STEPS: dict[State, LazyString] = {
    State.MEETING: lazy("We meet"),
    State.NEGOTIATING: lazy("We negotiate"),
    State.AGREEMENT: lazy("We have an agreement"),
}
ENDS: dict[CloseReason, LazyString] = {
    CloseReason.COMPLETED: lazy("Completed: the co-operation is under way"),
    CloseReason.NO_AGREEMENT: lazy("We did not come to an agreement"),
    CloseReason.OTHER: lazy("Another reason"),
}
VERDICTS: dict[Verdict, LazyString] = {
    Verdict.FREE: lazy("Free"),
    Verdict.RESTRICTED: lazy("Restricted"),
    Verdict.PROHIBITED: lazy("Prohibited"),
}
