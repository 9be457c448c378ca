"""Evaluation runs as charts and tables; pure, but for the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import LazyString, format_date, format_datetime

from matchmaker.core.languages import language_name
from matchmaker.i18n import _, lazy, ngettext
from matchmaker.i18n.locales import current_language
from matchmaker.matching.models import EvaluationRun
from matchmaker.matching.run_figures import Estimate, Measured, RunFigures
from matchmaker.web import charts
from matchmaker.web.charts import Cell, Chart, Kind, Table

PRODUCT = "product"
# Where a pair rests on fewer queries, its figure is a matter of luck.
FEW = 20

WAYS: dict[str, LazyString] = {
    PRODUCT: lazy("This platform"),
    "plain_cosine": lazy("Plain cosine"),
    "bm25": lazy("BM25"),
}
# The steps that matching/evaluation.py leaves out in turn.
STEPS: dict[str, LazyString] = {
    "adapter": lazy("Adapter of the encoder"),
    "language means": lazy("Language means taken away"),
    "no language means of the adapted encoder": lazy("Adapted encoder keeps its language means"),
    "second encoder": lazy("Second encoder"),
    "late interaction": lazy("Passage by passage"),
    "echo of the closest": lazy("Echo of the closest"),
    "levels of languages": lazy("Levels of languages"),
    "more off the own language": lazy("More off the own language"),
    "spreads of languages": lazy("Spreads of languages"),
    "rare words": lazy("Rare words"),
}
SCOPES: dict[str, LazyString] = {"all": lazy("All documents"), "cross_border": lazy("Across borders")}
MEASURES: dict[str, LazyString] = {
    "ndcg@10": lazy("nDCG@10: good answers near the top"),
    "hit@10": lazy("hit@10: any good answer among ten"),
    "mrr": lazy("MRR: how far up the first good answer is"),
    "recall@100": lazy("recall@100: share of the good answers among a hundred"),
    "own_language_excess": lazy("Own-language excess: 0 is fair"),
}


@dataclass(frozen=True)
class Run:
    """A kept run with its figures read."""

    row: EvaluationRun
    figures: RunFigures

    @property
    def label(self) -> str:
        """Its number and day, as an axis has room for."""
        return f"#{self.row.id} · {charts.short_day(self.row.at)}"


@dataclass(frozen=True)
class Look:
    """What the reader looks at."""

    task: str
    measure: str
    scope: str

    @property
    def measure_title(self) -> str:
        return str(MEASURES.get(self.measure, self.measure))

    @property
    def short(self) -> str:
        """The measure's name without what it means."""
        return short(self.measure)


def short(measure: str) -> str:
    """A measure's name without what it means."""
    return str(MEASURES.get(measure, measure)).partition(":")[0].partition("：")[0]


def title(known: Mapping[str, LazyString], name: str) -> str:
    """The words for a name of a run; a name that nobody knows speaks for itself."""
    return str(known.get(name, name))


def measured(run: Run | None) -> list[Measured]:
    """Every summary of a run, by way and scope."""
    return [found for scopes in run.figures.ways.values() for found in scopes.values()] if run else []


def history(runs: Sequence[Run], look: Look) -> Chart:
    """The measure over the runs of a task, per scope of the product, with its interval."""
    ordered = list(reversed(runs))
    scopes = list(dict.fromkeys(scope for run in ordered for scope in run.figures.ways.get(PRODUCT, ())))
    series = []
    for scope in scopes:
        found = [_estimate(run, PRODUCT, scope, look.measure) for run in ordered]
        series.append({"name": title(SCOPES, scope), **_intervals(found)})
    return Chart(
        title=_("Quality over time: %(measure)s", measure=look.short),
        kind=Kind.LINES,
        spec={"x": [run.label for run in ordered], "series": series, "decimals": 3},
        table=_history_table(runs, scopes, look),
        about=_("One point for each run; the band is the 95-percent interval."),
    )


