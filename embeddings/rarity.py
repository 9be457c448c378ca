"""Which words of a text say most, and how much of it another text says too; pure, from counts alone."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import log
from pathlib import Path

from embeddings.codes import is_code, lexical_terms
from embeddings.text import Token

MOST_TERMS = 16
# What more of a language's texts say than this tells nothing; judged where there are enough texts to judge by.
COMMON_SHARE, ENOUGH_TEXTS = 0.2, 20
# A word belongs to a language that has this share of the texts that say it; a quotation makes no loanword.
AT_HOME = 0.1
# Half of what could be said is as good as all; and what weighs less than about two telling words is little.
FULL_SHARE, LEAST_WEIGHT = 0.5, 8.0
# A text with more different tokens than this hits by chance, or is stuffed: its hits count for less.
ORDINARY_TOKENS = 300
# One word that two texts share may be chance, however rare; three are not, nor is one code.
ENOUGH_SHARED = 3.0
# Units say how much and not of what.
_UNITS = """
anni anos ans bar cm dana day days db dni ev ghz giorni godina godzin gpa grad gw gwh ha hectare
hectares heures hl hodin honap horas hour hours hrs hz jahre jours kg khz kj km kn kpa kv kva kw kwh
lat liter liters litre litres mbar meses mesi meter meters metre metres mg mhz min mj ml mm mois
monate month months mpa mv mva mw mwh nap nm ora ore percent ppb ppm prozent roku rpm sata sati sec
stunden tage ton tonne tonnen tonnes tons week weeks wochen year years га года година дана дней квт
кг км лет мвт месяцев мм сати см тонн часов
"""
UNITS = frozenset(_UNITS.split())
# Characters that join words of Chinese: a pair with one of them lies across a border.
JOINING = frozenset("的了是与和及或为将也于被其该这那且则若而但把让们")
_WORDS = Path(__file__).parent / "reference" / "function_words.json"


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How many texts there are of each language, and how many of them say a word, by word and language."""

    texts: Mapping[str, int]
    saying: Mapping[str, Mapping[str, int]]

    @property
    def total(self) -> int:
        return sum(self.texts.values())


@dataclass(frozen=True, slots=True)
class Term:
    """A word that tells: `weight` is log(N / df), `texts` df, `languages` those that it is at home in."""

    form: str
    weight: float
    texts: int
    languages: frozenset[str] = frozenset()

    @property
    def crosses(self) -> bool:
        """Whether it needs no translation: a code, or a word of several languages."""
        return is_code(self.form) or len(self.languages) > 1

    @property
    def proof(self) -> float:
        """How little it is chance that two texts say it: a code is enough, a word of several languages nearly so."""
        return ENOUGH_SHARED if is_code(self.form) else 2.0 if self.crosses else 1.0

    def may_be_said_in(self, languages: Collection[str]) -> bool:
        """Whether a text in these languages could say it as it stands."""
        return is_code(self.form) or not self.languages.isdisjoint(languages)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The rare words that two texts share, rarest first, and from 0 to 1 how much of the first's they are."""

    terms: tuple[Term, ...] = ()
    value: float = 0.0


def rare(forms: Collection[str], known: Frequencies, *, most: int = MOST_TERMS, least: int = 1) -> list[Term]:
    """Those of the tokens that say most, rarest first, codes before words that are as rare.

    What fewer than `least` texts say is left out: a listing of the index says everything itself, so 2 asks for what
    another one says too. Never function words, single letters and small numbers, or what every fifth text says.
    """
    terms = [term for term in (_term(form, known) for form in set(forms)) if _is_telling(term)]
    kept = [term for term in terms if term.texts >= least and term.weight > 0 and not _is_common(term.form, known)]
    return sorted(kept, key=lambda term: (-term.weight, not is_code(term.form), term.form))[: max(0, most)]


def agreement(terms: Sequence[Term], said: Collection[str], languages: Collection[str]) -> Agreement:
    """What a text with the tokens `said` in these languages says of another one's rare terms.

    Only terms that it could say as they stand are asked of it. Each counts once, however often it is said, and what
    says far more than others do gets less for it.
    """
    asked = [term for term in terms if term.may_be_said_in(languages)]
    shared = tuple(term for term in asked if term.form in said)
    if not shared:
        return Agreement()
    whole = max(sum(term.weight for term in asked), LEAST_WEIGHT)
    share = sum(term.weight for term in shared) / whole / FULL_SHARE
    several = sum(term.proof for term in shared) / ENOUGH_SHARED
    return Agreement(shared, min(1.0, share) * min(1.0, several) * min(1.0, ORDINARY_TOKENS / len(said)))


def as_written(text: str, forms: Collection[str], *, most: int = 8) -> list[str]:
    """The tokens as a text writes them: `锂电` and `电池` as 锂电池, `iso`, `12944` and `iso12944` as ISO 12944."""
    found: list[tuple[int, int]] = []
    for token in _tokens(text):
        if token.form in forms:
            if found and token.start < found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], token.end))
            else:
                found.append((token.start, token.end))
    written: dict[str, str] = {}
    for start, end in found:
        words = " ".join(text[start:end].split())
        written.setdefault(words.casefold(), words)
    return list(written.values())[:most]


@lru_cache(maxsize=32)
def _tokens(text: str) -> tuple[Token, ...]:
    """A list of matches asks the same text once for each of them."""
    return tuple(lexical_terms(text))


@cache
def function_words() -> Mapping[str, frozenset[str]]:
    """Words of each language that say nothing about technology; see reference/README.md."""
    return {lang: frozenset(words.split()) for lang, words in json.loads(_WORDS.read_text("utf-8")).items()}


def _is_telling(term: Term) -> bool:
    if not is_code(term.form) and (len(term.form) < 2 or term.form.isdecimal()):
        return False
    if term.form in UNITS or not JOINING.isdisjoint(term.form):
        return False
    return not any(term.form in function_words().get(lang, ()) for lang in term.languages)


def _is_common(form: str, known: Frequencies) -> bool:
    counts = known.saying.get(form, {})
    return any(
        known.texts.get(lang, 0) >= ENOUGH_TEXTS and count > COMMON_SHARE * known.texts[lang]
        for lang, count in counts.items()
    )


def _term(form: str, known: Frequencies) -> Term:
    counts = known.saying.get(form, {})
    texts = sum(counts.values())
    home = frozenset(lang for lang, count in counts.items() if count >= AT_HOME * texts)
    # What nobody said before is as rare as what one text says.
    return Term(form, log(max(known.total, 1) / max(texts, 1)), texts, home)
