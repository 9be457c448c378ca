"""An account from its first letter to its end; letters and their tokens are part of the same transaction."""

from datetime import timedelta

from sqlmodel import select

from matchmaker.accounts import queries as accounts_queries
from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import Broker, Membership, Organisation, Person, Role, SignIn, TokenPurpose
from matchmaker.accounts.queries import Throttle
from matchmaker.accounts.schemas import Actor, Registration
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotFound, TooMany
from matchmaker.core.ids import new_public_id
from matchmaker.db.uow import UnitOfWork
from matchmaker.people import emails, proofs, queries
from matchmaker.people.proofs import Proof, State
from matchmaker.people.schemas import ProfileChange

# Letters that one account may ask for: enough for a slow mail server, too few to fill a stranger's mailbox.
LETTERS = Throttle(failures=5, window=timedelta(hours=1))
# An office behind one address may forget more passwords than one person.
FORGETTING = Throttle(failures=30, window=timedelta(hours=1))


def register(uow: UnitOfWork, wanted: Registration, password_hash: str, *, address: str, lang: str) -> Person:
    """A new account and organisation, and the letter that asks whether the address is theirs.

    `address` is the network address, from which so many registrations an hour are taken; `lang` the language of the
    page that was filled in. Raises Invalid when the e-mail address is taken.
    """
    accounts.allow(uow, "register:" + address, accounts.REGISTRATIONS)
    person = accounts.register(uow, wanted, password_hash)
    person.lang = lang
    emails.confirm_email(uow, person, person.email)
    return person


def confirm_again(uow: UnitOfWork, *, actor: Actor) -> bool:
    """Send the letter once more; answers False for somebody whose address is confirmed already."""
    person = _self(uow, actor)
    if person.email_confirmed_at is not None:
        return False
    send_confirmation(uow, person)
    return True


def send_confirmation(uow: UnitOfWork, person: Person) -> None:
    """Ask for the address of an account again; raises TooMany when it was asked often."""
    accounts.allow(uow, "letter:" + person.public_id, LETTERS)
    emails.confirm_email(uow, person, person.email)


def confirm(uow: UnitOfWork, token: str) -> Proof:
    """Take a token as proof that the address is the person's; a good one makes its address the account's own.

    Raises Invalid when another account took the address in the meantime.
    """
    proof = proofs.use(uow, token, TokenPurpose.CONFIRM_EMAIL)
    if proof.state is not State.GOOD or proof.person is None:
        return proof
    person, old = proof.person, proof.person.email
    if not proof.is_of_now:
        if accounts_queries.person_by_email(uow.session, proof.email):
            raise Invalid({"email": "taken"})
        emails.email_changed(uow, person, old)
        person.email = proof.email
    person.email_confirmed_at = now()
    record(uow, person.public_id, "person.confirm", ("person", person.public_id))
    return proof


def forget_password(uow: UnitOfWork, email: str, address: str) -> None:
    """Send a letter that lets its reader choose a new password, if there is such an account.

    Whether there is cannot be told from outside, not by the time either: for a stranger the same letter is written
    to an account of theirs, and then letter and account are forgotten.
    """
    accounts.allow(uow, "forgotten:" + address, FORGETTING)
    try:
        accounts.allow(uow, "forgotten-by:" + email, LETTERS)
    except TooMany:
        return
    person = accounts_queries.person_by_email(uow.session, email)
    with uow.session.begin_nested() as attempt:
        stranger = person is None or person.closed_at is not None
        receiver = _nobody() if stranger else person
        assert receiver is not None
        uow.session.add(receiver)
        uow.session.flush()  # the token needs an id
        emails.reset_password(uow, receiver)
        record(uow, receiver.public_id, "person.forget_password", ("person", receiver.public_id))
        if stranger:
            attempt.rollback()


def send_reset(uow: UnitOfWork, person: Person) -> None:
    """Send the letter for a new password because an administrator was asked to."""
    accounts.allow(uow, "letter:" + person.public_id, LETTERS)
    emails.reset_password(uow, person)


def reset_password(uow: UnitOfWork, token: str, password_hash: str) -> Proof:
    """Set a new password with a good token: every sign-in ends, and the address is proved at the same time."""
    proof = proofs.look_at(uow.session, token, TokenPurpose.RESET_PASSWORD)
    if proof.state is State.GOOD and not proof.is_of_now:
        return Proof(State.EXPIRED, proof.person, proof.email)  # the letter went to an address that was given up
    proof = proofs.use(uow, token, TokenPurpose.RESET_PASSWORD)
    if proof.state is State.GOOD and proof.person is not None:
        proof.person.email_confirmed_at = proof.person.email_confirmed_at or now()
        _set_password(uow, proof.person, password_hash)
    return proof


