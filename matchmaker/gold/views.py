"""Grading for brokers, rounds for administrators."""

from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from zipfile import ZIP_STORED, ZipFile

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from matchmaker.core.errors import Conflict, Invalid
from matchmaker.gold import export as exporting
from matchmaker.gold import grading, page, queries, service
from matchmaker.gold.grading import Stale
from matchmaker.gold.models import Deed, GoldRound
from matchmaker.gold.page import Typed
from matchmaker.gold.schemas import RoundDraft, Verdict
from matchmaker.gold.titles import DEEDS, GRADES
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction
from matchmaker.listings.queries import Filters
from matchmaker.review.titles import TEXTS
from matchmaker.web import forms
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, fresh_reader, reader, unit_of_work

bp = Blueprint("gold", __name__, url_prefix="/gold")

WORDS = {"grades": GRADES, "deeds": DEEDS, "Deed": Deed, "texts": TEXTS}
LISTS = frozenset({"languages", "countries", "graders"})


@bp.get("")
@access(Permission.GOLD_GRADE)
def index() -> ResponseReturnValue:
    return render_template("gold/index.html", rows=page.index_page(reader(), current_actor()))


@bp.get("/new")
@access(Permission.GOLD_RUN)
def new() -> ResponseReturnValue:
    return _form({"needs": "50", "depth": "8", "double_share": "100"}, {})


@bp.post("/new")
@access(Permission.GOLD_RUN)
def add() -> ResponseReturnValue:
    values = forms.values_of(request.form, LISTS)
    draft, problems = forms.parse(RoundDraft, {"name": "", "graders": (), **values})
    try:
        if draft is None:
            return _form(values, problems), 422
        with unit_of_work() as uow:
            row = service.open_round(uow, draft, actor=current_actor())
    except Invalid as error:
        return _form(values, forms.messages(error)), 422
    flash(_("The round is open. Its pairs are drawn in the background, and can be graded as they come."))
    return redirect(url_for(".show", public_id=row.public_id), 303)


@bp.get("/<public_id>")
@access(Permission.GOLD_GRADE)
def show(public_id: str) -> ResponseReturnValue:
    """A round: one's own share, or for administrators all of it."""
    found = page.round_page(reader(), _round(public_id), current_actor())
    return render_template("gold/round.html", page=found, **WORDS)


@bp.get("/<public_id>/grade")
@access(Permission.GOLD_GRADE)
def grade(public_id: str) -> ResponseReturnValue:
    """The next pair that waits for the reader."""
    row = _round(public_id)
    pair = page.next_pair(reader(), row, current_actor())
    if pair is None:
        return redirect(url_for(".show", public_id=public_id), 303)
    return redirect(url_for(".pair", public_id=pair.public_id), 303)


@bp.get("/pairs/<public_id>")
@access(Permission.GOLD_GRADE)
def pair(public_id: str) -> ResponseReturnValue:
    return _pair(public_id)


@bp.post("/pairs/<public_id>")
@access(Permission.GOLD_GRADE)
def judge(public_id: str) -> ResponseReturnValue:
    """Grade, skip or settle the pair."""
    verdict, problems = forms.parse(Verdict, {"grade": "", **request.form.to_dict()})
    do = grading.settle if request.form.get("as") == "settle" else grading.judge
    try:
        if verdict is None:
            return _pair(public_id, Typed(request.form, problems)), 422
        with unit_of_work() as uow:
            do(uow, public_id, verdict, actor=current_actor())
    except Invalid as error:
        return _pair(public_id, Typed(request.form, forms.messages(error))), 422
    except Conflict as error:
        return _refused(public_id, error)
    return _onward(public_id)


@bp.post("/pairs/<public_id>/undo")
@access(Permission.GOLD_GRADE)
def undo(public_id: str) -> ResponseReturnValue:
    """Take the newest deed to a pair back, and show the pair again."""
    version = request.form.get("version", type=int, default=0)
    try:
        with unit_of_work() as uow:
            grading.take_back(uow, public_id, version=version, actor=current_actor())
    except Stale:
        flash(_("There is nothing left to undo."), "error")
    except Conflict:
        flash(_("This round is closed: nothing can be changed any more."), "error")
    return redirect(url_for(".pair", public_id=public_id), 303)


@bp.get("/<public_id>/mine")
@access(Permission.GOLD_GRADE)
def mine(public_id: str) -> ResponseReturnValue:
    """What one has graded and skipped, to look at again."""
    row, number = _round(public_id), request.args.get("page", type=int, default=1)
    deed = Deed.SKIPPED if request.args.get("deed") == Deed.SKIPPED else None
    found = page.mine(reader(), row, _reader(), (number, deed))
    return render_template("gold/mine.html", row=row, page=found, deed=deed, **WORDS)


