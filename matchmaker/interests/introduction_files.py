"""Who may have a file of an introduction: of a message, of an agreement."""

from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.files.models import StoredFile
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests.introduction_policy import standing


def may_read(session: Session, actor: Actor | None, stored: StoredFile) -> bool:
    """Whether the actor is in the introduction now; an agreement's file is for the two sides only."""
    of_message = queries.introduction_of_attachment(session, stored)
    if of_message is not None:
        return standing(actor, of_message).inside
    of_agreement = queries.introduction_of_agreed(session, stored)
    return of_agreement is not None and bool(standing(actor, of_agreement).reads)
