"""How the timeline tells brokers who was given a match, and why it was just them."""

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import LazyString

from matchmaker.core.countries import country_name
from matchmaker.core.languages import language_name
from matchmaker.i18n import _, lazy
from matchmaker.i18n.locales import current_language
from matchmaker.review.assignment import REASON
from matchmaker.review.models import MatchMove, MoveKind, State
from matchmaker.review.titles import FIELDS, STATES

# What stands for nobody: the match goes back to all.
ALL = "all"


def receiver(move: MatchMove) -> str:
    """The public id of whoever was given the match by this move, "" for nobody."""
    if move.reason == REASON:
        return str(_said(move).get("to", ""))
    return move.reason if move.kind is MoveKind.ASSIGN or move.now is State.IN_REVIEW else ""


def title(move: MatchMove, names: Mapping[str, str]) -> LazyString | None:
    """What the entry is called; None where nobody was given anything."""
    if move.kind is MoveKind.UNDO:
        return lazy("Taken back: %(state)s", state=STATES[move.now])
    name = names.get(receiver(move), "")
    if move.reason == REASON:
        return lazy("Given to %(name)s, who fits", name=name)
    if name:
        return lazy("Given to %(name)s", name=name)
    if move.kind is not MoveKind.ASSIGN:
        return None
    return lazy("Given back to all") if move.reason == ALL else lazy("Taken")


def note(move: MatchMove) -> str:
    """Why just them, in the reader's language; the note itself where somebody wrote one."""
    if move.reason != REASON:
        return move.note
    said, lang = _said(move), current_language()
    parts = [
        _("Looks after one of the two organisations.") if said.get("house") else "",
        _listed(_("Languages: %(list)s."), [language_name(code, lang) for code in said.get("languages", ())]),
        _listed(_("Fields: %(list)s."), [str(FIELDS.get(code, code)) for code in said.get("fields", ())]),
        _listed(_("Countries: %(list)s."), [country_name(code, lang) for code in said.get("regions", ())]),
        _("Had %(open)s of %(most)s to decide.", open=said["load"][0], most=said["load"][1]) if "load" in said else "",
    ]
    return " ".join(filter(None, parts))


def _listed(sentence: str, names: list[str]) -> str:
    return sentence % {"list": ", ".join(names)} if names else ""


def _said(move: MatchMove) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(move.note)
    return found
