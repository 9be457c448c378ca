"""An organisation's page: what strangers see of it, what owners change, how it is verified and looked after."""

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import (
    MembershipRole,
    Organisation,
    OrganisationIdentifier,
    Person,
    Role,
    Verification,
    VerificationStep,
)
from matchmaker.core.errors import Conflict
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.models import Listing
from matchmaker.organisations import states
from tests.factories import market
from tests.factories.html import parse
from tests.factories.letters import letters

CREDIT_CODE = "91110000600037341L"
FORM = {
    "name": "重庆机床集团",
    "name_en": "Chongqing Machine Tool",
    "kind": "enterprise",
    "country": "CN",
    "city": "重庆",
    "size": "large",
    "website": "www.example.cn",
    "about": "齿轮机床",
    "uscc": CREDIT_CODE,
}


def stored(engine, house) -> Organisation:
    with Session(engine) as session:
        return session.get(Organisation, house.organisation_id)


def edit(house, who=None, **change):
    return (who or house.owner).client.post(f"{house.path}/edit", data={**FORM, **change})


def hand_in(house, evidence="https://register.example/1", who=None):
    return (who or house.owner).client.post(f"{house.path}/verification", data={"evidence": evidence})


def decide(office, house, deed, note="looked it up"):
    return office.client.post(f"/admin/organisations/{house.public_id}/{deed}", data={"note": note})


def steps(engine) -> list[VerificationStep]:
    with Session(engine) as session:
        return list(session.exec(select(VerificationStep).order_by(VerificationStep.id)))


def test_a_stranger_sees_the_profile_and_nothing_of_the_inside(house, client):
    edit(house)
    hand_in(house)
    member = house.join(MembershipRole.MEMBER)
    page = client.get(house.path).text
    for shown in ("重庆机床集团", "Chongqing Machine Tool", "China", "重庆", "齿轮机床", "https://www.example.cn"):
        assert shown in page
    for hidden in (CREDIT_CODE, member.actor.name, house.owner.actor.name, "register.example", "Waits"):
        assert hidden not in page


def test_its_people_see_it_all(house):
    edit(house)
    hand_in(house)
    page = house.join(MembershipRole.VIEWER).client.get(house.path).text
    for shown in (CREDIT_CODE, house.owner.actor.name, "register.example", "Waits to be verified"):
        assert shown in page


def test_anonymous_listings_and_drafts_are_not_on_the_page(engine, house, client):
    open_one = market.publish(engine, house.owner.actor, market.NEED, title="公开的需求标题")
    hidden = market.publish(engine, house.owner.actor, market.NEED, title="匿名的需求标题")
    market.write(engine, house.owner.actor, market.NEED, title="草稿的需求标题")
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, hidden.id).anonymous = True
    for reader in (client, house.owner.client):
        page = reader.get(house.path).text
        assert open_one.public_id in page
        assert hidden.public_id not in page
        assert "匿名的需求标题" not in page
        assert "草稿的需求标题" not in page


def test_an_organisation_that_is_not_there_is_404(client):
    assert client.get("/organisations/bcdfghjkmn").status_code == 404


def test_an_owner_says_what_it_is(engine, house):
    assert edit(house).status_code == 303
    found = stored(engine, house)
    assert (found.name, found.size, found.website) == ("重庆机床集团", "large", "https://www.example.cn")
    page = parse(house.owner.client.get(f"{house.path}/edit").text)
    assert page.all("input", name="uscc")[0].get("value") == CREDIT_CODE