def _history_table(runs: Sequence[Run], scopes: Sequence[str], look: Look) -> Table:
    columns = (
        _("Run"), _("When"), *(title(SCOPES, scope) for scope in scopes),
        _("Queries"), _("Encoder"), _("Weights"), _("Code"), _("Seconds"), _("Note"),
    )  # fmt: skip
    rows = [
        [
            Cell(f"#{run.row.id}", run.row.id),
            charts.moment(run.row.at, str(format_datetime(run.row.at, "short"))),
            *(_with_interval(_estimate(run, PRODUCT, scope, look.measure)) for scope in scopes),
            charts.whole(run.row.queries),
            Cell(run.row.encoder),
            Cell(run.row.weights),
            Cell(run.row.code),
            charts.decimal(run.row.seconds, 0),
            Cell(run.row.note),
        ]
        for run in runs
    ]
    return Table("quality", _("%(measure)s of each run", measure=look.short), columns, rows)


def ways(run: Run, look: Look) -> Chart | None:
    """Every way of ranking in the scope, with intervals; every measure in the table."""
    found = {way: scopes[look.scope] for way, scopes in run.figures.ways.items() if look.scope in scopes}
    names = [way for way, figures in found.items() if look.measure in figures.measures]
    if not names:
        return None
    return Chart(
        title=_("Against simpler ways: %(measure)s", measure=look.short),
        kind=Kind.DOTS,
        spec={
            "x": [title(WAYS, way) for way in names],
            **_intervals([found[way].measures[look.measure] for way in names]),
            "decimals": 3,
        },
        table=_ways_table(run),
        about=_of_run(run, look.scope),
    )


def _ways_table(run: Run) -> Table:
    names = list(dict.fromkeys(name for found in measured(run) for name in found.measures))
    rows = [
        [
            charts.words(title(WAYS, way)),
            charts.words(title(SCOPES, scope)),
            charts.whole(found.queries),
            *(_with_interval(found.measures.get(name)) for name in names),
        ]
        for way, scopes in run.figures.ways.items()
        for scope, found in scopes.items()
    ]
    columns = (_("Ranked by"), _("Scope"), _("Queries"), *map(short, names))
    return Table("ways", _("Every measure of run %(number)s", number=run.row.id), columns, rows)


def languages(run: Run, look: Look) -> Table | None:
    """The product across borders as a heat map: the need's language down, the result's along."""
    found = {pair: figures for pair, figures in run.figures.pairs.items() if look.measure in figures.measures}
    if not found:
        return None
    values = {pair: figures.measures[look.measure].mean for pair, figures in found.items()}

    def cell(pair: tuple[str, str]) -> Cell:
        if pair not in found:
            return Cell("", "")
        queries = found[pair].queries
        small = ngettext("%(shown)s query", "%(shown)s queries", queries, shown=charts.whole(queries).text)
        small = _("only %(queries)s", queries=small) if queries < FEW else small
        shade = charts.shade(values[pair], min(0.0, *values.values()), max(values.values()))
        return Cell(charts.figure(values[pair], 2), round(values[pair], 4), shade, small, is_number=True)

    caption = _("%(measure)s by the languages of need (rows) and result (columns)", measure=look.short)
    return _heat_map("language-pairs", caption, list(found), cell)


def _heat_map(name: str, caption: str, pairs: Sequence[tuple[str, str]], cell: Callable[..., Cell]) -> Table:
    lang = current_language()
    needs, results = (sorted({pair[side] for pair in pairs}) for side in (0, 1))
    rows = [[Cell(language_name(need, lang), need), *(cell((need, result)) for result in results)] for need in needs]
    columns = (_("Need ↓ result →"), *(language_name(result, lang) for result in results))
    return Table(name, caption, columns, rows, is_heat_map=True)


