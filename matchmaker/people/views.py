"""Register, prove one's address, choose a new password."""

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts import service as accounts
from matchmaker.accounts import sessions
from matchmaker.accounts.models import TokenPurpose
from matchmaker.accounts.schemas import Email, Form, Registration
from matchmaker.accounts.titles import titled
from matchmaker.config import Settings
from matchmaker.core.countries import countries
from matchmaker.core.errors import Invalid
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.people import proofs, service
from matchmaker.people.proofs import Proof, State
from matchmaker.people.schemas import PasswordReset
from matchmaker.taxonomy.vocabulary import OrganisationKind
from matchmaker.web import forms
from matchmaker.web.access import PUBLIC, SIGNED_IN, access
from matchmaker.web.context import current_actor, reader, unit_of_work
from matchmaker.web.redirects import referring_path, safe_next

# What was used or has expired is gone; what never was, is not there.
STATUS = {State.GOOD: 200, State.USED: 410, State.EXPIRED: 410, State.UNKNOWN: 404}

bp = Blueprint("people", __name__)


class Forgotten(Form):
    """The address of an account whose password is forgotten."""

    email: Email


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
        _register(wanted)
    except Invalid as error:
        return _register_page(request.form.to_dict(), forms.messages(error)), 422
    flash(_("Welcome! Write your first need or result; it can go out once your address is confirmed."))
    return redirect(safe_next(request.form.get("next"), url_for("listings.mine")), 303)


@bp.get("/confirm/<token>")
@access(PUBLIC)
def confirm(token: str) -> ResponseReturnValue:
    # Programs that look for dangerous letters open every link: only the button below changes anything.
    proof = proofs.look_at(reader(), token, TokenPurpose.CONFIRM_EMAIL)
    return _confirm_page(proof, token)


@bp.post("/confirm/<token>")
@access(PUBLIC)
def confirm_send(token: str) -> ResponseReturnValue:
    try:
        with unit_of_work() as uow:
            proof = service.confirm(uow, token)
    except Invalid:
        return _confirm_page(Proof(State.USED), token, taken=True)
    if proof.state is not State.GOOD and not _is_done(proof):
        return _confirm_page(proof, token)
    flash(_("Your e-mail address is confirmed."))
    return redirect(url_for("listings.mine" if current_actor() else "accounts.sign_in"), 303)


@bp.post("/confirm")
@access(SIGNED_IN)
def confirm_again() -> ResponseReturnValue:
    with unit_of_work() as uow:
        sent = service.confirm_again(uow, actor=current_actor())
    if sent:
        flash(_("A new letter is on its way. If it does not come, look into the folder for unwanted mail."))
    else:
        flash(_("Your e-mail address is confirmed."))
    return redirect(referring_path() or url_for("people.account"), 303)


@bp.get("/password/forgotten")
@access(PUBLIC)
def forgotten() -> ResponseReturnValue:
    return render_template("people/forgotten.html", sent=False, email="", problems={})


@bp.post("/password/forgotten")
@access(PUBLIC)
def forgotten_send() -> ResponseReturnValue:
    wanted, problems = forms.parse(Forgotten, request.form)
    email = request.form.get("email", "")
    if wanted is None:
        return render_template("people/forgotten.html", sent=False, email=email, problems=problems), 422
    with unit_of_work() as uow:
        service.forget_password(uow, wanted.email, request.remote_addr or "")
    return render_template("people/forgotten.html", sent=True, email=wanted.email, problems={})


@bp.get("/password/new/<token>")
@access(PUBLIC)
def new_password(token: str) -> ResponseReturnValue:
    return _new_password_page(proofs.look_at(reader(), token, TokenPurpose.RESET_PASSWORD), token, {})


@bp.post("/password/new/<token>")
@access(PUBLIC)
def new_password_send(token: str) -> ResponseReturnValue:
    proof = proofs.look_at(reader(), token, TokenPurpose.RESET_PASSWORD)
    wanted, problems = forms.parse(PasswordReset, request.form)
    if proof.state is not State.GOOD or wanted is None:
        return _new_password_page(proof, token, problems)
    password_hash = accounts.hash_password(wanted.password)
    with unit_of_work() as uow:
        proof = service.reset_password(uow, token, password_hash)
    if proof.state is not State.GOOD:
        return _new_password_page(proof, token, {})
    flash(_("Your new password is set, and every browser was signed out. Sign in with it now."))
    return redirect(url_for("accounts.sign_in"), 303)


def _register(wanted: Registration) -> None:
    password_hash = accounts.hash_password(wanted.password)
    with unit_of_work() as uow:
        person = service.register(
            uow, wanted, password_hash, address=request.remote_addr or "", lang=current_language()
        )
    sessions.enter(person)


def _is_done(proof: Proof) -> bool:
    """Whether the token did its work before: a second click is told the same as the first."""
    return (
        proof.state is State.USED
        and proof.is_of_now
        and proof.person is not None
        and proof.person.email_confirmed_at is not None
    )


def _confirm_page(proof: Proof, token: str, *, taken: bool = False) -> ResponseReturnValue:
    done = _is_done(proof)
    page = render_template("people/confirm.html", proof=proof, token=token, done=done, taken=taken)
    return page, 200 if done else STATUS[proof.state]


def _new_password_page(proof: Proof, token: str, problems: forms.Problems) -> ResponseReturnValue:
    status = 422 if problems and proof.state is State.GOOD else STATUS[proof.state]
    return render_template("people/new_password.html", proof=proof, token=token, problems=problems), status


def _register_page(values: dict[str, str], problems: forms.Problems) -> str:
    return render_template(
        "people/register.html",
        values=values,
        problems=problems,
        kinds=OrganisationKind.choices(),
        countries=countries(current_language()),
        next=request.values.get("next", ""),
    )


def letters_are_files() -> bool:
    """Whether letters stay in a folder of the installation, as they do until a mail server is named."""
    settings: Settings = current_app.extensions["matchmaker.settings"]
    return settings.mail == "file"


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(letters_are_files=letters_are_files)
    app.jinja_env.filters.update(titled=titled)