@bp.get("/<public_id>/disputes")
@access(Permission.GOLD_GRADE)
def disputes(public_id: str) -> ResponseReturnValue:
    """Pairs that two graders differ on by two steps or more."""
    row = _round(public_id)
    rows = page.disputes(reader(), row, _reader())
    names = {
        id_: person.name
        for id_, person in queries.people(reader(), {g.person_id for r in rows for g in r.grades}).items()
    }
    return render_template("gold/disputes.html", row=row, rows=rows, names=names, **WORDS)


@bp.post("/<public_id>/close")
@access(Permission.GOLD_RUN)
def close(public_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.close(uow, public_id, actor=current_actor())
    flash(_("The round is closed: its grades stand."))
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.post("/<public_id>/reopen")
@access(Permission.GOLD_RUN)
def reopen(public_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        service.reopen(uow, public_id, actor=current_actor())
    flash(_("The round is open again."))
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.post("/<public_id>/graders")
@access(Permission.GOLD_RUN)
def set_graders(public_id: str) -> ResponseReturnValue:
    """Choose who grades from now on."""
    try:
        with unit_of_work() as uow:
            service.set_graders(uow, public_id, request.form.getlist("graders"), actor=current_actor())
        flash(_("The graders of this round are changed; what was graded stays."))
    except Invalid as error:
        flash(forms.messages(error)["graders"], "error")
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.get("/<public_id>/export.zip")
@access(Permission.GOLD_RUN)
def export(public_id: str) -> ResponseReturnValue:
    """The round in the shape of a benchmark."""
    row, market = _round(public_id), request.args.get("market") == "1"
    with TemporaryDirectory() as place:
        counts = exporting.write(reader(), row, Path(place), market=market)
        packed = _packed(Path(place))
    with unit_of_work() as uow:
        service.note_export(uow, row, f"pairs {counts.judged_pairs}", actor=current_actor().public_id)
    name = f"gold-{row.public_id}.zip"
    return send_file(packed, mimetype="application/zip", as_attachment=True, download_name=name)


def _round(public_id: str) -> GoldRound:
    return queries.round_of(reader(), public_id, current_actor())


def _reader() -> Reader:
    return Reader(current_language(), current_actor())


def _pair(public_id: str, typed: Typed | None = None) -> str:
    """The pair as it is now, whatever this request read before."""
    with fresh_reader() as session:
        found = page.pair_page(session, queries.pair_of(session, public_id), _reader(), typed)
        return render_template("gold/pair.html", page=found, back=request.values.get("back", ""), **WORDS)


def _refused(public_id: str, error: Conflict) -> ResponseReturnValue:
    """The pair as it stands now, with what was typed and why it was not taken."""
    if isinstance(error, Stale):
        told = _("You graded this pair in another window; here is what you said there.")
    else:
        told = _("This was not saved: the round was closed, or somebody else has settled the pair.")
    return _pair(public_id, Typed(request.form, {"": told})), 409


def _onward(public_id: str) -> ResponseReturnValue:
    """To the next pair, or back to the list that this one was opened from."""
    with fresh_reader() as session:
        found = session.get_one(GoldRound, queries.pair_of(session, public_id).round_id)
    back = {"mine": ".mine", "disputes": ".disputes"}.get(request.form.get("back", ""))
    if back:
        flash(_("Saved."))
    return redirect(url_for(back or ".grade", public_id=found.public_id), 303)


def _form(values: dict[str, object], problems: dict[str, str]) -> str:
    facets = {facet.name: facet.values for facet in listings.facets(reader(), Filters(direction=Direction.NEED))}
    people = queries.possible_graders(reader())
    return render_template("gold/new.html", values=values, problems=problems, facets=facets, people=people, **WORDS)


def _packed(folder: Path) -> TemporaryFile:  # type: ignore[valid-type]
    """The files of a folder in one; closed, and gone, once it was sent."""
    file = TemporaryFile()  # noqa: SIM115  (whoever sends it closes it)
    with ZipFile(file, "w", ZIP_STORED) as packed:
        for path in sorted(folder.iterdir()):
            packed.write(path, path.name)
    file.seek(0)
    return file


def waiting_grades() -> int:
    """How many pairs wait for the reader's grade, asked once for a page; 0 where nobody is signed in."""
    actor = current_actor()
    if "waiting_grades" not in g:
        g.waiting_grades = sum(queries.waiting(reader(), actor).values()) if actor else 0
    found: int = g.waiting_grades
    return found


def init_app(app: Flask) -> None:
    app.jinja_env.globals["waiting_grades"] = waiting_grades
