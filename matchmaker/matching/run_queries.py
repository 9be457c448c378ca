"""Every SELECT about evaluation runs."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from matchmaker.core.errors import NotFound
from matchmaker.matching.models import EvaluationRun

# As many as a chart can show; older ones are still found by their number.
MOST = 200
# Databases have an end to their integers, addresses have none.
LARGEST = 2**31


def shown(session: Session) -> Sequence[EvaluationRun]:
    """The newest runs that are not hidden, the newest first."""
    return _newest(session, hidden=False)


def hidden(session: Session) -> Sequence[EvaluationRun]:
    """The newest runs that are hidden."""
    return _newest(session, hidden=True)


def find(session: Session, number: int) -> EvaluationRun:
    """A run by its number, hidden or not; raises NotFound."""
    run = session.get(EvaluationRun, number) if 0 < number < LARGEST else None
    if run is None:
        raise NotFound(f"there is no evaluation run {number}")
    return run


def _newest(session: Session, *, hidden: bool) -> Sequence[EvaluationRun]:
    is_hidden = col(EvaluationRun.hidden_at).is_not(None)
    wanted = select(EvaluationRun).where(is_hidden if hidden else ~is_hidden)
    return session.exec(wanted.order_by(col(EvaluationRun.id).desc()).limit(MOST)).all()
