"""A first scene for the demo: a match that waits for the company's answer, so that the way can be tried at once."""

from sqlmodel import Session, col, select

from matchmaker.accounts.demo import ACCOUNTS
from matchmaker.accounts.models import Organisation, Role
from matchmaker.accounts.queries import actor_of, person_by_email
from matchmaker.db.uow import UnitOfWork
from matchmaker.review import service
from matchmaker.review.models import Side, State, Suggestion
from matchmaker.review.offers import offer_now


def begin(uow: UnitOfWork) -> Suggestion | None:
    """Let the demo's broker offer the best pair of the demo's company and institute; None where there is none."""
    broker = person_by_email(uow.session, next(one.email for one in ACCOUNTS if one.role is Role.BROKER))
    match = _best(uow.session)
    if broker is None or match is None:
        return None
    actor = actor_of(uow.session, broker)
    # The listings are the demo's own, and so is everything that follows from them.
    service.endorse(uow, match.public_id, revision=match.revision, actor=actor, first=Side.NEED)
    return offer_now(uow, match.public_id, revision=match.revision, actor=actor)


def _best(session: Session) -> Suggestion | None:
    keys = [one.organisation for one in ACCOUNTS if one.organisation]
    owners = select(Organisation.id).where(col(Organisation.demo_key).in_(keys))
    wanted = (
        select(Suggestion)
        .where(col(Suggestion.need_org_id).in_(owners), col(Suggestion.result_org_id).in_(owners))
        .where(col(Suggestion.state).in_([State.SUGGESTED, State.IN_REVIEW]))
        .order_by(col(Suggestion.score).desc())
    )
    return session.exec(wanted.limit(1)).one_or_none()
