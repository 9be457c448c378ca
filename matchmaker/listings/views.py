"""Write, publish, withdraw and translate one's own listings; nothing typed is lost on the way."""

import re
from collections.abc import Callable

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts.queries import organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.core.languages import is_language, language_name, main_language
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.listings import form, policy, queries, service, shelf
from matchmaker.listings.advice import assess
from matchmaker.listings.form import ListingForm, TextForm
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingDraft, unfinished
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, fresh_reader, reader, unit_of_work
from matchmaker.web.redirects import safe_next
from matchmaker.web.undo import flash_undo

# The browser learns by this cookie which of its own copies is safely stored (see static/js/listing_form.js).
SAVED_COOKIE = "saved_form"
# What a further version is most likely to be written in, after the reader's own language.
LIKELY = ("en", "zh")
_TOKEN = re.compile(r"[a-z0-9-]{8,64}")

bp = Blueprint("listings", __name__, url_prefix="/listings")


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
    return _save(page, lambda uow, wanted: service.draft(uow, wanted, actor=current_actor()))


@bp.post("/advice/<any(need, result):direction>")
@access(Permission.LISTING_POST)
def advise(direction: str) -> ResponseReturnValue:
    typed = form.typed(request.form)
    advice = assess(unfinished(Direction(direction), typed))
    if request.headers.get("HX-Request"):
        return render_template("listings/_advice_rows.html", advice=advice)
    # Without a script the whole form comes back, as it was typed.
    public_id = request.args.get("listing")
    listing = _editable(public_id).listing if public_id else None
    revision = request.form.get("revision", type=int, default=0)
    page = ListingForm(Direction(direction), current_language(), typed, listing=listing, revision=revision)
    return render_template("listings/form.html", page=page, advice=advice, asked=True)


@bp.get("/<public_id>/edit")
@access(Permission.LISTING_POST)
def edit(public_id: str) -> ResponseReturnValue:
    found = _editable(public_id)
    problems = form.missing(found) if "check" in request.args else {}
    return _form_page(form.stored(found, current_language(), problems))


@bp.post("/<public_id>/edit")
@access(Permission.LISTING_POST)
def edit_send(public_id: str) -> ResponseReturnValue:
    listing, actor = _editable(public_id).listing, current_actor()
    revision = request.form.get("revision", type=int, default=0)
    typed = form.typed(request.form)
    page = ListingForm(listing.direction, current_language(), typed, listing=listing, revision=revision)
    return _save(page, lambda uow, wanted: service.change(uow, public_id, wanted, revision=revision, actor=actor))


@bp.post("/<public_id>/publish")
@access(Permission.LISTING_POST)
def publish(public_id: str) -> ResponseReturnValue:
    found = _editable(public_id)
    if _looks_known(found.draft(), found.listing):
        return redirect(url_for("matching.lookalikes", public_id=public_id), 303)
    try:
        with unit_of_work() as uow:
            wanted = queries.visible(uow.session, public_id, current_actor()).draft()
            service.publish(uow, public_id, wanted, actor=current_actor())
    except Invalid:
        return redirect(url_for("listings.edit", public_id=public_id, check=1), 303)
    flash(_("Published. Its matches are being computed."), "success")
    return redirect(safe_next(request.form.get("next"), url_for("portal.listing", public_id=public_id)), 303)


