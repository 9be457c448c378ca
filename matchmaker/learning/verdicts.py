"""What a match's timeline says that brokers and sides thought of it, after everything that was taken back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from matchmaker.review.models import Audience, MatchMove, MoveKind, Side, State
from matchmaker.review.states import OFFERED, Party


@dataclass(frozen=True)
class Verdict:
    """A yes or a no: of a broker (on the desk) or of a side, with the typed reason of a no."""

    suggestion_id: int
    by: Audience
    yes: bool
    at: datetime
    reason: str = ""


_VOICES = {Party.BROKER.value: Audience.DESK, Side.NEED.value: Audience.NEED, Side.RESULT.value: Audience.RESULT}


def verdicts(moves: Iterable[MatchMove]) -> list[Verdict]:
    """The verdicts that stand, of one match's entries in their order: the last of each voice since it last began."""
    standing: list[MatchMove] = []
    for move in moves:
        if move.kind is MoveKind.UNDO:
            # Only the last deed can be taken back, see review/undo.py.
            standing = standing[:-1]
        elif move.kind is not MoveKind.NOTE:
            standing.append(move)
    found: dict[Audience, Verdict] = {}
    for move in standing:
        if move.kind is not MoveKind.MOVE:
            continue
        if move.now is State.SUGGESTED:
            # Whoever begins again forgets what was said.
            found = {}
        elif (verdict := _verdict(move)) is not None:
            found[verdict.by] = verdict
    return list(found.values())


def _verdict(move: MatchMove) -> Verdict | None:
    by = _VOICES.get(move.party)
    if by is None:
        return None
    if by is Audience.DESK:
        yes, no = move.now is State.ENDORSED, move.now is State.DECLINED
    else:
        # A side that comes by itself has chosen among everything, which nobody wrote down; only answers count.
        yes = move.was in OFFERED and move.now in {State.OFFERED_SECOND, State.MUTUAL}
        no = move.was in OFFERED and move.now is State.DECLINED
    if not yes and not no:
        return None
    return Verdict(move.suggestion_id, by, yes, move.at, move.reason if no else "")
