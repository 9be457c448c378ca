"""The shipped classification schemes, read once from data/taxonomy and kept as plain look-up tables."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from matchmaker.config import ROOT
from matchmaker.core.errors import Misconfigured, NotFound

FOLDER = ROOT / "data" / "taxonomy"

SHARED: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "ipc": (0.2, 0.6, 1.0),
        "nace": (0.1, 0.4, 0.8, 1.0),
        "sdg": (1.0,),
        "trl": (1.0,),
    }
)
"""The schemes, and how alike two codes are whose deepest shared concept is on level 1, 2, …"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One concept with its labels in every shipped language."""

    code: str
    parent: str | None
    level: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A tree of concepts in its natural order; `haystack` holds the folded labels that are searched."""

    name: str
    entries: Mapping[str, Entry]
    languages: frozenset[str]
    haystack: tuple[tuple[str, str, str], ...]

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The codes above `code`, nearest first; none for a code the scheme does not have."""
        above: list[str] = []
        entry = self.entries.get(code)
        while entry is not None and entry.parent is not None:
            above.append(entry.parent)
            entry = self.entries.get(entry.parent)
        return tuple(above)


def fold(text: str) -> str:
    """Take case, accents and repeated blanks away, so that a hurried query finds its label."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def _entry(line: str) -> Entry:
    row = json.loads(line)
    return Entry(row["code"], row["parent"], row["level"], MappingProxyType(row["labels"]))


def read(name: str, path: Path) -> Scheme:
    """Read a scheme from JSON lines; raises Misconfigured where the file is missing or damaged."""
    try:
        entries = {e.code: e for e in map(_entry, path.read_text(encoding="utf-8").splitlines())}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misconfigured(f"the taxonomy {path} cannot be read: {error!r}") from error
    orphans = [e.code for e in entries.values() if e.parent is not None and e.parent not in entries]
    if orphans or not entries:
        raise Misconfigured(f"the taxonomy {path} is incomplete: no parents for {orphans[:5]}")
    haystack = tuple((e.code, lang, fold(text)) for e in entries.values() for lang, text in e.labels.items())
    return Scheme(name, MappingProxyType(entries), frozenset(lang for _, lang, _ in haystack), haystack)


@cache
def scheme(name: str) -> Scheme:
    """The scheme called `name` (`ipc`, `nace`, `sdg`, `trl`); raises NotFound for another name."""
    if name not in SHARED:
        raise NotFound(f"there is no taxonomy called {name!r}")
    return read(name, FOLDER / f"{name}.jsonl")


@cache
def nace_to_isic() -> Mapping[str, str]:
    """The ISIC Rev. 4 code of every NACE Rev. 2 code."""
    rows = (FOLDER / "nace_isic4.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return MappingProxyType(dict(row.split("\t") for row in rows))