@bp.post("/<public_id>/withdraw")
@access(Permission.LISTING_POST)
def withdraw(public_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.withdraw(uow, public_id, actor=current_actor())
    again = url_for("listings.publish", public_id=public_id)
    back = safe_next(request.form.get("next"), url_for("listings.mine"))
    flash_undo(_("The listing is withdrawn; nobody else sees it any more."), again, _("Publish it again"), next=back)
    return redirect(back, 303)


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
    cards = queries.of_organisations(reader(), current_actor(), current_language())
    return render_template("listings/mine.html", shelf=shelf.arrange(cards, request.args))


@bp.get("/<public_id>/texts")
@access(Permission.LISTING_POST)
def texts(public_id: str) -> ResponseReturnValue:
    chosen = request.args.get("text", "")
    if is_language(chosen):
        return redirect(url_for("listings.text", public_id=public_id, text_lang=chosen), 303)
    found = _editable(public_id)
    options = form.language_options(current_language(), without=[text.lang for text in found.texts])
    likely = next((code for code in (current_language(), *LIKELY) if code in dict(options)), "")
    return render_template("listings/texts.html", found=found, options=options, likely=likely)


@bp.get("/<public_id>/texts/<text_lang>")
@access(Permission.LISTING_POST)
def text(public_id: str, text_lang: str) -> ResponseReturnValue:
    return _text_page(form.stored_text(_translatable(public_id, text_lang), text_lang))


@bp.post("/<public_id>/texts/<text_lang>")
@access(Permission.LISTING_POST)
def text_send(public_id: str, text_lang: str) -> ResponseReturnValue:
    revision = request.form.get("revision", type=int, default=0)
    page = TextForm(_translatable(public_id, text_lang), text_lang, request.form, revision)
    wanted, problems = form.parse_text(text_lang, request.form)
    if wanted is None:
        return _text_page(page.with_problems(problems)), 422
    try:
        with unit_of_work() as uow:
            service.add_text(uow, public_id, wanted, revision=revision, actor=current_actor())
    except Conflict:
        return _text_page(page.against(_stored_now(public_id))), 409
    flash(_("The version in %(language)s is saved.", language=_language(text_lang)), "success")
    return _stored(redirect(url_for("listings.texts", public_id=public_id), 303))


@bp.post("/<public_id>/texts/<text_lang>/remove")
@access(Permission.LISTING_POST)
def text_remove(public_id: str, text_lang: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.remove_text(uow, public_id, text_lang, actor=current_actor())
    flash(_("The version in %(language)s is removed.", language=_language(text_lang)), "success")
    return redirect(url_for("listings.texts", public_id=public_id), 303)


def _save(page: ListingForm, store: Callable[[UnitOfWork, ListingDraft], Listing]) -> ResponseReturnValue:
    """Store what was typed, or show it again with what stands in the way."""
    publishing = request.form.get("action") == "publish"
    published = page.listing is not None and page.listing.status is Status.PUBLISHED
    wanted, problems = form.parse(page.direction, page.values, complete=publishing or published)
    if wanted is None:
        return _form_page(page.with_problems(problems)), 422
    # What looks like another listing is kept as a draft until its writer has seen that one.
    known = publishing and _looks_known(wanted, page.listing)
    try:
        with unit_of_work() as uow:
            listing = store(uow, wanted)
            if publishing and not known:
                service.publish(uow, listing.public_id, wanted, actor=current_actor())
    except Invalid as error:
        return _form_page(page.with_problems(form.said(error))), 422
    except Conflict:
        return _conflict_page(page), 409
    if known:
        return _stored(redirect(url_for("matching.lookalikes", public_id=listing.public_id), 303))
    return _saved(listing, publishing=publishing)


def _looks_known(wanted: ListingDraft, listing: Listing | None) -> bool:
    """Whether its writer should see listings that look like it first; asked of the matcher, a room above this one."""
    if listing is not None and listing.published_at is not None:
        return False
    return bool(current_app.extensions["matchmaker.looks_known"](wanted, listing))


def _saved(listing: Listing, *, publishing: bool) -> ResponseReturnValue:
    if publishing:
        flash(_("Published. Its matches are being computed."), "success")
    elif listing.status is Status.PUBLISHED:
        flash(_("Your changes are saved and published."), "success")
    else:
        flash(_("The draft is saved. Only your organisation sees it."), "success")
    seen = listing.status is Status.PUBLISHED
    return _stored(redirect(url_for("portal.listing" if seen else "listings.edit", public_id=listing.public_id), 303))


def _stored(response: ResponseReturnValue) -> ResponseReturnValue:
    """Tell the browser that its own copy of this text is not needed any more."""
    token = request.form.get("copy", "")
    if _TOKEN.fullmatch(token):
        response.set_cookie(SAVED_COOKIE, token, max_age=7 * 24 * 3600, samesite="Lax", secure=request.is_secure)  # type: ignore[union-attr]
    return response


def _conflict_page(page: ListingForm) -> str:
    """What was typed stays; what is stored now is shown beside it, and a second save would replace it."""
    assert page.listing is not None  # only a stored listing can have been changed by somebody else
    return _form_page(page.against(_stored_now(page.listing.public_id)))


def _stored_now(public_id: str) -> FullListing:
    """The listing as it is now, whatever this request read before."""
    with fresh_reader() as session:
        return queries.visible(session, public_id, current_actor())


def _form_page(page: ListingForm) -> str:
    advice = assess(unfinished(page.direction, page.values))
    return render_template("listings/form.html", page=page, advice=advice)


def _text_page(page: TextForm) -> str:
    return render_template("listings/text.html", page=page)


def _language(code: str) -> str:
    return language_name(code, current_language())


def _writes_in(country: str) -> str:
    """The language a writer is most likely to write in: the browser's, the country's, the page's."""
    spoken = (tag.replace("_", "-").split("-")[0].lower() for tag in request.accept_languages.values())
    return next(filter(is_language, spoken), None) or main_language(country) or current_language()


def _writes_for(actor: Actor) -> int:
    if actor.organisation_id is None:
        raise NotAllowed("only members of an organisation can post")
    return actor.organisation_id


def _editable(public_id: str) -> FullListing:
    found = queries.visible(reader(), public_id, current_actor())
    if not policy.EDIT.allows(current_actor(), found.listing):
        raise NotAllowed("this listing belongs to another organisation")
    return found


def _translatable(public_id: str, text_lang: str) -> FullListing:
    found = _editable(public_id)
    if not is_language(text_lang) or text_lang == found.listing.lang:
        raise NotFound("no such language version")
    return found
