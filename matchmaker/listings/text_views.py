"""The language versions of a listing, for its owner."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.core.errors import Conflict, NotFound
from matchmaker.core.languages import is_language, language_name
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.listings import form, service
from matchmaker.listings.form import TextForm
from matchmaker.listings.queries import FullListing
from matchmaker.listings.views import bp, editable, stored, stored_now
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, unit_of_work

# What a further version is most likely to be written in, after the reader's own language.
LIKELY = ("en", "zh")


@bp.get("/<public_id>/texts")
@access(Permission.LISTING_POST)
def texts(public_id: str) -> ResponseReturnValue:
    chosen = request.args.get("text", "")
    if is_language(chosen):
        return redirect(url_for("listings.text", public_id=public_id, text_lang=chosen), 303)
    found = editable(public_id)
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
        return _text_page(page.against(stored_now(public_id))), 409
    flash(_("The version in %(language)s is saved.", language=_language(text_lang)), "success")
    return stored(redirect(url_for("listings.texts", public_id=public_id), 303))


@bp.post("/<public_id>/texts/<text_lang>/remove")
@access(Permission.LISTING_POST)
def text_remove(public_id: str, text_lang: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.remove_text(uow, public_id, text_lang, actor=current_actor())
    flash(_("The version in %(language)s is removed.", language=_language(text_lang)), "success")
    return redirect(url_for("listings.texts", public_id=public_id), 303)


def _text_page(page: TextForm) -> str:
    return render_template("listings/text.html", page=page)


def _language(code: str) -> str:
    return language_name(code, current_language())


def _translatable(public_id: str, text_lang: str) -> FullListing:
    found = editable(public_id)
    if not is_language(text_lang) or text_lang == found.listing.lang:
        raise NotFound("no such language version")
    return found
