"""The quality page of administrators: how well matches are found, and what becomes of them."""

from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone

from matchmaker.core.clock import now
from matchmaker.core.errors import NotFound
from matchmaker.i18n import _
from matchmaker.insights import funnel_page, quality_page
from matchmaker.insights.asked import Asked, By, asked
from matchmaker.matching import runs
from matchmaker.web.access import Permission, access
from matchmaker.web.charts import Table, csv_response
from matchmaker.web.context import current_actor, reader, unit_of_work

bp = Blueprint("insights", __name__, url_prefix="/admin/insights")


@bp.get("")
@access(Permission.OFFICE)
def index() -> ResponseReturnValue:
    return render_template("insights/index.html", page=quality_page.quality_page(reader(), request.args))


@bp.get("/compare")
@access(Permission.OFFICE)
def compare() -> ResponseReturnValue:
    numbers = [request.args.get(name, 0, type=int) for name in ("a", "b")]
    page = quality_page.comparison(reader(), numbers[0], numbers[1])
    return render_template("insights/compare.html", page=page)


@bp.get("/tables/<name>.csv")
@access(Permission.OFFICE)
def quality_csv(name: str) -> ResponseReturnValue:
    return csv_response(_named(quality_page.tables(quality_page.quality_page(reader(), request.args)), name))


@bp.get("/compare/<name>.csv")
@access(Permission.OFFICE)
def compare_csv(name: str) -> ResponseReturnValue:
    numbers = [request.args.get(one, 0, type=int) for one in ("a", "b")]
    return csv_response(_named(quality_page.comparison(reader(), numbers[0], numbers[1]).tables, name))


@bp.get("/responses")
@access(Permission.OFFICE)
def responses() -> ResponseReturnValue:
    page = funnel_page.funnel_page(reader(), _asked(), now())
    return render_template("insights/responses.html", page=page, ways=list(By))


@bp.get("/responses/<name>.csv")
@access(Permission.OFFICE)
def responses_csv(name: str) -> ResponseReturnValue:
    return csv_response(_named(funnel_page.tables(funnel_page.funnel_page(reader(), _asked(), now())), name))


@bp.post("/runs/<int:number>/hide")
@access(Permission.OFFICE)
def hide(number: int) -> ResponseReturnValue:
    with unit_of_work() as uow:
        runs.hide(uow, number, actor=current_actor())
    flash(_("Run %(number)s is hidden; it can be brought back below.", number=number))
    return redirect(url_for(".index") + "#runs", 303)


@bp.post("/runs/<int:number>/show")
@access(Permission.OFFICE)
def show(number: int) -> ResponseReturnValue:
    with unit_of_work() as uow:
        runs.show_again(uow, number, actor=current_actor())
    flash(_("Run %(number)s is shown again.", number=number))
    return redirect(url_for(".index") + "#runs", 303)


def _asked() -> Asked:
    zone = ZoneInfo(str(get_timezone()))
    return asked(request.args, today=now().astimezone(zone).date(), zone=zone)


def _named(tables: dict[str, Table], name: str) -> Table:
    if name not in tables:
        raise NotFound(f"there is no table {name} here")
    return tables[name]
