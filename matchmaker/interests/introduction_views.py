"""Introductions: the list, the page with its thread, the agreements, and what a match waits for before."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.core.errors import Conflict, Invalid
from matchmaker.core.ids import new_secret
from matchmaker.core.languages import languages
from matchmaker.core.text import clean_text
from matchmaker.files.service import Received, accepted
from matchmaker.files.views import received, takes_files
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.interests import gate_page, introductions, messages, nda, nda_page
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests.introduction_page import SIZE, Asked, introduction_page
from matchmaker.interests.introduction_policy import broker_is_released
from matchmaker.interests.introduction_wording import ENDS, STANDS, STEPS
from matchmaker.interests.nda_text import LANGUAGES, MOST_YEARS, NdaDraft
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.review.answers import Step
from matchmaker.review.models import CloseReason, State
from matchmaker.taxonomy.vocabulary import OrganisationKind
from matchmaker.web import forms
from matchmaker.web.access import SIGNED_IN, access
from matchmaker.web.context import current_actor, reader, unit_of_work

# Far beyond any list; databases have an end to their integers.
LAST_PAGE = 10_000

bp = Blueprint("introductions", __name__, url_prefix="/introductions")


@bp.get("")
@access(SIGNED_IN)
def index() -> ResponseReturnValue:
    page = queries.mine(reader(), current_actor(), min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE))
    ids = [id_ for row in page.rows for id_ in (row.suggestion.need_id, row.suggestion.result_id) if id_ is not None]
    orgs = [id_ for row in page.rows for id_ in (row.introduction.need_org_id, row.introduction.result_org_id)]
    return render_template(
        "introductions/index.html",
        page=page,
        cards=listings.cards(reader(), ids, Reader(current_language(), current_actor())),
        organisations=queries.organisations(reader(), orgs),
        stands=STANDS,
    )


@bp.get("/<public_id>")
@access(SIGNED_IN)
def show(public_id: str) -> ResponseReturnValue:
    return _page(public_id, {}, {})


@bp.get("/<public_id>/news")
@access(SIGNED_IN)
def new_messages(public_id: str) -> ResponseReturnValue:
    """What a page that stays open asks for now and then: how many messages came in the meantime."""
    introduction = queries.readable(reader(), public_id, current_actor())
    found = queries.unread_counts(reader(), [introduction.id or 0], current_actor().person_id)
    count = found.get(introduction.id or 0, 0)
    return render_template("introductions/_news.html", introduction=introduction, count=count)


@bp.post("/<public_id>/messages")
@access(SIGNED_IN)
@takes_files
def send(public_id: str) -> ResponseReturnValue:
    messages.require_writer(reader(), public_id, current_actor())
    text, lang, once = (request.form.get(name, "") for name in ("text", "lang", "once"))
    try:
        sent = messages.Words(text, lang, once, current_language(), _files())
        with unit_of_work() as uow:
            message = messages.send(uow, public_id, sent, actor=current_actor())
            place = queries.count_messages(uow.session, queries.readable(uow.session, public_id, current_actor()))
    except Invalid as error:
        return _page(public_id, request.form.to_dict(), _said(error)), 422
    last = -(-place // SIZE)
    return redirect(url_for(".show", public_id=public_id, page=last, _anchor=f"m-{message.public_id}"), 303)


@bp.post("/<public_id>/progress")
@access(SIGNED_IN)
def progress(public_id: str) -> ResponseReturnValue:
    wanted, why = request.form.get("to", ""), request.form.get("reason", "")
    if wanted not in STEPS and wanted != State.CLOSED:
        raise Conflict("there is no such step")
    step = Step(State(wanted), request.form.get("note", ""), CloseReason(why) if why in ENDS else None)
    try:
        with unit_of_work() as uow:
            introductions.progress(uow, public_id, step, revision=_revision(), actor=current_actor())
    except Invalid as error:
        return _page(public_id, {"note": step.note, "reason": why}, _said(error)), 422
    flash(_("Noted; both sides see it."))
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.post("/<public_id>/broker")
@access(SIGNED_IN)
def broker(public_id: str) -> ResponseReturnValue:
    release = request.form.get("keep") != "1"
    with unit_of_work() as uow:
        introduction = introductions.release_broker(uow, public_id, actor=current_actor(), release=release)
    if broker_is_released(introduction):
        flash(_("Both sides go on by themselves now; the broker reads along no more."))
    else:
        flash(_("Noted. The broker stays until both sides have said so.") if release else _("The broker stays."))
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.get("/<public_id>/nda")
@access(SIGNED_IN)
def nda_form(public_id: str) -> ResponseReturnValue:
    return _nda_form(public_id, {}, {})


@bp.post("/<public_id>/nda")
@access(SIGNED_IN)
def nda_propose(public_id: str) -> ResponseReturnValue:
    draft, problems = forms.parse(NdaDraft, {"language": "", "purpose": "", "years": "", "law": "", **request.form})
    if draft is None:
        return _nda_form(public_id, request.form.to_dict(), problems), 422
    try:
        with unit_of_work() as uow:
            proposed = nda.propose(uow, public_id, draft, seen=request.form.get("seen", ""), actor=current_actor())
    except Conflict:
        return _nda_form(public_id, request.form.to_dict(), {"": _somebody_proposed()}), 409
    flash(_("Proposed. Please read the text below once more and confirm it; the other side is told."))
    return redirect(url_for(".nda_record", public_id=proposed.public_id), 303)


@bp.post("/<public_id>/nda/file")
@access(SIGNED_IN)
@takes_files
def nda_propose_file(public_id: str) -> ResponseReturnValue:
    nda.require_proposer(reader(), public_id, current_actor())
    seen = request.form.get("seen", "")
    try:
        received = _signed_file()
        with unit_of_work() as uow:
            proposed = nda.propose_file(uow, public_id, received, seen=seen, actor=current_actor())
    except Invalid as error:
        return _nda_form(public_id, {}, _said(error)), 422
    except Conflict:
        return _nda_form(public_id, {}, {"": _somebody_proposed()}), 409
    return redirect(url_for(".nda_record", public_id=proposed.public_id), 303)


@bp.get("/nda/<public_id>")
@access(SIGNED_IN)
def nda_record(public_id: str) -> ResponseReturnValue:
    return render_template("introductions/nda.html", page=nda_page.nda_page(reader(), public_id, current_actor()))


@bp.post("/nda/<public_id>/confirm")
@access(SIGNED_IN)
def nda_confirm(public_id: str) -> ResponseReturnValue:
    try:
        with unit_of_work() as uow:
            nda.confirm(uow, public_id, request.form.get("sha256", ""), actor=current_actor())
    except Conflict:
        page = nda_page.nda_page(reader(), public_id, current_actor())
        return render_template("introductions/nda.html", page=page, refused=True), 409
    flash(_("Confirmed for your side."))
    return redirect(url_for(".nda_record", public_id=public_id), 303)


@bp.get("/nda/<public_id>/text")
@access(SIGNED_IN)
def nda_text(public_id: str) -> ResponseReturnValue:
    """The very bytes whose SHA-256 was confirmed."""
    found, _introduction = nda.readable(reader(), public_id, current_actor())
    answer = Response(found.text.encode("utf-8"), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="nda-{found.public_id}.txt"'
    return answer


@bp.get("/gate/<public_id>")
@access(SIGNED_IN)
def gate(public_id: str) -> ResponseReturnValue:
    return _gate_page(public_id, {}, {})


@bp.post("/gate/<public_id>")
@access(SIGNED_IN)
def declare(public_id: str) -> ResponseReturnValue:
    gate_page.readable(reader(), public_id, current_actor())
    said = (request.form.get("text", ""), request.form.get("licence_number", ""))
    try:
        with unit_of_work() as uow:
            agreed = request.form.get("agreed") == "1"
            introductions.declare(uow, public_id, said, actor=current_actor(), agreed=agreed)
    except Invalid as error:
        return make_response(_gate_page(public_id, request.form.to_dict(), _said(error)), 422)
    flash(_("Your declaration is recorded."))
    return redirect(url_for(".gate", public_id=public_id), 303)


def _files() -> tuple[Received, ...]:
    """What was attached; too many are refused before one is looked at."""
    if len(request.files.getlist("file")) > messages.MOST_FILES:
        raise Invalid({"file": "too_many_files"})
    return tuple(received("file"))


def _signed_file() -> Received:
    """The one file of the form, as it came: cleaning would break a signature in it."""
    found = received("file", clean=False)
    if not found:
        raise Invalid({"file": "file_missing"})
    return found[0]


def _page(public_id: str, values: dict[str, str], problems: dict[str, str]) -> str:
    actor, lang = current_actor(), current_language()
    page = introduction_page(reader(), public_id, Asked.read(request.args), lang, actor=actor)
    text = render_template(
        "introductions/show.html",
        page=page,
        values=values,
        problems=problems,
        once=values.get("once") or new_secret(),
        usual=messages.usual_languages(reader(), page.introduction, actor, lang),
        languages=languages(lang),
        words={"stands": STANDS, "steps": STEPS, "ends": ENDS},
        kinds=dict(OrganisationKind.choices()),
        limit=messages.LIMIT,
        most_files=messages.MOST_FILES,
        accepted=accepted(),
    )
    if page.unread and page.last_id:
        with unit_of_work() as uow:
            messages.mark_read(uow, page.introduction, page.last_id, actor=actor)
    return text


def _nda_form(public_id: str, values: dict[str, str], problems: dict[str, str]) -> str:
    page = nda_page.form_page(reader(), public_id, current_actor())
    languages_ = {"zh_en": _("Chinese and English"), "zh": _("Chinese"), "en": _("English")}
    return render_template(
        "introductions/nda_form.html",
        page=page,
        values=values,
        problems=problems,
        choices=[(code, languages_[code]) for code in reversed(LANGUAGES)],
        most_years=MOST_YEARS,
    )


def _gate_page(public_id: str, values: dict[str, str], problems: dict[str, str]) -> ResponseReturnValue:
    page = gate_page.gate_page(reader(), public_id, current_language(), actor=current_actor())
    if page.introduction is not None:
        return redirect(url_for(".show", public_id=page.introduction.public_id), 303)
    return render_template("introductions/gate.html", page=page, values=values, problems=problems)


def _said(error: Invalid) -> dict[str, str]:
    words = {"length": len(clean_text(request.form.get("text", ""))), "limit": messages.LIMIT}
    return forms.messages(error, words)


def _somebody_proposed() -> str:
    return str(
        _("Another text was proposed or confirmed in the meantime. Read it first; what you filled in is kept here.")
    )


def _revision() -> int:
    return request.form.get("revision", type=int, default=0)