def test_a_number_is_replaced_and_taken_away(engine, house):
    edit(house)
    edit(house, uscc="", pic="999999999")
    with Session(engine) as session:
        rows = session.exec(select(OrganisationIdentifier)).all()
    assert [(row.scheme.value, row.value) for row in rows] == [("pic", "999999999")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 5000),
        ("name_en", "x" * 5000),
        ("about", "x" * 5000),
        ("country", "XX"),
        ("size", "huge"),
        ("website", "javascript:alert(1)"),
        ("website", "data:text/html,x"),
        ("website", "https://user:password@evil.example"),
        ("website", "not an address"),
        ("uscc", "91110000600037341M"),
        ("vat", "IT1"),
        ("ror", "x"),
        ("pic", "1"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_changes(engine, house, field, value):
    answer = edit(house, **{field: value})
    assert answer.status_code == 422
    assert parse(answer.text).all(id=f"{field}-problem")
    assert stored(engine, house).name != FORM["name"]


def test_a_name_from_right_to_left_stands_for_itself(house, client):
    edit(house, name="جامعة \u202eالاختبار")
    page = client.get(house.path).text
    assert "<bdi>جامعة الاختبار</bdi>" in page


@pytest.mark.parametrize("part", [MembershipRole.MEMBER, MembershipRole.VIEWER])
@pytest.mark.parametrize("page", ["edit", "verification", "broker"])
def test_only_owners_change_it(engine, house, part, page):
    who = house.join(part)
    assert who.client.get(f"{house.path}/{page}").status_code == 403
    assert who.client.post(f"{house.path}/{page}", data=FORM | {"evidence": "x"}).status_code == 403
    assert steps(engine) == []


def test_an_owner_hands_in_evidence_and_administrators_are_told_once(engine, house, someone):
    office = someone(Role.ADMINISTRATOR)
    hand_in(house)
    hand_in(house, "more")
    assert stored(engine, house).verification is Verification.REQUESTED
    assert [step.evidence for step in steps(engine)] == ["https://register.example/1", "more"]
    assert office.client.get("/news").text.count("asks to be verified") == 1


def test_an_administrator_verifies_and_everybody_sees_it(engine, house, someone, client):
    edit(house)
    hand_in(house)
    office = someone(Role.ADMINISTRATOR)
    assert decide(office, house, "verify").status_code == 303
    assert "Verified" in client.get(house.path).text
    assert letters(engine, "organisation_verified")[0].address == house.owner.actor.email
    assert "is verified now" in house.owner.client.get("/news").text
    assert [step.note for step in steps(engine)] == ["", "looked it up"]
    # A second click, or a second administrator, finds that it is done.
    assert decide(office, house, "verify").status_code == 409
    assert len(letters(engine, "organisation_verified")) == 1


def test_a_rejection_says_why_and_can_be_answered(engine, house, someone):
    hand_in(house)
    decide(someone(Role.ADMINISTRATOR), house, "reject", "The register knows no such name.")
    (letter,) = letters(engine, "organisation_rejected")
    assert "The register knows no such name." in letter.text
    assert "The register knows no such name." in house.owner.client.get(house.path).text
    assert hand_in(house, "here is another").status_code == 303
    assert stored(engine, house).verification is Verification.REQUESTED


def test_an_administrator_gives_a_reason_or_does_nothing(engine, house, someone):
    hand_in(house)
    office = someone(Role.ADMINISTRATOR)
    for note in ("", "  ", "x" * 5000):
        assert decide(office, house, "verify", note).status_code == 422
    assert stored(engine, house).verification is Verification.REQUESTED


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"name": "Siemens"}, Verification.UNVERIFIED),
        ({"country": "DE"}, Verification.UNVERIFIED),
        ({"uscc": ""}, Verification.UNVERIFIED),
        ({"about": "something else", "city": "成都"}, Verification.VERIFIED),
        ({"pic": "999999999"}, Verification.VERIFIED),
    ],
)
def test_whoever_takes_another_identity_has_to_be_verified_anew(engine, house, someone, change, after):
    edit(house)
    hand_in(house)
    decide(someone(Role.ADMINISTRATOR), house, "verify")
    edit(house, **change)
    assert stored(engine, house).verification is after


@pytest.mark.parametrize("role", [Role.MEMBER, Role.BROKER])
@pytest.mark.parametrize("deed", ["verify", "reject"])
def test_nobody_else_decides(engine, house, someone, role, deed):
    hand_in(house)
    assert decide(someone(role), house, deed).status_code == 403
    assert stored(engine, house).verification is Verification.REQUESTED


def test_an_unproved_owner_hands_in_nothing(engine, house):
    with unit_of_work(engine) as uow:
        uow.session.get(Person, house.owner.actor.person_id).email_confirmed_at = None
    assert hand_in(house).status_code == 403
    assert "Confirm your e-mail address" in house.owner.client.get(house.path).text


@pytest.mark.parametrize("before", list(Verification))
@pytest.mark.parametrize("after", list(Verification))
def test_every_pair_of_states_is_a_move_or_a_conflict(before, after):
    if (before, after) in states.MOVES:
        assert states.verb_of(before, after) is states.MOVES[before, after]
    else:
        with pytest.raises(Conflict):
            states.verb_of(before, after)


def test_every_state_has_a_way_in_and_a_way_out():
    assert {before for before, after in states.MOVES if before is not after} == set(Verification)
    assert {after for before, after in states.MOVES if before is not after} == set(Verification)


def test_an_owner_chooses_a_broker_who_is_told_and_sees_the_inside(engine, house, someone):
    broker = someone(Role.BROKER)
    assert broker.client.get(f"{house.path}/people").status_code == 403
    assert broker.actor.name in house.owner.client.get(f"{house.path}/broker").text
    for _ in range(2):
        assert house.owner.client.post(f"{house.path}/broker", data={"broker": broker.id}).status_code == 303
    assert stored(engine, house).broker_id == broker.actor.person_id
    assert broker.client.get("/news").text.count("would like you to look after it") == 1
    assert broker.client.get(f"{house.path}/people").status_code == 200
    house.owner.client.post(f"{house.path}/broker", data={"broker": ""})
    assert stored(engine, house).broker_id is None
    assert broker.client.get(f"{house.path}/people").status_code == 403


def test_only_brokers_can_be_chosen(engine, house, someone):
    for chosen in (someone().id, someone(Role.ADMINISTRATOR).id, "bcdfghjkmn", "x" * 5000):
        assert house.owner.client.post(f"{house.path}/broker", data={"broker": chosen}).status_code == 422
    assert stored(engine, house).broker_id is None


def test_somebody_adds_an_organisation_and_owns_it(engine, house):
    answer = house.owner.client.post(
        "/organisations/new", data={"organisation": "新公司", "kind": "enterprise", "country": "CN"}
    )
    assert answer.status_code == 303
    assert house.owner.client.get(f"{answer.location}/edit").status_code == 200
    wrong = {"organisation": "x" * 5000, "kind": "?", "country": "CN"}
    assert house.owner.client.post("/organisations/new", data=wrong).status_code == 422


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("page", ["", "/edit", "/people", "/verification", "/broker"])
def test_every_page_is_there_in_both_languages(house, lang, page):
    edit(house)
    hand_in(house)
    answer = house.owner.client.get(f"{house.path}{page}", query_string={"lang": lang})
    assert answer.status_code == 200
    assert len(parse(answer.text).all("h1")) == 1
