"""Keep the table of export control: a rule is added and ended, never overwritten, so that its past can be read."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.config import ROOT
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, Misconfigured
from matchmaker.db.uow import UnitOfWork
from matchmaker.interests import rule_queries as queries
from matchmaker.interests.models import ExportRule
from matchmaker.interests.rule_schemas import COLUMNS, RuleDraft, draft_of, read_csv

EXAMPLES = ROOT / "data" / "export_rules" / "examples.csv"


def add(uow: UnitOfWork, draft: RuleDraft, *, actor: Actor | None = None) -> ExportRule:
    """Write down a rule."""
    rule = ExportRule(**draft.model_dump())
    uow.session.add(rule)
    record(uow, _who(actor), "export_rule.add", ("export_rule", rule.public_id), rule.verdict.value)
    return rule


def change(uow: UnitOfWork, public_id: str, draft: RuleDraft, *, actor: Actor) -> ExportRule:
    """Put a new rule in the place of one that ends now, or that applies until the new one begins, so that no day is
    without either; raises Conflict when the old one has ended already. The same click again changes nothing.
    """
    old = _running(uow, public_id)
    if draft_of(old) == draft:
        return old
    begins_later = old.valid_from <= now().date() < draft.valid_from
    twin = next((one for one in _running_rules(uow) if _contents(draft_of(one)) == _contents(draft)), None)
    if begins_later and twin is not None:
        return twin
    if begins_later:
        _stop_before(old, draft.valid_from)
    else:
        _end(old)
    rule = add(uow, draft, actor=actor)
    record(uow, actor.public_id, "export_rule.change", ("export_rule", old.public_id), f"now {rule.public_id}")
    return rule


def end(uow: UnitOfWork, public_id: str, *, actor: Actor) -> None:
    """Let a rule apply no more; raises Conflict when it has ended already."""
    rule = _running(uow, public_id)
    _end(rule)
    record(uow, actor.public_id, "export_rule.end", ("export_rule", rule.public_id))


def import_csv(uow: UnitOfWork, text: str, *, actor: Actor | None = None) -> int:
    """Add the rules of a file that are not in the table yet, all or none; answers how many.

    Raises Invalid with "line N" → what is wrong there.
    """
    drafts, bad = read_csv(text)
    if bad:
        raise Invalid(
            {str(row.line): " ".join(f"{name}: {what}" for name, what in row.problems.items()) for row in bad}
        )
    return _add_missing(uow, drafts, _running_rules(uow), actor)


def load_examples(uow: UnitOfWork, path: Path = EXAMPLES) -> int:
    """Add the shipped examples that were never there: one that was ended stays ended. Answers how many."""
    drafts, bad = read_csv(path.read_text(encoding="utf-8"))
    if bad:
        raise Misconfigured(f"{path.name}, line {bad[0].line}: {'; '.join(bad[0].problems)}")
    marked = [draft.model_copy(update={"is_example": True}) for draft in drafts]
    return _add_missing(uow, marked, queries.every_rule(uow.session), None)


def _add_missing(uow: UnitOfWork, drafts: Sequence[RuleDraft], known: Sequence[ExportRule], actor: Actor | None) -> int:
    there = {_contents(draft_of(rule)) for rule in known}
    fresh = {_contents(draft): draft for draft in drafts if _contents(draft) not in there}
    for draft in fresh.values():
        add(uow, draft, actor=actor)
    return len(fresh)


def _contents(draft: RuleDraft) -> tuple[object, ...]:
    return tuple(getattr(draft, name) for name in COLUMNS)


def _running(uow: UnitOfWork, public_id: str) -> ExportRule:
    rule = queries.rule(uow.session, public_id)
    if rule.ended_at is not None:
        raise Conflict("this rule has ended in the meantime")
    return rule


def _running_rules(uow: UnitOfWork) -> list[ExportRule]:
    return [rule for rule in queries.every_rule(uow.session) if rule.ended_at is None]


def _stop_before(rule: ExportRule, day: date) -> None:
    """Let a rule apply until the day before; one that stops sooner stays as it is."""
    last = day - timedelta(days=1)
    rule.valid_until = min(rule.valid_until or last, last)
    rule.updated_at = now()


def _end(rule: ExportRule) -> None:
    rule.ended_at = rule.updated_at = now()


def _who(actor: Actor | None) -> str:
    return actor.public_id if actor else "command line"
