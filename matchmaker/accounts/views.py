"""Sign in, sign out, register."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts import queries, service, sessions
from matchmaker.accounts.models import Person, Role
from matchmaker.accounts.schemas import Registration
from matchmaker.core.countries import countries
from matchmaker.core.errors import Invalid
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.taxonomy.vocabulary import OrganisationKind
from matchmaker.web import forms
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
    _begin(person)
    first = url_for(FIRST_PAGE.get(person.role, "portal.home"))
    return redirect(safe_next(request.form.get("next"), first), 303)


@bp.post("/sign-out")
@access(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    sessions.end()
    flash(_("You are signed out."))
    return redirect(url_for("portal.home"), 303)


@bp.get("/register")
@access(PUBLIC)
def register() -> ResponseReturnValue:
    return _register_page({}, {})


@bp.post("/register")
@access(PUBLIC)
def register_send() -> ResponseReturnValue:
    wanted, problems = forms.parse(Registration, request.form)
    if wanted is None:
        return _register_page(request.form.to_dict(), problems), 422
    try:
        password_hash = service.hash_password(wanted.password)
        with unit_of_work() as uow:
            person = service.register(uow, wanted, password_hash)
    except Invalid as error:
        problems = {field: forms.message(kind) for field, kind in error.problems.items()}
        return _register_page(request.form.to_dict(), problems), 422
    _begin(person)
    flash(_("Welcome! You can post your first need or result now."))
    return redirect(safe_next(request.form.get("next"), url_for("listings.mine")), 303)


def _begin(person: Person) -> None:
    with unit_of_work() as uow:
        token = service.sign_in(uow, person)
        actor = queries.actor_of(uow.session, person)
    # A fresh cookie: nothing that was planted before the sign-in survives it.
    session.clear()
    sessions.begin(token, actor)


def _sign_in_page(problem: str = "") -> str:
    return render_template(
        "accounts/sign_in.html",
        problem=problem,
        email=request.form.get("email", ""),
        next=request.values.get("next", ""),
    )


def _register_page(values: dict[str, str], problems: forms.Problems) -> str:
    return render_template(
        "accounts/register.html",
        values=values,
        problems=problems,
        kinds=OrganisationKind.choices(),
        countries=countries(current_language()),
        next=request.values.get("next", ""),
    )
