"""Everybody is asked how often they want letters of each kind that they may be told, and of no other."""

import ast

import pytest
from flask import Flask
from sqlalchemy import select
from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.config import ROOT
from matchmaker.db.uow import unit_of_work
from matchmaker.notifications.kinds import KINDS
from matchmaker.notifications.models import Notification
from matchmaker.notifications.service import News, tell
from tests.factories.html import parse

STAFF = sorted(name for name, kind in KINDS.items() if kind.staff)


@pytest.mark.parametrize("role", list(Role))
def test_a_page_of_settings_asks_about_every_kind_of_ones_role(app: Flask, signed_in, role: Role):
    page = parse(signed_in(role)[0].get("/news/settings").text)
    shown = {choice.get("name") for choice in page.all("select")}
    assert shown == {name for name, kind in KINDS.items() if role is not Role.MEMBER or not kind.staff}


@pytest.mark.parametrize("kind", STAFF)
def test_a_member_who_is_told_what_only_staff_are_told_fails_any_test(app: Flask, engine, person, kind: str):
    with pytest.raises(AssertionError, match=kind), unit_of_work(engine) as uow:
        tell(uow, [person().person_id], News(kind, "/news"))
    with unit_of_work(engine) as uow:
        tell(uow, [person(Role.BROKER).person_id, person(Role.ADMINISTRATOR).person_id], News(kind, "/news"))
    with Session(engine) as session:
        assert len(session.execute(select(Notification)).all()) == 2


def test_what_is_said_to_the_broker_of_a_match_alone_is_marked_as_the_staffs(app: Flask):
    tellers: dict[str, set[str]] = {}
    for path in (ROOT / "matchmaker").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id != "Kind":
                named = {one.value for one in call.args if isinstance(one, ast.Constant)} & KINDS.keys()
                for kind in named:
                    tellers.setdefault(str(kind), set()).add(call.func.id)
    alone = {kind for kind, names in tellers.items() if names == {"tell_broker"}}
    assert len(alone) >= 5
    assert {kind for kind in alone if not KINDS[kind].staff} == set()
