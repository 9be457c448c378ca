"""The back office: read the record of deeds, check its chain, take it along."""

from collections.abc import Iterator

from flask import Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from matchmaker.admin import pages, veil
from matchmaker.admin.deeds import DEEDS, OBJECTS
from matchmaker.admin.views import bp, page_number
from matchmaker.audit import queries
from matchmaker.audit.service import first_break, record
from matchmaker.i18n import _
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, fresh_reader, reader, unit_of_work


@bp.get("/audit")
@access(Permission.OFFICE)
def audit() -> ResponseReturnValue:
    page = pages.audit_page(reader(), request.args, page_number())
    return render_template("admin/audit.html", page=page, deeds=DEEDS, objects=OBJECTS)


@bp.post("/audit/verify")
@access(Permission.OFFICE)
def audit_verify() -> ResponseReturnValue:
    with fresh_reader() as session:
        broken = first_break(queries.stream(session))
    if broken is None:
        flash(_("The chain holds: no event was changed, removed or put in between."))
    else:
        flash(
            _("The chain breaks at event %(number)s: it, or one before it, was changed or removed.", number=broken.id),
            "error",
        )
    return redirect(url_for("admin.audit"), 303)


@bp.get("/audit.csv")
@access(Permission.OFFICE)
def audit_csv() -> ResponseReturnValue:
    wanted = pages.wanted(request.args)
    with unit_of_work() as uow:
        record(uow, current_actor().public_id, "audit.export", ("audit", "csv"))

    def lines() -> Iterator[str]:
        with fresh_reader() as session:
            events = queries.stream(session, wanted, besides=veil.besides(wanted))
            yield from pages.as_csv(veil.veiled(session, events))

    headers = {"Content-Disposition": "attachment; filename=audit.csv"}
    return Response(stream_with_context(lines()), mimetype="text/csv", headers=headers)
