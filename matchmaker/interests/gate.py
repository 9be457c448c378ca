"""The gate of export control: which rules speak of a transfer, and what the strictest of them says."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.countries import covers
from matchmaker.db.uow import UnitOfWork
from matchmaker.interests import rule_queries as queries
from matchmaker.interests.models import ExportRule, GateCheck, Verdict
from matchmaker.review.models import Suggestion

STRICTNESS = {Verdict.FREE: 0, Verdict.RESTRICTED: 1, Verdict.PROHIBITED: 2}


@dataclass(frozen=True)
class Transfer:
    """What is asked about: the fields of technology (IPC), the countries that it leaves and those where it goes.

    A side may stand in two countries, its listing's and its organisation's; either is enough for a rule.
    """

    fields: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    destinations: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AppliedRule:
    """A rule that applied, as it was when it was asked."""

    public_id: str
    ipc: str
    origin: str
    destination: str
    verdict: Verdict
    title: str
    source: str
    source_url: str
    is_example: bool


@dataclass(frozen=True)
class GateResult:
    """What the gate says; `rules` are those that apply, the strictest first."""

    verdict: Verdict
    rules: tuple[AppliedRule, ...]
    transfer: Transfer

    @property
    def deciding(self) -> tuple[AppliedRule, ...]:
        """The rules that make the verdict."""
        return tuple(rule for rule in self.rules if rule.verdict is self.verdict)


def check(session: Session, suggestion: Suggestion, day: date | None = None) -> GateResult:
    """What export control says of a match on a day, today when none is given."""
    transfer = transfer_of(session, suggestion)
    return judge(queries.rules_on(session, day or now().date()), transfer, day or now().date())


def transfer_of(session: Session, suggestion: Suggestion) -> Transfer:
    """From the result's side to the need's, in the fields that either listing names."""
    listings = {suggestion.need_id, suggestion.result_id} - {None}
    return Transfer(
        fields=queries.fields_of(session, listings),
        origins=queries.places_of(session, suggestion.result_id, suggestion.result_org_id),
        destinations=queries.places_of(session, suggestion.need_id, suggestion.need_org_id),
    )


def judge(rules: Iterable[ExportRule], transfer: Transfer, day: date) -> GateResult:
    """The strictest verdict of the rules that are valid and apply; where none does, the transfer is free."""
    found = sorted(
        (rule for rule in rules if is_valid(rule, day) and applies(rule, transfer)),
        key=lambda rule: (-STRICTNESS[rule.verdict], rule.ipc, rule.public_id),
    )
    verdict = found[0].verdict if found else Verdict.FREE
    return GateResult(verdict, tuple(map(as_applied, found)), transfer)


def is_valid(rule: ExportRule, day: date) -> bool:
    """Whether the rule is in force on the day; both its first and its last day count."""
    begun = rule.valid_from <= day
    return begun and rule.ended_at is None and (rule.valid_until is None or day <= rule.valid_until)


def applies(rule: ExportRule, transfer: Transfer) -> bool:
    """Whether the rule speaks of this transfer: of one of its fields, and of its way."""
    return _of_field(rule.ipc, transfer.fields) and any(
        _of_way(rule, origin, destination) for origin in _or_nowhere(transfer.origins)
        for destination in _or_nowhere(transfer.destinations)
    )  # fmt: skip


def _of_field(ipc: str, fields: Iterable[str]) -> bool:
    """A code that says less than the rule's (E21 for E21B) may mean what the rule means, so it counts as well."""
    return not ipc or any(code.startswith(ipc) or ipc.startswith(code) for code in fields)


def _of_way(rule: ExportRule, origin: str, destination: str) -> bool:
    if origin and origin == destination:
        return False  # nothing leaves the country
    if rule.origin and not covers(rule.origin, origin):
        return False
    if rule.destination:
        return covers(rule.destination, destination)
    # What moves inside a region has not left it.
    return not (rule.origin and covers(rule.origin, destination))


def _or_nowhere(places: frozenset[str]) -> frozenset[str]:
    """A side whose country nobody knows is met by rules for any country only."""
    return places or frozenset({""})


def as_applied(rule: ExportRule) -> AppliedRule:
    """The rule as it is now, for the record."""
    return AppliedRule(**{name: getattr(rule, name) for name in AppliedRule.__dataclass_fields__})


def examine(uow: UnitOfWork, suggestion: Suggestion) -> GateResult:
    """Ask the gate about a match, and keep what it said whenever that is news."""
    result = check(uow.session, suggestion)
    said = json.dumps([rule.__dict__ for rule in result.rules], ensure_ascii=False)
    last = queries.last_check(uow.session, suggestion)
    if last is None or (last.verdict, last.rules) != (result.verdict, said):
        assert suggestion.id is not None
        uow.session.add(GateCheck(suggestion_id=suggestion.id, verdict=result.verdict, rules=said))
        uow.session.flush()  # whoever asks next in this transaction must find it
        detail = " ".join([result.verdict, *(rule.public_id for rule in result.rules)])
        record(uow, "export control", "gate.check", ("suggestion", suggestion.public_id), detail)
    return result


def as_recorded(check: GateCheck) -> tuple[AppliedRule, ...]:
    """The rules of a check of the past, as they were."""
    return tuple(AppliedRule(**{**row, "verdict": Verdict(row["verdict"])}) for row in json.loads(check.rules))
