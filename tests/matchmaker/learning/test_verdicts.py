"""What stands of a timeline after everything that was taken back."""

from datetime import UTC, datetime, timedelta

from matchmaker.learning.verdicts import verdicts
from matchmaker.review.models import Audience, DeclineReason, MatchMove, MoveKind, State

S = State


def moves(*entries):
    """Entries as (party, was, now[, reason or kind])."""
    found = []
    for number, (party, was, now, *rest) in enumerate(entries):
        kind = rest[0] if rest and isinstance(rest[0], MoveKind) else MoveKind.MOVE
        reason = str(rest[0]) if rest and kind is MoveKind.MOVE else ""
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
        found.append(MatchMove(suggestion_id=7, kind=kind, at=at, party=party, was=was, now=now, reason=reason))
    return found


def said(*entries):
    return [(one.by, one.yes, one.reason) for one in verdicts(moves(*entries))]


ENDORSE = ("broker", S.SUGGESTED, S.ENDORSED)
DECLINE = ("broker", S.SUGGESTED, S.DECLINED, DeclineReason.WRONG_FIELD)


def test_a_broker_endorses_or_declines_with_a_reason():
    assert said(ENDORSE) == [(Audience.DESK, True, "")]
    assert said(DECLINE) == [(Audience.DESK, False, "wrong_field")]


def test_taking_and_putting_aside_are_no_verdicts():
    assert said(("broker", S.SUGGESTED, S.IN_REVIEW), ("broker", S.IN_REVIEW, S.PARKED)) == []


def test_what_was_undone_does_not_count():
    assert said(DECLINE, ("broker", S.DECLINED, S.SUGGESTED, MoveKind.UNDO)) == []
    assert said(DECLINE, ("broker", S.DECLINED, S.SUGGESTED, MoveKind.UNDO), ENDORSE) == [(Audience.DESK, True, "")]


def test_an_undone_handover_takes_no_verdict_with_it():
    handed = ("broker", S.ENDORSED, S.ENDORSED, MoveKind.ASSIGN)
    back = ("broker", S.ENDORSED, S.ENDORSED, MoveKind.UNDO)
    assert said(ENDORSE, handed, back) == [(Audience.DESK, True, "")]


def test_a_note_between_changes_nothing():
    note = ("broker", S.DECLINED, S.DECLINED, MoveKind.NOTE)
    assert said(DECLINE, note, ("broker", S.DECLINED, S.SUGGESTED, MoveKind.UNDO)) == []


def test_whoever_begins_again_forgets_what_was_said():
    assert said(DECLINE, ("broker", S.DECLINED, S.SUGGESTED)) == []
    assert said(DECLINE, ("broker", S.DECLINED, S.SUGGESTED), ENDORSE) == [(Audience.DESK, True, "")]


def test_the_sides_answer_for_themselves():
    found = said(
        ENDORSE,
        ("clock", S.ENDORSED, S.OFFERED_FIRST),
        ("need", S.OFFERED_FIRST, S.OFFERED_SECOND),
        ("result", S.OFFERED_SECOND, S.DECLINED, DeclineReason.PRICE),
    )
    assert found == [(Audience.DESK, True, ""), (Audience.NEED, True, ""), (Audience.RESULT, False, "price")]


def test_silence_and_a_lost_listing_are_no_verdicts():
    offered = ("clock", S.ENDORSED, S.OFFERED_FIRST)
    assert said(ENDORSE, offered, ("clock", S.OFFERED_FIRST, S.LAPSED)) == [(Audience.DESK, True, "")]
    assert said(ENDORSE, offered, ("system", S.OFFERED_FIRST, S.CLOSED)) == [(Audience.DESK, True, "")]


def test_a_side_that_comes_by_itself_has_not_judged_what_it_was_shown():
    assert said(("need", S.SUGGESTED, S.OFFERED_SECOND)) == []
