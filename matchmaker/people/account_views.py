"""One's own account: profile, password, address, sign-ins, what a broker takes on, and the end of it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import logout_user

from matchmaker.accounts import service as accounts
from matchmaker.accounts import sessions
from matchmaker.accounts.models import Person
from matchmaker.core.errors import Invalid, NotFound
from matchmaker.i18n import _
from matchmaker.people import brokers, pages, service
from matchmaker.people.pages import Refused
from matchmaker.people.schemas import AddressChange, BrokerChange, PasswordChange, ProfileChange
from matchmaker.people.views import bp
from matchmaker.web import forms
from matchmaker.web.access import SIGNED_IN, Permission, access
from matchmaker.web.context import current_actor, reader, unit_of_work

SCOPES = frozenset({"languages", "fields", "regions"})


@bp.get("/account")
@access(SIGNED_IN)
def account() -> ResponseReturnValue:
    return _page(Refused())


@bp.post("/account")
@access(SIGNED_IN)
def save() -> ResponseReturnValue:
    change, problems = forms.parse(ProfileChange, request.form)
    if change is None:
        return _refused("profile", problems)
    with unit_of_work() as uow:
        service.change_profile(uow, change, actor=current_actor())
    flash(_("Saved."))
    return redirect(url_for("people.account"), 303)


@bp.post("/account/password")
@access(SIGNED_IN)
def change_password() -> ResponseReturnValue:
    change, problems = forms.parse(PasswordChange, request.form)
    if change is None or not _knows_password(change.current):
        return _refused("password", problems or _wrong_password())
    password_hash = accounts.hash_password(change.password)
    with unit_of_work() as uow:
        person = service.change_password(uow, password_hash, actor=current_actor())
    sessions.enter(person)
    flash(_("Your new password is set, and every other browser was signed out."))
    return redirect(url_for("people.account"), 303)


@bp.post("/account/email")
@access(SIGNED_IN)
def change_address() -> ResponseReturnValue:
    change, problems = forms.parse(AddressChange, request.form)
    if change is None or not _knows_password(change.current):
        return _refused("email", problems or _wrong_password())
    try:
        with unit_of_work() as uow:
            service.change_address(uow, change.email, actor=current_actor())
    except Invalid as error:
        return _refused("email", forms.messages(error))
    flash(_("We have sent a letter to %(email)s. Your address changes when you open its link.", email=change.email))
    return redirect(url_for("people.account"), 303)


@bp.post("/account/sign-ins/<handle>/end")
@access(SIGNED_IN)
def end_sign_in(handle: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.end_sign_in(uow, handle, actor=current_actor())
    flash(_("That browser is signed out."))
    return redirect(url_for("people.account"), 303)


@bp.post("/account/sign-ins/end")
@access(SIGNED_IN)
def sign_out_everywhere() -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.sign_out_everywhere(uow, actor=current_actor())
    logout_user()
    flash(_("You are signed out in every browser."))
    return redirect(url_for("accounts.sign_in"), 303)


@bp.post("/account/close")
@access(SIGNED_IN)
def close() -> ResponseReturnValue:
    if not _knows_password(request.form.get("current", "")):
        return _refused("close", _wrong_password())
    with unit_of_work() as uow:
        service.close(uow, actor=current_actor())
    logout_user()
    flash(_("Your account is closed. Thank you for having been here."))
    return redirect(url_for("portal.home"), 303)


@bp.get("/account/broker")
@access(Permission.MATCH_REVIEW)
def broker() -> ResponseReturnValue:
    return render_template("people/broker.html", page=pages.broker_page(reader(), _person(), own=True))


@bp.post("/account/broker")
@access(Permission.MATCH_REVIEW)
def broker_save() -> ResponseReturnValue:
    change, problems = forms.parse(BrokerChange, forms.values_of(request.form, SCOPES))
    if change is None:
        page = pages.broker_page(reader(), _person(), own=True, problems=problems)
        return render_template("people/broker.html", page=page), 422
    with unit_of_work() as uow:
        brokers.change(uow, current_actor().public_id, change, actor=current_actor())
    flash(_("Saved."))
    return redirect(url_for("people.broker"), 303)


def _page(refused: Refused) -> str:
    page = pages.account_page(reader(), refused, actor=current_actor(), token_hash=sessions.current_token_hash())
    return render_template("people/account.html", page=page)


def _refused(form: str, problems: forms.Problems) -> ResponseReturnValue:
    return _page(Refused(form, request.form.to_dict(), problems)), 422


def _wrong_password() -> forms.Problems:
    return {"current": _("This is not your current password.")}


def _knows_password(password: str) -> bool:
    """Whether it is the reader's own password; guesses are counted as at the door."""
    attempt = accounts.Attempt(current_actor().email, password, request.remote_addr or "")
    if accounts.check(reader(), attempt) is not None:
        return True
    with unit_of_work() as uow:
        accounts.note_failure(uow, attempt)
    return False


def _person() -> Person:
    person = reader().get(Person, current_actor().person_id)
    if person is None:
        raise NotFound("there is no such account any more")
    return person
