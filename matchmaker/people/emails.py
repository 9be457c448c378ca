"""The letters of an account."""

from matchmaker.accounts.models import Person, TokenPurpose
from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications import letters
from matchmaker.people import proofs


def confirm_email(uow: UnitOfWork, person: Person, email: str) -> None:
    """Ask whoever reads this address whether the account is theirs."""
    token = proofs.issue(uow, person, TokenPurpose.CONFIRM_EMAIL, email)
    days = proofs.LIFETIME[TokenPurpose.CONFIRM_EMAIL].days
    letters.post(uow, email, "confirm_email", person.lang, {"name": person.name, "token": token, "days": days})


def reset_password(uow: UnitOfWork, person: Person) -> None:
    """Send what lets its reader choose a new password."""
    token = proofs.issue(uow, person, TokenPurpose.RESET_PASSWORD, person.email)
    minutes = proofs.LIFETIME[TokenPurpose.RESET_PASSWORD].seconds // 60
    values = {"name": person.name, "token": token, "minutes": minutes}
    letters.post(uow, person.email, "reset_password", person.lang, values)


def password_changed(uow: UnitOfWork, person: Person) -> None:
    """Tell the account's owner, in case it was not them."""
    letters.post(uow, person, "password_changed", person.lang, {"name": person.name})


def email_changed(uow: UnitOfWork, person: Person, old: str) -> None:
    """Tell the old address, in case its reader knows nothing of it; the new one is not named."""
    letters.post(uow, old, "email_changed", person.lang, {"name": person.name})
