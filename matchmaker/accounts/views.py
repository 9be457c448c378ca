"""Sign in and out; registering and all else of an account is the room above, people."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts import service, sessions
from matchmaker.accounts.models import Role
from matchmaker.i18n import _
from matchmaker.web.access import PUBLIC, SIGNED_IN, access
from matchmaker.web.context import reader, unit_of_work
from matchmaker.web.redirects import safe_next

# Where somebody who wanted nothing in particular begins; anybody else on the home page.
FIRST_PAGE = {Role.BROKER: "review.desk"}

bp = Blueprint("accounts", __name__)


@bp.get("/sign-in")
@access(PUBLIC)
def sign_in() -> ResponseReturnValue:
    return _sign_in_page()


@bp.post("/sign-in")
@access(PUBLIC)
def sign_in_send() -> ResponseReturnValue:
    attempt = service.Attempt(
        request.form.get("email", "").strip(), request.form.get("password", ""), request.remote_addr or ""
    )
    person = service.check(reader(), attempt)
    if person is None:
        with unit_of_work() as uow:
            service.note_failure(uow, attempt)
        return _sign_in_page(problem=_("This e-mail address and password do not belong together.")), 422
    sessions.enter(person)
    first = url_for(FIRST_PAGE.get(person.role, "portal.home"))
    return redirect(safe_next(request.form.get("next"), first), 303)


@bp.post("/sign-out")
@access(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    sessions.end()
    flash(_("You are signed out."))
    return redirect(url_for("portal.home"), 303)


def _sign_in_page(problem: str = "") -> str:
    return render_template(
        "accounts/sign_in.html",
        problem=problem,
        email=request.form.get("email", ""),
        next=request.values.get("next", ""),
    )
