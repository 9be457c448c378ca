"""What states, reasons and everything else of the desk are called."""

from flask_babel import LazyString

from matchmaker.i18n import lazy
from matchmaker.listings.fields import BY_NAME
from matchmaker.review.models import Addressee, DeclineReason, Origin, Side, State
from matchmaker.review.policy import Why
from matchmaker.review.queries import Tab

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

TABS: dict[Tab, LazyString] = {
    Tab.MINE: lazy("Mine to decide"),
    Tab.UNASSIGNED: lazy("Unassigned"),
    Tab.OPINION: lazy("Second opinions"),
    Tab.WAITING: lazy("Waiting for sides"),
    Tab.INTRODUCED: lazy("Introduced"),
    Tab.PARKED: lazy("Parked"),
    Tab.DECIDED: lazy("Decided"),
}
# An administrator's desk is everybody's.
TABS_OF_ALL: dict[Tab, LazyString] = {**TABS, Tab.MINE: lazy("With brokers")}

# IPC sections in a few words; their own titles list all that they cover.
FIELDS: dict[str, LazyString] = {
    "A": lazy("Health, food, daily life"),
    "B": lazy("Processing, transport"),
    "C": lazy("Chemistry, metallurgy"),
    "D": lazy("Textiles, paper"),
    "E": lazy("Construction, mining"),
    "F": lazy("Machines, energy, heating"),
    "G": lazy("Instruments, computing"),
    "H": lazy("Electricity, electronics"),
}

ORIGINS: dict[Origin, LazyString] = {
    Origin.RANKING: lazy("Suggested by the ranking"),
    Origin.INTEREST: lazy("Expression of interest"),
}

ADDRESSEES: dict[Addressee, LazyString] = {
    Addressee.NEED: lazy("The side of the need"),
    Addressee.RESULT: lazy("The side of the result"),
    Addressee.BROKER: lazy("A colleague"),
}

SIDES: dict[Side, LazyString] = {
    Side.NEED: lazy("The side of the need"),
    Side.RESULT: lazy("The side of the result"),
}

# The texts of a listing that are compared side by side.
_COMPARED = ("summary", "description", "advantages", "technical_spec", "indicators")
TEXTS: tuple[tuple[str, LazyString], ...] = tuple((name, BY_NAME[name].title) for name in _COMPARED)

# Why somebody may not handle a match.
WHY: dict[Why, LazyString] = {
    Why.NOT_A_BROKER: lazy("Only brokers and administrators work at the desk."),
    Why.UNCONFIRMED: lazy("Confirm your e-mail address first: the letter with the link is in your inbox."),
    Why.INTERESTED: lazy("You belong to one of the two organisations, so somebody else decides on this match."),
    Why.COLLEAGUE: lazy("A colleague looks after this match."),
}

# Why a deed that was done to several could not be done to one of them.
MISSED: dict[str, LazyString] = {
    "moved": lazy("It was moved in the meantime."),
    "gone": lazy("It is not there any more."),
}
