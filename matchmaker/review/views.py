"""The broker desk: what is to be done next, done with one key, to one match or to several, and taken back."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import _, ngettext
from matchmaker.i18n.locales import current_language
from matchmaker.listings.confidence import Reader
from matchmaker.review import bulk, queries, taste, taste_words, timeline, titles, verdicts
from matchmaker.review.brokers_page import brokers_page
from matchmaker.review.bulk import Missed, Outcome, Picked
from matchmaker.review.deeds import DEEDS, Call
from matchmaker.review.models import DeclineReason
from matchmaker.review.moves import find
from matchmaker.review.page import Wanted, desk_page
from matchmaker.review.pair_page import Refused, pair_page
from matchmaker.review.policy import NotYours, Why, obstacle
from matchmaker.review.undo import undo
from matchmaker.review.verdicts import Deed
from matchmaker.web import forms
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, fresh_reader, reader, unit_of_work
from matchmaker.web.undo import flash_undo

bp = Blueprint("review", __name__, url_prefix="/desk")


@bp.get("")
@access(Permission.MATCH_REVIEW)
def desk() -> ResponseReturnValue:
    page = desk_page(reader(), Wanted.read(request.args), _me())
    return render_template("review/desk.html", page=page, query=_query(), last=verdicts.last(), **_words())


@bp.get("/brokers")
@access(Permission.MATCH_REVIEW)
def brokers() -> ResponseReturnValue:
    """Load and pace: one's own, or for administrators everybody's."""
    return render_template("review/brokers.html", page=brokers_page(reader(), current_actor()), **_words())


@bp.get("/<public_id>")
@access(Permission.MATCH_REVIEW)
def pair(public_id: str) -> ResponseReturnValue:
    """Everything about one match."""
    return _pair_page(public_id)


@bp.get("/<public_id>/body")
@access(Permission.MATCH_REVIEW)
def body(public_id: str) -> ResponseReturnValue:
    """The same for the list, which asks for it when a match is looked at."""
    page = pair_page(reader(), public_id, _me())
    place = {"position": request.args.get("position", 1, int), "back": "", "query": request.args.get("back", "")}
    return render_template("review/_body.html", page=page, **place, **_words())


@bp.post("/<public_id>/<deed>")
@access(Permission.MATCH_REVIEW)
def act(public_id: str, deed: str) -> ResponseReturnValue:
    """Do one of the deeds to a match."""
    wanted, call = DEEDS.get(deed), Call(public_id, _revision(), request.form, current_actor())
    if wanted is None:
        raise NotFound("no such deed")
    try:
        with unit_of_work() as uow:
            wanted.do(uow, call)
            left = Picked(public_id, find(uow, public_id).revision)
    except Conflict:
        return _somebody_was_faster(public_id)
    except Invalid as error:
        return _pair_page(public_id, _refused(deed, error)), 422
    return _done(str(wanted.told), [left] if wanted.undoable and left.revision != call.revision else [])


@bp.get("/<public_id>/<deed>")
@access(Permission.MATCH_REVIEW)
def act_again(public_id: str, deed: str) -> ResponseReturnValue:
    """A reader who reloads the page of a refused deed is back at the match."""
    return redirect(url_for("review.pair", public_id=public_id) + _query(), 303)


@bp.post("/several")
@access(Permission.MATCH_REVIEW)
def several() -> ResponseReturnValue:
    """Do one deed to all that were picked; those that it could not be done to are told, with the reason."""
    picked, deed = bulk.read(" ".join(request.form.getlist("pairs"))), request.form.get("deed", "")
    wanted = DEEDS.get(deed)
    if not picked or wanted is None or not wanted.several:
        return _nothing_picked()
    with unit_of_work() as uow:
        outcome = bulk.do(uow, picked, lambda uow, one: wanted.do(uow, _call(one)))
    if outcome.missed:
        _remember(outcome.done)
        return _some_missed(outcome)
    return _done(ngettext("Done with one match.", "Done with %(num)s matches.", len(outcome.done)), outcome.done)


@bp.post("/undo")
@access(Permission.MATCH_REVIEW)
def take_back() -> ResponseReturnValue:
    """Take a deed of the last ten minutes back, from all the matches that it was done to."""
    pairs = request.form.get("pairs", "")
    # First: what cannot be taken back must not stand before what can.
    verdicts.forget(pairs)
    with unit_of_work() as uow:
        outcome = bulk.do(uow, bulk.read(pairs), _undo)
    if outcome.missed:
        return _some_missed(outcome) if len(outcome.missed) + len(outcome.done) > 1 else _too_late(outcome)
    _offer_undo(_("The last deed is taken back."))
    return _back()


@bp.post("/taste/<reason>/forget")
@access(Permission.MATCH_REVIEW)
def forget(reason: str) -> ResponseReturnValue:
    """Show a kind of match as before, whatever the reader said of it so far."""
    with unit_of_work() as uow:
        taste.forget(uow, _reason(reason), actor=current_actor())
    flash_undo(_("Such matches stand as before."), url_for("review.remember", reason=reason) + _query(), _("Undo"))
    return _back()


@bp.post("/taste/<reason>/remember")
@access(Permission.MATCH_REVIEW)
def remember(reason: str) -> ResponseReturnValue:
    """Take that back."""
    with unit_of_work() as uow:
        taste.remember(uow, _reason(reason), actor=current_actor())
    flash(_("What you declined for this reason counts again."), "success")
    return _back()


@bp.app_errorhandler(NotYours)
def not_yours(error: NotYours) -> ResponseReturnValue:
    """Say why a match is for somebody else."""
    return render_template("review/not_yours.html", why=titles.WHY[error.why], query=_query()), 403


def _me() -> Reader:
    return Reader(current_language(), current_actor())


def _call(one: Picked) -> Call:
    return Call(one.public_id, one.revision, request.form, current_actor())


def _undo(uow: UnitOfWork, one: Picked) -> object:
    return undo(uow, one.public_id, revision=one.revision, actor=current_actor())


def _pair_page(public_id: str, refused: Refused | None = None) -> str:
    page = pair_page(reader(), public_id, _me(), refused)
    back = {"position": _position(), "back": "pair", "query": _query()}
    return render_template("review/pair.html", page=page, last=verdicts.last(), **back, **_words())


def _refused(deed: str, error: Invalid) -> Refused:
    problems = forms.messages(error)
    return Refused(deed, request.form.to_dict(), problems)


def _somebody_was_faster(public_id: str) -> ResponseReturnValue:
    """Who did what: the request's own reading session may be older than that."""
    with fresh_reader() as session:
        item = queries.item(session, public_id, _me())
        why = obstacle(current_actor(), item.suggestion)
        if why is Why.INTERESTED:
            raise NotYours(why)
        entries = [e for e in timeline.entries(session, item.suggestion, timeline.Reader.BROKER) if e.kind != "note"]
        # What a colleague wrote down is for those who look after the match.
        note = item.suggestion.note if why is None else ""
    last = entries[-1] if entries else None
    return render_template("review/conflict.html", item=item, entry=last, note=note, query=_query(), **_words()), 409


