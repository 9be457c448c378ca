"""The gate of export control: every square of verdict, validity, field and way."""

import json
from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.interests.gate import Transfer, check, judge
from matchmaker.interests.models import ExportRule, GateCheck, Verdict
from matchmaker.listings.models import ListingCode, Scheme
from matchmaker.review.moves import find

DAY = date(2026, 6, 15)


def rule(verdict=Verdict.PROHIBITED, **columns) -> ExportRule:
    return ExportRule(verdict=verdict, title="t", source="s", **{"valid_from": date(2020, 1, 1), **columns})


def transfer(fields="E21B", origin="CN", destination="IT") -> Transfer:
    parts = (frozenset(text.split()) for text in (fields, origin, destination))
    return Transfer(*parts)


def verdict(rules, asked=None, day=DAY) -> Verdict:
    return judge(rules, asked or transfer(), day).verdict


@pytest.mark.parametrize("strict", list(Verdict))
@pytest.mark.parametrize("other", list(Verdict))
def test_the_strictest_rule_that_applies_decides(strict, other):
    order = list(Verdict)
    wanted = max(strict, other, key=order.index)
    assert verdict([rule(strict), rule(other)]) is wanted
    assert verdict([rule(other), rule(strict)]) is wanted


def test_without_a_rule_a_transfer_is_free():
    found = judge([], transfer(), DAY)
    assert (found.verdict, found.rules) == (Verdict.FREE, ())


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "ended", "applies"),
    [
        (DAY, None, False, True),
        (DAY, DAY, False, True),
        (DAY + timedelta(days=1), None, False, False),
        (date(2020, 1, 1), DAY, False, True),
        (date(2020, 1, 1), DAY - timedelta(days=1), False, False),
        (date(2020, 1, 1), None, True, False),
    ],
)
def test_a_rule_holds_from_its_first_day_to_its_last_and_not_after_its_end(valid_from, valid_until, ended, applies):
    one = rule(valid_from=valid_from, valid_until=valid_until, ended_at=now() if ended else None)
    assert verdict([one]) is (Verdict.PROHIBITED if applies else Verdict.FREE)


@pytest.mark.parametrize(
    ("ipc", "fields", "applies"),
    [
        ("", "E21B", True),
        ("", "", True),
        ("E21B", "E21B", True),
        ("E21", "E21B", True),
        ("E", "E21B", True),
        ("E21B", "E21F", False),
        ("E21B", "", False),
        ("G01S", "E21B G01S", True),
        # Less than the rule says may mean what the rule means.
        ("E21B", "E21", True),
        ("E21B", "E", True),
        ("E21B", "F", False),
    ],
)
def test_a_field_is_met_by_its_code_by_what_is_below_and_by_what_is_above(ipc, fields, applies):
    assert verdict([rule(ipc=ipc)], transfer(fields)) is (Verdict.PROHIBITED if applies else Verdict.FREE)


@pytest.mark.parametrize(
    ("rule_way", "way", "applies"),
    [
        (("", ""), ("CN", "IT"), True),
        (("CN", ""), ("CN", "IT"), True),
        (("", "IT"), ("CN", "IT"), True),
        (("", "EU"), ("CN", "IT"), True),
        (("CN", "EU"), ("CN", "IT"), True),
        (("CN", "IT"), ("IT", "CN"), False),
        (("CN", "DE"), ("CN", "IT"), False),
        (("EU", ""), ("IT", "CN"), True),
        (("EU", ""), ("RS", "CN"), False),
        # What moves inside the Union has not left it, unless a rule speaks of just that.
        (("EU", ""), ("IT", "DE"), False),
        (("EU", "EU"), ("IT", "DE"), True),
        (("EU", "DE"), ("IT", "DE"), True),
        # Nothing leaves a country that stays in it.
        (("", ""), ("CN", "CN"), False),
        (("CN", "CN"), ("CN", "CN"), False),
        # Nobody knows where: only rules for anywhere.
        (("", ""), ("", ""), True),
        (("", ""), ("CN", ""), True),
        (("CN", ""), ("", "IT"), False),
        (("CN", ""), ("CN", ""), True),
        (("", "IT"), ("CN", ""), False),
        # An importer's listing may say "EU" for a country.
        (("EU", ""), ("EU", "CN"), True),
        # A side in two countries: either is enough.
        (("CN", ""), ("DE CN", "IT"), True),
        (("CN", "IT"), ("DE CN", "FR IT"), True),
        (("CN", "CN"), ("DE", "FR IT"), False),
    ],
)
def test_a_way_is_met_by_countries_and_regions(rule_way, way, applies):
    one = rule(origin=rule_way[0], destination=rule_way[1])
    assert verdict([one], transfer("E21B", *way)) is (Verdict.PROHIBITED if applies else Verdict.FREE)


def test_the_rules_of_the_answer_are_those_that_apply_the_strictest_first():
    rules = [rule(Verdict.FREE), rule(Verdict.RESTRICTED), rule(Verdict.PROHIBITED), rule(origin="RS")]
    found = judge(rules, transfer(), DAY)
    assert [one.verdict for one in found.rules] == [Verdict.PROHIBITED, Verdict.RESTRICTED, Verdict.FREE]
    assert [one.public_id for one in found.deciding] == [rules[2].public_id]


def test_a_match_is_asked_from_the_results_side_to_the_needs_in_the_fields_of_both(pair, session, uow):
    with uow:
        uow.session.add(ListingCode(listing_id=pair.need_listing.id, scheme=Scheme.IPC, code="G01S"))
    with Session(pair.engine) as reading:
        found = check(reading, pair.match())
    assert found.transfer == transfer("E21B G01S", "DE", "CN")


def test_an_organisation_stands_in_for_a_listing_that_is_not_there(pair, add_rule):
    add_rule(Verdict.PROHIBITED, origin="CN", destination="DE")
    with unit_of_work(pair.engine) as uow:
        match = find(uow, pair.public_id)
        match.need_id, match.need_org_id, match.result_org_id = None, match.result_org_id, match.need_org_id
        result = check(uow.session, match)
        # The result's listing says Germany, its organisation is Chinese: both count.
        assert result.transfer.origins == {"CN", "DE"}
        assert result.transfer.destinations == {"DE"}
        assert result.verdict is Verdict.PROHIBITED


def test_what_the_gate_said_is_kept_once_with_the_rules_as_they_were(pair, add_rule, session):
    add_rule(Verdict.PROHIBITED, title="As it was")
    pair.examine()
    pair.examine()
    (kept,) = session.exec(select(GateCheck)).all()
    assert kept.verdict is Verdict.PROHIBITED
    assert [row["title"] for row in json.loads(kept.rules)] == ["As it was"]
    (event,) = session.exec(select(AuditEvent).where(AuditEvent.action == "gate.check")).all()
    assert event.object_id == pair.public_id
    session.rollback()
    add_rule(Verdict.RESTRICTED)
    pair.examine()
    assert len(session.exec(select(GateCheck)).all()) == 2
