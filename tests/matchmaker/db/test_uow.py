"""One transaction per use case; what must wait for the commit waits."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from matchmaker.accounts.models import Organisation
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work


def organisation(name: str = "Werk", **values: object) -> Organisation:
    return Organisation(name=name, kind="enterprise", country="DE", **values)


def names(engine: Engine) -> list[str]:
    with reading_session(engine) as session:
        return list(session.exec(select(Organisation.name).order_by(Organisation.name)))


def test_leaving_well_commits(engine):
    with unit_of_work(engine) as uow:
        uow.session.add(organisation())
        assert names(engine) == []
    assert names(engine) == ["Werk"]


def test_an_error_takes_everything_back_and_passes_on(engine):
    with pytest.raises(ZeroDivisionError), unit_of_work(engine) as uow:  # noqa: PT012  (all of it is one transaction)
        uow.session.add(organisation())
        uow.session.flush()
        raise ZeroDivisionError
    assert names(engine) == []


def test_effects_run_after_the_commit_in_their_order(engine):
    seen = []
    with unit_of_work(engine) as uow:
        uow.after_commit(lambda: seen.append(names(engine)))
        uow.after_commit(lambda: seen.append("second"))
        uow.session.add(organisation())
        assert seen == []
    assert seen == [["Werk"], "second"]


def test_effects_do_not_run_after_an_error(engine):
    seen = []
    with pytest.raises(KeyError), unit_of_work(engine) as uow:  # noqa: PT012  (all of it is one transaction)
        uow.after_commit(lambda: seen.append(1))
        raise KeyError
    assert seen == []


def test_effects_do_not_run_when_the_commit_itself_fails(engine):
    seen = []
    with unit_of_work(engine) as uow:
        uow.session.add(organisation("first", public_id="same"))
    with pytest.raises(IntegrityError), unit_of_work(engine) as uow:  # noqa: PT012  (all of it is one transaction)
        uow.after_commit(lambda: seen.append(1))
        uow.session.add(organisation("second", public_id="same"))
    assert seen == []
    assert names(engine) == ["first"]


def test_a_failing_effect_is_logged_and_does_not_undo_or_hide_the_rest(engine, caplog):
    seen = []
    with unit_of_work(engine) as uow:
        uow.after_commit(lambda: 1 / 0)
        uow.after_commit(lambda: seen.append("still"))
        uow.session.add(organisation())
    assert names(engine) == ["Werk"]
    assert seen == ["still"]
    assert "after-commit effect failed" in caplog.text


def test_rows_can_be_read_after_their_session_is_closed(engine):
    with unit_of_work(engine) as uow:
        row = organisation()
        uow.session.add(row)
    assert row.id is not None
    assert row.name == "Werk"


def test_foreign_keys_are_kept(engine):
    with pytest.raises(IntegrityError), unit_of_work(engine) as uow:
        uow.session.connection().exec_driver_sql("INSERT INTO membership VALUES (1, 77, 'owner', '2026-01-01')")
