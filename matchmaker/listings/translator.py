"""A translation service as a careful client sees it: LibreTranslate's two calls, and nothing of the answer believed.

The address is the operator's setting; no redirect is followed, no proxy asked, and an answer that is late, long or of
another shape is an error, after which the job is tried again later.
"""

import json
import ssl
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from flask import Flask
from sqlalchemy import Engine

from matchmaker.config import Settings
from matchmaker.core.errors import Unavailable
from matchmaker.listings.measures import digits, numbers, quantities, sentences

# A request carries so many characters, as the public services ask for.
CHUNK = 2_000
# An answer of a text may be so many times as long: Chinese grows fourfold in English.
GROWTH, SPARE = 6, 200
MOST_BYTES = 1_000_000
# How long the list of languages is believed.
LANGUAGES_SECONDS = 3600.0
# Our code → what services call it.
_ALSO = {
    "zh": ("zh", "zh-Hans", "zh-CN", "zh_CN"),
    "no": ("no", "nb"),
    "nb": ("nb", "no"),
    "pt": ("pt", "pt-PT", "pt-BR"),
    "sr": ("sr", "sr-Cyrl", "sr-Latn"),
}


class TranslationFailed(Unavailable):
    """The service gave no answer that can be used."""


Pair = tuple[str, str]


@dataclass
class Translator:
    """One service; `patience` is how many seconds a whole answer may take."""

    url: str
    key: str = ""
    patience: float = 30.0
    _known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _known_until: float = 0.0

    def pair(self, source: str, target: str) -> Pair | None:
        """The service's own codes of two languages, None when it does not translate between them."""
        known = self.languages()
        for one in _ALSO.get(source, (source,)):
            for other in _ALSO.get(target, (target,)):
                if other in known.get(one, ()):
                    return one, other
        return None

    def languages(self) -> Mapping[str, frozenset[str]]:
        """Source code → the codes that it can be translated into; asked for once an hour."""
        if time.monotonic() >= self._known_until:
            self._known = _languages(self._ask("GET", "/languages"))
            self._known_until = time.monotonic() + LANGUAGES_SECONDS
        return self._known

    def translate(self, text: str, pair: Pair) -> str:
        """The text in the other language, paragraph by paragraph; raises TranslationFailed."""
        said = (before + (self._piece(piece, pair) if piece.strip() else piece) for before, piece in pieces(text))
        return "".join(said)

    def _piece(self, text: str, pair: Pair) -> str:
        wanted = {"q": text, "source": pair[0], "target": pair[1], "format": "text", "api_key": self.key}
        answer = self._ask("POST", "/translate", {name: value for name, value in wanted.items() if value})
        said = answer.get("translatedText") if isinstance(answer, dict) else None
        if not isinstance(said, str) or not said.strip():
            raise TranslationFailed("the answer holds no text")
        if len(said) > GROWTH * len(text) + SPARE:
            raise TranslationFailed("the answer is far longer than the text")
        if lost := lost_figures(text, said):
            raise TranslationFailed(f"the answer lost {len(lost)} figures")
        return said

    def _ask(self, method: str, path: str, wanted: Mapping[str, str] | None = None) -> Any:
        deadline = time.monotonic() + self.patience
        parts = urlsplit(self.url)
        body = json.dumps(wanted).encode() if wanted is not None else None
        connection = self._connection()
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            # A redirect is no 200: whoever stands there was not named by the operator.
            if response.status != 200:
                raise TranslationFailed(f"the service answered with status {response.status}")
            return json.loads(_read(response, deadline))
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            raise TranslationFailed(f"the service gave no answer that can be read ({type(error).__name__})") from error
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return HTTPSConnection(host, parts.port, timeout=self.patience, context=ssl.create_default_context())
        return HTTPConnection(host, parts.port, timeout=self.patience)


def _read(response: HTTPResponse, deadline: float) -> bytes:
    """The whole body, unless it is too long or dribbles in too slowly."""
    body = b""
    while part := response.read1(65_536):
        body += part
        if len(body) > MOST_BYTES or time.monotonic() > deadline:
            raise TranslationFailed("the answer is too long or too slow")
    return body


def _languages(answer: Any) -> dict[str, frozenset[str]]:
    if not isinstance(answer, list):
        raise TranslationFailed("the list of languages is none")
    rows = [row for row in answer if isinstance(row, dict) and isinstance(row.get("code"), str)]
    codes = frozenset(row["code"] for row in rows)
    return {row["code"]: _targets(row.get("targets"), codes) - {row["code"]} for row in rows}


def _targets(named: Any, codes: frozenset[str]) -> frozenset[str]:
    """Older services name no targets: all to all."""
    return frozenset(code for code in named if isinstance(code, str)) if isinstance(named, list) else codes


def pieces(text: str, most: int = CHUNK) -> list[tuple[str, str]]:
    """Pairs of (what stands before it, a piece): lines put together as far as they fit, long ones cut at sentences."""
    found: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if len(line) >= most:
            # A blank, since no language that is translated into minds one between sentences.
            found += [("\n" if not i else " ", part) for i, part in enumerate(_sentences(line, most))]
        elif found and len(found[-1][1]) + len(line) + 1 < most:
            found[-1] = found[-1][0], f"{found[-1][1]}\n{line}"
        else:
            found.append(("\n", line))
    return [("", found[0][1]), *found[1:]]


def _sentences(line: str, most: int) -> list[str]:
    """A long line as pieces that end with a sentence, or anywhere when there is none."""
    found = [""]
    for sentence in sentences(line):
        if len(found[-1]) + len(sentence) + 1 < most:
            found[-1] = f"{found[-1]} {sentence}".strip()
        else:
            found += [sentence[i : i + most] for i in range(0, len(sentence), most)]
    return [piece for piece in found if piece]


def lost_figures(text: str, said: str) -> set[str]:
    """Quantities of the text whose figure of two digits or more the translation does not hold.

    Figures may be grouped in another way, and 200万 may become 2 million.
    """
    there = {digits(number) for number in numbers(unicodedata.normalize("NFKC", said))}
    wanted = {digits(number) for number in quantities(unicodedata.normalize("NFKC", text))}
    return {number for number in wanted - there if len(number) > 1}


_services: WeakKeyDictionary[Engine, Translator] = WeakKeyDictionary()


def of(engine: Engine) -> Translator | None:
    """The service of an installation, known by its database; None where the operator named none."""
    return _services.get(engine)


def configure(engine: Engine, settings: Settings) -> None:
    """Let the installation of this database use the service of its settings."""
    if settings.translate_url:
        _services[engine] = Translator(settings.translate_url, settings.translate_key)


def init_app(app: Flask) -> None:
    configure(app.extensions["matchmaker.engine"], app.extensions["matchmaker.settings"])
