"""Lines of CSV that a spreadsheet reads as they are meant."""

import csv
from collections.abc import Sequence
from io import StringIO

# Spreadsheets take a file without it for one of the machine's own character set.
BYTE_ORDER_MARK = "\ufeff"
# A cell that begins so is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_line(values: Sequence[object]) -> str:
    """The values as one line; numbers stay numbers, and no text is taken for a formula."""
    line = StringIO()
    csv.writer(line).writerow([value if isinstance(value, int | float) else _harmless(str(value)) for value in values])
    return line.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
