"""What states and reasons are called on the desk."""

from flask_babel import LazyString

from matchmaker.i18n import lazy
from matchmaker.review.models import DeclineReason, State

STATES: dict[State, LazyString] = {
    State.SUGGESTED: lazy("Open"),
    State.IN_REVIEW: lazy("In review"),
    State.ENDORSED: lazy("Endorsed"),
    State.PARKED: lazy("Parked"),
    State.OFFERED_FIRST: lazy("Offered to the first side"),
    State.OFFERED_SECOND: lazy("Offered to the second side"),
    State.MUTUAL: lazy("Both said yes"),
    State.INTRODUCED: lazy("Introduced"),
    State.MEETING: lazy("Meeting"),
    State.NEGOTIATING: lazy("Negotiating"),
    State.AGREEMENT: lazy("Agreement"),
    State.DECLINED: lazy("Declined"),
    State.LAPSED: lazy("Lapsed"),
    State.CLOSED: lazy("Closed"),
}

REASONS: dict[DeclineReason, LazyString] = {
    DeclineReason.WRONG_FIELD: lazy("Another field of technology"),
    DeclineReason.TOO_EARLY: lazy("Not mature enough"),
    DeclineReason.BENEFIT_UNCLEAR: lazy("Benefit unclear"),
    DeclineReason.NOT_OUR_MARKET: lazy("Not our market"),
    DeclineReason.IP: lazy("Intellectual property stands in the way"),
    DeclineReason.PRICE: lazy("Too expensive"),
    DeclineReason.PARTNER_TYPE: lazy("Wrong kind of partner"),
    DeclineReason.ALREADY_SOLVED: lazy("Already solved"),
    DeclineReason.NO_CAPACITY: lazy("No capacity at present"),
    DeclineReason.OTHER: lazy("Another reason"),
}
