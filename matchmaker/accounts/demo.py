"""One account for each kind of user of the shipped demo, with a password that nobody else has."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from matchmaker.accounts import queries, service
from matchmaker.accounts.models import MembershipRole, Organisation, Person, Role
from matchmaker.core.clock import now
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
    # Whose result answers the company's need best: the two can be introduced to each other.
    DemoAccount("partner", "partner@demo.example", "Anke Röttger", Role.MEMBER, "bohrwerk-lenne"),
    DemoAccount("broker", "broker@demo.example", "Milica Petrović", Role.BROKER),
    DemoAccount("administrator", "admin@demo.example", "Administrator", Role.ADMINISTRATOR),
)


def new_password() -> str:
    """Twenty letters in groups of five, 95 bits, easy to type from a screen."""
    letters = new_public_id(20)
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def is_unfinished(session: Session) -> bool:
    """Whether the demo's organisations are there but not all accounts: the first start was cut off."""
    begun = session.exec(select(Organisation.id).where(col(Organisation.demo_key).is_not(None)).limit(1)).first()
    return begun is not None and not all(queries.person_by_email(session, wanted.email) for wanted in ACCOUNTS)


def create(uow: UnitOfWork) -> list[tuple[DemoAccount, str]]:
    """Make the accounts that are not there yet; answers them with their passwords, which are kept nowhere.

    Without the demo's organisations nothing is made: a database of one's own needs no strangers in it.
    """
    made: list[tuple[DemoAccount, str]] = []
    keys = [wanted.organisation for wanted in ACCOUNTS if wanted.organisation]
    found = uow.session.exec(select(Organisation).where(col(Organisation.demo_key).in_(keys))).all()
    owners = {owner.demo_key: owner for owner in found}
    if len(owners) < len(keys):
        return made
    for wanted in ACCOUNTS:
        if queries.person_by_email(uow.session, wanted.email):
            continue
        password = new_password()
        person = Person(
            email=wanted.email,
            name=wanted.name,
            role=wanted.role,
            password_hash=service.hash_password(password),
            email_confirmed_at=now(),
        )
        uow.session.add(person)
        uow.session.flush()  # the membership needs person.id
        if wanted.organisation:
            service.join(uow, person, owners[wanted.organisation], MembershipRole.OWNER)
        made.append((wanted, password))
    return made
