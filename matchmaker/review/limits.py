"""What administrators set for the choice of suggestions: a table of named whole numbers, each with its meaning."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import LazyString
from sqlalchemy import update
from sqlmodel import Session, col, select

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Invalid
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import lazy
from matchmaker.review.models import SuggestionLimit, WaitingPair


@dataclass(frozen=True)
class Limit:
    """One value: what it means, what it is when nobody set it, and between which ends it may be set."""

    name: str
    title: LazyString
    words: LazyString
    default: int
    least: int
    most: int


LIMITS: tuple[Limit, ...] = (
    Limit(
        "per_organisation",
        lazy("New matches of an organisation in a week"),
        lazy("Counted on both sides together, from Monday to Sunday by UTC. What does not fit waits."),
        default=10,
        least=1,
        most=1000,
    ),
    Limit(
        "per_result",
        lazy("Open matches of one result"),
        lazy(
            "Open is what is not decided against, closed or introduced. So a few famous results do not fill the desk."
        ),
        default=5,
        least=1,
        most=1000,
    ),
    Limit(
        "first_bonus",
        lazy("Head start of a listing that was never suggested, in points"),
        lazy("Its best match gets so many points more when the matches of a week are chosen; brokers see it."),
        default=5,
        least=0,
        most=50,
    ),
    Limit(
        "waiting_bonus",
        lazy("Head start of a match that waits, in points for each week"),
        lazy("So that a good match is not passed over for ever; it grows for five weeks."),
        default=2,
        least=0,
        most=20,
    ),
)


@dataclass(frozen=True)
class Limits:
    """The values as they are now; points are hundredths of a score."""

    per_organisation: int = 10
    per_result: int = 5
    first_bonus: int = 5
    waiting_bonus: int = 2


def read(session: Session, *, lock: bool = False) -> Limits:
    """The values in force; with `lock` nobody else chooses suggestions until the transaction ends."""
    wanted = select(SuggestionLimit).order_by(col(SuggestionLimit.name))
    rows = session.exec(wanted.with_for_update() if lock else wanted).all()
    names = {limit.name for limit in LIMITS}
    return Limits(**{row.name: row.value for row in rows if row.name in names})


def change(uow: UnitOfWork, asked: Mapping[str, str], *, actor: Actor) -> Limits:
    """Set all values, all or none, and let everything that waits be looked at again.

    Raises Invalid with what is wrong by name. The same click again changes nothing.
    """
    before, after = read(uow.session, lock=True), _parsed(asked)
    for limit in LIMITS:
        was, will = getattr(before, limit.name), getattr(after, limit.name)
        if was != will:
            row = uow.session.get(SuggestionLimit, limit.name) or SuggestionLimit(name=limit.name, value=will)
            row.value, row.updated_at = will, now()
            uow.session.add(row)
            said = f"{was} to {will}"
            record(uow, actor.public_id, "suggestion_limit.change", ("suggestion_limit", limit.name), said)
    if before != after:
        uow.session.execute(update(WaitingPair).values(kept_out=None))
    return after


def _parsed(asked: Mapping[str, str]) -> Limits:
    values, problems = {}, {}
    for limit in LIMITS:
        text = asked.get(limit.name, "").strip()
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
        if limit.least <= number <= limit.most:
            values[limit.name] = number
        else:
            problems[limit.name] = "bad_range"
    if problems:
        raise Invalid(problems)
    return Limits(**values)
