"""What nobody may read, planted all over a market, and eyes that find it wherever it comes out."""

import gzip
import html
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, SQLModel
from werkzeug.test import TestResponse

# The stem of every secret, in four scripts; nothing else that is written anywhere has one of them.
STEMS = ("zqxv", "龘靐", "щъыж", "ظقصض")
LANGUAGES = dict(zip(STEMS, ("en", "zh", "sr", "ar"), strict=True))
_STEM = re.compile("|".join(STEMS), re.IGNORECASE)
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
# So many pages of each kind are read by each reader, beside the addresses that are asked for by name.
MOST_ALIKE = 3


def secret(number: int, kind: str) -> str:
    """A word that stands in one place of the market: "n" a name, "s" sealed, "e" under embargo, "f" a file's name."""
    return f"{STEMS[number % len(STEMS)]}{kind}{number:03d}"


@dataclass(frozen=True)
class Leak:
    """Where something came out, and the words around it."""

    where: str
    words: str


def seen(text: str, where: str) -> list[Leak]:
    """Every secret in a text, however it is escaped."""
    forms = {text, html.unescape(text), unquote(text), _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)}
    # Looking for a plain word is much faster than for a pattern, and nearly always there is nothing to find.
    found = [form for form in forms if any(stem in form.casefold() for stem in STEMS)]
    return [Leak(where, form[max(0, m.start() - 60) : m.end() + 20]) for form in found for m in _STEM.finditer(form)]


def seen_in_bytes(contents: bytes, where: str) -> list[Leak]:
    """The same in any file: in the encodings that texts, letters and arrays of words are written in."""
    found = []
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        for stem in STEMS:
            place = contents.lower().find(stem.encode(encoding))
            if place >= 0:
                found.append(Leak(where, repr(contents[place : place + 40])))
    return found


# Pages


@dataclass
class Crawler:
    """Reads pages as one kind of reader, by address and by following links; keeps every secret that it saw."""

    app: Flask
    name: str
    browser: FlaskClient
    lang: str = "en"

    def __post_init__(self) -> None:
        self.leaks: list[Leak] = []
        self.answered: dict[str, set[int]] = {}
        self._known: set[str] = set()
        self._counts: dict[str, int] = {}
        self._found: list[str] = []

    def read(self, paths: Iterable[str]) -> None:
        """These pages, and of those that they lead to some of each kind."""
        for path in paths:
            self.open(path)
        while self._found:
            path = self._found.pop(0)
            endpoint = self._endpoint(path)
            if endpoint and self._counts.get(endpoint, 0) < MOST_ALIKE:
                self._counts[endpoint] = self._counts.get(endpoint, 0) + 1
                self.open(path)

    def open(self, path: str) -> TestResponse | None:
        """One page: its body, its headers and its cookies are looked through."""
        if path in self._known:
            return None
        self._known.add(path)
        answer = self.browser.get(path, headers={"Accept-Language": self.lang})
        self.answered.setdefault(self._endpoint(path), set()).add(answer.status_code)
        where = f"{self.name}: {path}"
        # What the reader asked for is said back to them.
        body = _text_of(answer)
        answer.close()
        self.leaks += seen(body, where)
        self.leaks += seen(self._headers(answer), f"{where} (headers)")
        if answer.mimetype == "text/html":
            self._found += [x for x in _links(body) if x not in self._known]
        return answer

    def _headers(self, answer: TestResponse) -> str:
        told = [f"{name}: {value}" for name, value in answer.headers.items()]
        serializer = self.app.session_interface.get_signing_serializer(self.app)
        cookie = self.browser.get_cookie("session")
        if cookie is not None and serializer is not None:
            told.append(str(serializer.loads(cookie.value)))
        return "\n".join(told)

    def _endpoint(self, path: str) -> str:
        try:
            endpoint, _ = self.app.url_map.bind("localhost").match(urlsplit(path).path, method="GET")
        except Exception:
            return ""
        return str(endpoint)


def _text_of(answer: TestResponse) -> str:
    """What an answer says, its files unpacked if it is an archive."""
    if answer.mimetype != "application/zip":
        return answer.get_data(as_text=True)
    found = []
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        for name in archive.namelist():
            contents = archive.read(name)
            found.append(f"{name}\n{(gzip.decompress(contents) if name.endswith('.gz') else contents).decode()}")
    return "\n".join(found)


def _links(page: str) -> Iterator[str]:
    for address in re.findall(r'(?:href|src|hx-get|action)="([^"#]*)', page):
        path = html.unescape(address).replace("http://localhost", "", 1)
        if path.startswith("/") and not path.startswith(("//", "/static/")):
            yield path


def addresses(app: Flask, values: dict[str, list[str]]) -> list[str]:
    """Every page of the application with every value for each part of its address; a part that has none is an error."""
    found = []
    with app.test_request_context():
        for rule in sorted(app.url_map.iter_rules(), key=str):
            if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
                continue
            combinations: list[dict[str, str]] = [{}]
            for part in sorted(rule.arguments):
                combinations = [{**known, part: value} for known in combinations for value in values[part]]
            for parts in combinations:
                built = rule.build(parts)
                assert built is not None
                found.append(built[1])
    return found


# What is stored, sent and written


def in_tables(session: Session, allowed: dict[str, str]) -> list[Leak]:
    """Secrets in any row but those of tables that are allowed to hold these kinds, by table."""
    found = []
    for table in SQLModel.metadata.sorted_tables:
        fine = re.compile(f"(?:{'|'.join(STEMS)})[{allowed.get(table.name) or '-'}][0-9]", re.IGNORECASE)
        for row in session.execute(table.select()):
            for name, value in row._mapping.items():
                if (table.name, name) == ("letter", "address"):
                    continue  # whom a letter goes to
                where = f"{table.name}.{name}"
                leaks = seen_in_bytes(value, where) if isinstance(value, bytes) else seen(str(value), where)
                found += [leak for leak in leaks if not fine.search(leak.words)]
    # The index of words is a table that no model describes.
    for (words,) in session.connection().exec_driver_sql("SELECT tokens FROM lexical_index"):
        found += seen(words, "lexical_index.tokens")
    return found


def in_folder(folder: Path, without: Iterable[str] = ()) -> list[Leak]:
    """Secrets in the names of all files below, and in the contents of all but those in the folders `without`."""
    found = []
    for path in sorted(folder.rglob("*")):
        place = str(path.relative_to(folder))
        found += seen(place, f"name of {place}")
        if path.is_file() and not place.startswith(tuple(without)):
            read = in_letter if path.suffix == ".eml" else seen_in_bytes
            found += read(path.read_bytes(), place)
    return found


def in_letter(contents: bytes, where: str) -> list[Leak]:
    """Secrets in a letter as its reader sees it: headers and all parts, decoded; whom it goes to knows who they are."""
    letter = message_from_bytes(contents, policy=default)
    del letter["To"]
    parts = [part.get_content() for part in letter.walk() if part.get_content_maintype() == "text"]
    return seen("\n".join([*map(str, letter.values()), *parts]), where)
