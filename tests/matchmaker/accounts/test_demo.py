"""The demo's accounts: one of each kind, each with a password of its own, made once."""

import re

from sqlmodel import Session, select

from matchmaker.accounts import demo, queries, service
from matchmaker.accounts.models import Organisation, Person, Role
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work


def organisations(engine) -> None:
    with unit_of_work(engine) as uow:
        uow.session.add_all(
            Organisation(name=account.organisation, kind="enterprise", country="CN", demo_key=account.organisation)
            for account in demo.ACCOUNTS
            if account.organisation
        )


def create(engine) -> dict[str, str]:
    with unit_of_work(engine) as uow:
        return {account.email: password for account, password in demo.create(uow)}


def test_there_is_a_company_an_institute_a_partner_a_broker_and_an_administrator():
    assert [account.label for account in demo.ACCOUNTS] == [
        "company",
        "institute",
        "partner",
        "broker",
        "administrator",
    ]
    assert {account.role for account in demo.ACCOUNTS} == set(Role)
    # RFC 2606 keeps this ending for examples: no mail ever goes there.
    assert all(account.email.endswith(".example") for account in demo.ACCOUNTS)


def test_each_account_opens_with_its_own_password(engine):
    organisations(engine)
    made = create(engine)
    assert len(made) == len(set(made.values())) == 5
    with reading_session(engine) as session:
        for email, password in made.items():
            assert service.check(session, service.Attempt(email, password, "")).email == email


def test_members_act_for_their_organisation_and_the_others_for_none(engine):
    organisations(engine)
    create(engine)
    with Session(engine) as session:
        actors = [queries.actor_of(session, person) for person in session.exec(select(Person).order_by(Person.id))]
    assert [len(actor.memberships) for actor in actors] == [1, 1, 1, 0, 0]


def test_making_them_again_makes_nothing_and_tells_no_password(engine):
    organisations(engine)
    create(engine)
    assert create(engine) == {}


def test_a_market_of_ones_own_gets_no_strangers(engine):
    assert create(engine) == {}
    with Session(engine) as session:
        assert session.exec(select(Person)).all() == []
    organisations(engine)
    assert len(create(engine)) == len(demo.ACCOUNTS)


def test_a_password_is_easy_to_type_and_different_each_time():
    passwords = {demo.new_password() for _ in range(50)}
    assert len(passwords) == 50
    assert all(re.fullmatch(r"([2-9b-z]{5}-){3}[2-9b-z]{5}", password) for password in passwords)
