"""Charts and the tables under them: plain data that `includes/_chart.html` shows and `static/js/charts.js` draws."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from babel.dates import format_skeleton
from flask import Response
from flask_babel import LazyString, format_decimal, format_percent, get_locale, get_timezone

from matchmaker.core.tables import BYTE_ORDER_MARK, csv_line

# Steps of the palette that heat maps are coloured in, pale to strong.
SHADES = 9
NOTHING = "–"

Words: TypeAlias = "str | LazyString"


@dataclass(frozen=True)
class Cell:
    """What a reader sees, what a file says, and for a heat map how strong its colour is (0 to SHADES - 1)."""

    text: Words
    plain: object = None
    shade: int | None = None
    # A second, smaller line, such as on how many queries a figure rests.
    small: Words = ""
    is_number: bool = False

    @property
    def exported(self) -> object:
        """The value for a file."""
        return str(self.text) if self.plain is None else self.plain


@dataclass(frozen=True)
class Table:
    """The figures of a chart; the first cell of a row is its heading. `name` is the file's and the anchor's."""

    name: str
    caption: Words
    columns: Sequence[Words]
    rows: Sequence[Sequence[Cell]]
    # Small squares with colours instead of long lines.
    is_heat_map: bool = False


class Kind(StrEnum):
    """The drawings that charts.js knows."""

    # {"x": […], "series": [{"name", "values", "low"?, "high"?, "texts"}]}: a line for each, with a band.
    LINES = "lines"
    # {"x": […], "series": [{"name", "values", "texts", "tone"?}], "ends"?, "layout"?}: lying bars, one above the other;
    # the series of each stand in a row ("stacked"), inside each other ("nested") or below each other ("grouped").
    BARS = "bars"
    # {"x": […], "values", "low", "high", "texts"}: a dot with its interval in each row.
    DOTS = "dots"
    # {"series": [{"name", "points": [[x, y]], "texts"?, "dashed"?}], "x_title", "y_title"}: curves in a unit square.
    CURVES = "curves"


@dataclass(frozen=True)
class Chart:
    """A drawing with its table; `spec` is what charts.js reads, with every text already in the reader's language."""

    title: Words
    kind: Kind
    spec: Mapping[str, Any]
    table: Table
    # What the drawing shows, in a sentence, for who does not see it and for who wonders.
    about: Words = ""

    @property
    def data(self) -> dict[str, Any]:
        """The JSON of the drawing."""
        return {"kind": self.kind.value, **self.spec}


def words(text: Words) -> Cell:
    """A cell of words."""
    return Cell(str(text))


def whole(value: int | None) -> Cell:
    """A count."""
    return _number(value, format_decimal)


def decimal(value: float | None, digits: int = 3) -> Cell:
    """A figure with so many decimals."""
    return _number(value, lambda number: figure(number, digits), digits)


def share(value: float | None, digits: int = 0) -> Cell:
    """A share from 0 to 1, as a percentage."""
    return _number(value, lambda number: percentage(number, digits), digits + 4)


def moment(value: datetime, text: str) -> Cell:
    """A time: as the reader writes it, and by ISO 8601 in UTC."""
    return Cell(text, value.astimezone(UTC).isoformat(timespec="seconds"))


def short_day(value: datetime) -> str:
    """Day and month as the reader writes them, in their time zone: an axis has room for no more."""
    return str(format_skeleton("MMMd", value, tzinfo=get_timezone(), locale=get_locale()))


def month_title(value: date) -> str:
    """Month and year as the reader writes them."""
    return str(format_skeleton("yMMM", value, locale=get_locale()))


def figure(value: float, digits: int = 3) -> str:
    """A number with so many decimals, as the reader writes it."""
    return str(format_decimal(round(value, digits), format="0." + "0" * digits if digits else "#,##0"))


def percentage(value: float, digits: int = 0) -> str:
    """A share as the reader writes it."""
    return str(format_percent(round(value, digits + 2), format="#,##0" + ("." + "0" * digits if digits else "") + "%"))


def shade(value: float | None, least: float, most: float) -> int | None:
    """The step of the palette for a value between two ends; no value has no colour."""
    if value is None:
        return None
    spread = most - least
    return min(SHADES - 1, max(0, int(SHADES * (value - least) / spread))) if spread > 0 else SHADES // 2


def as_csv(table: Table) -> Iterator[str]:
    """The table as lines of a CSV file."""
    yield BYTE_ORDER_MARK + csv_line([str(column) for column in table.columns])
    for row in table.rows:
        yield csv_line([cell.exported for cell in row])


def csv_response(table: Table) -> Response:
    """The table as a file."""
    headers = {"Content-Disposition": f"attachment; filename={table.name}.csv"}
    return Response("".join(as_csv(table)), mimetype="text/csv", headers=headers)


def _number(value: Any, write: Any, digits: int = 6) -> Cell:
    if value is None:
        return Cell(NOTHING, "", is_number=True)
    return Cell(str(write(value)), round(value, digits) if isinstance(value, float) else value, is_number=True)
