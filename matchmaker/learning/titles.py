"""What the page about learning calls things."""

from flask_babel import LazyString

from matchmaker.i18n import lazy
from matchmaker.learning.training import Why
from matchmaker.review.models import Audience

VOICES: dict[Audience, LazyString] = {
    Audience.DESK: lazy("Brokers"),
    Audience.NEED: lazy("The side of the need"),
    Audience.RESULT: lazy("The side of the result"),
}

MEASURES: dict[str, tuple[LazyString, LazyString]] = {
    "auc": (
        lazy("Order of any two (AUC)"),
        lazy("how often the endorsed one of two has more points; higher is better"),
    ),
    "ndcg": (lazy("Order of the desk (nDCG)"), lazy("how early the endorsed ones come; higher is better")),
    "log_loss": (lazy("Surprise (log loss)"), lazy("how far chances were from what happened; lower is better")),
    "ece": (lazy("Calibration (ECE)"), lazy("by how much chances miss, on the average; lower is better")),
}

WHY: dict[Why, LazyString] = {
    Why.NONE: lazy("There was no verdict to learn from."),
    Why.ALL_YES: lazy("Every verdict was a yes: that tells how often brokers endorse, and nothing about the weights."),
    Why.ALL_NO: lazy("Every verdict was a no: that tells how often brokers endorse, and nothing about the weights."),
    Why.TOO_FEW: lazy("Too few verdicts came later to judge the weights by."),
}
