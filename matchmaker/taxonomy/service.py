"""Look-ups in the shipped classifications: labels per language, options, relations between codes, search.

Schemes are `ipc` (fields of technology), `nace` (sectors), `sdg` (goals) and `trl` (readiness). Everything is
read from files once and never changes, so any thread may call any function.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from matchmaker.taxonomy.schemes import SHARED, Entry, Scheme, fold, nace_to_isic, scheme

SEARCH_LENGTH = 100  # Characters of a query that are looked at; no label needs more to be found.


@dataclass(frozen=True, slots=True)
class Concept:
    """A code with its label in the reader's language; `level` counts from 1 at the top of the scheme."""

    scheme: str
    code: str
    parent: str | None
    label: str
    level: int


def exists(scheme_name: str, code: str) -> bool:
    """Tell whether the scheme has exactly this code."""
    return code in scheme(scheme_name).entries


def parse_code(scheme_name: str, text: str) -> str | None:
    """Read a code as people and files write it, or None: `e21b 7/04` is `E21B`, `C10.84` is `10.84`."""
    entries = scheme(scheme_name).entries
    code = re.sub(r"\s+", "", text.strip().upper())
    if scheme_name == "ipc":
        code = code[:4] if re.fullmatch(r"[A-H]\d\d[A-Z]\d.*", code) else code
    elif scheme_name == "nace":
        code = re.sub(r"^[A-U](?=\d)", "", code)
        code = f"{code[:2]}.{code[2:]}" if re.fullmatch(r"\d{3,4}", code) else code
    else:
        code = re.sub(rf"^{scheme_name.upper()}", "", code).lstrip("0")
    return code if code in entries else None


def ancestors(scheme_name: str, code: str) -> tuple[str, ...]:
    """The codes above `code`, nearest first: `E21B` has `("E21", "E")`; none for an unknown code."""
    return scheme(scheme_name).ancestors(code)


def _shipped(found: Scheme, lang: str) -> str:
    """The shipped language closest to the reader's; English where there is none."""
    lang = lang.replace("_", "-")
    return next((tag for tag in (lang, lang.split("-")[0]) if tag in found.languages), "en")


def _label(found: Scheme, entry: Entry, lang: str) -> str:
    """Own label, else the nearest ancestor's in the reader's language, else English, else any."""
    own = entry.labels.get(lang)
    if own:
        return own
    for code in found.ancestors(entry.code):
        above = found.entries[code].labels.get(lang)
        if above:
            return above
    return entry.labels.get("en") or next(iter(entry.labels.values()))


def label(scheme_name: str, code: str, lang: str) -> str:
    """The title of a code for a reader of `lang`; an unknown code is its own title.

    Where a deep code has no title in that language its nearest ancestor lends one, so a list should show the
    code beside the title.
    """
    found = scheme(scheme_name)
    entry = found.entries.get(code)
    return code if entry is None else _label(found, entry, _shipped(found, lang))


def concept(scheme_name: str, code: str, lang: str) -> Concept | None:
    """The concept of a code, or None for an unknown code."""
    found = scheme(scheme_name)
    entry = found.entries.get(code)
    return None if entry is None else _concept(found, entry, _shipped(found, lang))


def _concept(found: Scheme, entry: Entry, lang: str) -> Concept:
    return Concept(found.name, entry.code, entry.parent, _label(found, entry, lang), entry.level)


@lru_cache(maxsize=256)
def _options(scheme_name: str, lang: str, level: int | None) -> tuple[Concept, ...]:
    found = scheme(scheme_name)
    chosen = (entry for entry in found.entries.values() if level is None or entry.level == level)
    return tuple(_concept(found, entry, lang) for entry in chosen)


def options(scheme_name: str, lang: str, *, level: int | None = None) -> tuple[Concept, ...]:
    """Every concept, or those of one level, in the scheme's own order, which is that of its codes."""
    found = scheme(scheme_name)
    return _options(scheme_name, _shipped(found, lang), level)


def common(scheme_name: str, a: str, b: str) -> str | None:
    """The deepest code that is or contains both, or None: `E21B` and `E21C` share `E21`."""
    found = scheme(scheme_name)
    if a not in found.entries or b not in found.entries:
        return None
    above_a = (a, *found.ancestors(a))
    return next((code for code in (b, *found.ancestors(b)) if code in above_a), None)


def similarity(scheme_name: str, a: str, b: str) -> float:
    """How alike two codes are, from 0 to 1, by the level of the deepest concept they share.

    Two equal codes score what their level says: to be "Manufacturing" both says little. Unknown codes
    score 0.
    """
    shared = common(scheme_name, a, b)
    if shared is None:
        return 0.0
    return SHARED[scheme_name][scheme(scheme_name).entries[shared].level - 1]


def closest(scheme_name: str, left: Iterable[str], right: Iterable[str]) -> tuple[float, str | None]:
    """The best similarity between two sets of codes and the concept behind it; (0, None) if there is none."""
    right = tuple(right)
    shared = {common(scheme_name, a, b) for a in left for b in right}
    scored = ((similarity(scheme_name, code, code), code) for code in shared if code is not None)
    return max(scored, default=(0.0, None))


def isic(nace_code: str) -> str | None:
    """The ISIC Rev. 4 code that a NACE Rev. 2 code belongs to, or None for an unknown code."""
    return nace_to_isic().get(nace_code)


def _rank(query: str, words: list[str], text: str) -> int | None:
    """How a folded label answers: 0 begins with the query, 2 has a word that does, 4 has all its words."""
    if not all(word in text for word in words):
        return None
    if text.startswith(query):
        return 0
    return 2 if f" {query}" in text else 4


def _ranks(found: Scheme, query: str, lang: str) -> dict[str, int]:
    """The best rank of every concept that answers; codes count most, foreign labels a bit less."""
    words = query.split()
    best = {code: -1 for code in found.entries if code.casefold().startswith(query)}
    exact = parse_code(found.name, query)
    if exact is not None:
        best[exact] = -2
    for code, tag, text in found.haystack:
        rank = _rank(query, words, text)
        if rank is not None:
            rank += tag != lang
            best[code] = min(rank, best.get(code, rank))
    return best


def search(scheme_name: str, text: str, lang: str, limit: int = 10) -> list[Concept]:
    """Concepts for a type-ahead field, best first.

    A code that begins with the query comes first, then labels that begin with it, then labels with a word
    that does, then the rest; among equals the reader's language comes before the other shipped ones.
    """
    found = scheme(scheme_name)
    query = fold(text[:SEARCH_LENGTH])
    if not query or limit < 1:
        return []
    lang = _shipped(found, lang)
    best = _ranks(found, query, lang)
    answering = (entry for entry in found.entries.values() if entry.code in best)
    ranked = sorted(answering, key=lambda entry: (best[entry.code], entry.level))
    return [_concept(found, entry, lang) for entry in ranked[:limit]]
