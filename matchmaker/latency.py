"""How long somebody waits between a listing's publication and seeing its matches: measured on a copy, over HTTP."""

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from http.cookiejar import CookieJar
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import psutil
from sqlmodel import Session, col, select

from embeddings.encoders.base import Progress
from matchmaker.accounts.models import Person, Role
from matchmaker.accounts.queries import actor_of, person_by_email
from matchmaker.config import Settings
from matchmaker.core.clock import now
from matchmaker.core.errors import Misconfigured
from matchmaker.core.ids import new_public_id
from matchmaker.core.quantiles import quantile
from matchmaker.db.engine import copy_database, open_engine, reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.criteria import BEST, CRITERIA
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.matching import queries
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Scope
from matchmaker.quality import service as quality
from matchmaker.quality.schemas import Judgement

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
PENDING = "mm-pending"


@dataclass(frozen=True)
class Report:
    """Seconds from sending a listing to its matches on the page; milliseconds of ranking alone; megabytes."""

    listings: int
    posts: int
    posting_p50_s: float
    posting_p95_s: float
    ranking_p50_ms: float
    ranking_p95_ms: float
    server_rss_mb: int

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return asdict(self)


def measure(settings: Settings, matcher: Matcher, posts: int, progress: Progress) -> Report:
    """Post needs into a copy of the database, served by a process of its own; the original is only read."""
    with reading_session(matcher.engine) as session:
        if queries.count_pending(session, matcher.open().name):
            raise Misconfigured("some listings wait for the encoder; run `matching index` first")
        texts = _texts(session, posts)
        ranking = _ranking(Ranking(matcher, session, Reader("en")), texts)
        count = len(queries.facts(session))
        waits, memory = _post(settings, [(full.listing.lang, full.original.description) for full in texts], progress)
    return Report(
        listings=count,
        posts=len(waits),
        posting_p50_s=statistics.median(waits),
        posting_p95_s=quantile(waits, 0.95),
        ranking_p50_ms=statistics.median(ranking) * 1000,
        ranking_p95_ms=quantile(ranking, 0.95) * 1000,
        server_rss_mb=memory >> 20,
    )


def _texts(session: Session, posts: int) -> list[listings.FullListing]:
    """Needs that are there, in many languages: what they say is what is posted again."""
    wanted = select(Listing).where(Listing.direction == Direction.NEED, Listing.status == Status.PUBLISHED)
    # Spread over the whole table, the same each time.
    rows = session.exec(wanted.order_by(col(Listing.public_id)).limit(posts)).all()
    if not rows:
        raise Misconfigured("there is no published need to post again")
    return listings.fulls(session, rows)


def _ranking(ranking: Ranking, texts: Sequence[listings.FullListing]) -> list[float]:
    ranking.matches(texts[0], scope=Scope.CROSS_BORDER)  # opens the index, which later questions do not pay
    return [_seconds(ranking, full) for full in texts]


def _seconds(ranking: Ranking, full: listings.FullListing) -> float:
    begun = time.perf_counter()
    ranking.matches(full, scope=Scope.CROSS_BORDER)
    return time.perf_counter() - begun


def _post(settings: Settings, texts: Sequence[tuple[str, str]], progress: Progress) -> tuple[list[float], int]:
    with TemporaryDirectory() as folder:
        var = Path(folder)
        url = copy_database(settings.database_url, var / "matchmaker.db")
        with _server(replace(settings, var=var, database_url=url)) as (process, address):
            person = _Person(address, _Desk(url))
            person.register()
            waits = []
            for number, (lang, text) in enumerate(texts, 1):
                waits.append(person.post(lang, f"{text[:60]} {number}", text))
                progress(number, len(texts))
            return waits, psutil.Process(process.pid).memory_info().rss


class _Desk:
    """A reviewer who confirms and publishes at once, in the copy of the database."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        name = new_public_id()
        with unit_of_work(self._engine) as uow:
            reviewer = Person(email=f"{name}@example.org", name=name, password_hash=new_public_id(24), role=Role.BROKER)
            uow.session.add(reviewer)
            uow.session.flush()  # the actor needs person.id
            self._reviewer = actor_of(uow.session, reviewer)

    def confirm(self, email: str) -> None:
        """As if the letter to the address had been answered."""
        with unit_of_work(self._engine) as uow:
            person = person_by_email(uow.session, email)
            assert person is not None
            person.email_confirmed_at = now()

    def publish(self, public_id: str) -> None:
        """Review the listing with the best marks."""
        best = Judgement(**{criterion.name: BEST for criterion in CRITERIA})
        with unit_of_work(self._engine) as uow:
            listing = quality.take(uow, public_id, actor=self._reviewer)
            quality.publish(uow, quality.Read(public_id, listing.revision), best, actor=self._reviewer)


class _Person:
    """A browser that registers, posts and waits for the matches."""

    def __init__(self, address: str, desk: _Desk) -> None:
        self.address = address
        self._desk = desk
        self._browser: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))

    def register(self) -> None:
        """Make an account."""
        name = new_public_id()
        fields = {"name": name, "email": f"{name}@example.org", "password": new_public_id(24)}
        self._send("/register", {**fields, "organisation": name, "kind": "enterprise", "country": "CN"})
        self._desk.confirm(fields["email"])

    def post(self, lang: str, title: str, text: str) -> float:
        """Hand a need in; answers the seconds from its publication until its matches are on the page."""
        form = self._token("/listings/new/need")
        fields = {"lang": lang, "title": title, "summary": text[:400], "description": text[:4000], "country": "CN"}
        fields |= {"technical_spec": text[:1500], "partnerships": "technical_cooperation", "action": "submit"}
        where, _page = self._open("/listings/new/need", {**fields, "csrf_token": form})
        public_id = where.split("?")[0].rstrip("/").split("/")[-1]
        self._desk.publish(public_id)
        begun = time.perf_counter()
        _, page = self._open(f"/listings/{public_id}/matches")
        while PENDING in page or 'id="matches"' not in page:
            if time.perf_counter() - begun > PATIENCE_SECONDS:
                raise Misconfigured(f"the posted listing has no matches after {PATIENCE_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
            _, page = self._open(f"/listings/{public_id}/matches")
        return time.perf_counter() - begun

    def _send(self, path: str, fields: dict[str, str]) -> None:
        self._open(path, {**fields, "csrf_token": self._token(path)})

    def _token(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self._open(path)[1])
        return found[1] if found else ""

    def _open(self, path: str, fields: dict[str, str] | None = None) -> tuple[str, str]:
        body = urlencode(fields).encode() if fields else None
        with self._browser.open(self.address + path, body, timeout=PATIENCE_SECONDS) as answer:
            return answer.geturl(), answer.read().decode()


@contextmanager
def _server(settings: Settings) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server process of its own on a free port of this machine, with its encoder loaded."""
    environ = {
        **os.environ,
        "MATCHMAKER_VAR": str(settings.var),
        "MATCHMAKER_MODELS": str(settings.models),
        "DATABASE_URL": settings.database_url,
        "MATCHMAKER_HOST": "127.0.0.1",
        "MATCHMAKER_PORT": "0",
        "MATCHMAKER_DEMO": "0",
    }
    command = [sys.executable, "-m", "matchmaker", "serve"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  our own program
        try:
            address = next(
                (found[0] for line in process.stderr or () if (found := re.search(r"http://127\.0\.0\.1:\d+", line))),
                "",
            )
            if not address:
                raise Misconfigured("the server that was to be measured did not start")
            yield process, address
        finally:
            process.terminate()
