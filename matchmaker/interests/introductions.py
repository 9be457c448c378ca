"""Bring the two sides together, once both have said yes and nothing stands in the way."""

from matchmaker.db.uow import UnitOfWork
from matchmaker.interests.models import Introduction
from matchmaker.review.models import Suggestion


def open_if_free(uow: UnitOfWork, suggestion: Suggestion) -> Introduction | None:
    """The introduction of a match that both sides agreed to, if its gates let it through."""
    return None
