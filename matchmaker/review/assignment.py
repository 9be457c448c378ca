"""Who gets a match that nobody has taken: the one who speaks the languages, knows the field, and has the most room.

Only brokers who take new matches, have room for one more, belong to neither side, whose languages, fields and regions
touch the match, and who do not mostly decline its kind are asked. Among them the better fit goes first (`_fitness`),
then the emptier desk, then who was given something longest ago; the row id settles what is left, so that the same desk
always gives the same answer.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from matchmaker.accounts.models import BrokerLevel
from matchmaker.core.countries import covers
from matchmaker.db.uow import UnitOfWork
from matchmaker.review import broker_queries as queries
from matchmaker.review.broker_queries import Candidate, Case
from matchmaker.review.models import State, Suggestion
from matchmaker.review.moves import Move, advance
from matchmaker.review.states import Party
from matchmaker.review.taste import is_mostly_declined

# How the timeline calls it; the note of such an entry is the JSON of `Chosen`.
REASON = "assigned"
LEVELS = (BrokerLevel.JUNIOR, BrokerLevel.INTERMEDIATE, BrokerLevel.SENIOR)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Chosen:
    """A broker with what spoke for them, in codes, so that every reader is told in their own language."""

    person_id: int
    public_id: str = ""
    languages: Sequence[str] = ()
    fields: Sequence[str] = ()
    regions: Sequence[str] = ()
    house: bool = False
    load: tuple[int, int] = (0, 0)

    def note(self) -> str:
        """The reasons as the timeline keeps them."""
        said = {
            "to": self.public_id,
            "languages": self.languages,
            "fields": self.fields,
            "regions": self.regions,
            "load": self.load,
        }
        return json.dumps({**said, "house": self.house}, separators=(",", ":"))


def fits(candidate: Candidate, case: Case) -> bool:
    """Whether the scopes of a broker touch the match; what a listing does not say keeps nobody away."""
    return (
        _touches(candidate.scopes.languages, case.languages)
        and _touches(candidate.scopes.fields, case.fields)
        and (not candidate.scopes.regions or not case.countries or bool(_regions(candidate, case)))
    )


def choose(case: Case, candidates: Iterable[Candidate]) -> Chosen | None:
    """The best of those who may; None when nobody may."""
    able = [
        one
        for one in candidates
        if one.open < one.most_open
        and not one.organisations & case.organisations
        and fits(one, case)
        and not is_mostly_declined(one.averse, case.traits)
    ]
    if not able:
        return None
    best = min(able, key=lambda one: (*_fitness(one, case), *_room(one)))
    return Chosen(
        person_id=best.person_id,
        public_id=best.public_id,
        languages=sorted(best.scopes.languages & case.languages),
        fields=sorted(best.scopes.fields & case.fields),
        regions=_regions(best, case),
        house=best.person_id in case.house,
        load=(best.open, best.most_open),
    )


def distribute(uow: UnitOfWork, suggestions: Sequence[Suggestion]) -> int:
    """Give each match to somebody, the most valuable first; answers how many were given. The others stay for all."""
    candidates = {one.person_id: one for one in queries.candidates(uow.session)}
    if not candidates:
        return 0
    uow.session.flush()  # the timeline needs the ids of new matches
    cases = queries.cases(uow.session, suggestions)
    given = 0
    for suggestion in sorted(suggestions, key=lambda one: (-one.priority, one.id or 0)):
        chosen = choose(cases[suggestion.id or 0], candidates.values())
        if chosen is not None:
            entry_at = _give(uow, suggestion, chosen)
            one = candidates[chosen.person_id]
            candidates[one.person_id] = replace(one, open=one.open + 1, given_at=entry_at)
            given += 1
    return given


def _give(uow: UnitOfWork, suggestion: Suggestion, chosen: Chosen) -> datetime:
    move = Move(State.IN_REVIEW, party=Party.SYSTEM, reason=REASON, note=chosen.note())
    entry = advance(uow, suggestion, move)
    suggestion.broker_id, suggestion.assigned_at = chosen.person_id, entry.at
    return entry.at


def _fitness(one: Candidate, case: Case) -> tuple[float, ...]:
    """The smaller the better: the house's own broker, then languages, then field, then regions that were named."""
    return (
        -(one.person_id in case.house),
        -len(one.scopes.languages & case.languages),
        -bool(one.scopes.fields & case.fields),
        -len(_regions(one, case)),
    )


def _room(one: Candidate) -> tuple[float, datetime, int, int]:
    share = one.open / one.most_open if one.most_open else 1.0
    return (share, one.given_at or _LONG_AGO, -LEVELS.index(one.level), one.person_id)


def _regions(one: Candidate, case: Case) -> list[str]:
    """The countries of the match that lie in the broker's regions."""
    return sorted(c for c in case.countries if any(covers(region, c) for region in one.scopes.regions))


def _touches(scope: frozenset[str], said: frozenset[str]) -> bool:
    return not scope or not said or bool(scope & said)
