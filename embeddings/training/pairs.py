"""What the adapter learns from: texts that mean the same, or speak of the same class of technology, in two languages.

Three kinds of pairs. Parallel sentences, one to three lines long, in any two of some fifty languages. Titles of the
International Patent Classification in Chinese, English and Spanish: the very same title, or some titles of a group
against others of that group, which is what a need is to a result: the same thing in other words. Titles and the texts
under them, in one language, so that what the encoder knew about long texts is not forgotten.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

# Languages that no training text is in: they say whether what is learned holds for a language never trained on.
KEPT_OUT = ("hi", "ko", "lt", "sk", "tr", "vi")
# Lines from here on are held out, and so is every subclass whose number in order is divisible by this.
FIRST_HELD_OUT_LINE, HELD_OUT_SUBCLASS = 900, 25
# So many languages take part in a batch of sentences: few enough that each text meets others in its own language.
LANGUAGES_A_BATCH = 4
# How often a batch is of which kind.
SENTENCES, TITLES, GROUPS, HEADED = 0.45, 0.2, 0.25, 0.1
# Sentences that make one text, and how often.
LINES = ((1, 0.55), (2, 0.3), (3, 0.15))
# A group is asked after by so many titles at most, and answered by so many.
ASKING, ANSWERING = 2, 6
LEAST_TITLES = 4
# Characters of a title that says something by itself.
LEAST_TITLE = 12
# Characters of a text under a title; the encoder is trained on the first tokens alone.
LONGEST = 800

Pair = tuple[str, str]
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Material:
    """Everything to draw from: lines by language, titles by group and language, titles with the texts under them."""

    lines: Sequence[Texts]
    groups: Mapping[str, Sequence[Texts]]
    headed: Sequence[Pair]

    def batch(self, size: int, draw: Random) -> list[Pair]:
        """Pairs of one kind; no two of them mean the same."""
        kind = draw.choices(
            (self._sentences, self._titles, self._groups, self._under),
            (SENTENCES, TITLES, GROUPS, HEADED if self.headed else 0),
        )[0]
        return kind(size, draw)

    def _sentences(self, size: int, draw: Random) -> list[Pair]:
        length = draw.choices([lines for lines, _ in LINES], [share for _, share in LINES])[0]
        languages = draw.sample(sorted(self.lines[0]), LANGUAGES_A_BATCH)
        # Windows do not overlap: a shared sentence would make a false negative.
        starts = draw.sample(range(0, len(self.lines) - length, length), size)
        found = []
        for start in starts:
            window = self.lines[start : start + length]
            one, other = draw.sample(languages, 2)
            found.append((" ".join(line[one] for line in window), " ".join(line[other] for line in window)))
        return found

    def _titles(self, size: int, draw: Random) -> list[Pair]:
        titles = [title for key in self._near(size, draw) for title in self.groups[key]]
        found = []
        for title in draw.sample(titles, min(size, len(titles))):
            one, other = draw.sample(sorted(title), 2)
            found.append((title[one], title[other]))
        return found

    def _groups(self, size: int, draw: Random) -> list[Pair]:
        found = []
        for key in self._near(size, draw):
            titles = list(self.groups[key])
            if len(titles) < LEAST_TITLES:
                continue
            draw.shuffle(titles)
            asking = titles[: draw.randint(1, ASKING)]
            answering = titles[len(asking) : len(asking) + draw.randint(2, ANSWERING)]
            one, other = draw.sample(sorted(titles[0]), 2)
            found.append(("; ".join(t[one] for t in asking), "; ".join(t[other] for t in answering)))
        return found[:size]

    def _under(self, size: int, draw: Random) -> list[Pair]:
        return draw.sample(self.headed, size)

    def _near(self, size: int, draw: Random) -> list[str]:
        """Groups of a few classes of technology, so that a batch's wrong answers are close to the right ones."""
        by_class: dict[str, list[str]] = defaultdict(list)
        for key in self.groups:
            by_class[key[:3]].append(key)
        classes = sorted(by_class)
        draw.shuffle(classes)
        found: list[str] = []
        for name in classes:
            chosen = by_class[name]
            found += draw.sample(chosen, min(len(chosen), max(4, size // 3)))
            if len(found) >= 2 * size:
                break
        return found


@dataclass(frozen=True)
class HeldOut:
    """What the curve is measured on: lines and groups that no batch contains."""

    lines: Sequence[Texts]
    groups: Mapping[str, Sequence[Texts]]


def read(folder: Path, others: Sequence[Path] = ()) -> tuple[Material, HeldOut]:
    """From `folder`, the parallel texts; from `others`, JSONL of texts in one language (`title`, `text`)."""
    lines = [row["texts"] for row in _rows(folder / "ntrex_first1000.jsonl.gz")]
    groups: dict[str, list[Texts]] = defaultdict(list)
    for row in _rows(folder / "ipc_titles_zh_en_es.jsonl.gz"):
        texts = {lang: text for lang, text in row["texts"].items() if len(text.encode()) >= LEAST_TITLE}
        symbol = row["symbol"]
        if len(texts) == len(row["texts"]) and len(symbol) > 4:
            groups[symbol.split("/")[0]].append(texts)
    subclasses = sorted({key[:4] for key in groups})
    held = {name for number, name in enumerate(subclasses) if number % HELD_OUT_SUBCLASS == 0}
    known = [{lang: text for lang, text in line.items() if lang not in KEPT_OUT} for line in lines]
    material = Material(
        lines=known[:FIRST_HELD_OUT_LINE],
        groups={key: titles for key, titles in groups.items() if key[:4] not in held},
        headed=[(str(row["title"]), str(row["text"])[:LONGEST]) for path in others for row in _rows(path)],
    )
    kept = {key: titles for key, titles in groups.items() if key[:4] in held and len(titles) >= LEAST_TITLES}
    return material, HeldOut(lines[FIRST_HELD_OUT_LINE:], kept)


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
