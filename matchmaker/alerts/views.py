"""Saved searches: keep one with a click, rename it, ask it again, forget it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.alerts import pages, queries, service
from matchmaker.alerts.models import SavedSearch
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.listings.search_request import SearchRequest
from matchmaker.web import forms
from matchmaker.web.access import SIGNED_IN, access
from matchmaker.web.context import current_actor, reader, unit_of_work
from matchmaker.web.undo import flash_undo

bp = Blueprint("alerts", __name__, url_prefix="/alerts")


@bp.get("")
@access(SIGNED_IN)
def saved() -> ResponseReturnValue:
    rows = pages.saved_searches(reader(), current_language(), actor=current_actor())
    return render_template("alerts/saved.html", rows=rows, most=service.MOST_SEARCHES)


@bp.post("/save")
@access(SIGNED_IN)
def save() -> ResponseReturnValue:
    wanted = SearchRequest.parse(request.form.get("query", ""))
    name = request.form.get("name", "").strip() or pages.name_for(wanted, current_language())
    try:
        with unit_of_work() as uow:
            search, new = service.save(uow, name, wanted, actor=current_actor())
    except (Conflict, Invalid) as error:
        flash(_why_not(error), "error")
        return redirect(_search_url(wanted.query), 303)
    _say_saved(search, new=new)
    return redirect(_search_url(search.query), 303)


@bp.get("/<public_id>")
@access(SIGNED_IN)
def run(public_id: str) -> ResponseReturnValue:
    search = queries.search_of(reader(), current_actor().person_id, public_id)
    if search is None:
        raise NotFound("no such search")
    return redirect(_search_url(search.query), 303)


@bp.post("/<public_id>/rename")
@access(SIGNED_IN)
def rename(public_id: str) -> ResponseReturnValue:
    try:
        with unit_of_work() as uow:
            service.rename(uow, public_id, request.form.get("name", ""), actor=current_actor())
    except Invalid:
        flash(_("A name needs at least one letter."), "error")
    return redirect(url_for("alerts.saved"), 303)


@bp.post("/<public_id>/delete")
@access(SIGNED_IN)
def delete(public_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        search = service.delete(uow, public_id, actor=current_actor())
    text = _("“%(name)s” is deleted.", name=search.name)
    flash_undo(text, url_for("alerts.save"), _("Keep it after all"), name=search.name, query=search.query)
    return redirect(url_for("alerts.saved"), 303)


def _say_saved(search: SavedSearch, *, new: bool) -> None:
    if not new:
        flash(_("You have saved this search already, as “%(name)s”.", name=search.name))
        return
    text = _("Saved as “%(name)s”. New answers will be on your list of news, and in your letters.", name=search.name)
    flash_undo(text, url_for("alerts.delete", public_id=search.public_id), _("Undo"))


def _why_not(error: Conflict | Invalid) -> str:
    if isinstance(error, Conflict):
        return str(_("You have %(most)s saved searches; please delete one first.", most=service.MOST_SEARCHES))
    return " ".join(forms.message(kind) for kind in error.problems.values())


def _search_url(query: str) -> str:
    return url_for("portal.search") + (f"?{query}" if query else "")
