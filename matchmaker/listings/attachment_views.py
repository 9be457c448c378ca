"""The page of a listing's files, for its owner."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.core.errors import Invalid
from matchmaker.files.service import accepted
from matchmaker.files.views import received, takes_files
from matchmaker.i18n import _, ngettext
from matchmaker.listings import attachments, confidence
from matchmaker.listings.attachments import Part
from matchmaker.listings.views import editable
from matchmaker.web import forms
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, reader, unit_of_work

bp = Blueprint("attachments", __name__, url_prefix="/listings/<public_id>/files")


@bp.get("")
@access(Permission.LISTING_POST)
def page(public_id: str) -> ResponseReturnValue:
    return _page(public_id, {})


@bp.post("")
@takes_files
@access(Permission.LISTING_POST)
def add(public_id: str) -> ResponseReturnValue:
    # Nobody's files are looked at, or kept for a moment, but those of people who may add them.
    editable(public_id)
    try:
        kept = received("file")
        with unit_of_work() as uow:
            attachments.attach(uow, public_id, kept, _part(), actor=current_actor())
    except Invalid as error:
        return _page(public_id, forms.messages(error)), 422
    flash(ngettext("The file is added.", "%(num)s files are added.", len(kept)), "success")
    return _back(public_id)


@bp.post("/<file_id>")
@access(Permission.LISTING_POST)
def change(public_id: str, file_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        attachments.change(uow, public_id, file_id, _part(), actor=current_actor())
    flash(_("Your choice is saved."), "success")
    return _back(public_id)


@bp.post("/<file_id>/remove")
@access(Permission.LISTING_POST)
def remove(public_id: str, file_id: str) -> ResponseReturnValue:
    settings = current_app.extensions["matchmaker.settings"]
    with unit_of_work() as uow:
        attachments.detach(uow, settings, public_id, file_id, actor=current_actor())
    flash(_("The file is removed."), "success")
    return _back(public_id)


def _page(public_id: str, problems: dict[str, str]) -> str:
    full = editable(public_id)
    # An administrator who edits for somebody else sees no sealed file either.
    sealed = confidence.reads_sealed(current_actor(), full.listing)
    rows = attachments.attached(reader(), full.listing, sealed=sealed)
    return render_template(
        "attachments/page.html",
        full=full,
        files=rows,
        problems=problems,
        most=attachments.MOST_FILES,
        accepted=accepted(),
        part=request.form.get("part", "open"),
    )


def _part() -> Part:
    return Part(sealed=request.form.get("part") == "sealed", feeds_matching="feeds_matching" in request.form)


def _back(public_id: str) -> ResponseReturnValue:
    return redirect(url_for("attachments.page", public_id=public_id), 303)
