"""People come and go and change their part; somebody who can sign in always owns the organisation."""

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import MembershipRole, Organisation, Person, Role
from matchmaker.accounts.service import join
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.models import Listing
from tests.factories import market
from tests.factories.html import parse

OWNER, MEMBER, VIEWER = MembershipRole.OWNER, MembershipRole.MEMBER, MembershipRole.VIEWER
NOT_DONE = "Not done: an organisation needs an owner"


def send(who, house, deed: str, target, **data):
    return who.client.post(f"{house.path}/people/{target.id}/{deed}", data=data, follow_redirects=True)


def test_an_owner_changes_what_a_member_may_do_and_they_are_told(house, roles):
    member = house.join(MEMBER)
    assert send(house.owner, house, "role", member, role="viewer").status_code == 200
    assert roles()[member.id] is VIEWER
    assert "What you may do for" in member.client.get("/news").text
    assert send(house.owner, house, "role", member, role="viewer").status_code == 200  # once more is the same


def test_the_last_owner_cannot_step_down_leave_or_be_taken_out(house, roles):
    house.join(MEMBER)
    for deed, data in (("role", {"role": "member"}), ("remove", {})):
        assert NOT_DONE in send(house.owner, house, deed, house.owner, **data).text
    assert roles()[house.owner.id] is OWNER


def test_an_owner_whose_account_is_closed_counts_for_nobody(engine, house, roles):
    second = house.join(OWNER)
    with unit_of_work(engine) as uow:
        uow.session.get(Person, second.actor.person_id).closed_at = now()
    assert NOT_DONE in send(house.owner, house, "remove", house.owner).text
    assert send(house.owner, house, "remove", second).status_code == 200
    assert set(roles()) == {house.owner.id}


def test_one_of_two_owners_may_step_down(house, roles):
    second = house.join(OWNER)
    send(second, house, "role", house.owner, role="member")
    assert roles() == {house.owner.id: MEMBER, second.id: OWNER}


def test_a_member_leaves_and_sees_only_the_profile_then(house, roles):
    member = house.join(MEMBER)
    page = send(member, house, "remove", member)
    assert member.id not in roles()
    assert (page.status_code, page.request.path) == (200, house.path)
    assert "No registration numbers" not in page.text
    assert member.client.get(f"{house.path}/people").status_code == 403


def test_somebody_who_was_taken_out_is_out_at_the_next_request(engine, house):
    member = house.join(MEMBER)
    listing = market.write(engine, house.owner.actor, market.NEED)
    address = f"/listings/{listing.public_id}/edit"
    assert member.client.get(address).status_code == 200
    send(house.owner, house, "remove", member)
    assert member.client.get(address).status_code in {403, 404}
    assert member.client.post(address, data={"title": "x"}).status_code in {403, 404}
    assert member.client.get(f"{house.path}/people").status_code == 403
    assert "You do not act for" in member.client.get("/news").text


def test_an_owner_hands_over_and_stays_as_a_member(house, roles):
    member = house.join(MEMBER)
    send(house.owner, house, "hand-over", member)
    assert roles() == {house.owner.id: MEMBER, member.id: OWNER}
    # A second click comes from somebody who owns it no more.
    assert send(house.owner, house, "hand-over", member).status_code == 403
    assert roles() == {house.owner.id: MEMBER, member.id: OWNER}


def test_it_is_not_handed_to_oneself_or_to_somebody_unproved(engine, house, roles):
    member = house.join(MEMBER)
    with unit_of_work(engine) as uow:
        uow.session.get(Person, member.actor.person_id).email_confirmed_at = None
    for target in (house.owner, member):
        assert NOT_DONE in send(house.owner, house, "hand-over", target).text
    assert roles()[house.owner.id] is OWNER


@pytest.mark.parametrize("part", [MEMBER, VIEWER])
@pytest.mark.parametrize(("deed", "data"), [("role", {"role": "owner"}), ("remove", {}), ("hand-over", {})])
def test_only_owners_change_others(house, roles, part, deed, data):
    somebody, other = house.join(part), house.join(MEMBER)
    assert send(somebody, house, deed, other, **data).status_code == 403
    assert roles()[other.id] is MEMBER


@pytest.mark.parametrize(("deed", "data"), [("role", {"role": "owner"}), ("remove", {}), ("hand-over", {})])
def test_an_owner_of_another_organisation_changes_nobody_here(house, someone, roles, deed, data):
    member = house.join(MEMBER)
    assert send(someone(), house, deed, member, **data).status_code == 403
    assert roles()[member.id] is MEMBER


def test_an_administrator_puts_things_right(house, someone, roles):
    member, office = house.join(MEMBER), someone(Role.ADMINISTRATOR)
    send(office, house, "role", member, role="owner")
    assert roles()[member.id] is OWNER


def test_nobody_is_changed_who_is_not_in_it(house, someone):
    assert send(house.owner, house, "role", someone(), role="owner").status_code == 404
    assert send(house.owner, house, "remove", someone()).status_code == 404


@pytest.mark.parametrize("role", ["", "king", "x" * 5000])
def test_a_part_that_is_none_is_refused(house, roles, role):
    member = house.join(MEMBER)
    assert send(house.owner, house, "role", member, role=role).status_code == 422
    assert roles()[member.id] is MEMBER


def test_a_viewer_sees_and_writes_nothing(engine, house):
    viewer = house.join(VIEWER)
    listing = market.write(engine, house.owner.actor, market.NEED)
    assert viewer.client.get(f"/listings/{listing.public_id}").status_code == 200
    assert viewer.client.get(f"/listings/{listing.public_id}/edit").status_code == 403
    assert viewer.client.get("/listings/new/need").status_code == 403
    page = parse(viewer.client.get(f"{house.path}/people").text)
    assert [form.get("action") for form in page.all("form") if "/people/" in form.get("action")] == [
        f"{house.path}/people/{viewer.id}/remove"
    ]


def test_somebody_of_two_organisations_posts_for_the_chosen_one(engine, house):
    client = house.owner.client
    made = client.post("/organisations/new", data={"organisation": "第二家", "kind": "enterprise", "country": "CN"})
    second = made.location.rsplit("/", 1)[1]
    for chosen, name in ((house.public_id, house.owner.actor.affiliations[0].name), (second, "第二家")):
        client.post(f"/organisations/{chosen}/act")
        assert name in parse(client.get("/about").text).all("a", class_="mm-me")[0].text
        client.post("/listings/new/need", data={"action": "draft", "lang": "zh", "title": f"为{name}寻找技术"})
    with Session(engine) as session:
        wanted = select(Listing, Organisation).join(Organisation, Organisation.id == Listing.organisation_id)
        found = {organisation.public_id: listing.id for listing, organisation in session.exec(wanted)}
    assert set(found) == {house.public_id, second}


def test_nobody_acts_for_an_organisation_that_they_do_not_write_for(house, someone):
    assert someone().client.post(f"{house.path}/act").status_code == 403
    assert house.join(VIEWER).client.post(f"{house.path}/act").status_code == 403
    assert house.owner.client.post(f"{house.path}/act").status_code == 303


def test_a_choice_ends_with_the_membership(engine, house, someone):
    guest = someone()
    with unit_of_work(engine) as uow:
        organisation = uow.session.get(Organisation, house.organisation_id)
        join(uow, uow.session.get(Person, guest.actor.person_id), organisation, MEMBER)
    guest.client.post(f"{house.path}/act")
    send(house.owner, house, "remove", guest)
    menu = parse(guest.client.get("/about").text).all("a", class_="mm-me")[0]
    assert guest.actor.affiliations[0].name in menu.text