def ablation(run: Run, look: Look) -> Chart | None:
    """What each step of the ranking reached and added, where somebody measured it."""
    rows = run.figures.ablation
    drawn = [row for row in rows if row.measure == look.measure and row.scope == look.scope]
    drawn = drawn or [row for row in rows if (row.measure, row.scope) == (rows[0].measure, rows[0].scope)]
    # What a step is worth is to be seen; what was reached with it is in the table.
    drawn = [row for row in drawn if row.delta] or drawn
    if not drawn:
        return None
    columns = (_("Step"), _("Scope"), _("Measure"), _("Reached"), _("Added"))
    table = [
        [
            charts.words(title(STEPS, row.step)),
            charts.words(title(SCOPES, row.scope)),
            charts.words(short(row.measure)),
            _with_interval(row.value),
            _with_interval(row.delta, signed=True),
        ]
        for row in rows
    ]
    return Chart(
        title=_("What each step brings: %(measure)s", measure=short(drawn[0].measure)),
        kind=Kind.DOTS,
        spec={
            "x": [title(STEPS, row.step) for row in drawn],
            **_intervals([row.delta or row.value for row in drawn]),
            "decimals": 3,
        },
        table=Table("ablation", _("Worth of each step"), columns, table),
        about=_of_run(run, drawn[0].scope),
    )


def exposure(run: Run) -> Chart:
    """How evenly listings are shown: the Lorenz curve, coverage and Gini."""
    figures = run.figures
    last = max(1, len(figures.lorenz) - 1)
    points = [[number / last, share] for number, share in enumerate(figures.lorenz)]
    facts = [(_("Coverage: listings in somebody's first twenty"), charts.share(figures.coverage, 1))]
    facts.append((_("Gini: 0 all alike, 1 one for all"), charts.decimal(figures.gini, 3)))
    shares = [
        (_("Shown to the least shown %(share)s", share=charts.percentage(x)), charts.share(y, 1))
        for x, y in (points[round(last * tenth / 10)] for tenth in (range(1, 10) if points else ()))
    ]
    return Chart(
        title=_("Who is shown"),
        kind=Kind.CURVES,
        spec={
            "x_title": _("Listings, the least shown first"),
            "y_title": _("Share of all places"),
            "series": [
                {"name": _("All alike"), "points": [[0, 0], [1, 1]], "dashed": True},
                {"name": _("As it is"), "points": points},
            ],
        },
        table=Table(
            "exposure",
            _("Coverage and exposure"),
            (_("Figure"), _("Value")),
            [[charts.words(name), cell] for name, cell in [*facts, *shares]],
        ),
        about=_("Measured %(day)s.", day=format_date(run.row.at, "medium")),
    )


def calibration(run: Run) -> Chart | None:
    """Whether what is said to be likely happens as often as it is said."""
    bins = sorted(run.figures.bins, key=lambda one: one.predicted)
    if not bins:
        return None
    ece = run.figures.ece
    rows = [[charts.share(one.predicted, 1), charts.share(one.observed, 1), charts.whole(one.count)] for one in bins]
    said = _("Expected calibration error %(ece)s.", ece=charts.figure(ece)) if ece is not None else ""
    of_run = _("Run %(number)s.", number=run.row.id)
    return Chart(
        title=_("Is the probability true?"),
        kind=Kind.CURVES,
        spec={
            "x_title": _("Predicted"),
            "y_title": _("Observed"),
            "series": [
                {"name": _("Perfect"), "points": [[0, 0], [1, 1]], "dashed": True},
                {"name": _("As it is"), "points": [[one.predicted, one.observed] for one in bins], "dots": True},
            ],
        },
        table=Table("calibration", _("Predicted and observed"), (_("Predicted"), _("Observed"), _("Pairs")), rows),
        about=" ".join(filter(None, [said, of_run])),
    )


