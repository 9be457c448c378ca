"""What a listing must say before it is published; drafts and imports are free."""

from datetime import date, timedelta

from matchmaker.core.clock import now
from matchmaker.listings.fields import missing_for_publication
from matchmaker.listings.schemas import ListingDraft

# A day further off than this is a slip of the finger.
FARTHEST = timedelta(days=3653)


def problems(wanted: ListingDraft, kept: date | None = None) -> dict[str, str]:
    """Field → what is wrong with it; the deadline `kept` of a listing that is out already may have passed."""
    found = dict.fromkeys(missing_for_publication(wanted.direction, wanted.filled()), "missing")
    budget = wanted.budget_min is not None or wanted.budget_max is not None
    if budget and wanted.budget_currency is None:
        found["budget_currency"] = "currency_missing"
    if wanted.deadline is not None and wanted.deadline != kept:
        found |= _of_deadline(wanted.deadline)
    return found


def _of_deadline(deadline: date) -> dict[str, str]:
    # Twelve hours behind us it is still yesterday, and an answer still in time.
    today = (now() - timedelta(hours=12)).date()
    if deadline < today:
        return {"deadline": "deadline_past"}
    return {"deadline": "deadline_far"} if deadline > today + FARTHEST else {}
