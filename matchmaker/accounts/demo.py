"""One account for each kind of user of the shipped demo, with a password that nobody else has."""

from dataclasses import dataclass

from sqlmodel import select

from matchmaker.accounts import queries, service
from matchmaker.accounts.models import MembershipRole, Organisation, Person, Role
from matchmaker.core.ids import new_public_id
from matchmaker.db.uow import UnitOfWork


@dataclass(frozen=True)
class DemoAccount:
    """Who the account is for; `organisation` is the demo's key of the organisation it acts for."""

    label: str
    email: str
    name: str
    role: Role
    organisation: str = ""


ACCOUNTS = (
    DemoAccount("company", "company@demo.example", "张伟", Role.MEMBER, "zhenwu-mine"),
    DemoAccount("institute", "institute@demo.example", "Јована Илић", Role.MEMBER, "duborez"),
    DemoAccount("broker", "broker@demo.example", "Milica Petrović", Role.BROKER),
    DemoAccount("administrator", "admin@demo.example", "Administrator", Role.ADMINISTRATOR),
)


def new_password() -> str:
    """Twenty letters in groups of five, 95 bits, easy to type from a screen."""
    letters = new_public_id(20)
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def create(uow: UnitOfWork) -> list[tuple[DemoAccount, str]]:
    """Make the accounts that are not there yet; answers them with their passwords, which are kept nowhere."""
    made = []
    for wanted in ACCOUNTS:
        owner = _owner(uow, wanted)
        if queries.person_by_email(uow.session, wanted.email) or (wanted.organisation and owner is None):
            # Without the demo's listings there is nobody to act for: the database was filled by an import.
            continue
        password = new_password()
        person = Person(
            email=wanted.email,
            name=wanted.name,
            role=wanted.role,
            password_hash=service.hash_password(password),
        )
        uow.session.add(person)
        uow.session.flush()  # the membership needs person.id
        if owner is not None:
            service.join(uow, person, owner, MembershipRole.OWNER)
        made.append((wanted, password))
    return made


def _owner(uow: UnitOfWork, wanted: DemoAccount) -> Organisation | None:
    if not wanted.organisation:
        return None
    return uow.session.exec(select(Organisation).where(Organisation.demo_key == wanted.organisation)).one_or_none()
