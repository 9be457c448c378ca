"""Make an account, or give one a new password, from the command line."""

import click
from flask.cli import AppGroup
from sqlmodel import select

from matchmaker.accounts import queries, service
from matchmaker.accounts.demo import new_password
from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person, Role
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, NotFound
from matchmaker.web.context import unit_of_work

accounts = AppGroup("accounts", help="People and their passwords.")


@accounts.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="member", show_default=True)
@click.option("--organisation", default="", help="Public id of the organisation the person acts for.")
def add(email: str, name: str, role: str, organisation: str) -> None:
    """Make an account; its random password is printed once."""
    password = new_password()
    with unit_of_work() as uow:
        if queries.person_by_email(uow.session, email):
            raise Conflict(f"there is an account for {email} already")
        person = Person(
            email=email.casefold(),
            name=name,
            role=Role(role),
            password_hash=service.hash_password(password),
            email_confirmed_at=now(),
        )
        uow.session.add(person)
        uow.session.flush()  # the membership needs person.id
        if organisation:
            owner = uow.session.exec(select(Organisation).where(Organisation.public_id == organisation)).one_or_none()
            if owner is None:
                raise NotFound(f"there is no organisation {organisation}")
            service.join(uow, person, owner, MembershipRole.MEMBER)
        record(uow, "command line", "person.add", ("person", person.public_id))
    click.echo(f"{person.email}  {password}")


@accounts.command("password")
@click.argument("email")
def password(email: str) -> None:
    """Give an account a new random password and end its sign-ins."""
    fresh = new_password()
    with unit_of_work() as uow:
        person = queries.person_by_email(uow.session, email)
        if person is None:
            raise NotFound(f"there is no account for {email}")
        service.change_password(uow, person, service.hash_password(fresh))
        record(uow, "command line", "person.password", ("person", person.public_id))
    click.echo(f"{person.email}  {fresh}")


@accounts.command("confirm")
@click.argument("email")
def confirm(email: str) -> None:
    """Confirm an account's address by hand, where no letter reaches it."""
    with unit_of_work() as uow:
        person = queries.person_by_email(uow.session, email)
        if person is None:
            raise NotFound(f"there is no account for {email}")
        person.email_confirmed_at = person.email_confirmed_at or now()
        record(uow, "command line", "person.confirm", ("person", person.public_id))
    click.echo(f"{person.email} is confirmed")


@accounts.command("list")
def list_() -> None:
    """Show every account."""
    with unit_of_work() as uow:
        for person in uow.session.exec(select(Person).order_by(Person.email)):
            memberships = uow.session.exec(select(Membership).where(Membership.person_id == person.id)).all()
            click.echo(f"{person.email}\t{person.role.value}\t{len(memberships)} organisation(s)\t{person.name}")