def _some_missed(outcome: Outcome) -> ResponseReturnValue:
    """Which matches a deed could not be done to, and why."""
    shown = [one.public_id for one in outcome.missed if one.why != Why.INTERESTED]
    with fresh_reader() as session:
        items = {item.suggestion.public_id: item for item in queries.known(session, shown, _me())}
    missed = [(items.get(one.public_id), _why(one)) for one in outcome.missed]
    page = {"missed": missed, "done": len(outcome.done), "last": verdicts.last(), "query": _query()}
    return render_template("review/missed.html", **page, **_words()), 409


def _too_late(outcome: Outcome) -> ResponseReturnValue:
    """The one match of a deed that cannot be taken back any more."""
    one = outcome.missed[0]
    if one.why == "moved":
        return _somebody_was_faster(one.public_id)
    raise NotFound("no such match")


def _nothing_picked() -> ResponseReturnValue:
    _offer_undo(_("Choose at least one match, and what to do with it."))
    return _back()


def _why(one: Missed) -> str:
    if one.why in set(Why):
        return str(titles.WHY[Why(one.why)])
    return str(titles.MISSED.get(one.why) or forms.message(one.why))


def _words() -> dict[str, object]:
    words = {"states": titles.STATES, "reasons": titles.REASONS, "titles": titles}
    return {**words, "kind_of_match": taste_words.described}


def _done(told: str, done: Sequence[Picked]) -> ResponseReturnValue:
    _remember(done)
    _offer_undo(told)
    return _back()


def _remember(done: Sequence[Picked]) -> None:
    if done:
        verdicts.remember(Deed.of(done, _position()))


def _offer_undo(text: str) -> None:
    """Say `text` before the row at the place of the deed, with a way back from the last deed while there is one."""
    last = verdicts.last()
    action = url_for("review.take_back") + _query() if last else ""
    fields: dict[str, str | int] = {"pairs": last.pairs, "position": last.position} if last else {}
    flash_undo(text, action, _("Undo"), place=_position(), **fields)


def _back() -> ResponseReturnValue:
    """The page of the match that the deed was done on, or the same filters, at the row that took its place."""
    if request.form.get("back") == "pair" and request.view_args and "public_id" in request.view_args:
        return redirect(url_for("review.pair", public_id=request.view_args["public_id"]) + _query(), 303)
    return redirect(f"{url_for('review.desk')}{_query()}#pair-{_position()}", 303)


def _query() -> str:
    """The filters of the address, as they were sent."""
    query = request.query_string.decode("ascii", "ignore")
    return f"?{query}" if query else ""


def _position() -> int:
    return max(1, request.form.get("position", type=int, default=1))


def _reason(text: str) -> DeclineReason:
    if text not in set(DeclineReason):
        raise NotFound("no such reason")
    return DeclineReason(text)


def _revision() -> int:
    return request.form.get("revision", type=int, default=0)
