"""What a newcomer may say of themselves."""

import pytest
from pydantic import ValidationError

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.accounts.schemas import PASSWORD_MAX, PASSWORD_MIN, Actor, Registration

RIGHT = {
    "name": "王芳",
    "email": "wang@example.cn",
    "password": "p" * PASSWORD_MIN,
    "organisation": "重庆机器人公司",
    "kind": "enterprise",
    "country": "CN",
}


def problems(**changes: object) -> dict[str, str]:
    """Field → kind of problem."""
    try:
        Registration.model_validate({**RIGHT, **changes})
    except ValidationError as error:
        return {str(detail["loc"][0]): detail["type"] for detail in error.errors()}
    return {}


def test_a_whole_registration_is_taken():
    assert problems() == {}


@pytest.mark.parametrize("field", sorted(RIGHT))
def test_nothing_may_be_left_out(field):
    assert set(problems(**{field: ""})) == {field}
    without = {name: value for name, value in RIGHT.items() if name != field}
    with pytest.raises(ValidationError):
        Registration.model_validate(without)


@pytest.mark.parametrize(
    "email", ["a@b.cn", "first.last+tag@sub.example.org", "o'hara@example.ie", "用户@例子.中国", "A@B.CN"]
)
def test_an_address_is_taken_as_people_write_it(email):
    assert problems(email=email) == {}
    assert problems(email=f"  {email}\n") == {}


@pytest.mark.parametrize(
    "email",
    ["a", "@b.cn", "a@", "a@b", "a b@c.de", "a@b.c d", "a@b@c.de", "a@.de", "a@b.", "a@b..c", "a" * 250 + "@b.cn"],
)
def test_what_cannot_be_an_address_is_said(email):
    assert problems(email=email) == {"email": "bad_email"}


def test_capitals_in_an_address_do_not_matter():
    assert Registration.model_validate({**RIGHT, "email": "Wang@Example.CN"}).email == "wang@example.cn"


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("x" * (PASSWORD_MIN - 1), "too_short"),
        ("x" * PASSWORD_MIN, None),
        ("x" * 64, None),
        ("x" * PASSWORD_MAX, None),
        ("x" * (PASSWORD_MAX + 1), "too_long"),
        ("x" * 1001, "string_too_long"),
        ("密码很长很长很长的一句话", None),
        (" spaces are letters too ", None),
        ("пароль из двенадцати 🔑", None),
        ("short密码", "too_short"),
    ],
)
def test_a_password_is_judged_by_its_length_only(password, problem):
    assert problems(password=password) == ({"password": problem} if problem else {})


def test_a_password_is_not_changed():
    assert Registration.model_validate({**RIGHT, "password": " a b  c " * 3}).password == " a b  c " * 3


@pytest.mark.parametrize("field", ["name", "organisation"])
def test_a_name_has_128_characters_at_most(field):
    assert problems(**{field: "名" * 128}) == {}
    assert problems(**{field: "名" * 129}) == {field: "too_long"}
    assert problems(**{field: " \t\u202e "}) == {field: "missing"}


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "empire"), ("country", "XX"), ("country", "cn"), ("kind", "ENTERPRISE")]
)
def test_a_choice_is_one_of_those_offered(field, value):
    assert problems(**{field: value}) == {field: "missing"}


def test_nobody_registers_with_a_role():
    wanted = Registration.model_validate({**RIGHT, "role": "administrator", "id": 1})
    assert not hasattr(wanted, "role")


@pytest.mark.parametrize(
    ("memberships", "organisation"),
    [
        ({}, None),
        ({7: MembershipRole.VIEWER}, None),
        ({7: MembershipRole.VIEWER, 8: MembershipRole.MEMBER}, 8),
        ({3: MembershipRole.OWNER, 8: MembershipRole.MEMBER}, 3),
    ],
)
def test_new_listings_belong_to_the_first_organisation_one_writes_for(memberships, organisation):
    assert Actor(1, "x", "X", "x@y.zz", Role.MEMBER, memberships).organisation_id == organisation
