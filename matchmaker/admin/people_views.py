"""The back office: people, their roles and their accounts; what brokers take on."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts import queries as accounts
from matchmaker.accounts.models import BrokerLevel, Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.admin import pages, queries, service
from matchmaker.admin.views import asked, bp, page_number
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import _
from matchmaker.people import brokers as broker_service
from matchmaker.people import pages as people_pages
from matchmaker.people import queries as people_queries
from matchmaker.people.account_views import SCOPES
from matchmaker.people.schemas import BrokerChange
from matchmaker.web import forms
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, reader, unit_of_work


@bp.get("/people")
@access(Permission.OFFICE)
def people() -> ResponseReturnValue:
    text, role = asked("q"), asked("role")
    page = queries.people(reader(), text, role, page_number(), unconfirmed="unconfirmed" in request.args)
    return render_template("admin/people.html", page=page, text=text, role=role, roles=list(Role))


@bp.get("/people/<public_id>")
@access(Permission.OFFICE)
def person(public_id: str) -> ResponseReturnValue:
    detail = pages.person_detail(reader(), _person(public_id), actor=current_actor())
    return render_template("admin/person.html", page=detail, roles=list(Role))


@bp.post("/people/<public_id>/role")
@access(Permission.OFFICE)
def set_role(public_id: str) -> ResponseReturnValue:
    wanted = request.form.get("role", "")
    if wanted not in set(Role):
        raise Invalid({"role": "missing"})
    return _do(public_id, lambda uow, actor: service.set_role(uow, public_id, Role(wanted), actor=actor))


@bp.post("/people/<public_id>/close")
@access(Permission.OFFICE)
def close(public_id: str) -> ResponseReturnValue:
    return _do(public_id, lambda uow, actor: service.close(uow, public_id, actor=actor))


@bp.post("/people/<public_id>/reopen")
@access(Permission.OFFICE)
def reopen(public_id: str) -> ResponseReturnValue:
    return _do(public_id, lambda uow, actor: service.reopen(uow, public_id, actor=actor))


@bp.post("/people/<public_id>/confirmation")
@access(Permission.OFFICE)
def send_confirmation(public_id: str) -> ResponseReturnValue:
    return _do(public_id, lambda uow, actor: service.send_confirmation(uow, public_id, actor=actor))


@bp.post("/people/<public_id>/reset")
@access(Permission.OFFICE)
def send_reset(public_id: str) -> ResponseReturnValue:
    return _do(public_id, lambda uow, actor: service.send_reset(uow, public_id, actor=actor))


@bp.get("/brokers")
@access(Permission.OFFICE)
def brokers() -> ResponseReturnValue:
    return render_template("admin/brokers.html", cards=people_queries.brokers(reader()))


@bp.get("/brokers/<public_id>")
@access(Permission.OFFICE)
def broker(public_id: str) -> ResponseReturnValue:
    return _broker_page(public_id, {})


@bp.post("/brokers/<public_id>")
@access(Permission.OFFICE)
def broker_save(public_id: str) -> ResponseReturnValue:
    change, problems = forms.parse(BrokerChange, forms.values_of(request.form, SCOPES))
    if change is None:
        return _broker_page(public_id, problems), 422
    with unit_of_work() as uow:
        broker_service.change(uow, public_id, change, actor=current_actor())
    flash(_("Saved."))
    return redirect(url_for("admin.brokers"), 303)


def _do(public_id: str, deed: Callable[[UnitOfWork, Actor], Person]) -> ResponseReturnValue:
    """Do it, and say so; what is refused because of how things stand is explained on the same page."""
    here = url_for("admin.person", public_id=public_id)
    try:
        with unit_of_work() as uow:
            person = deed(uow, current_actor())
    except Conflict:
        flash(_("Not done: nobody would administer the platform then, or it makes no sense any more."), "error")
        return redirect(here, 303)
    flash(_("Done."))
    # Whoever took the role from themselves has no way back to this page.
    went = person.id == current_actor().person_id and person.role is not Role.ADMINISTRATOR
    return redirect(url_for("portal.home") if went else here, 303)


def _broker_page(public_id: str, problems: forms.Problems) -> str:
    found = _person(public_id)
    if found.role is Role.MEMBER:
        raise NotFound("there is no such broker")
    page = people_pages.broker_page(reader(), found, own=False, problems=problems)
    return render_template("admin/broker.html", page=page, levels=list(BrokerLevel))


def _person(public_id: str) -> Person:
    found = accounts.person_by_public_id(reader(), public_id)
    if found is None:
        raise NotFound(f"there is no account {public_id}")
    return found
