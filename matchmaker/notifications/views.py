"""The list of news, how often letters come, and the end of letters with one click."""

from collections.abc import Mapping

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.notifications import pages, queries, service, unsubscribing
from matchmaker.notifications.kinds import KINDS
from matchmaker.notifications.models import Frequency
from matchmaker.web.access import PUBLIC, SIGNED_IN, access
from matchmaker.web.context import current_actor, reader, unit_of_work
from matchmaker.web.redirects import safe_next

bp = Blueprint("notifications", __name__)


@bp.get("/news")
@access(SIGNED_IN)
def news() -> ResponseReturnValue:
    number = max(1, min(request.args.get("page", type=int, default=1), 10_000))
    page = pages.news_page(reader(), number, current_language(), actor=current_actor())
    return render_template("notifications/news.html", page=page)


@bp.get("/news/<public_id>")
@access(SIGNED_IN)
def open_one(public_id: str) -> ResponseReturnValue:
    """Lead to what the news is about, and note that it was opened: the reader's own mark, which may be set twice."""
    with unit_of_work() as uow:
        row = service.mark_read(uow, public_id, actor=current_actor())
        path = row.path
    return redirect(safe_next(path, url_for("notifications.news")), 303)


@bp.post("/news/<public_id>/read")
@access(SIGNED_IN)
def mark_read(public_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.mark_read(uow, public_id, actor=current_actor())
    return redirect(url_for("notifications.news"), 303)


@bp.post("/news/read")
@access(SIGNED_IN)
def mark_all_read() -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.mark_all_read(uow, request.form.get("newest", ""), actor=current_actor())
    return redirect(url_for("notifications.news"), 303)


@bp.get("/news/settings")
@access(SIGNED_IN)
def settings() -> ResponseReturnValue:
    page = pages.settings_page(reader(), actor=current_actor())
    return render_template("notifications/settings.html", page=page, frequencies=pages.FREQUENCIES)


@bp.post("/news/settings")
@access(SIGNED_IN)
def settings_save() -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.choose(uow, _chosen(request.form), actor=current_actor())
    flash(_("Saved."))
    return redirect(url_for("notifications.settings"), 303)


@bp.get("/unsubscribe/<token>")
@access(PUBLIC)
def unsubscribe(token: str) -> ResponseReturnValue:
    kinds = [KINDS[name] for name in unsubscribing.read(token).kinds if name in KINDS]
    return render_template("notifications/unsubscribe.html", token=token, kinds=kinds)


@bp.post("/unsubscribe/<token>")
@access(PUBLIC)
def unsubscribe_now(token: str) -> ResponseReturnValue:
    """Mail programs post here by themselves (RFC 8058), without cookies: the signature stands for the CSRF token."""
    with unit_of_work() as uow:
        before = service.unsubscribe(uow, unsubscribing.read(token))
    kinds = [KINDS[name] for name in before]
    return render_template("notifications/unsubscribed.html", token=token, kinds=kinds, before=before)


@bp.post("/unsubscribe/<token>/undo")
@access(PUBLIC)
def unsubscribe_undo(token: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.subscribe_again(uow, unsubscribing.read(token), _chosen(request.form))
    flash(_("The letters will come as before."))
    return redirect(url_for("notifications.unsubscribe", token=token), 303)


def _chosen(form: Mapping[str, str]) -> dict[str, Frequency]:
    """Kinds and frequencies that exist; anything else in the form is not ours."""
    known = set(Frequency)
    return {name: Frequency(value) for name, value in form.items() if name in KINDS and value in known}


def unread_news() -> int:
    """For the bell: how many news wait for whoever is signed in."""
    return queries.unread(reader(), current_actor().person_id)


def init_app(app: Flask) -> None:
    app.jinja_env.globals["unread_news"] = unread_news
