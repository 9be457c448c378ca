"""The matches of one's own organisations, the answers to them, and interest in a listing of somebody else's."""

from collections.abc import Callable

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts.policy import permissions
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.interests import consent, expressions, match_pages
from matchmaker.interests.expression_form import expression_form, pair_score
from matchmaker.interests.expression_schemas import Expression
from matchmaker.interests.match_pages import Refused
from matchmaker.interests.match_words import BOXES, WORDS, told
from matchmaker.listings.confidence import Reader
from matchmaker.review import answers, parties
from matchmaker.review.answers import Refusal
from matchmaker.review.models import DeclineReason, Side, Suggestion
from matchmaker.review.parties import Box, Ours
from matchmaker.web import forms
from matchmaker.web.access import SIGNED_IN, Permission, access
from matchmaker.web.context import current_actor, fresh_reader, reader, unit_of_work

bp = Blueprint("interests", __name__)

LAST_PAGE = 10_000
Deed = Callable[[UnitOfWork, Ours], Suggestion | None]


@bp.get("/matches")
@access(Permission.MATCH_ANSWER)
def index() -> ResponseReturnValue:
    number = max(1, min(request.args.get("page", type=int, default=1), LAST_PAGE))
    wanted = request.args.get("box", "")
    page = match_pages.list_page(reader(), Box(wanted) if wanted in set(Box) else Box.ANSWER, number, _reader())
    return render_template("interests/index.html", page=page, boxes=BOXES, **WORDS)


@bp.get("/matches/<public_id>")
@access(SIGNED_IN)
def match(public_id: str) -> ResponseReturnValue:
    """A side's page; brokers have everything about it at their desk."""
    try:
        return _page(public_id)
    except NotFound:
        if Permission.MATCH_REVIEW not in permissions(current_actor()):
            raise
    return redirect(url_for("review.pair", public_id=public_id), 303)


@bp.post("/matches/<public_id>/yes")
@access(Permission.MATCH_ANSWER)
def say_yes(public_id: str) -> ResponseReturnValue:
    return _do(
        public_id,
        lambda uow, ours: consent.say_yes(uow, public_id, side=ours.side, revision=_revision(), actor=current_actor()),
    )


@bp.post("/matches/<public_id>/no")
@access(Permission.MATCH_ANSWER)
def say_no(public_id: str) -> ResponseReturnValue:
    return _do(
        public_id,
        lambda uow, ours: answers.say_no(
            uow, public_id, _refusal(ours.side), revision=_revision(), actor=current_actor()
        ),
    )


@bp.post("/matches/<public_id>/withdraw")
@access(Permission.MATCH_ANSWER)
def withdraw(public_id: str) -> ResponseReturnValue:
    return _do(
        public_id,
        lambda uow, ours: answers.withdraw(uow, public_id, side=ours.side, revision=_revision(), actor=current_actor()),
    )


@bp.post("/matches/<public_id>/ask")
@access(Permission.MATCH_ANSWER)
def ask(public_id: str) -> ResponseReturnValue:
    def deed(uow: UnitOfWork, ours: Ours) -> None:
        text = request.form.get("text", "")
        answers.ask_broker(uow, public_id, text, side=ours.side, actor=current_actor())

    return _do(public_id, deed)


@bp.post("/matches/<public_id>/answer")
@access(Permission.MATCH_ANSWER)
def answer_question(public_id: str) -> ResponseReturnValue:
    question, text = request.form.get("question", ""), request.form.get("text", "")
    try:
        with unit_of_work() as uow:
            answers.answer_question(uow, question, text, actor=current_actor(), match=public_id)
    except (Invalid, Conflict) as error:
        return _refused(public_id, error)
    flash(_("Your answer is with the broker."), "success")
    return redirect(url_for("interests.index"), 303)


@bp.get("/listings/<public_id>/interest")
@access(SIGNED_IN)
def interest(public_id: str) -> ResponseReturnValue:
    form = expression_form(reader(), public_id, _reader(), {}, {})
    return render_template("interests/express.html", form=form, **WORDS)


@bp.post("/listings/<public_id>/interest")
@access(Permission.MATCH_ANSWER)
def express(public_id: str) -> ResponseReturnValue:
    wanted, problems = forms.parse(Expression, request.form.to_dict())
    if wanted is None:
        return _form_again(public_id, problems), 422
    score = pair_score(reader(), public_id, wanted.own, current_language())
    try:
        with unit_of_work() as uow:
            sent = expressions.express(uow, public_id, wanted, actor=current_actor(), score=score)
            match_id = expressions.match_of(uow.session, sent).public_id
    except Invalid as error:
        return _form_again(public_id, forms.messages(error)), 422
    except Conflict:
        return redirect(url_for("interests.interest", public_id=public_id), 303)
    return _sent(match_id)


def _sent(match_id: str) -> ResponseReturnValue:
    flash(_("Your interest is sent. You will hear of the answer here and by letter."), "success")
    return redirect(url_for("interests.match", public_id=match_id), 303)


def _form_again(public_id: str, problems: forms.Problems) -> str:
    form = expression_form(reader(), public_id, _reader(), request.form.to_dict(), problems)
    return render_template("interests/express.html", form=form, **WORDS)


def _do(public_id: str, deed: Deed) -> ResponseReturnValue:
    """Act for the reader's side, and show the match; what cannot be taken is shown with the reason why."""
    try:
        with unit_of_work() as uow:
            moved = deed(uow, parties.ours(uow.session, public_id, current_actor()))
            state = moved.state if moved else None
    except (Invalid, Conflict) as error:
        return _refused(public_id, error)
    flash(told(request.endpoint or "", state), "success")
    return redirect(url_for("interests.match", public_id=public_id), 303)


def _refused(public_id: str, error: Invalid | Conflict) -> ResponseReturnValue:
    """The page as it stands now: with what was typed and what is wrong, or saying that somebody was faster."""
    if isinstance(error, Conflict):
        flash(_("This has changed in the meantime, so your answer was not stored. This is how it stands now."), "error")
        return _page(public_id), 409
    problems = forms.messages(error)
    return _page(public_id, Refused(request.endpoint or "", request.form.to_dict(), problems)), 422


def _page(public_id: str, refused: Refused | None = None) -> str:
    """The match as the reader's side knows it; raises NotFound for everybody else."""
    with fresh_reader() as session:
        ours = parties.ours(session, public_id, current_actor())
        page = match_pages.match_page(session, ours, _reader(), refused)
        return render_template("interests/match.html", page=page, **WORDS)


def _refusal(side: Side) -> Refusal:
    reason = request.form.get("reason", "")
    chosen = DeclineReason(reason) if reason in set(DeclineReason) else None
    return Refusal(side, chosen, request.form.get("note", ""), share="share" in request.form)


def _revision() -> int:
    return request.form.get("revision", type=int, default=0)


def _reader() -> Reader:
    return Reader(current_language(), current_actor())


def waiting_matches() -> int:
    """How many matches wait for an answer of the reader's; 0 where nobody is signed in."""
    actor = current_actor()
    return parties.waiting(reader(), actor) if actor else 0


def init_app(app: Flask) -> None:
    app.jinja_env.globals["waiting_matches"] = waiting_matches
