"""Write, publish, withdraw and translate one's own listings; nothing typed is lost on the way."""

import re
from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts.queries import organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.core.languages import is_language, main_language
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import _, lazy, ngettext
from matchmaker.i18n.locales import current_language
from matchmaker.listings import confidential, form, policy, queries, records, service, shelf, versions
from matchmaker.listings.actions import ACTIONS, Action
from matchmaker.listings.advice import assess
from matchmaker.listings.confidence import belongs
from matchmaker.listings.criteria import CRITERIA
from matchmaker.listings.form import ListingForm
from matchmaker.listings.history import history_page
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingDraft, unfinished
from matchmaker.listings.states import ICONS, IN_REVIEW, READ_BY_OTHERS, TITLES
from matchmaker.web import forms
from matchmaker.web.access import SIGNED_IN, Permission, access
from matchmaker.web.context import current_actor, fresh_reader, reader, unit_of_work
from matchmaker.web.headers import keep_off_the_disk
from matchmaker.web.redirects import safe_next
from matchmaker.web.undo import flash_undo

# The browser learns by this cookie which of its own copies is safely stored (see static/js/listing_form.js).
SAVED_COOKIE = "saved_form"
_TOKEN = re.compile(r"[a-z0-9-]{8,64}")

# The address of a step is its name; some make sense for many listings at once.
STEPS = ", ".join(f"'{name}'" for name in ACTIONS)
MANY = ("submit", "renew", "withdraw")
SAVED = {
    Status.DRAFT: lazy("The draft is saved. Only your organisation sees it."),
    Status.PUBLISHED: lazy("Your changes are saved and published."),
    Status.SUBMITTED: lazy("Your changes are saved; the reviewer reads the new version."),
    Status.UNDER_REVIEW: lazy("Your changes are saved; the reviewer reads the new version."),
}
OTHERWISE_SAVED = lazy("Your changes are saved. Only your organisation sees them.")

bp = Blueprint("listings", __name__, url_prefix="/listings")
# Every room shows listings with their status.
bp.record(lambda state: state.app.jinja_env.globals.update(listing_statuses=TITLES, listing_status_icons=ICONS))


@bp.get("/new")
@access(Permission.LISTING_POST)
def new() -> ResponseReturnValue:
    return render_template("listings/new.html")


@bp.get("/new/<any(need, result):direction>")
@access(Permission.LISTING_POST)
def write(direction: str) -> ResponseReturnValue:
    actor = current_actor()
    owner = organisation(reader(), _writes_for(actor))
    country = owner.country if owner else ""
    values = form.blank(_writes_in(country), country)
    return _form_page(ListingForm(Direction(direction), current_language(), values))


@bp.post("/new/<any(need, result):direction>")
@access(Permission.LISTING_POST)
def write_send(direction: str) -> ResponseReturnValue:
    page = ListingForm(Direction(direction), current_language(), form.typed(request.form))
    return _save(page, _draft_once)


@bp.post("/advice/<any(need, result):direction>")
@access(Permission.LISTING_POST)
def advise(direction: str) -> ResponseReturnValue:
    typed = form.typed(request.form)
    if request.headers.get("HX-Request"):
        advice = assess(unfinished(Direction(direction), typed))
        return render_template("listings/_advice_rows.html", advice=advice)
    # Without a script the whole form comes back, as it was typed.
    public_id = request.args.get("listing")
    listing = editable(public_id).listing if public_id else None
    revision = request.form.get("revision", type=int, default=0)
    page = ListingForm(Direction(direction), current_language(), typed, listing=listing, revision=revision)
    return _form_page(page, asked=True)


@bp.get("/<public_id>/edit")
@access(Permission.LISTING_POST)
def edit(public_id: str) -> ResponseReturnValue:
    found = editable(public_id)
    problems = form.missing(found) if "check" in request.args else {}
    kept = confidential.stored(reader(), found.listing, current_actor())
    page = form.stored(found, current_language(), problems, kept)
    return _form_page(_restored(page, request.args.get("version", type=int)))


@bp.post("/<public_id>/edit")
@access(Permission.LISTING_POST)
def edit_send(public_id: str) -> ResponseReturnValue:
    listing, actor = editable(public_id).listing, current_actor()
    revision = request.form.get("revision", type=int, default=0)
    typed = form.typed(request.form)
    page = ListingForm(listing.direction, current_language(), typed, listing=listing, revision=revision)
    return _save(page, lambda uow, wanted: service.change(uow, public_id, wanted, revision=revision, actor=actor))


