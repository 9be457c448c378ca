"""How fast the broker desk answers with thousands of open matches: `python -m matchmaker.desk_figures`.

The market is invented, from a seed, in a database of its own; the pages are asked for through the application, as
often as there are addresses, and the statements that reach the database are counted.
"""

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import Broker, BrokerScope, Organisation, Person, Role, ScopeKind
from matchmaker.app import create_app
from matchmaker.config import load
from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.core.quantiles import quantile
from matchmaker.db.bulk import insert_rows
from matchmaker.db.migrate import upgrade
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.listings.models import Direction, Listing, ListingCode, ListingText, Scheme, Status
from matchmaker.matching.runtime import Matcher
from matchmaker.review.models import State, Suggestion
from matchmaker.review.queue import Case, priority

NEEDS, RESULTS, ORGANISATIONS, BROKERS = 700, 900, 120, 6
COUNTRIES = ("CN", "RS", "IT", "DE", "HU", "KR", "FR", "TR", "BR", "KZ")
LANGUAGES = ("zh", "sr", "it", "de", "hu", "ko", "fr", "tr", "pt", "ru")
SECTIONS = ("A", "B", "C", "E", "F", "G", "H")
TOPICS = ("drilling", "battery", "seed", "laser", "valve", "polymer", "sensor", "implant", "kiln", "membrane")
# How many of every hundred open matches a broker has already.
TAKEN = 40
# Whoever measures asks for each address once to warm up, as a broker's morning does.
QUERIES = (
    "", "tab=mine", "tab=unassigned", "tab=waiting", "tab=introduced", "tab=parked", "tab=decided",
    "tab=mine&page=2", "tab=mine&page=5", "tab=mine&need_country=CN", "tab=mine&field=E", "tab=mine&least=60",
    "tab=unassigned&page=2", "tab=unassigned&page=40", "tab=unassigned&page=999", "tab=unassigned&need_lang=zh",
    "tab=unassigned&need_country=CN&result_country=IT", "tab=unassigned&field=G&least=50", "tab=unassigned&due=14",
    "tab=unassigned&result_lang=de&origin=ranking",
)  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """Milliseconds of a page and of an opened match, statements of the worst page, and how much was there."""

    open_matches: int
    pages: int
    page_p50_ms: float
    page_p95_ms: float
    most_queries: int
    body_p50_ms: float
    body_p95_ms: float


def furnish(app: Flask, matches: int) -> dict[str, int]:
    """Fill an empty database with a market and so many open matches; answers the person ids of two readers."""
    dice = random.Random(7)  # noqa: S311 - the same market every time, not a secret
    engine: Engine = app.extensions["matchmaker.engine"]
    with unit_of_work(engine) as uow:
        people = _people(uow)
        listings = _listings(uow, dice)
        _matches(uow, dice, listings, (people, matches))
    matcher: Matcher = app.extensions["matchmaker.matcher"]
    while matcher.round():
        pass
    return {"broker": people[1], "administrator": people[0]}


def measure(app: Flask, readers: dict[str, int]) -> Figures:
    """Ask for every address as a broker and as an administrator, and for the bodies of a page's matches."""
    engine: Engine = app.extensions["matchmaker.engine"]
    clients = [sign_in(app, person_id) for person_id in readers.values()]
    addresses = [f"/desk?{query}" if query else "/desk" for query in QUERIES]
    asked = [(client, address) for address in addresses for client in clients]
    _times(asked)
    with counting(engine) as counts:
        pages = _times(asked, counts)
    bodies = [(clients[0], f"/desk/{public_id}/body") for public_id in _shown(clients[0])]
    opened = _times(bodies)
    return Figures(
        open_matches=_open(engine),
        pages=len(pages),
        page_p50_ms=quantile(pages, 0.5),
        page_p95_ms=quantile(pages, 0.95),
        most_queries=max(counts.of_each),
        body_p50_ms=quantile(opened, 0.5),
        body_p95_ms=quantile(opened, 0.95),
    )


class Counts:
    """How many statements each answer needed."""

    def __init__(self) -> None:
        self.current, self.of_each = 0, []  # type: int, list[int]

    def note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # A transaction's beginning asks for nothing.
        self.current += not statement.startswith("BEGIN")

    def close(self) -> None:
        """An answer is there; the next one begins."""
        self.of_each.append(self.current)
        self.current = 0


@contextmanager
def counting(engine: Engine) -> Iterator[Counts]:
    """Count the statements that reach the database."""
    counts = Counts()
    event.listen(engine, "before_cursor_execute", counts.note)
    try:
        yield counts
    finally:
        event.remove(engine, "before_cursor_execute", counts.note)


def sign_in(app: Flask, person_id: int) -> FlaskClient:
    """A browser of the person's."""
    with unit_of_work(app.extensions["matchmaker.engine"]) as uow:
        person = uow.session.get(Person, person_id)
        assert person is not None
        token = accounts.sign_in(uow, person)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    return client


def _times(asked: Sequence[tuple[FlaskClient, str]], counts: Counts | None = None) -> list[float]:
    taken = []
    for client, address in asked:
        begun = time.perf_counter()
        answer = client.get(address)
        taken.append(1000 * (time.perf_counter() - begun))
        assert answer.status_code == 200, address
        if counts is not None:
            counts.close()
    return taken


def _shown(client: FlaskClient) -> list[str]:
    """The public ids of a page's matches."""
    page = client.get("/desk?tab=unassigned").get_data(as_text=True)
    return [part.partition("/")[0] for part in page.split('data-body="/desk/')[1:]]