def change_password(uow: UnitOfWork, password_hash: str, *, actor: Actor) -> Person:
    """Set a new password; every sign-in ends, the caller begins a new one for this browser."""
    person = _self(uow, actor)
    _set_password(uow, person, password_hash)
    return person


def change_profile(uow: UnitOfWork, change: ProfileChange, *, actor: Actor) -> None:
    """Set name, language and time zone."""
    person = _self(uow, actor)
    person.name, person.lang, person.timezone = change.name, change.lang, change.timezone
    record(uow, actor.public_id, "person.edit", ("person", actor.public_id))


def change_address(uow: UnitOfWork, email: str, *, actor: Actor) -> None:
    """Send a letter to a new address; the account keeps the old one until it is answered.

    A taken address is told only to whoever can read its letters: here nothing is said of it.
    """
    person = _self(uow, actor)
    accounts.allow(uow, "letter:" + person.public_id, LETTERS)
    if email == person.email:
        raise Invalid({"email": "same_email"})
    if accounts_queries.person_by_email(uow.session, email) is None:
        emails.confirm_email(uow, person, email)
    record(uow, actor.public_id, "person.change_email", ("person", actor.public_id))


def handle_of(row: SignIn) -> str:
    """What stands for a sign-in in a form: nobody can get from it to the token or its hash."""
    return accounts.digest("sign-in:" + row.token_hash)[:32]


def end_sign_in(uow: UnitOfWork, handle: str, *, actor: Actor) -> None:
    """End one of the person's own sign-ins; ending it twice is the same as once."""
    rows = uow.session.exec(select(SignIn).where(SignIn.person_id == actor.person_id)).all()
    found = next((row for row in rows if handle_of(row) == handle), None)
    if found is None:
        raise NotFound("there is no such sign-in")
    accounts.sign_out(uow, found.token_hash)


def sign_out_everywhere(uow: UnitOfWork, *, actor: Actor) -> int:
    """End every sign-in of the person, this browser's too."""
    ended = accounts.sign_out_everywhere(uow, _self(uow, actor))
    record(uow, actor.public_id, "person.sign_out_everywhere", ("person", actor.public_id), str(ended))
    return ended


def close(uow: UnitOfWork, *, actor: Actor) -> None:
    """Close one's own account: sign-ins end and memberships go; raises Conflict while somebody depends on it."""
    person = _self(uow, actor)
    if queries.obstacles(uow.session, person):
        raise Conflict("an organisation would be left without an owner")
    refuse_last_administrator(uow, person)
    for membership in uow.session.exec(select(Membership).where(Membership.person_id == person.id)):
        uow.session.delete(membership)
    shut(uow, person)
    record(uow, actor.public_id, "person.close", ("person", actor.public_id))


def shut(uow: UnitOfWork, person: Person) -> None:
    """Let nobody sign in with the account any more."""
    person.closed_at = now()
    accounts.sign_out_everywhere(uow, person)
    retire_broker(uow, person)


def retire_broker(uow: UnitOfWork, person: Person) -> None:
    """A broker who is none any more takes on nothing and looks after nobody."""
    broker = uow.session.get(Broker, person.id)
    if broker is not None:
        broker.available = False
    for organisation in uow.session.exec(select(Organisation).where(Organisation.broker_id == person.id)):
        organisation.broker_id = None


def refuse_last_administrator(uow: UnitOfWork, person: Person) -> None:
    """Raise Conflict when without this person nobody could administer the platform."""
    is_one = person.role is Role.ADMINISTRATOR and person.closed_at is None
    if is_one and accounts_queries.open_administrators(uow.session) <= 1:
        raise Conflict("this is the last administrator")


def _set_password(uow: UnitOfWork, person: Person, password_hash: str) -> None:
    accounts.change_password(uow, person, password_hash)
    emails.password_changed(uow, person)
    record(uow, person.public_id, "person.password", ("person", person.public_id))


def _self(uow: UnitOfWork, actor: Actor) -> Person:
    person = uow.session.get(Person, actor.person_id)
    if person is None or person.closed_at is not None:
        raise NotFound("there is no such account any more")
    return person


def _nobody() -> Person:
    """An account that is written to and forgotten in one breath."""
    return Person(email=f"{new_public_id()}@invalid", name="-", password_hash="-")  # noqa: S106 - opens nothing