@bp.post(f"/<public_id>/<any({STEPS}):step>")
@access(Permission.LISTING_POST)
def step(public_id: str, step: str) -> ResponseReturnValue:
    action, actor = ACTIONS[step], current_actor()
    back = safe_next(request.form.get("next"), url_for("listings.mine"))
    if action.reaches_others and not actor.confirmed:
        _ask_for_confirmation(actor)
        return redirect(back, 303)
    if step == "submit" and _stored_looks_known(public_id):
        return redirect(url_for("matching.lookalikes", public_id=public_id), 303)
    return _take_step(public_id, action, back)


@bp.post("/<public_id>/copy")
@access(Permission.LISTING_POST)
def copy(public_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        made = service.copy(uow, public_id, actor=current_actor())
    flash(_("This is a copy. Change what is different, then hand it in."), "success")
    return redirect(url_for("listings.edit", public_id=made.public_id), 303)


@bp.post("/many")
@access(Permission.LISTING_POST)
def many() -> ResponseReturnValue:
    """The same step for several listings of one page; those that cannot take it stay as they are."""
    chosen, action = request.form.getlist("listing")[: shelf.SIZE], ACTIONS.get(request.form.get("step", ""))
    if action is None or action.name not in MANY:
        raise Conflict("no such step for many")
    with unit_of_work() as uow:
        done = sum(_is_taken(uow, public_id, action) for public_id in dict.fromkeys(chosen))
    said = ngettext("Done for %(num)s listing.", "Done for %(num)s listings.", done)
    left = len(set(chosen)) - done
    rest = ngettext("%(num)s could not take this step.", "%(num)s could not take this step.", left) if left else ""
    flash(f"{said} {rest}".strip(), "success" if done else "error")
    return redirect(safe_next(request.form.get("next"), url_for("listings.mine")), 303)


@bp.post("/<public_id>/delete")
@access(Permission.LISTING_POST)
def delete(public_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.delete_draft(uow, public_id, actor=current_actor())
    flash(_("The draft is deleted."), "success")
    return redirect(url_for("listings.mine"), 303)


@bp.get("/mine")
@access(Permission.LISTING_POST)
def mine() -> ResponseReturnValue:
    wanted = shelf.Wanted.read(request.args)
    page = shelf.arrange(reader(), wanted, current_language(), actor=current_actor())
    return render_template("listings/mine.html", shelf=page, tabs=shelf.TABS, many=[ACTIONS[name] for name in MANY])


@bp.get("/<public_id>/history")
@access(SIGNED_IN)
def history(public_id: str) -> ResponseReturnValue:
    wanted = request.args.get("revision", type=int), request.args.get("against", type=int)
    page = history_page(reader(), public_id, wanted, current_language(), actor=current_actor())
    return render_template("listings/history.html", page=page, criteria=CRITERIA)


def _save(page: ListingForm, store: Callable[[UnitOfWork, ListingDraft], Listing]) -> ResponseReturnValue:
    """Store what was typed, or show it again with what stands in the way."""
    submitting = request.form.get("action") == "submit" and _may_submit()
    read = page.listing is not None and page.listing.status in READ_BY_OTHERS
    wanted, problems = form.parse(page.direction, page.values, complete=submitting or read)
    if wanted is None:
        return _form_page(page.with_problems(problems)), 422
    # What looks like another listing is kept as a draft until its writer has seen that one.
    known = submitting and _looks_known(wanted, page.listing)
    try:
        with unit_of_work() as uow:
            listing = store(uow, wanted)
            if submitting and not known and listing.status not in IN_REVIEW:
                service.submit(uow, listing.public_id, actor=current_actor())
    except Invalid as error:
        return _form_page(page.with_problems(forms.messages(error))), 422
    except Conflict:
        return _conflict_page(page), 409
    if known:
        return stored(redirect(url_for("matching.lookalikes", public_id=listing.public_id), 303))
    return _saved(listing, submitted=submitting)


def _take_step(public_id: str, action: Action, back: str) -> ResponseReturnValue:
    try:
        with unit_of_work() as uow:
            action.deed(uow, public_id, actor=current_actor())
    except Invalid:
        return redirect(url_for("listings.edit", public_id=public_id, check=1), 303)
    except Conflict:
        _unless_done(public_id, action)
    _tell(public_id, action, back)
    return redirect(back, 303)


def _looks_known(wanted: ListingDraft, listing: Listing | None) -> bool:
    """Whether its writer should see listings that look like it first; asked of the matcher, a room above this one."""
    if listing is not None and listing.published_at is not None:
        return False
    return bool(current_app.extensions["matchmaker.looks_known"](wanted, listing))


def _stored_looks_known(public_id: str) -> bool:
    found = editable(public_id)
    return _looks_known(found.draft(), found.listing)


def _draft_once(uow: UnitOfWork, wanted: ListingDraft) -> Listing:
    """A new draft, or the one that the same form made when it was sent a moment ago."""
    actor = current_actor()
    return records.twin(uow.session, wanted, now(), actor=actor) or service.draft(uow, wanted, actor=actor)


def _saved(listing: Listing, *, submitted: bool) -> ResponseReturnValue:
    address = url_for("portal.listing", public_id=listing.public_id)
    if submitted:
        _tell(listing.public_id, ACTIONS["submit"], address)
    else:
        flash(SAVED.get(listing.status, OTHERWISE_SAVED), "success")
    seen = submitted or listing.status in READ_BY_OTHERS
    return stored(redirect(address if seen else url_for("listings.edit", public_id=listing.public_id), 303))


def _may_submit() -> bool:
    """Whether the writer's address is confirmed; what they typed is saved in any case."""
    if not current_actor().confirmed:
        _ask_for_confirmation(current_actor())
    return bool(current_actor().confirmed)


def _ask_for_confirmation(actor: Actor) -> None:
    said = _("Please confirm your e-mail address first: open the letter that we sent to %(email)s.", email=actor.email)
    flash(said, "error")


def _unless_done(public_id: str, action: Action) -> None:
    """Let a second press of the same button pass; raise Conflict when the listing is elsewhere."""
    if stored_now(public_id).listing.status not in action.result:
        raise Conflict("this listing cannot take this step now")


def _is_taken(uow: UnitOfWork, public_id: str, action: Action) -> bool:
    try:
        action.deed(uow, public_id, actor=current_actor())
    except (Conflict, Invalid, NotAllowed, NotFound):
        return False
    return True


def _tell(public_id: str, action: Action, back: str) -> None:
    """Say what was done, with a way back where there is one."""
    if not action.undo:
        flash(str(action.said), "success")
        return
    undo = url_for("listings.step", public_id=public_id, step=action.undo)
    flash_undo(str(action.said), undo, str(action.undo_title), next=back)


def stored(response: ResponseReturnValue) -> ResponseReturnValue:
    """Tell the browser that its own copy of this text is not needed any more."""
    token = request.form.get("copy", "")
    if _TOKEN.fullmatch(token):
        response.set_cookie(SAVED_COOKIE, token, max_age=7 * 24 * 3600, samesite="Lax", secure=request.is_secure)  # type: ignore[union-attr]
    return response


def _conflict_page(page: ListingForm) -> str:
    """What was typed stays; what is stored now is shown beside it, and a second save would replace it."""
    assert page.listing is not None  # only a stored listing can have been changed by somebody else
    current = stored_now(page.listing.public_id)
    with fresh_reader() as session:
        kept = confidential.stored(session, current.listing, current_actor())
    return _form_page(page.against(current, kept))


def stored_now(public_id: str) -> FullListing:
    """The listing as it is now, whatever this request read before."""
    with fresh_reader() as session:
        return queries.visible(session, public_id, current_actor())


def _restored(page: ListingForm, revision: int | None) -> ListingForm:
    """The same page with the words of an old version in it; nothing is stored until the writer saves."""
    if revision is None or page.listing is None:
        return page
    version = records.version(reader(), page.listing.id or 0, revision)
    if version is None:
        raise NotFound("no such version")
    return page.with_version(revision, versions.read(version))


def _form_page(page: ListingForm, *, asked: bool = False) -> str:
    """The page, with its confidential section for a writer of the owner's organisation; `asked` opens the advice."""
    actor: Actor = current_actor()
    if page.listing is None or belongs(actor, page.listing):
        owner = page.listing.organisation_id if page.listing else actor.organisation_id
        page = replace(page, described=confidential.line_for(reader(), owner))
        if page.confidential and page.confidential.value("sealed"):
            keep_off_the_disk()
    review = records.last_reviews(reader(), [page.listing.id or 0]) if page.listing else {}
    return render_template(
        "listings/form.html",
        page=page,
        review=next(iter(review.values()), None),
        criteria=CRITERIA,
        advice=assess(unfinished(page.direction, page.values)),
        asked=asked,
    )


def _writes_in(country: str) -> str:
    """The language a writer is most likely to write in: the browser's, the country's, the page's."""
    spoken = (tag.replace("_", "-").split("-")[0].lower() for tag in request.accept_languages.values())
    return next(filter(is_language, spoken), None) or main_language(country) or current_language()


def _writes_for(actor: Actor) -> int:
    if actor.organisation_id is None:
        raise NotAllowed("only members of an organisation can post")
    return actor.organisation_id


def editable(public_id: str) -> FullListing:
    found = queries.visible(reader(), public_id, current_actor())
    if not policy.EDIT.allows(current_actor(), found.listing):
        raise NotAllowed("this listing belongs to another organisation")
    if found.is_shortened:
        raise NotAllowed("nobody replaces words that they may not read")
    return found
