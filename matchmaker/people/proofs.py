"""Tokens that are sent by letter: whoever brings one back has read the letter. Only their hashes are kept."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import LetterToken, Person, TokenPurpose
from matchmaker.core.clock import now
from matchmaker.core.ids import new_secret
from matchmaker.db.uow import UnitOfWork

LIFETIME: dict[TokenPurpose, timedelta] = {
    TokenPurpose.CONFIRM_EMAIL: timedelta(days=3),
    TokenPurpose.RESET_PASSWORD: timedelta(hours=1),
}


class State(StrEnum):
    """What a token that somebody brings is worth."""

    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Proof:
    """A token that somebody brought, with the person and address that it was made for."""

    state: State
    person: Person | None = None
    email: str = ""

    @property
    def is_of_now(self) -> bool:
        """Whether its address is the one that the account has."""
        return self.person is not None and self.person.email == self.email


def issue(uow: UnitOfWork, person: Person, purpose: TokenPurpose, email: str) -> str:
    """A new token for a letter to this address; those that were sent to other addresses end."""
    assert person.id is not None
    _end(uow, person, purpose, spare=email)
    token = new_secret()
    expires_at = now() + LIFETIME[purpose]
    row = LetterToken(
        token_hash=accounts.digest(token), person_id=person.id, purpose=purpose, email=email, expires_at=expires_at
    )
    uow.session.add(row)
    return token


def look_at(session: Session, token: str, purpose: TokenPurpose) -> Proof:
    """What the token is worth now; a closed account's is worth nothing."""
    row = session.get(LetterToken, accounts.digest(token))
    person = session.get(Person, row.person_id) if row and row.purpose is purpose else None
    if row is None or person is None or person.closed_at is not None:
        return Proof(State.UNKNOWN)
    if row.used_at is not None:
        return Proof(State.USED, person, row.email)
    return Proof(State.GOOD if now() < row.expires_at else State.EXPIRED, person, row.email)


def use(uow: UnitOfWork, token: str, purpose: TokenPurpose) -> Proof:
    """Look at the token, and if it is good let it and all others of its purpose be used."""
    proof = look_at(uow.session, token, purpose)
    if proof.state is State.GOOD and proof.person is not None:
        _end(uow, proof.person, purpose)
    return proof


def _end(uow: UnitOfWork, person: Person, purpose: TokenPurpose, *, spare: str = "") -> None:
    waiting = select(LetterToken).where(
        LetterToken.person_id == person.id,
        LetterToken.purpose == purpose,
        LetterToken.email != spare,
        col(LetterToken.used_at).is_(None),
    )
    for row in uow.session.exec(waiting):
        row.used_at = now()
