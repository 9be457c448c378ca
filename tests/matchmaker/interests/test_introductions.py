"""From two yeses to an introduction: what holds it back, what it opens, and that it happens once."""

import json
import re
import threading
from datetime import timedelta

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import introduction_news as news
from matchmaker.interests import introductions, rules
from matchmaker.interests.introduction_tasks import run
from matchmaker.interests.introductions import Hurdle, hurdle
from matchmaker.interests.models import Declaration, ExportRule, GateCheck, Introduction, Verdict
from matchmaker.listings.models import Disclosure, DisclosureLevel
from matchmaker.notifications.models import Notification
from matchmaker.review.models import CloseReason, MatchMove, Side, State
from matchmaker.review.moves import find


def declare(pair, actor=None, text="No licence is needed: EAR99.", licence="", *, agreed=True):
    with unit_of_work(pair.engine) as uow:
        return introductions.declare(
            uow, pair.public_id, (text, licence), actor=actor or pair.result.actor, agreed=agreed
        )


def org(actor):
    return next(iter(actor.memberships))


def test_a_free_match_is_introduced_and_opens_each_listing_to_the_other_side_and_the_broker(pair, session, told):
    made = pair.introduce()
    assert (made.need_org_id, made.result_org_id) == (org(pair.need.actor), org(pair.result.actor))
    assert made.broker_id == pair.broker.actor.person_id
    match = pair.match()
    assert (match.state, match.deadline_at) == (State.INTRODUCED, None)
    broker = pair.broker.actor.person_id
    rows = {(row.listing_id, row.organisation_id, row.person_id) for row in session.exec(select(Disclosure)).all()}
    assert rows == {
        (pair.need_listing.id, org(pair.result.actor), None),
        (pair.result_listing.id, org(pair.need.actor), None),
        (pair.need_listing.id, None, broker),
        (pair.result_listing.id, None, broker),
    }
    for who in (pair.need, pair.result, pair.broker):
        assert told(who.actor) == [news.OPENED]


def test_each_side_is_told_by_the_name_of_its_own_listing(pair, session):
    pair.introduce()
    listings = {
        row.person_id: json.loads(row.params)["listing"]
        for row in session.exec(select(Notification).where(Notification.kind == news.OPENED)).all()
    }
    assert listings[pair.need.actor.person_id] == pair.need_listing.public_id
    assert listings[pair.result.actor.person_id] == pair.result_listing.public_id


def test_asking_twice_introduces_once(pair, session, told):
    first, second = pair.introduce(), pair.introduce()
    assert first.public_id == second.public_id
    assert len(session.exec(select(Disclosure)).all()) == 4
    assert told(pair.need.actor) == [news.OPENED]


def test_two_at_the_same_moment_introduce_once(pair, session):
    start = threading.Barrier(4)
    found: list[str] = []

    def go() -> None:
        start.wait()
        found.append(pair.introduce().public_id)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(session.exec(select(Introduction)).all()) == 1
    assert len(session.exec(select(MatchMove).where(MatchMove.now == State.INTRODUCED)).all()) == 1


@pytest.mark.parametrize("state", [state for state in State if state is not State.MUTUAL])
def test_a_match_that_is_not_wanted_by_both_is_not_introduced(state, pair, session):
    with unit_of_work(pair.engine) as uow:
        find(uow, pair.public_id).state = state
    assert pair.examine() is None
    assert session.exec(select(Introduction)).all() == []
    assert session.exec(select(GateCheck)).all() == []


def test_a_prohibited_match_stays_and_everybody_is_told_once(pair, add_rule, told, session):
    add_rule(Verdict.PROHIBITED, ipc="E21B", origin="DE")
    assert pair.examine() is None
    assert pair.examine() is None
    match = pair.match()
    assert (match.state, match.deadline_at) == (State.MUTUAL, None)
    assert hurdle(session, match) is Hurdle.PROHIBITED
    assert session.exec(select(Disclosure)).all() == []
    for who in (pair.need, pair.result, pair.broker):
        assert told(who.actor) == [news.PROHIBITED]


def test_when_the_rule_ends_the_clock_introduces(pair, add_rule, person, told):
    rule = add_rule(Verdict.PROHIBITED)
    assert pair.examine() is None
    assert run(pair.engine) == 0
    with unit_of_work(pair.engine) as uow:
        rules.end(uow, rule, actor=pair.broker.actor)
    assert run(pair.engine) == 1
    assert pair.match().state is State.INTRODUCED
    assert run(pair.engine) == 0
    assert told(pair.need.actor) == [news.PROHIBITED, news.OPENED]