def _people(uow: UnitOfWork) -> list[int]:
    """An administrator, then brokers with a scope each."""
    roles = [Role.ADMINISTRATOR, *([Role.BROKER] * BROKERS)]
    people = [
        Person(email=f"b{i}@example.org", name=f"Broker {i}", password_hash="-", role=role, email_confirmed_at=now())  # noqa: S106 - nobody signs in with it
        for i, role in enumerate(roles)
    ]
    uow.session.add_all(people)
    uow.session.flush()  # their cards need their ids
    ids = [person.id or 0 for person in people]
    for i, id_ in enumerate(ids[1:]):
        uow.session.add(Broker(person_id=id_, most_open=1000))
        for lang in ("zh", "en", LANGUAGES[i + 1]):
            uow.session.add(BrokerScope(person_id=id_, kind=ScopeKind.LANGUAGE, code=lang))
        for section in SECTIONS[i % 3 :]:
            uow.session.add(BrokerScope(person_id=id_, kind=ScopeKind.FIELD, code=section))
    return ids


def _listings(uow: UnitOfWork, dice: random.Random) -> dict[Direction, list[int]]:
    orgs = [
        Organisation(name=f"Organisation {i}", kind="enterprise", country=dice.choice(COUNTRIES))
        for i in range(ORGANISATIONS)
    ]
    uow.session.add_all(orgs)
    uow.session.flush()  # listings need their owners' ids
    found: dict[Direction, list[int]] = {}
    for direction, number in ((Direction.NEED, NEEDS), (Direction.RESULT, RESULTS)):
        rows = [_listing(direction, dice, orgs) for _ in range(number)]
        uow.session.add_all(rows)
        uow.session.flush()  # texts and codes need the listings' ids
        found[direction] = [row.id or 0 for row in rows]
        insert_rows(uow.session, [_text(row, dice) for row in rows])
        codes = {(row.id, dice.choice(SECTIONS)) for row in rows for _ in range(2)}
        insert_rows(
            uow.session,
            [ListingCode(listing_id=id_ or 0, scheme=Scheme.IPC_SECTION, code=code) for id_, code in sorted(codes)],
        )
    return found


def _listing(direction: Direction, dice: random.Random, orgs: Sequence[Organisation]) -> Listing:
    owner, at = dice.choice(orgs), now() - timedelta(days=dice.randrange(200))
    return Listing(
        direction=direction,
        status=Status.PUBLISHED,
        lang=LANGUAGES[COUNTRIES.index(owner.country)],
        country=owner.country,
        organisation_id=owner.id,
        published_at=at,
        deadline=(now() + timedelta(days=dice.randrange(3, 200))).date() if dice.random() < 0.4 else None,
    )


def _text(listing: Listing, dice: random.Random) -> ListingText:
    words = " ".join(dice.choice(TOPICS) for _ in range(60))
    title = f"{dice.choice(TOPICS)} {dice.choice(TOPICS)} {listing.id}"
    return ListingText(
        listing_id=listing.id or 0, lang=listing.lang, title=title, summary=words[:200], description=words * 3
    )


def _matches(
    uow: UnitOfWork, dice: random.Random, listings: dict[Direction, list[int]], wanted: tuple[list[int], int]
) -> None:
    people, number = wanted
    later = (State.OFFERED_FIRST, State.OFFERED_SECOND, State.INTRODUCED, State.PARKED, State.DECLINED, State.LAPSED)
    pairs = {
        (dice.choice(listings[Direction.NEED]), dice.choice(listings[Direction.RESULT])) for _ in range(3 * number)
    }
    rows = []
    for i, (need_id, result_id) in enumerate(sorted(pairs)[: number + number // 5]):
        state = State.SUGGESTED if i < number else dice.choice(later)
        rows.append(_match((need_id, result_id), state, dice, people))
    insert_rows(uow.session, rows)


def _match(pair: tuple[int, int], state: State, dice: random.Random, people: Sequence[int]) -> Suggestion:
    taken = state is not State.SUGGESTED or dice.randrange(100) < TAKEN
    at = now() - timedelta(days=dice.randrange(40))
    score = dice.uniform(0.35, 0.95)
    return Suggestion(
        public_id=new_public_id(),
        need_id=pair[0],
        result_id=pair[1],
        score=score,
        priority=priority(Case(score, at), now()),
        state=State.IN_REVIEW if taken and state is State.SUGGESTED else state,
        broker_id=dice.choice(people[1:]) if taken else None,
        assigned_at=at if taken else None,
        deadline_at=now() + timedelta(days=dice.randrange(14)) if state.value.startswith("offered") else None,
        created_at=at,
        state_at=at,
    )


def _open(engine: Engine) -> int:
    with engine.connect() as connection:
        count = "SELECT count(*) FROM suggestion WHERE state IN ('suggested', 'in_review')"
        return int(connection.exec_driver_sql(count).scalar_one())


def main(matches: int = 5000) -> None:
    """Print the figures as one JSON object."""
    with TemporaryDirectory() as folder:
        settings = replace(
            load({"MATCHMAKER_VAR": folder, "MATCHMAKER_ENCODER": "hashing", "MATCHMAKER_DEMO": "0"}), var=Path(folder)
        )
        app = create_app(settings, testing=True)
        upgrade(app.extensions["matchmaker.engine"])
        readers = furnish(app, matches)
        sys.stdout.write(json.dumps(asdict(measure(app, readers))) + "\n")
        app.extensions["matchmaker.matcher"].close()
        app.extensions["matchmaker.engine"].dispose()


if __name__ == "__main__":
    main()
