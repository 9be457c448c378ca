"""Who may open, read and change an introduction: every role on every side, before and after, and nobody else."""

import pytest

from matchmaker.accounts.models import MembershipRole, Person, Role
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import introduction_news as news
from matchmaker.interests import introductions
from matchmaker.interests.introduction_policy import standing
from matchmaker.interests.models import Verdict
from matchmaker.review.models import Side, State

SIDES = ("need", "result")


def people(pair, someone, join):
    """One of each kind: name → (who, may read, may write)."""
    found = {
        "stranger": (someone(), False, False),
        "administrator": (someone(Role.ADMINISTRATOR), False, False),
        "broker of other matches": (someone(Role.BROKER), False, False),
        "broker": (pair.broker, True, True),
    }
    for name in SIDES:
        owner = getattr(pair, name)
        found[f"{name} owner"] = (owner, True, True)
        for role in (MembershipRole.MEMBER, MembershipRole.VIEWER):
            who = someone()
            join(who.actor, owner.actor, role)
            found[f"{name} {role.value}"] = (who, True, role is MembershipRole.MEMBER)
    return found


def send(who, made, text="Hello"):
    data = {"text": text, "once": who.actor.public_id + text}
    return who.client.post(f"/introductions/{made.public_id}/messages", data=data).status_code


def test_those_who_are_in_it_read_and_those_who_act_write(pair, someone, join):
    made = pair.introduce()
    for name, (who, reads, writes) in people(pair, someone, join).items():
        answer = who.client.get(f"/introductions/{made.public_id}")
        assert answer.status_code == (200 if reads else 404), name
        assert (made.public_id in who.client.get("/introductions").text) == reads, name
        assert who.client.get(f"/introductions/{made.public_id}/news").status_code == (200 if reads else 404), name
        assert send(who, made) == (303 if writes else 403 if reads else 404), name
        assert ('name="once"' in answer.text) == writes, name


def test_after_the_release_the_broker_is_a_stranger(pair, someone, join):
    made = pair.introduce()
    for owner in (pair.need, pair.result):
        with unit_of_work(pair.engine) as uow:
            introductions.release_broker(uow, made.public_id, actor=owner.actor)
    for name, (who, reads, writes) in people(pair, someone, join).items():
        inside = reads and name != "broker"
        assert who.client.get(f"/introductions/{made.public_id}").status_code == (200 if inside else 404), name
        assert send(who, made) == (303 if writes and inside else 403 if inside else 404), name


@pytest.mark.parametrize("deed", ["progress", "broker", "nda", "messages"])
def test_whoever_is_not_in_it_learns_nothing_by_trying(deed, pair, someone):
    made = pair.introduce()
    for role in Role:
        who = someone(role)
        assert who.client.post(f"/introductions/{made.public_id}/{deed}", data={"to": "meeting"}).status_code in {
            404,
            422,
            409,
        }
        known = who.client.post(f"/introductions/{made.public_id}/{deed}", data={"to": "meeting"})
        unknown = who.client.post(f"/introductions/bcdfghjkmn/{deed}", data={"to": "meeting"})
        assert known.status_code == unknown.status_code, role


def test_a_member_who_is_removed_loses_it_at_once(pair, someone, join):
    made = pair.introduce()
    who = someone()
    join(who.actor, pair.need.actor)
    assert who.client.get(f"/introductions/{made.public_id}").status_code == 200
    join(who.actor, pair.need.actor, None)
    assert who.client.get(f"/introductions/{made.public_id}").status_code == 404
    assert send(who, made) == 404
    assert made.public_id not in who.client.get("/introductions").text


def test_a_broker_who_is_one_no_more_loses_it(pair):
    made = pair.introduce()
    with unit_of_work(pair.engine) as uow:
        uow.session.get(Person, pair.broker.actor.person_id).role = Role.MEMBER
    assert pair.broker.client.get(f"/introductions/{made.public_id}").status_code == 404


@pytest.mark.parametrize("left", ["role", "account"])
def test_of_a_broker_who_left_nobody_is_told_that_they_read_along_nor_are_they_told_of_messages(left, pair, told):
    made = pair.introduce()
    address = f"/introductions/{made.public_id}"
    assert 'id="broker"' in pair.need.client.get(address).text
    with unit_of_work(pair.engine) as uow:
        broker = uow.session.get_one(Person, pair.broker.actor.person_id)
        if left == "role":
            broker.role = Role.MEMBER
        else:
            broker.closed_at = now()
    page = pair.need.client.get(address).text
    assert 'id="broker"' not in page
    assert "The other side reads it" in page
    assert send(pair.need, made) == 303
    assert news.MESSAGE in told(pair.result.actor)
    assert news.MESSAGE not in told(pair.broker.actor)


def test_without_a_confirmed_address_one_reads_and_is_told_how_to_write(pair, unconfirm):
    made = pair.introduce()
    unconfirm(pair.need.actor)
    page = pair.need.client.get(f"/introductions/{made.public_id}").text
    assert "once your e-mail address is confirmed" in page
    assert 'name="once"' not in page
    assert send(pair.need, made) == 403
    assert pair.need.client.post(f"/introductions/{made.public_id}/broker").status_code == 403
    revision = pair.match().revision
    sent = {"to": "meeting", "revision": revision}
    assert pair.need.client.post(f"/introductions/{made.public_id}/progress", data=sent).status_code == 403


