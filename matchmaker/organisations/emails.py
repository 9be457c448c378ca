"""The letters of an organisation."""

from matchmaker.accounts.models import Invitation, Organisation, Person
from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications import letters


def invitation(uow: UnitOfWork, sent: Invitation, token: str, lang: str, names: tuple[str, str]) -> None:
    """Invite an address; `names` are those of who invites and of the organisation."""
    inviter, organisation = names
    values = {
        "inviter": inviter,
        "organisation": organisation,
        "token": token,
        "email": sent.email,
        "expires_at": sent.expires_at,
    }
    letters.post(uow, sent.email, "invitation", lang, values)


def organisation_verified(uow: UnitOfWork, owner: Person, organisation: Organisation) -> None:
    """Tell an owner that the organisation is verified."""
    letters.post(uow, owner, "organisation_verified", owner.lang, _values(owner, organisation, ""))


def organisation_rejected(uow: UnitOfWork, owner: Person, organisation: Organisation, note: str) -> None:
    """Tell an owner why the organisation is not verified, and what they can do."""
    letters.post(uow, owner, "organisation_rejected", owner.lang, _values(owner, organisation, note))


def _values(owner: Person, organisation: Organisation, note: str) -> dict[str, object]:
    return {
        "name": owner.name,
        "organisation": organisation.name,
        "public_id": organisation.public_id,
        "note": note,
    }
