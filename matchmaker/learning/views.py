"""Learning from verdicts, for administrators: look at what was learned, put it to use, take it back."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.core.errors import Conflict
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.learning import service, titles
from matchmaker.learning.page import learning_page
from matchmaker.listings.confidence import Reader
from matchmaker.review.titles import REASONS
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, reader, unit_of_work

bp = Blueprint("learning", __name__, url_prefix="/admin/learning")


@bp.get("")
@access(Permission.OFFICE)
def index() -> ResponseReturnValue:
    page = learning_page(reader(), Reader(current_language(), current_actor()))
    return render_template("learning/index.html", page=page, titles=titles, reasons=REASONS)


@bp.post("/train")
@access(Permission.OFFICE)
def train() -> ResponseReturnValue:
    # Computed before the transaction: nobody who writes should wait for it.
    proposal = service.train(reader())
    with unit_of_work() as uow:
        kept = service.keep(uow, proposal, by=current_actor().public_id)
    flash(_("Learned. Nothing changes until you put it to use.") if kept else _("There was no verdict to learn from."))
    return redirect(url_for("learning.index"), 303)


@bp.post("/use")
@access(Permission.OFFICE)
def use() -> ResponseReturnValue:
    version, seen = (request.form.get(name, -1, int) for name in ("version", "seen"))
    try:
        with unit_of_work() as uow:
            service.use(uow, version, seen=seen, actor=current_actor())
    except Conflict:
        flash(_("Not done: somebody else has switched the weights in the meantime. Look at them again."), "error")
    else:
        flash(_("These weights count from now on. What waits on the desk is scored again."))
    return redirect(url_for("learning.index"), 303)
