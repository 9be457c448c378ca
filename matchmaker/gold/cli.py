"""Commands of the gold set: list, draw, export, evaluate."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask.cli import AppGroup

from matchmaker.core.errors import Misconfigured, NotFound
from matchmaker.gold import export as exporting
from matchmaker.gold import queries, service, tasks
from matchmaker.gold.models import GoldRound
from matchmaker.matching.cli import Wish, bars, evaluate_folder
from matchmaker.matching.runtime import matcher
from matchmaker.web.context import fresh_reader, unit_of_work

gold = AppGroup("gold", help="Rounds of graded pairs, and how the ranking does on them.")
CONSOLE = "console"


@gold.command("list")
def list_() -> None:
    """All rounds, newest first, with how far they are."""
    with fresh_reader() as session:
        rows = queries.every_round(session)
        found = queries.progress(session, [row.id or 0 for row in rows])
    if not rows:
        click.echo("there is no round yet; an administrator opens one under Administration, Gold set")
    for row in rows:
        state, done = "closed" if row.closed_at else "open", found[row.id or 0]
        click.echo(
            f"{row.public_id}  {state:6}  needs {done.drawn}/{done.needs}  pairs {done.full}/{done.pairs}  {row.name}"
        )


@gold.command("draw")
@click.argument("round_id", metavar="ROUND")
def draw(round_id: str) -> None:
    """Draw the pools of ROUND now; a running server does it by itself."""
    row = _round(round_id)
    matcher().open()
    with bars() as say:
        tasks.draw_all(matcher(), row.id or 0, say("drawing pools"))
    with fresh_reader() as session:
        found = queries.progress(session, [row.id or 0])[row.id or 0]
    click.echo(f"{found.drawn} of {found.needs} needs have their pools, {found.pairs} pairs in all")


@gold.command("export")
@click.argument("round_id", metavar="ROUND")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--market", is_flag=True, help="Add every other result as a document that nobody judged.")
def export(round_id: str, folder: Path, market: bool) -> None:
    """Write ROUND into FOLDER in the shape of a benchmark."""
    row = _round(round_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = sorted({path.name for path in folder.iterdir()} & set(exporting.FILES))
        if taken:
            raise Misconfigured(f"{folder} holds {taken[0]} already; name an empty folder")
        with fresh_reader() as session:
            counts = exporting.write(session, row, folder, market=market)
    except OSError as error:
        raise Misconfigured(f"{folder} cannot be written to: {error.strerror}") from error
    with unit_of_work() as uow:
        service.note_export(uow, row, f"pairs {counts.judged_pairs}", actor=CONSOLE)
    click.echo(f"{counts.queries} needs, {counts.documents} results, {counts.judged_pairs} judged pairs")
    for name in ("ungraded", "disputed", "withdrawn"):
        if left := getattr(counts, f"{name}_pairs"):
            click.echo(f"left out: {left} {name} pair(s)")
    if counts.changed_pairs:
        click.echo(f"{counts.changed_pairs} judged pair(s) have a text that was changed after the grade")


@gold.command("evaluate")
@click.argument("round_id", metavar="ROUND")
@click.option(
    "--market", is_flag=True, help="Rank among every result on the market; what nobody judged counts as no answer."
)
@click.option(
    "--at-least", default=1, show_default=True, type=click.IntRange(1, 3), help="The lowest grade that is an answer."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def evaluate(round_id: str, market: bool, at_least: int, as_json: bool) -> None:
    """Rank the needs of ROUND as the product would, beside plain cosine and BM25, and keep the figures."""
    row = _round(round_id)
    with TemporaryDirectory() as place:
        folder = Path(place) / row.public_id
        folder.mkdir()
        with fresh_reader() as session:
            counts = exporting.write(session, row, folder, market=market, least=at_least)
        result = evaluate_folder(folder, Wish(as_json=as_json))
    asked = {"at_least": at_least, "documents": counts.documents, "judged_pairs": counts.judged_pairs}
    with unit_of_work() as uow:
        service.note_evaluation(uow, row, matcher().open().name, {**asked, **result.as_dict()})


def _round(public_id: str) -> GoldRound:
    """The round of this id; raises Misconfigured, which the command line shows as one line."""
    try:
        with fresh_reader() as session:
            return queries.round_named(session, public_id)
    except NotFound:
        raise Misconfigured(f"there is no round {public_id}; `flask gold list` shows them all") from None