@pytest.mark.parametrize("role", list(MembershipRole))
@pytest.mark.parametrize("side", list(Side))
def test_standing_says_the_same_for_every_role_and_side(role, side, pair, someone, join):
    made = pair.introduce()
    who = someone()
    join(who.actor, getattr(pair, side.value).actor, role)
    (org,) = getattr(pair, side.value).actor.memberships
    actor = type(who.actor)(**{**who.actor.__dict__, "memberships": {org: role}})
    here = standing(actor, made)
    assert (here.reads, here.inside) == ({side}, True)
    assert here.speaks == (set() if role is MembershipRole.VIEWER else {side})
    assert here.side == (None if role is MembershipRole.VIEWER else side)
    assert not standing(None, made).inside


def test_the_page_before_the_introduction_is_for_both_sides_and_the_desk(pair, someone, join, add_rule):
    add_rule(Verdict.RESTRICTED)
    pair.examine()
    for name, (who, reads, _writes) in people(pair, someone, join).items():
        wanted = 200 if reads or name in {"administrator", "broker of other matches"} else 404
        assert who.client.get(f"/introductions/gate/{pair.public_id}").status_code == wanted, name


def test_declaring_tells_nobody_outside_that_there_is_such_a_match(pair, someone, join, add_rule):
    add_rule(Verdict.RESTRICTED)
    pair.examine()
    said = {"text": "No licence is needed.", "agreed": "1"}
    for name, (who, reads, _writes) in people(pair, someone, join).items():
        assert who.client.post("/introductions/gate/bcdfghjkmn", data=said).status_code == 404, name
        if name in {"result owner", "result member"}:
            continue  # theirs to declare
        known = who.client.post(f"/introductions/gate/{pair.public_id}", data=said)
        inside = reads or name in {"administrator", "broker of other matches"}
        assert known.status_code == (403 if inside else 404), name


@pytest.mark.parametrize("state", [State.SUGGESTED, State.OFFERED_FIRST, State.OFFERED_SECOND, State.DECLINED])
def test_before_both_said_yes_there_is_no_such_page(state, pair):
    with unit_of_work(pair.engine) as uow:
        match = uow.session.merge(pair.match())
        match.state, match.result_yes_at = state, None
    for who in (pair.need, pair.result, pair.broker):
        assert who.client.get(f"/introductions/gate/{pair.public_id}").status_code == 404
        assert who.client.post(f"/introductions/gate/{pair.public_id}").status_code == 404


def test_the_page_before_leads_to_the_introduction_once_it_is_there_and_only_those_who_are_in_it(pair, someone):
    made = pair.introduce()
    answer = pair.need.client.get(f"/introductions/gate/{pair.public_id}")
    assert (answer.status_code, answer.location) == (303, f"/introductions/{made.public_id}")
    assert someone(Role.ADMINISTRATOR).client.get(f"/introductions/gate/{pair.public_id}").status_code == 404


def test_steps_are_taken_by_those_who_are_in_it(pair, join, someone):
    made = pair.introduce()
    path = f"/introductions/{made.public_id}/progress"
    first = {"to": "meeting", "revision": pair.match().revision}
    assert pair.need.client.post(path, data=first).status_code == 303
    assert pair.match().state is State.MEETING
    late = {"to": "negotiating", "revision": first["revision"]}
    assert pair.result.client.post(path, data=late).status_code == 409
    viewer = someone()
    join(viewer.actor, pair.need.actor, MembershipRole.VIEWER)
    assert viewer.client.post(path, data={"to": "negotiating", "revision": pair.match().revision}).status_code == 403
    assert pair.result.client.post(path, data={"to": "suggested", "revision": pair.match().revision}).status_code == 409
    end = {"to": "closed", "revision": pair.match().revision}
    refused = pair.broker.client.post(path, data=end)
    assert refused.status_code == 422
    assert "is-invalid" in refused.text
    assert pair.broker.client.post(path, data={**end, "reason": "completed", "note": "谢谢"}).status_code == 303
    page = pair.need.client.get(f"/introductions/{made.public_id}").text
    assert "谢谢" in page
    assert "This introduction has ended" in page


def test_a_listing_that_left_the_market_leaves_the_introduction_with_a_notice(pair, someone):
    made = pair.introduce()
    with unit_of_work(pair.engine) as uow:
        listing = uow.session.merge(pair.result_listing)
        listing.status = type(listing.status)("withdrawn")
    page = pair.need.client.get(f"/introductions/{made.public_id}").text
    assert "The result is not on the market any more" in page
    # Who knows its owner goes on reading it; a stranger does not.
    path = f"/listings/{pair.result_listing.public_id}"
    assert f'href="{path}"' in page
    assert pair.need.client.get(path).status_code == 200
    assert someone().client.get(path).status_code == 404
    assert send(pair.need, made) == 303