def test_a_prohibition_that_stands_for_ten_working_days_ends_the_match(pair, add_rule, told):
    add_rule(Verdict.PROHIBITED)
    pair.examine()
    with unit_of_work(pair.engine) as uow:
        check = uow.session.exec(select(GateCheck)).one()
        check.at = now() - timedelta(days=11)
        for row in uow.session.exec(select(Notification)):
            row.at = check.at
    assert run(pair.engine) == 0  # ten working days are more than eleven days
    with unit_of_work(pair.engine) as uow:
        check = uow.session.exec(select(GateCheck)).one()
        check.at = now() - timedelta(days=30)
        for row in uow.session.exec(select(Notification)):
            row.at = check.at
    assert run(pair.engine) == 1
    match = pair.match()
    assert (match.state, match.close_reason) == (State.CLOSED, CloseReason.EXPORT_PROHIBITED)
    assert told(pair.need.actor) == [news.PROHIBITED, news.ENDED_BY_RULE]


def test_a_prohibition_ends_a_match_too_that_nobody_is_left_to_hear_of(pair, add_rule):
    add_rule(Verdict.PROHIBITED)
    with unit_of_work(pair.engine) as uow:
        match = find(uow, pair.public_id)
        match.broker_id = match.need_org_id = None
        uow.session.get(Person, pair.result.actor.person_id).closed_at = now()
    pair.examine()
    with unit_of_work(pair.engine) as uow:
        uow.session.exec(select(GateCheck)).one().at = now() - timedelta(days=30)
    assert run(pair.engine) == 1
    assert pair.match().close_reason is CloseReason.EXPORT_PROHIBITED


def test_a_restricted_match_asks_the_side_that_transfers_and_tells_the_others(pair, add_rule, told):
    add_rule(Verdict.RESTRICTED, origin="EU")
    assert pair.examine() is None
    pair.examine()
    assert told(pair.result.actor) == [news.DECLARATION]
    assert told(pair.need.actor) == told(pair.broker.actor) == [news.WAITS_FOR_DECLARATION]
    deadline = pair.match().deadline_at
    assert timedelta(days=13) < deadline - now() < timedelta(days=25)
    pair.examine()
    assert pair.match().deadline_at == deadline


def test_a_declaration_introduces_and_a_second_click_changes_nothing(pair, add_rule, session):
    add_rule(Verdict.RESTRICTED)
    pair.examine()
    made = declare(pair, licence=" DE-2026/17 ")
    again = declare(pair)
    assert made is not None
    assert again is not None
    assert made.public_id == again.public_id
    (kept,) = session.exec(select(Declaration)).all()
    assert (kept.text, kept.licence_number) == ("No licence is needed: EAR99.", "DE-2026/17")
    assert pair.match().state is State.INTRODUCED


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"text": " \n"}, "text"),
        ({"text": "x" * 5001}, "text"),
        ({"licence": "1" * 129}, "licence_number"),
        ({"agreed": False}, "agreed"),
    ],
)
def test_a_declaration_that_lacks_something_says_what(sent, field, pair, add_rule, session):
    add_rule(Verdict.RESTRICTED)
    pair.examine()
    with pytest.raises(Invalid) as refused:
        declare(pair, **sent)
    assert set(refused.value.problems) == {field}
    assert session.exec(select(Declaration)).all() == []


def test_nobody_else_declares(pair, add_rule, person, join):
    add_rule(Verdict.RESTRICTED)
    pair.examine()
    for actor in (pair.need.actor, pair.broker.actor, person()):
        with pytest.raises(NotAllowed):
            declare(pair, actor)


def test_where_no_declaration_is_asked_for_none_is_taken(pair, add_rule):
    add_rule(Verdict.PROHIBITED)
    pair.examine()
    with pytest.raises(Conflict):
        declare(pair)


def test_what_was_declared_under_older_rules_is_asked_again(pair, add_rule, session, told):
    add_rule(Verdict.RESTRICTED)
    pair.examine()
    with unit_of_work(pair.engine) as uow:
        match = find(uow, pair.public_id)
        uow.session.add(
            Declaration(
                suggestion_id=match.id, organisation_id=match.result_org_id,
                person_id=pair.result.actor.person_id, text="Of old", at=now() - timedelta(days=1),
            )
        )  # fmt: skip
    add_rule(Verdict.RESTRICTED, title="Another")
    assert pair.examine() is None
    assert hurdle(session, pair.match()) is Hurdle.DECLARATION
    assert told(pair.result.actor) == [news.DECLARATION, news.DECLARATION]


