"""Management commands for listings: import a file, load the demo."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import OperationalError

from matchmaker.core.errors import MatchmakerError
from matchmaker.listings import demo, machine_texts, translator
from matchmaker.listings.columns import read_overrides
from matchmaker.listings.importing import Options, Report, Watch, import_file
from matchmaker.web.context import engine, unit_of_work

SHOWN_REJECTIONS = 20

listings = AppGroup("listings", help="Needs and results.")


class _Failure(click.ClickException):
    """One line for people, and an exit code for scripts."""

    exit_code = 2


@listings.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), help='JSON: {"our field": "their column" or "=value"}.')
@click.option("--source", default="", help="Name of the source for rows that name none; else the file's name.")
@click.option("--batch", default=500, show_default=True, type=click.IntRange(1, 5000), help="Rows in a transaction.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and change nothing.")
@click.option("--rejected", type=click.Path(path_type=Path), help="Write the rejected rows there, as JSON lines.")
def import_command(file: Path, mapping: Path | None, **chosen: Any) -> None:
    """Import needs and results from a .jsonl, .csv (both also .gz) or .xlsx FILE; again means update."""
    with _failing_in_one_line(), _progress() as watch:
        overrides = read_overrides(mapping) if mapping else {}
        options = Options(overrides=overrides, **chosen)
        report = import_file(engine(), file, options, watch)
    _print(report, "would be" if options.dry_run else "")


@listings.command("demo")
def demo_command() -> None:
    """Load the shipped demo, or bring it up to date."""
    with _failing_in_one_line():
        report = demo.load(engine())
    _print(report)


@listings.command("translate")
def translate_command() -> None:
    """Ask for machine versions of everything published that lacks one in a language of the portal."""
    if translator.of(engine()) is None:
        raise _Failure("no translation service is set; name one in MATCHMAKER_TRANSLATE_URL")
    with unit_of_work() as uow:
        found = machine_texts.request_all(uow)
    click.echo(f"{found} listings wait to be translated")


@contextmanager
def _failing_in_one_line() -> Iterator[None]:
    try:
        yield
    except MatchmakerError as error:
        raise _Failure(" ".join(str(error).split())) from error
    except OperationalError as error:
        reason = " ".join(str(error.orig).split())
        raise _Failure(f"the database fails ({reason}); what was reported as imported is kept, run it again") from error


@contextmanager
def _progress() -> Iterator[Watch]:
    parts = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*parts, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def watch(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done)

        yield watch


def _print(report: Report, mood: str = "") -> None:
    table = Table("rows", "", box=None, pad_edge=False)
    counts = {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "superseded by a later row": report.superseded,
        "rejected": len(report.rejected),
    }
    for what, number in counts.items():
        table.add_row(f"{mood} {what}".strip(), Text(str(number), justify="right"))
    console = Console(markup=False, highlight=False, soft_wrap=True)
    console.print(table)
    for note, number in sorted(report.notes.items()):
        console.print(f"note: {note} ({number})")
    for line, reason in report.rejected[:SHOWN_REJECTIONS]:
        console.print(f"rejected: line {line}: {reason}")
    if len(report.rejected) > SHOWN_REJECTIONS:
        more = len(report.rejected) - SHOWN_REJECTIONS
        console.print(f"rejected: {more} more; --rejected FILE keeps them all")