def difference(first: Run, second: Run) -> Chart | None:
    """Two runs by measure, way and scope."""
    rows, drawn = [], []
    for way, scopes in second.figures.ways.items():
        for scope, found in scopes.items():
            for measure in found.measures:
                pair = [_estimate(run, way, scope, measure) for run in (first, second)]
                rows.append(_difference_row((way, scope, measure), pair))
                if way == PRODUCT:
                    drawn.append((f"{short(measure)} · {title(SCOPES, scope)}", pair))
    if not rows:
        return None
    columns = (
        _("Ranked by"), _("Scope"), _("Measure"), first.label, second.label, _("Difference"), _("Intervals"),
    )  # fmt: skip
    return Chart(
        title=_("Two runs of this platform"),
        kind=Kind.BARS,
        spec={
            "x": [name for name, _pair in drawn],
            "layout": "grouped",
            "decimals": 3,
            "series": [
                {"name": run.label, "values": values, "texts": [_figure(value) for value in values]}
                for run, values in (
                    (run, [pair[number].mean if pair[number] else None for _name, pair in drawn])  # type: ignore[union-attr]
                    for number, run in enumerate((first, second))
                )
            ],
        },
        table=Table("difference", _("The two runs, figure by figure"), columns, rows),
        about=_("Where the 95-percent intervals do not meet, the difference is no chance."),
    )


def _difference_row(of: tuple[str, str, str], pair: Sequence[Estimate | None]) -> list[Cell]:
    way, scope, measure = of
    one, other = pair
    meet = one is None or other is None or (one.low <= other.high and other.low <= one.high)
    return [
        charts.words(title(WAYS, way)),
        charts.words(title(SCOPES, scope)),
        charts.words(short(measure)),
        _with_interval(one),
        _with_interval(other),
        _signed(other.mean - one.mean if one and other else None),
        charts.words("" if one is None or other is None else _("meet") if meet else _("do not meet")),
    ]


def languages_compared(first: Run, second: Run, look: Look) -> Table | None:
    """What changed per language pair, as a table."""
    pairs = [pair for pair in second.figures.pairs if pair in first.figures.pairs]
    rows = []
    for pair in sorted(pairs):
        found = [run.figures.pairs[pair].measures.get(look.measure) for run in (first, second)]
        if found[0] and found[1]:
            names = " → ".join(language_name(code, current_language()) for code in pair)
            queries = charts.whole(second.figures.pairs[pair].queries)
            change = _signed(found[1].mean - found[0].mean)
            rows.append([Cell(names, " > ".join(pair)), queries, *map(_with_interval, found), change])
    columns = (_("Need → result"), _("Queries"), first.label, second.label, _("Difference"))
    caption = _("%(measure)s by language pair, across borders", measure=look.short)
    return Table("pairs-difference", caption, columns, rows) if rows else None


def _of_run(run: Run, scope: str) -> str:
    scope = title(SCOPES, scope)
    return str(_("%(scope)s, run %(number)s. The line is the 95-percent interval.", scope=scope, number=run.row.id))


def _estimate(run: Run, way: str, scope: str, measure: str) -> Estimate | None:
    found = run.figures.ways.get(way, {}).get(scope)
    return found.measures.get(measure) if found else None


def _intervals(found: Sequence[Estimate | None]) -> dict[str, list[object]]:
    """Values, ends and texts as the drawings take them."""
    return {
        "values": [one.mean if one else None for one in found],
        "low": [one.low if one else None for one in found],
        "high": [one.high if one else None for one in found],
        "texts": [str(_with_interval(one).text) for one in found],
    }


def _with_interval(one: Estimate | None, *, signed: bool = False) -> Cell:
    if one is None:
        return Cell(charts.NOTHING, "", is_number=True)
    text = charts.figure(one.mean)
    text = f"+{text}" if signed and one.mean > 0 else text
    if one.low < one.high:
        text = f"{text} [{charts.figure(one.low)}, {charts.figure(one.high)}]"
    return Cell(text, round(one.mean, 6), is_number=True)


def _signed(value: float | None) -> Cell:
    found = charts.decimal(value)
    return found if value is None or value <= 0 else Cell(f"+{found.text}", found.plain, is_number=True)


def _figure(value: float | None) -> str:
    return charts.NOTHING if value is None else charts.figure(value)
