"""The page of the response funnel: what it asks the database, its charts and its tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from matchmaker.core.countries import country_name
from matchmaker.core.languages import language_name
from matchmaker.i18n import _, ngettext
from matchmaker.i18n.locales import current_language
from matchmaker.insights import funnel_queries as queries
from matchmaker.insights.asked import Asked, By
from matchmaker.insights.funnel import Funnel, Group, funnel, groups, numbered, pairs_of
from matchmaker.insights.funnel_queries import Paths
from matchmaker.insights.steps import TITLES, Step
from matchmaker.review.titles import FIELDS
from matchmaker.web import charts
from matchmaker.web.charts import Cell, Chart, Kind, Table

# More groups than that are in the file, not on the page.
SHOWN = 24


@dataclass(frozen=True)
class FunnelPage:
    """Everything that the page shows; charts are None where there is nothing to draw."""

    asked: Asked
    headline: Sequence[tuple[str, str]]
    funnel: Chart | None
    drops: Chart | None
    breakdown: Chart | None
    # Of how many groups the page shows only the largest.
    left_out: int

    @property
    def charts(self) -> list[Chart]:
        """Those that there are."""
        return [chart for chart in (self.funnel, self.breakdown, self.drops) if chart]


def funnel_page(session: Session, asked: Asked, now: datetime) -> FunnelPage:
    """The page for what is asked, as things stood then."""
    paths, published = queries.paths(session, asked.period(now))
    return page_of(asked, funnel(paths, published), _groups(session, asked, paths))


def page_of(asked: Asked, found: Funnel, grouped: Sequence[Group]) -> FunnelPage:
    """The page of these figures; asks no database."""
    return FunnelPage(
        asked=asked,
        headline=_headline(found),
        funnel=_funnel_chart(found) if found.matches else None,
        drops=_drops_chart(found) if found.drops else None,
        breakdown=_breakdown_chart(asked.by, grouped) if grouped else None,
        left_out=0 if asked.by is By.MONTH else max(0, len(grouped) - SHOWN),
    )


def tables(page: FunnelPage) -> dict[str, Table]:
    """The tables by name, as files are asked for."""
    return {chart.table.name: chart.table for chart in page.charts}


def _groups(session: Session, asked: Asked, paths: Paths) -> list[Group]:
    found = _MEMBERS[asked.by](session, asked, paths)
    grouped = groups(paths, *found)
    if asked.by is not By.MONTH:
        return grouped
    # A month without matches is a point of the line, unless none came before it.
    begun = min((group.key for group in grouped if group.reached[0]), default=None)
    return sorted((group for group in grouped if begun and group.key >= begun), key=lambda group: group.key)


Members = tuple[list[tuple[str, ...]], NDArray[np.int64]]


def _by_month(_session: Session, asked: Asked, paths: Paths) -> Members:
    months: list[tuple[str, ...]] = [(f"{month:%Y-%m}",) for month in asked.months()]
    numbers = np.searchsorted(np.array(asked.starts()), paths.at[:, Step.SUGGESTED], side="right") - 1
    return months, np.column_stack([np.arange(len(numbers)), numbers]).astype(np.int64)


def _by_languages(session: Session, _asked: Asked, paths: Paths) -> Members:
    known = queries.languages(session)
    return numbered(pairs_of(paths.sides.listings, (known, known)))


def _by_countries(session: Session, _asked: Asked, paths: Paths) -> Members:
    """By the listing's country; a side without a listing has its organisation's."""
    listings, organisations = queries.countries(session)
    ours = pairs_of(paths.sides.listings, (listings, listings))
    theirs = pairs_of(paths.sides.organisations, (organisations, organisations))
    return numbered([(a or c, b or d) for (a, b), (c, d) in zip(ours, theirs, strict=True)])


def _by_field(session: Session, _asked: Asked, paths: Paths) -> Members:
    """By the sections of the need, of the result where there is no need; a match counts in each of them."""
    known = queries.fields(session)
    keys: dict[tuple[str, ...], int] = {}
    members = []
    needs, results = (side.tolist() for side in paths.sides.listings)
    for row, (need, result) in enumerate(zip(needs, results, strict=True)):
        for section in known.get(need) or known.get(result) or ("",):
            members.append((row, keys.setdefault((section,), len(keys))))
    return list(keys), np.array(members, dtype=np.int64).reshape(-1, 2)


_MEMBERS: dict[By, Callable[[Session, Asked, Paths], Members]] = {
    By.MONTH: _by_month,
    By.LANGUAGES: _by_languages,
    By.COUNTRIES: _by_countries,
    By.FIELD: _by_field,
}


def _headline(found: Funnel) -> list[tuple[str, str]]:
    """Three figures and what they are of."""
    published, stages = found.published, found.stages
    introduced, agreed = stages[Step.INTRODUCED].reached, stages[Step.AGREED].reached
    said = [(_count(published.listings), ngettext("listing published", "listings published", published.listings))]
    if published.listings:
        share = charts.percentage(published.matched / published.listings)
        days = found.days_to_match
        after = _("of them have a match, after %(days)s days (median)", days=charts.figure(days, 1)) if days else ""
        said.append((share, after or _("of them have a match")))
    said.append((_count(found.matches), ngettext("match suggested", "matches suggested", found.matches)))
    said.append((_count(introduced), ngettext("introduction", "introductions", introduced)))
    said.append((_count(agreed), ngettext("agreement", "agreements", agreed)))
    return said


def _count(number: int) -> str:
    return str(charts.whole(number).text)


def _funnel_chart(found: Funnel) -> Chart:
    parts = (
        (_("Went on"), "strong", [stage.went_on for stage in found.stages]),
        (_("Still there"), "soft", [stage.waiting for stage in found.stages]),
        (_("Concluded"), "good", [stage.concluded for stage in found.stages]),
        (_("Dropped out"), "lost", [stage.dropped for stage in found.stages]),
    )
    shown = [part for part in parts if any(part[2])]
    labels = [
        _("%(count)s · %(share)s", count=_count(stage.reached), share=charts.percentage(stage.reached / found.matches))
        for stage in found.stages
    ]
    return Chart(
        title=_("From a suggestion to an agreement"),
        kind=Kind.BARS,
        spec={
            "x": [str(TITLES[stage.step]) for stage in found.stages],
            "series": [
                {"name": name, "tone": tone, "values": values, "texts": [_count(value) for value in values]}
                for name, tone, values in shown
            ],
            "ends": labels,
        },
        table=_funnel_table(found),
        about=_(
            "How many matches came at least so far, and what became of them there; "
            "the share is of all that were suggested."
        ),
    )


def _funnel_table(found: Funnel) -> Table:
    rows = []
    for number, stage in enumerate(found.stages):
        before = found.stages[number - 1].reached if number else 0
        rows.append(
            [
                charts.words(TITLES[stage.step]),
                charts.whole(stage.reached),
                charts.share(stage.reached / before if before else None),
                charts.share(stage.reached / found.matches),
                charts.decimal(stage.days, 1),
                charts.whole(stage.waiting),
                charts.whole(stage.concluded),
                charts.whole(stage.dropped),
                charts.whole(stage.skipped),
            ]
        )
    columns = (
        _("Step"),
        _("Came so far"),
        _("Of the step before"),
        _("Of all"),
        _("Median days since the step before"),
        _("Still there"),
        _("Concluded"),
        _("Dropped out"),
        _("Passed by without it"),
    )
    return Table("funnel", _("Matches by step"), columns, rows)


def _drops_chart(found: Funnel) -> Chart:
    steps = [stage for stage in found.stages if stage.dropped]
    reasons: dict[str, dict[Step, int]] = {}
    for drop in found.drops:
        by_step = reasons.setdefault(str(drop.ending.why), {})
        by_step[drop.step] = by_step.get(drop.step, 0) + drop.count
    ordered = sorted(reasons.items(), key=lambda reason: -sum(reason[1].values()))
    rows = [
        [
            charts.words(TITLES[drop.step]),
            charts.words(drop.ending.who),
            charts.words(drop.ending.why),
            charts.whole(drop.count),
            charts.share(drop.count / found.stages[drop.step].dropped),
        ]
        for drop in found.drops
    ]
    columns = (_("After the step"), _("Who ended it"), _("Reason"), _("Matches"), _("Of those that ended here"))
    return Chart(
        title=_("Why matches end"),
        kind=Kind.BARS,
        spec={
            "x": [why for why, _by_step in ordered],
            "series": [
                {
                    "name": str(TITLES[stage.step]),
                    "values": [by_step.get(stage.step, 0) for _why, by_step in ordered],
                    "texts": [_count(by_step.get(stage.step, 0)) for _why, by_step in ordered],
                }
                for stage in steps
            ],
            "ends": [_count(sum(by_step.values())) for _why, by_step in ordered],
        },
        table=Table("drop-outs", _("Endings by step, by who ended it and why"), columns, rows),
        about=_("Matches that left the way, by their typed reason; the colour is the last step they had made."),
    )


def _breakdown_chart(by: By, grouped: Sequence[Group]) -> Chart:
    shown = grouped if by is By.MONTH else grouped[:SHOWN]
    steps = (Step.SUGGESTED, Step.ENDORSED, Step.INTERESTED, Step.INTRODUCED, Step.AGREED)
    spec = {
        "x": [_group_title(by, group) for group in shown],
        "series": [
            {
                "name": str(TITLES[step]),
                "values": [group.reached[step] for group in shown],
                "texts": [_count(group.reached[step]) for group in shown],
            }
            for step in steps
        ],
    }
    if by is not By.MONTH:
        # Beside each other, not in a row: every later step is a part of the one before.
        spec["layout"] = "nested"
    return Chart(
        title=_BREAKDOWNS[by](),
        kind=Kind.LINES if by is By.MONTH else Kind.BARS,
        spec=spec,
        table=_breakdown_table(by, grouped),
        about=_("Matches by how far they have come."),
    )


def _breakdown_table(by: By, grouped: Sequence[Group]) -> Table:
    rows = [
        [
            Cell(_group_title(by, group), _group_code(group)),
            *(charts.whole(count) for count in group.reached),
            charts.whole(group.dropped),
            charts.share(group.reached[Step.INTRODUCED] / group.reached[0] if group.reached[0] else None, 1),
        ]
        for group in grouped
    ]
    columns = (_FIRST[by](), *(str(TITLES[step]) for step in Step), _("Dropped out"), _("Introduced, of all"))
    return Table(f"by-{by.value}", _BREAKDOWNS[by](), columns, rows)


def _group_code(group: Group) -> str:
    return " > ".join(part or "?" for part in group.key)


def _group_title(by: By, group: Group) -> str:
    """The group's name in the reader's language."""
    if by is By.MONTH:
        year, month = map(int, group.key[0].split("-"))
        return charts.month_title(date(year, month, 1))
    if by is By.FIELD:
        code = group.key[0]
        return f"{code} · {FIELDS[code]}" if code in FIELDS else code or _("No field given")
    name = language_name if by is By.LANGUAGES else country_name
    return " → ".join(name(part, current_language()) if part else _("unknown") for part in group.key)


_BREAKDOWNS: dict[By, Callable[[], str]] = {
    By.MONTH: lambda: _("By the month of the suggestion"),
    By.LANGUAGES: lambda: _("By the languages of need and result"),
    By.COUNTRIES: lambda: _("By the countries of need and result"),
    By.FIELD: lambda: _("By field of technology"),
}
_FIRST: dict[By, Callable[[], str]] = {
    By.MONTH: lambda: _("Month"),
    By.LANGUAGES: lambda: _("Need → result"),
    By.COUNTRIES: lambda: _("Need → result"),
    By.FIELD: lambda: _("Field"),
}
