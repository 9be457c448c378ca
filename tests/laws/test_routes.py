"""Law 1: every view declares who may call it; silence is refused."""

from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.routing import Rule

from matchmaker.accounts.models import Role
from matchmaker.accounts.policy import PERMISSIONS
from matchmaker.app import create_app
from matchmaker.web.access import PUBLIC, SIGNED_IN, Permission
from tests.factories.addresses import SAMPLES


def address(app: Flask, rule: Rule) -> str:
    """An address that the rule answers to."""
    with app.test_request_context():
        built = rule.build({name: SAMPLES[name] for name in rule.arguments})
    assert built is not None
    return built[1]


def rules_of(app: Flask) -> list[tuple[Rule, str]]:
    """Every rule with each method that has a view of its own."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_view_declares_its_access(app: Flask):
    silent = [name for name, view in app.view_functions.items() if not hasattr(view, "access_rule")]
    assert silent == []


def test_every_declared_rule_is_a_rule(app: Flask):
    known = {PUBLIC, SIGNED_IN, *Permission}
    assert {name: view.access_rule for name, view in app.view_functions.items() if view.access_rule not in known} == {}


def test_every_role_has_a_row_and_every_permission_a_holder():
    assert set(PERMISSIONS) == set(Role)
    assert set().union(*PERMISSIONS.values()) == set(Permission)


def test_a_view_that_declares_nothing_is_refused(settings):
    app = create_app(settings)
    app.add_url_rule("/silent", "silent", lambda: "a secret")
    answer = app.test_client().get("/silent")
    app.extensions["matchmaker.engine"].dispose()
    assert answer.status_code == 500
    assert b"a secret" not in answer.data


def test_whoever_is_not_signed_in_is_sent_to_the_door_of_every_closed_view(app: Flask, client):
    closed = [(rule, m) for rule, m in rules_of(app) if app.view_functions[rule.endpoint].access_rule is not PUBLIC]
    assert len(closed) > 12
    for rule, method in closed:
        answer = client.open(address(app, rule), method=method)
        assert answer.status_code == 303, rule
        assert urlsplit(answer.location).path == "/sign-in"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_enters_what_its_row_allows_and_nothing_else(role, app: Flask, signed_in):
    client, _ = signed_in(role)
    seen = set()
    for rule, method in rules_of(app):
        needed = app.view_functions[rule.endpoint].access_rule
        if needed not in set(Permission):
            continue
        answer = client.open(address(app, rule), method=method)
        allowed = needed in PERMISSIONS[role]
        seen.add(allowed)
        # Inside, a listing that does not exist is 404 and an empty form 422; at the door it is always 403.
        if not allowed:
            assert answer.status_code == 403, rule
        elif role is Role.MEMBER:
            assert answer.status_code != 403, rule
    assert seen == ({True, False} if role is not Role.ADMINISTRATOR else {True})
