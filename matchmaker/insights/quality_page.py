"""The page of match quality: which runs there are, what is looked at, and the charts of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from matchmaker.insights import quality_charts as drawn
from matchmaker.insights.quality_charts import Look, Run
from matchmaker.matching import run_figures, run_queries
from matchmaker.matching.models import EvaluationRun
from matchmaker.matching.runs import COVERAGE
from matchmaker.web.charts import Chart, Table

MEASURE, SCOPE = "ndcg@10", "cross_border"


@dataclass(frozen=True)
class QualityPage:
    """Everything that the page shows; a chart is None where nobody has measured it."""

    look: Look
    tasks: Sequence[str]
    measures: Sequence[str]
    scopes: Sequence[str]
    # The runs of the task, the newest first, and the one whose details are shown.
    runs: Sequence[Run]
    run: Run | None
    hidden: Sequence[EvaluationRun]
    history: Chart | None = None
    ways: Chart | None = None
    languages: Table | None = None
    ablation: Chart | None = None
    exposure: Chart | None = None
    calibration: Chart | None = None

    @property
    def task_choices(self) -> list[tuple[str, str]]:
        return [(task, task) for task in self.tasks]

    @property
    def measure_choices(self) -> list[tuple[str, str]]:
        return [(name, drawn.title(drawn.MEASURES, name)) for name in self.measures]

    @property
    def scope_choices(self) -> list[tuple[str, str]]:
        return [(name, drawn.title(drawn.SCOPES, name)) for name in self.scopes]

    @property
    def run_choices(self) -> list[tuple[int, str]]:
        return [(run.row.id or 0, run.label) for run in self.runs]

    @property
    def tables(self) -> list[Table]:
        """All that can be taken along."""
        shown = (self.history, self.ways, self.ablation, self.exposure, self.calibration)
        found = [chart.table for chart in shown if chart]
        return [*found, self.languages] if self.languages else found

    @property
    def has_charts(self) -> bool:
        """Whether anything is to be drawn."""
        return any((self.history, self.ways, self.ablation, self.exposure, self.calibration))


@dataclass(frozen=True)
class Comparison:
    """Two runs beside each other; `same_task` says whether they had the same questions to answer."""

    first: Run
    second: Run
    look: Look
    chart: Chart | None
    languages: Table | None

    @property
    def same_task(self) -> bool:
        one, other = self.first.row, self.second.row
        return one.task == other.task and one.digest == other.digest

    @property
    def tables(self) -> dict[str, Table]:
        found = [self.chart.table] if self.chart else []
        return {table.name: table for table in [*found, *([self.languages] if self.languages else [])]}


def quality_page(session: Session, args: Mapping[str, str]) -> QualityPage:
    """The page for what an address asks for; what it asks for and is not there is chosen for the reader."""
    runs = [_run(row) for row in run_queries.shown(session)]
    return page_of(runs, run_queries.hidden(session), args)


def page_of(runs: Sequence[Run], hidden: Sequence[EvaluationRun], args: Mapping[str, str]) -> QualityPage:
    """The page of these runs, the newest first; asks no database."""
    measuring = [run for run in runs if run.row.task != COVERAGE]
    tasks = sorted({run.row.task for run in measuring})
    task = _one_of(args.get("task", ""), tasks, measuring[0].row.task if measuring else "")
    own = [run for run in measuring if run.row.task == task]
    run = next((run for run in own if str(run.row.id) == args.get("run")), own[0] if own else None)
    measures = _measures(run)
    look = Look(
        task=task,
        measure=_one_of(args.get("measure", ""), measures, MEASURE),
        scope=_one_of(args.get("scope", ""), _scopes(run), SCOPE),
    )
    exposed = next((found for found in runs if found.figures.lorenz or found.figures.coverage is not None), None)
    return QualityPage(
        look=look,
        tasks=tasks,
        measures=measures,
        scopes=_scopes(run),
        runs=own,
        run=run,
        hidden=hidden,
        history=drawn.history(own, look) if own else None,
        ways=drawn.ways(run, look) if run else None,
        languages=drawn.languages(run, look) if run else None,
        ablation=drawn.ablation(run, look) if run else None,
        exposure=drawn.exposure(exposed) if exposed else None,
        calibration=next((chart for chart in map(drawn.calibration, _begun_with(run, runs)) if chart), None),
    )


def tables(page: QualityPage) -> dict[str, Table]:
    """The tables by name, as files are asked for."""
    return {table.name: table for table in page.tables}


def comparison(session: Session, first: int, second: int) -> Comparison:
    """Two runs by their numbers, hidden or not; raises NotFound."""
    return compared(*(_run(run_queries.find(session, number)) for number in (first, second)))


def compared(first: Run, second: Run) -> Comparison:
    """Two runs beside each other; asks no database."""
    look = Look(second.row.task, MEASURE, SCOPE)
    return Comparison(
        first, second, look, drawn.difference(first, second), drawn.languages_compared(first, second, look)
    )


def _run(row: EvaluationRun) -> Run:
    return Run(row, run_figures.read(row.figures))


def _begun_with(run: Run | None, runs: Sequence[Run]) -> list[Run]:
    """The run that is looked at, then the others, the newest first."""
    return [*([run] if run else []), *runs]


def _measures(run: Run | None) -> list[str]:
    return list(dict.fromkeys(name for found in drawn.measured(run) for name in found.measures))


def _scopes(run: Run | None) -> list[str]:
    return list(dict.fromkeys(scope for scopes in (run.figures.ways.values() if run else ()) for scope in scopes))


def _one_of(asked: str, known: Sequence[str], otherwise: str) -> str:
    if asked in known:
        return asked
    return otherwise if otherwise in known or not known else known[0]
