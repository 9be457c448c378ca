"""Register, sign in and out; sign-ins are rows, so that a copied cookie dies with them."""

import hashlib
import threading
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete
from sqlmodel import Session, col, select

from matchmaker.accounts import queries
from matchmaker.accounts.models import (
    Membership,
    MembershipRole,
    Organisation,
    Person,
    SignIn,
    SignInAttempt,
)
from matchmaker.accounts.schemas import NewOrganisation, Registration
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Invalid, TooMany
from matchmaker.core.ids import new_secret
from matchmaker.core.text import clean_line
from matchmaker.db.uow import UnitOfWork

# OWASP's second choice for argon2id (19 MiB, 2 passes): the default takes 64 MiB and 0.3 s a hash.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Two hashes at a time: a burst of sign-ins must not starve the pages of memory and processor.
_HASHING = threading.Semaphore(2)
# Whoever fails from one place is stopped there; only a search from many places closes the account to its owner too.
BY_PAIR = queries.Throttle(failures=10)
BY_EMAIL = queries.Throttle(failures=50)
# An office behind one address may fail more often than one account.
BY_ADDRESS = queries.Throttle(failures=100)
# A class that is shown the platform registers from one address; a script would go on.
REGISTRATIONS = queries.Throttle(failures=30, window=timedelta(hours=1))
# Whatever is counted is kept this long, no window is longer.
KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class Attempt:
    """A try to sign in; `address` is the client's network address."""

    email: str
    password: str
    address: str


@dataclass(frozen=True)
class Browser:
    """Where somebody signs in from: what the browser calls itself, and its network address."""

    user_agent: str = ""
    address: str = ""


def digest(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hash_password(password: str) -> str:
    """An argon2id hash."""
    with _HASHING:
        return HASHER.hash(_as_typed(password))


def _as_typed(password: str) -> str:
    """The same password from every keyboard: "é" may be sent as one character or as two (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobody() -> str:
    """A hash to compare with when there is no such account, so that the time tells nothing."""
    return hash_password(new_secret())


def _matches(password_hash: str, password: str) -> bool:
    with _HASHING:
        try:
            return HASHER.verify(password_hash, _as_typed(password))
        except (VerificationError, InvalidHashError):
            return False


def check(session: Session, attempt: Attempt) -> Person | None:
    """The person whose password this is; raises TooMany when too many attempts failed before."""
    for subject, throttle in _subjects(attempt):
        if queries.failures(session, subject, throttle) >= throttle.failures:
            raise TooMany("too many failed attempts")
    person = queries.person_by_email(session, attempt.email)
    right = _matches(person.password_hash if person else _nobody(), attempt.password[:1000])
    return person if person and right and person.closed_at is None else None


def is_password_of(person: Person, password: str) -> bool:
    """Whether this is the person's password."""
    return _matches(person.password_hash, password[:1000])


def allow(uow: UnitOfWork, subject: str, throttle: queries.Throttle) -> None:
    """Count one more of something that is limited; raises TooMany when there were enough of it lately."""
    hashed = digest(subject)
    if queries.failures(uow.session, hashed, throttle) >= throttle.failures:
        raise TooMany("too many in too short a time")
    uow.session.add(SignInAttempt(subject=hashed))


def note_failure(uow: UnitOfWork, attempt: Attempt) -> None:
    """Count a failed attempt, and forget those that no longer matter."""
    uow.session.exec(delete(SignInAttempt).where(col(SignInAttempt.at) < now() - KEPT))
    uow.session.add_all(SignInAttempt(subject=subject) for subject, _ in _subjects(attempt))


def sign_in(uow: UnitOfWork, person: Person, browser: Browser | None = None) -> str:
    """Begin a session; returns the token for the cookie, of which only the hash is kept."""
    assert person.id is not None
    browser = browser or Browser()
    token = new_secret()
    uow.session.add(
        SignIn(
            token_hash=digest(token),
            person_id=person.id,
            user_agent=clean_line(browser.user_agent)[:256],
            address=browser.address[:45],
        )
    )
    record(uow, person.public_id, "person.sign_in", ("person", person.public_id))
    return token


def seen(uow: UnitOfWork, token_hash: str) -> None:
    """Note that the session is in use."""
    row = uow.session.get(SignIn, token_hash)
    if row is not None:
        row.seen_at = now()


def speak(uow: UnitOfWork, person_id: int, lang: str) -> None:
    """Use a language for this person's pages and letters from now on."""
    person = uow.session.get(Person, person_id)
    if person is not None:
        person.lang = lang


def sign_out(uow: UnitOfWork, token_hash: str) -> None:
    """End a session for good."""
    row = uow.session.get(SignIn, token_hash)
    if row is not None and row.ended_at is None:
        row.ended_at = now()


def change_password(uow: UnitOfWork, person: Person, password_hash: str) -> None:
    """Set a new password and end every session that the old one opened."""
    person.password_hash = password_hash
    uow.session.add(person)
    sign_out_everywhere(uow, person)


def sign_out_everywhere(uow: UnitOfWork, person: Person) -> int:
    """End every session of a person; answers how many there were."""
    running = select(SignIn).where(SignIn.person_id == person.id, col(SignIn.ended_at).is_(None))
    rows = uow.session.exec(running).all()
    for row in rows:
        row.ended_at = now()
    return len(rows)


def register(uow: UnitOfWork, wanted: Registration, password_hash: str) -> Person:
    """A new person as owner of a new organisation; raises Invalid when the address is taken."""
    person = new_person(uow, wanted.email, wanted.name, password_hash)
    organisation = found(uow, wanted, person)
    record(uow, person.public_id, "person.register", ("organisation", organisation.public_id))
    return person


def new_person(uow: UnitOfWork, email: str, name: str, password_hash: str) -> Person:
    """A new account, whose address nobody has proved yet; raises Invalid when the address is taken."""
    if queries.person_by_email(uow.session, email):
        raise Invalid({"email": "taken"})
    person = Person(email=email, name=name, password_hash=password_hash)
    uow.session.add(person)
    uow.session.flush()  # whoever makes a person needs its id
    return person


def found(uow: UnitOfWork, wanted: NewOrganisation, owner: Person) -> Organisation:
    """A new organisation with its first owner."""
    organisation = Organisation(name=wanted.organisation, kind=wanted.kind, country=wanted.country)
    uow.session.add(organisation)
    uow.session.flush()  # the membership needs its id
    join(uow, owner, organisation, MembershipRole.OWNER)
    return organisation


def join(uow: UnitOfWork, person: Person, organisation: Organisation, role: MembershipRole) -> None:
    """Let a person act for an organisation."""
    assert person.id is not None
    assert organisation.id is not None
    uow.session.add(Membership(person_id=person.id, organisation_id=organisation.id, role=role))


def _subjects(attempt: Attempt) -> list[tuple[str, queries.Throttle]]:
    email = attempt.email.casefold()
    return [
        (digest(f"pair:{attempt.address}|{email}"), BY_PAIR),
        (digest("email:" + email), BY_EMAIL),
        (digest("address:" + attempt.address), BY_ADDRESS),
    ]
