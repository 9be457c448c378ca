"""Every view says who may call it; one guard asks; the law tests insist."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.i18n import _
from matchmaker.web.redirects import referring_path

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    """What a role may be allowed to do; the table of roles is in accounts/policy.py."""

    LISTING_POST = "listing:post"
    # Judge the quality of a listing that somebody else wrote.
    LISTING_APPRAISE = "listing:appraise"
    # Express interest, answer offers, talk: what a member does for an organisation.
    MATCH_ANSWER = "match:answer"
    MATCH_REVIEW = "match:review"
    # Say of pairs that were drawn how well they fit, for the gold set.
    GOLD_GRADE = "gold:grade"
    # Open and close its rounds, see who agrees with whom, export them.
    GOLD_RUN = "gold:run"
    OFFICE = "office"


class Open(StrEnum):
    """Rules that need no permission."""

    # Anybody, signed in or not.
    PUBLIC = "public"
    # Anybody who is signed in.
    SIGNED_IN = "signed_in"


PUBLIC, SIGNED_IN = Open.PUBLIC, Open.SIGNED_IN


def access(rule: Permission | Open) -> Callable[[View], View]:
    """Declare who may call the view."""

    def declare(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]
        return view

    return declare


def guard() -> ResponseReturnValue | None:
    """Refuse whatever was not declared; silence is a bug, not a permission."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return None
    rule = getattr(view, "access_rule", None)
    if rule is None:
        abort(500, "this view declares no access rule")
    if rule is PUBLIC:
        return None
    actor = current_app.extensions["matchmaker.actor"]()
    if actor is None:
        return _to_the_door()
    if rule is not SIGNED_IN and rule not in current_app.extensions["matchmaker.permissions"](actor):
        abort(403)
    return None


def _to_the_door() -> ResponseReturnValue:
    """Ask for a sign-in that leads back to this page, or to the one whose form was sent too late."""
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)
    back = referring_path()
    if back and "copy" in request.form:
        # Only these forms keep a copy in the browser (see static/js/listing_form.js).
        flash(_("You were signed out in the meantime. Sign in; what you typed is offered again on the form."), "error")
        if request.form.get("sealed"):
            flash(_("Only the sealed text is not: no browser keeps a copy of it."), "error")
    else:
        flash(_("You were signed out in the meantime. Sign in, then try again."), "error")
    return redirect(url_for("accounts.sign_in", next=back or None), 303)


def init_app(app: Flask) -> None:
    access(PUBLIC)(app.view_functions["static"])
    app.before_request(guard)
