"""What a reader asks of the search page, read from its address."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from werkzeug.datastructures import MultiDict

from matchmaker.core.text import clean_text
from matchmaker.listings.models import Direction
from matchmaker.listings.queries import Filters

# Names of the filters that hold several codes; the address repeats them.
CODED_FILTERS = ("countries", "ipc_sections", "nace_sections", "trls", "languages")
# A paragraph that somebody pastes is a fair question; a book is not.
TEXT_LIMIT = 1000
CODES_LIMIT = 60
LAST_PAGE = 100_000
PAGE_SIZE = 20

_CODE = re.compile(r"[0-9A-Za-z.-]{1,16}")


@dataclass(frozen=True)
class SearchRequest:
    """A question in any language, what it is narrowed down to, and the page of the answer from 1."""

    text: str = ""
    filters: Filters = field(default_factory=Filters)
    page: int = 1

    @property
    def slice(self) -> tuple[int, int]:
        """Page number and size, as queries take them."""
        return self.page, PAGE_SIZE

    @property
    def query(self) -> str:
        """The question as the query of an address, the same for the same question: without the page, in one order."""
        pairs = [("q", self.text), ("direction", self.filters.direction or "")]
        pairs += [(name, code) for name in CODED_FILTERS for code in sorted(getattr(self.filters, name))]
        return urlencode([(name, value) for name, value in pairs if value])

    @classmethod
    def parse(cls, query: str) -> "SearchRequest":
        """The question of an address's query, as far as it makes sense."""
        return cls.read(MultiDict(parse_qsl(query)))

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> "SearchRequest":
        """Read an address as far as it makes sense; an old or mangled link still shows a list."""
        direction = args.get("direction", "")
        return cls(
            text=clean_text(args.get("q", "")[:TEXT_LIMIT]),
            filters=Filters(
                direction=Direction(direction) if direction in set(Direction) else None,
                **{name: _codes(args.getlist(name)) for name in CODED_FILTERS},
            ),
            page=_page(args.get("page", "")),
        )


def _codes(values: list[str]) -> tuple[str, ...]:
    kept = (value for value in values if _CODE.fullmatch(value))
    return tuple(dict.fromkeys(kept))[:CODES_LIMIT]


def _page(text: str) -> int:
    return min(max(int(text), 1), LAST_PAGE) if re.fullmatch(r"[0-9]{1,6}", text) else 1
