"""The back office: what waits, organisations and their verification."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts.models import Organisation, Verification
from matchmaker.accounts.schemas import Actor
from matchmaker.admin import pages, queries
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import _
from matchmaker.organisations import verification
from matchmaker.organisations.schemas import Evidence
from matchmaker.web import forms
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, reader, unit_of_work

LAST_PAGE = 10_000

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("/")
@access(Permission.OFFICE)
def start() -> ResponseReturnValue:
    return render_template("admin/start.html", waiting=queries.waiting(reader()))


@bp.get("/organisations")
@access(Permission.OFFICE)
def organisations() -> ResponseReturnValue:
    text, state = asked("q"), asked("state")
    page = queries.organisations(reader(), text, state, page_number())
    return render_template("admin/organisations.html", page=page, text=text, state=state, states=list(Verification))


@bp.get("/organisations/<public_id>")
@access(Permission.OFFICE)
def organisation(public_id: str) -> ResponseReturnValue:
    return _organisation_page(public_id, {})


@bp.post("/organisations/<public_id>/verify")
@access(Permission.OFFICE)
def verify(public_id: str) -> ResponseReturnValue:
    return _decide(public_id, lambda uow, note, actor: verification.verify(uow, public_id, note, actor=actor))


@bp.post("/organisations/<public_id>/reject")
@access(Permission.OFFICE)
def reject(public_id: str) -> ResponseReturnValue:
    return _decide(public_id, lambda uow, note, actor: verification.reject(uow, public_id, note, actor=actor))


def asked(name: str) -> str:
    """A short word of the address's query."""
    return request.args.get(name, "").strip()[:100]


def page_number() -> int:
    """Which page of a list is asked for."""
    return max(1, min(request.args.get("page", type=int, default=1), LAST_PAGE))


def _decide(public_id: str, move: Callable[[UnitOfWork, str, Actor], Organisation]) -> ResponseReturnValue:
    wanted, problems = forms.parse(Evidence, {"evidence": request.form.get("note", "")})
    if wanted is None:
        return _organisation_page(public_id, {"note": problems["evidence"]}), 422
    with unit_of_work() as uow:
        move(uow, wanted.evidence, current_actor())
    flash(_("Done. The owners are told by letter."))
    return redirect(url_for("admin.organisation", public_id=public_id), 303)


def _organisation_page(public_id: str, problems: forms.Problems) -> str:
    detail = pages.organisation_detail(reader(), public_id, problems, request.form.get("note", ""))
    return render_template("admin/organisation.html", page=detail)
