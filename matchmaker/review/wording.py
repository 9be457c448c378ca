"""What may be said with a move: a typed reason, and a note of a decent length."""

from matchmaker.core.errors import Invalid
from matchmaker.core.text import clean_text
from matchmaker.review.models import CloseReason, DeclineReason

NOTE_LIMIT = 1000


def clean_note(text: str, *, needed: bool = False) -> str:
    """The note without what is invisible; raises Invalid when it is too long, or needed and empty."""
    note = clean_text(text)
    if needed and not note:
        raise Invalid({"note": "missing"})
    if len(note) > NOTE_LIMIT:
        raise Invalid({"note": "string_too_long"})
    return note


def reason_of(reason: DeclineReason | CloseReason | None, note: str) -> str:
    """The note that goes with the reason, which "other" cannot do without; raises Invalid where there is no reason."""
    if reason is None:
        raise Invalid({"reason": "missing"})
    return clean_note(note, needed=reason.value == DeclineReason.OTHER.value)
