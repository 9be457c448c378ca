"""The back office: the limits by which suggestions are chosen."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.admin.views import bp
from matchmaker.core.errors import Invalid
from matchmaker.i18n import _
from matchmaker.review import limits
from matchmaker.review.limits import LIMITS
from matchmaker.web import forms
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, reader, unit_of_work


@bp.get("/limits")
@access(Permission.OFFICE)
def suggestion_limits() -> ResponseReturnValue:
    values = limits.read(reader())
    return _page({limit.name: str(getattr(values, limit.name)) for limit in LIMITS}, {})


@bp.post("/limits")
@access(Permission.OFFICE)
def suggestion_limits_save() -> ResponseReturnValue:
    try:
        with unit_of_work() as uow:
            limits.change(uow, request.form, actor=current_actor())
    except Invalid as error:
        return _page(request.form.to_dict(), error.problems), 422
    flash(_("Saved. What waits is looked at again."))
    return redirect(url_for("admin.suggestion_limits"), 303)


def _page(values: dict[str, str], wrong: forms.Problems) -> str:
    problems = {
        limit.name: forms.message(wrong[limit.name], {"least": limit.least, "most": limit.most})
        for limit in LIMITS
        if limit.name in wrong
    }
    return render_template("admin/limits.html", limits=LIMITS, values=values, problems=problems)
