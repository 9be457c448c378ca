"""The broker desk: the best open suggestions, endorsed or declined with one key, and taken back with another."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts.queries import person_names
from matchmaker.core.errors import Conflict, Invalid
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.review import queries, service, titles, verdicts
from matchmaker.review.models import DeclineReason, Suggestion
from matchmaker.review.page import Asked, Refused, desk_page
from matchmaker.review.verdicts import Verdict
from matchmaker.web import forms
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, fresh_reader, reader, unit_of_work
from matchmaker.web.undo import flash_undo

bp = Blueprint("review", __name__, url_prefix="/desk")


@bp.get("")
@access(Permission.MATCH_REVIEW)
def desk() -> ResponseReturnValue:
    return _desk_page()


@bp.post("/<public_id>/endorse")
@access(Permission.MATCH_REVIEW)
def endorse(public_id: str) -> ResponseReturnValue:
    try:
        with unit_of_work() as uow:
            decided = service.endorse(uow, public_id, revision=_revision(), actor=current_actor())
    except Conflict:
        return _somebody_was_faster(public_id)
    _remember(decided, _("Endorsed."))
    return _back_to_the_desk()


@bp.post("/<public_id>/decline")
@access(Permission.MATCH_REVIEW)
def decline(public_id: str) -> ResponseReturnValue:
    reason, note = request.form.get("reason", ""), request.form.get("note", "")
    why = (DeclineReason(reason) if reason in set(DeclineReason) else None, note)
    try:
        with unit_of_work() as uow:
            decided = service.decline(uow, public_id, why, revision=_revision(), actor=current_actor())
    except Conflict:
        return _somebody_was_faster(public_id)
    except Invalid as error:
        problems = {field: forms.message(kind) for field, kind in error.problems.items()}
        return _desk_page(Refused(public_id, reason, note, problems)), 422
    _remember(decided, _("Declined: %(reason)s.", reason=titles.REASONS[why[0]] if why[0] else ""))
    return _back_to_the_desk()


@bp.get("/<public_id>/decline")
@access(Permission.MATCH_REVIEW)
def decline_again(public_id: str) -> ResponseReturnValue:
    """A reader who reloads the page of a refused verdict, or turns its pages, is back on the desk."""
    return redirect(url_for("review.desk") + _query(), 303)


@bp.post("/<public_id>/reopen")
@access(Permission.MATCH_REVIEW)
def reopen(public_id: str) -> ResponseReturnValue:
    # First: a verdict that cannot be taken back must not stand before those that can.
    verdicts.forget(public_id)
    try:
        with unit_of_work() as uow:
            service.reopen(uow, public_id, revision=_revision(), actor=current_actor())
    except Conflict:
        return _somebody_was_faster(public_id)
    _offer_undo(_("The verdict is taken back."))
    return _back_to_the_desk()


def _desk_page(refused: Refused | None = None) -> str:
    page = desk_page(reader(), Asked.read(request.args), current_language(), refused=refused)
    return render_template("review/desk.html", page=page, query=_query(), last=verdicts.last(), **_words())


def _somebody_was_faster(public_id: str) -> ResponseReturnValue:
    """Who decided what: the request's own reading session may be older than that decision."""
    with fresh_reader() as session:
        item = queries.item(session, public_id, current_language())
        who = "".join(person_names(session, [item.suggestion.decided_by]).values())
    return render_template("review/conflict.html", item=item, who=who, query=_query(), **_words()), 409


def _words() -> dict[str, object]:
    return {"states": titles.STATES, "reasons": titles.REASONS}


def _remember(decided: Suggestion, text: str) -> None:
    verdicts.remember(Verdict(decided.public_id, decided.revision, _position()))
    _offer_undo(text)


def _offer_undo(text: str) -> None:
    """Say `text` before the card at the place of the deed, with a way back from the last verdict while there is one."""
    last = verdicts.last()
    action = url_for("review.reopen", public_id=last.public_id) + _query() if last else ""
    fields = {"revision": last.revision, "position": last.position} if last else {}
    flash_undo(text, action, _("Undo the last verdict"), place=_position(), **fields)


def _back_to_the_desk() -> ResponseReturnValue:
    """The same filters, at the card that took the decided one's place."""
    return redirect(f"{url_for('review.desk')}{_query()}#pair-{_position()}", 303)


def _query() -> str:
    """The filters of the address, as they were sent."""
    query = request.query_string.decode("ascii", "ignore")
    return f"?{query}" if query else ""


def _position() -> int:
    return max(1, request.form.get("position", type=int, default=1))


def _revision() -> int:
    return request.form.get("revision", type=int, default=0)
