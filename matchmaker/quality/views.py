"""Quality review: a second person reads what was handed in, and publishes or returns it."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString

from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.i18n import _, lazy
from matchmaker.i18n.locales import current_language
from matchmaker.listings import queries as listings
from matchmaker.listings import records
from matchmaker.listings.criteria import BEST, CRITERIA, REMARKS_LIMIT, SCALE
from matchmaker.listings.models import Listing, Status
from matchmaker.quality import service
from matchmaker.quality.page import ReviewPage, Sheet, queue_page, review_page
from matchmaker.quality.schemas import Judgement
from matchmaker.quality.service import Read
from matchmaker.web import forms
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, fresh_reader, reader, unit_of_work

bp = Blueprint("quality", __name__, url_prefix="/quality")

# The button of the sheet → what it does, and what is said then.
Verdict = tuple[Callable[..., Listing], LazyString, Status]
VERDICTS: dict[str, Verdict] = {
    "publish": (service.publish, lazy("Published; its owner is told."), Status.PUBLISHED),
    "return": (service.return_, lazy("Returned with your remarks; its owner is told."), Status.RETURNED),
    "hold": (service.hold, lazy("On hold; its owner is told why."), Status.ON_HOLD),
}


@bp.get("")
@access(Permission.LISTING_APPRAISE)
def queue() -> ResponseReturnValue:
    number = max(1, request.args.get("page", type=int, default=1))
    page = queue_page(reader(), number, current_language(), actor=current_actor())
    return render_template("quality/queue.html", page=page)


@bp.get("/<public_id>")
@access(Permission.LISTING_APPRAISE)
def review(public_id: str) -> ResponseReturnValue:
    return _show(_page(public_id))


@bp.post("/<public_id>/take")
@access(Permission.LISTING_APPRAISE)
def take(public_id: str) -> ResponseReturnValue:
    try:
        with unit_of_work() as uow:
            service.take(uow, public_id, actor=current_actor())
    except Conflict:
        return _somebody_was_faster()
    return redirect(url_for("quality.review", public_id=public_id), 303)


@bp.post("/<public_id>/give-back")
@access(Permission.LISTING_APPRAISE)
def give_back(public_id: str) -> ResponseReturnValue:
    try:
        with unit_of_work() as uow:
            service.give_back(uow, public_id, actor=current_actor())
    except Conflict:
        return _somebody_was_faster()
    flash(_("It is back in the queue; anybody may take it."), "success")
    return redirect(url_for("quality.queue"), 303)


@bp.post("/<public_id>/verdict")
@access(Permission.LISTING_APPRAISE)
def verdict(public_id: str) -> ResponseReturnValue:
    judgement, problems = forms.parse(Judgement, request.form)
    chosen = VERDICTS.get(request.form.get("verdict", ""))
    try:
        if judgement is None or chosen is None:
            # The enter key sends a sheet without any of its buttons.
            return _show(_page(public_id).with_sheet(Sheet(request.form, problems))), 422
        return _decide(public_id, judgement, chosen)
    except NotFound:
        # Its owner took it back: what was typed must not go with it.
        return _somebody_was_faster()


@bp.post("/<public_id>/release")
@access(Permission.LISTING_APPRAISE)
def release(public_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.release(uow, public_id, actor=current_actor())
    flash(_("It is on the market again; its owner is told."), "success")
    return redirect(url_for("quality.queue"), 303)


def _decide(public_id: str, judgement: Judgement, chosen: Verdict) -> ResponseReturnValue:
    decide, said, after = chosen
    try:
        with unit_of_work() as uow:
            decide(uow, Read(public_id, _revision()), judgement, actor=current_actor())
    except Invalid as error:
        return _refused(public_id, error)
    except Conflict:
        if not _is_given(public_id, after):
            return _changed_or_gone(public_id)
    flash(str(said), "success")
    return redirect(url_for("quality.queue"), 303)


def _page(public_id: str) -> ReviewPage:
    """The page as it is now, whatever this request read before."""
    with fresh_reader() as session:
        chosen = request.args.get("text", "")
        return review_page(session, public_id, chosen, current_language(), actor=current_actor())


def _show(page: ReviewPage) -> str:
    words = {"criteria": CRITERIA, "scale": SCALE, "best": BEST, "limit": REMARKS_LIMIT}
    return render_template("quality/review.html", page=page, **words)


def _revision() -> int:
    return request.form.get("revision", type=int, default=0)


def _refused(public_id: str, error: Invalid) -> ResponseReturnValue:
    """The sheet again with what stands in the way; what the listing itself lacks is said above it."""
    problems = forms.messages(error)
    known = {"remarks", *(criterion.name for criterion in CRITERIA)}
    if not known & problems.keys():
        problems["listing"] = _("The listing is not complete any more; please return it.")
    return _show(_page(public_id).with_sheet(Sheet(request.form, problems))), 422


def _is_given(public_id: str, after: Status) -> bool:
    """Whether this very verdict stands already: the button was pressed twice."""
    with fresh_reader() as session:
        listing = listings.by_public_id(session, public_id)
        newest = next(iter(records.reviews(session, listing.id or 0)), None) if listing else None
    if listing is None or newest is None or listing.status is not after:
        return False
    given = (newest.reviewer_id, newest.revision, newest.outcome)
    return given == (current_actor().person_id, _revision(), after)


def _changed_or_gone(public_id: str) -> ResponseReturnValue:
    """The owner wrote, and the sheet is kept beside the newer text; or it is not this reviewer's to judge any more."""
    with fresh_reader() as session:
        listing = listings.by_public_id(session, public_id)
    mine = listing is not None and listing.reviewer_id == current_actor().person_id
    still = mine or (listing is not None and listing.status is Status.PUBLISHED)
    if listing is None or not still or listing.revision == _revision():
        return _somebody_was_faster()
    return _show(_page(public_id).with_sheet(Sheet(request.form), _revision())), 409


def _somebody_was_faster() -> ResponseReturnValue:
    """Say that it is not theirs to judge any more, and show what was typed, to copy."""
    return render_template("quality/conflict.html", remarks=request.form.get("remarks", "")), 409