@pytest.mark.parametrize("gone", ["no organisation", "no members", "only viewers", "closed accounts"])
def test_a_side_without_people_waits_and_the_broker_is_told(gone, pair, session, told):
    with unit_of_work(pair.engine) as uow:
        match = find(uow, pair.public_id)
        membership = uow.session.get(Membership, (pair.need.actor.person_id, match.need_org_id))
        if gone == "no organisation":
            match.need_org_id = None
        elif gone == "no members":
            uow.session.delete(membership)
        elif gone == "only viewers":
            membership.role = MembershipRole.VIEWER
        else:
            uow.session.get(Person, pair.need.actor.person_id).closed_at = now()
    assert pair.examine() is None
    pair.examine()
    match = pair.match()
    assert (match.state, hurdle(session, match)) == (State.MUTUAL, Hurdle.NO_ACCOUNT)
    assert introductions.absent_sides(session, match) == {Side.NEED}
    assert told(pair.broker.actor) == told(pair.result.actor) == [news.NO_ACCOUNT]
    assert match.deadline_at is not None


def test_once_somebody_is_there_the_clock_introduces(pair, person):
    newcomer = person(country="CN")
    with unit_of_work(pair.engine) as uow:
        find(uow, pair.public_id).need_org_id = None
    assert run(pair.engine) == 0
    with unit_of_work(pair.engine) as uow:
        find(uow, pair.public_id).need_org_id = org(newcomer)
    assert run(pair.engine) == 1


def release(pair, public_id, actor, *, wanted=True):
    with unit_of_work(pair.engine) as uow:
        return introductions.release_broker(uow, public_id, actor=actor, release=wanted)


def test_the_broker_stays_until_both_sides_go_on_without(pair, session, told):
    made = pair.introduce()
    release(pair, made.public_id, pair.need.actor)
    assert pair.broker.client.get(f"/introductions/{made.public_id}").status_code == 200
    release(pair, made.public_id, pair.need.actor, wanted=False)
    release(pair, made.public_id, pair.result.actor)
    assert pair.broker.client.get(f"/introductions/{made.public_id}").status_code == 200
    release(pair, made.public_id, pair.need.actor)
    assert pair.broker.client.get(f"/introductions/{made.public_id}").status_code == 404
    open_ = [row for row in session.exec(select(Disclosure)).all() if row.ended_at is None]
    assert {row.person_id for row in open_} == {None}
    assert news.BROKER_RELEASED in told(pair.broker.actor)
    with pytest.raises(Conflict):
        release(pair, made.public_id, pair.need.actor, wanted=False)


def test_what_another_introduction_opened_to_the_broker_stays_open(pair, session):
    made = pair.introduce()
    with unit_of_work(pair.engine) as uow:
        uow.session.add(
            Disclosure(listing_id=pair.need_listing.id, person_id=made.broker_id, level=DisclosureLevel.INTEREST)
        )
    release(pair, made.public_id, pair.need.actor)
    release(pair, made.public_id, pair.result.actor)
    rows = session.exec(select(Disclosure).where(Disclosure.person_id == made.broker_id)).all()
    still = [row.listing_id for row in rows if row.ended_at is None]
    assert still == [pair.need_listing.id]


def test_the_broker_does_not_release_themselves(pair):
    made = pair.introduce()
    with pytest.raises(NotAllowed):
        release(pair, made.public_id, pair.broker.actor)


def test_before_the_introduction_nothing_of_ours_names_anybody(pair, add_rule, session):
    """Pages, news and the record, in every state that a match can wait in."""
    secrets = ["SECRET NEED LTD", "SECRET RESULT GMBH", pair.need.actor.name, pair.result.actor.name]
    with unit_of_work(pair.engine) as uow:
        match = find(uow, pair.public_id)
        uow.session.get(Organisation, match.need_org_id).name = secrets[0]
        uow.session.get(Organisation, match.result_org_id).name = secrets[1]
    seen = ""
    for verdict in (Verdict.RESTRICTED, Verdict.PROHIBITED):
        add_rule(verdict)
        pair.examine()
        for who in (pair.need, pair.result, pair.broker):
            answer = who.client.get(f"/introductions/gate/{pair.public_id}")
            assert answer.status_code == 200
            # The reader's own name stands in the page's head.
            seen += re.sub(r"<header.*?</header>", "", answer.text, flags=re.S)
            seen += who.client.get("/introductions").text.split("</header>")[1]
    seen += json.dumps([row.params + row.path for row in session.exec(select(Notification)).all()])
    seen += json.dumps([row.detail + row.actor for row in session.exec(select(AuditEvent)).all()])
    assert pair.public_id in seen
    assert [secret for secret in secrets if secret in seen] == []
    # A search that could not fail would say nothing: after the introduction the page names both.
    with unit_of_work(pair.engine) as uow:
        for rule in uow.session.exec(select(ExportRule)):
            rule.ended_at = now()
    page = pair.need.client.get(f"/introductions/{pair.introduce().public_id}").text
    assert all(secret in page for secret in secrets)
