"""The table of export control, for administrators: read it, change it, bring it in and out, try it on a pair."""

from contextlib import closing

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from matchmaker.core.clock import now
from matchmaker.core.countries import countries
from matchmaker.core.errors import Conflict, Invalid
from matchmaker.i18n import _, ngettext
from matchmaker.i18n.locales import current_language
from matchmaker.interests import gate, rules
from matchmaker.interests import rule_queries as queries
from matchmaker.interests.introduction_wording import VERDICTS
from matchmaker.interests.models import Verdict
from matchmaker.interests.rule_queries import RuleFilters, Time
from matchmaker.interests.rule_schemas import Question, RuleDraft, draft_of, write_csv
from matchmaker.taxonomy.service import label
from matchmaker.web import forms
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, reader, unit_of_work

# A table of more than a thousand rules; a longer file was meant for another program.
MOST_BYTES = 400 * 1024

bp = Blueprint("export_rules", __name__, url_prefix="/admin/export-rules")


@bp.get("")
@access(Permission.OFFICE)
def index() -> ResponseReturnValue:
    return _index({})


@bp.get("/new")
@access(Permission.OFFICE)
def new() -> ResponseReturnValue:
    return _form({"valid_from": now().date().isoformat(), "verdict": Verdict.RESTRICTED.value}, {})


@bp.post("/new")
@access(Permission.OFFICE)
def add() -> ResponseReturnValue:
    draft, problems = forms.parse(RuleDraft, _given(), whole="valid_until")
    if draft is None:
        return _form(request.form.to_dict(), problems), 422
    with unit_of_work() as uow:
        rules.add(uow, draft, actor=current_actor())
    flash(_("The rule is in the table."))
    return redirect(url_for(".index"), 303)


@bp.get("/<public_id>/change")
@access(Permission.OFFICE)
def change_form(public_id: str) -> ResponseReturnValue:
    rule = queries.rule(reader(), public_id)
    values = {name: _plain(value) for name, value in draft_of(rule).model_dump().items()}
    return _form(values, {}, public_id)


@bp.post("/<public_id>/change")
@access(Permission.OFFICE)
def change(public_id: str) -> ResponseReturnValue:
    draft, problems = forms.parse(RuleDraft, _given(), whole="valid_until")
    if draft is None:
        return _form(request.form.to_dict(), problems, public_id), 422
    try:
        with unit_of_work() as uow:
            rules.change(uow, public_id, draft, actor=current_actor())
    except Conflict:
        return _form(
            request.form.to_dict(), {"": _("This rule has ended in the meantime; see the table.")}, public_id
        ), 409
    if draft.valid_from > now().date():
        flash(_("The new rule is in the table, under “To come”. Until it begins, the old one applies."))
    else:
        flash(_("The old rule has ended, and the new one is in the table."))
    return redirect(url_for(".index"), 303)


@bp.post("/<public_id>/end")
@access(Permission.OFFICE)
def end(public_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        rules.end(uow, public_id, actor=current_actor())
    flash(_("The rule has ended. It stays in the list of past rules."))
    return redirect(url_for(".index"), 303)


@bp.get("/table.csv")
@access(Permission.OFFICE)
def export() -> ResponseReturnValue:
    answer = Response(write_csv(queries.every_rule(reader())), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="export-rules-{now():%Y-%m-%d}.csv"'
    return answer


@bp.post("/import")
@access(Permission.OFFICE)
def import_() -> ResponseReturnValue:
    try:
        text = _uploaded()
        with unit_of_work() as uow:
            count = rules.import_csv(uow, text, actor=current_actor())
    except Invalid as error:
        return _index(error.problems), 422
    flash(ngettext("%(num)s rule was added.", "%(num)s rules were added.", count))
    return redirect(url_for(".index"), 303)


@bp.get("/test")
@access(Permission.OFFICE)
def test() -> ResponseReturnValue:
    today = now().date()
    asked, problems = forms.parse(Question, {"day": today.isoformat(), **request.args})
    result = gate.judge(queries.rules_on(reader(), asked.day), asked.transfer, asked.day) if asked else None
    return render_template(
        "export_rules/test.html",
        result=result if request.args else None,
        problems=problems if request.args else {},
        values={"day": today.isoformat(), **request.args.to_dict()},
        **_words(),
    )


@bp.get("/checks")
@access(Permission.OFFICE)
def checks() -> ResponseReturnValue:
    page = queries.checks(reader(), _number())
    rows = [(check, match, gate.as_recorded(check)) for check, match in page.rows]
    return render_template("export_rules/checks.html", page=page, rows=rows, **_words())


def _index(refused: dict[str, str]) -> str:
    filters = RuleFilters(
        time=Time(request.args["time"]) if request.args.get("time") in set(Time) else Time.NOW,
        verdict=Verdict(request.args["verdict"]) if request.args.get("verdict") in set(Verdict) else None,
        place=request.args.get("place", "")[:2],
    )
    page = queries.rules(reader(), filters, _number(), now().date())
    return render_template("export_rules/index.html", page=page, filters=filters, refused=refused, **_words())


def _form(values: dict[str, str], problems: dict[str, str], public_id: str = "") -> str:
    return render_template("export_rules/form.html", values=values, problems=problems, public_id=public_id, **_words())


def _words() -> dict[str, object]:
    lang = current_language()
    return {
        "verdicts": VERDICTS,
        "countries": countries(lang),
        "field_title": lambda code: label("ipc", code, lang),
        "times": {Time.NOW: _("In force"), Time.FUTURE: _("To come"), Time.PAST: _("Past")},
    }


def _given() -> dict[str, str]:
    """The form; a box that is not ticked is not sent."""
    blank = dict.fromkeys(("verdict", "title", "source", "valid_from"), "")
    return {**blank, **request.form.to_dict()}


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _uploaded() -> str:
    with closing(request.files.get("file") or FileStorage()) as file:
        raw: bytes = file.read(MOST_BYTES + 1)
    if not raw:
        raise Invalid({"": _("Please choose a file.")})
    try:
        if len(raw) <= MOST_BYTES:
            return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid({"": _("This is no text in UTF-8; save the table as “CSV UTF-8”.")}) from None
    raise Invalid({"": _("This file is larger than 400 kB.")})


def _number() -> int:
    return min(max(1, request.args.get("page", 1, type=int)), 10_000)
