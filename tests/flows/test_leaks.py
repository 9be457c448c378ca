"""Nothing that an owner closed comes out anywhere: 200 listings with planted secrets, read by everybody, everywhere."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, literal
from sqlmodel import SQLModel, col, select

from embeddings.encoders.base import Vectors
from embeddings.encoders.hashing import HashingEncoder
from matchmaker.accounts import queries as accounts_queries
from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import MembershipRole, Organisation, Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.alerts import service as alerts
from matchmaker.app import create_app
from matchmaker.audit.models import AuditEvent
from matchmaker.config import load
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session, writing_session
from matchmaker.db.jobs import Job
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.files.models import StoredFile
from matchmaker.gold import grading
from matchmaker.gold import service as gold
from matchmaker.gold import tasks as gold_tasks
from matchmaker.gold.models import GoldPair
from matchmaker.gold.schemas import RoundDraft
from matchmaker.gold.schemas import Verdict as Judged
from matchmaker.interests import consent, expressions
from matchmaker.interests.expression_schemas import Expression
from matchmaker.interests.models import ExportRule, Introduction, Nda, Verdict
from matchmaker.listings import queries as listings
from matchmaker.listings import service
from matchmaker.listings.models import ChangeKind, Direction, Listing, ListingAttachment, ListingFamily
from matchmaker.listings.moves import note_change
from matchmaker.listings.queries import Filters
from matchmaker.listings.schemas import Confidence, ListingDraft, TextDraft
from matchmaker.listings.search_request import SearchRequest
from matchmaker.matching import runs
from matchmaker.matching.models import Passage
from matchmaker.notifications.models import Letter, Notification
from matchmaker.review import offers
from matchmaker.review import service as review
from matchmaker.review.models import Side, State, Suggestion
from matchmaker.review.service import Found
from matchmaker.web import headers
from tests.factories.addresses import SAMPLES
from tests.factories.html import Element, parse
from tests.factories.market import NEED, RESULT, publish_within
from tests.flows.leaks import LANGUAGES, STEMS, Crawler, Leak, addresses, in_folder, in_tables, secret, seen

# One market for all of them: it takes some seconds to come about.
pytestmark = pytest.mark.xdist_group("leaks")

LISTINGS, OWNERS = 200, 10
LATER = now().date() + timedelta(days=60)
COMMON = ("valve", "laser", "kiln", "pump", "drone", "yeast", "boron", "rail")
# Which kinds of secrets a table is there to keep; every other table, and every other kind, is a leak.
KEPT = {
    "organisation": "n",
    "person": "n",
    "sealed_text": "s",
    "listing_text": "e",
    "listing_version": "e",
    "stored_file": "f",
    "listing_attachment": "f",
}
# Two measurements beside each other, which no page's address alone names.
OF_TWO_RUNS = ("compare?a=1&b=2", "compare/difference.csv?a=1&b=2", "compare/pairs-difference.csv?a=1&b=2")
# Pages of the office that name organisations and people, which is their purpose; that a name belongs to a listing is
# the secret then, so no listing may be on them.
OF_NAMES = ("/admin/organisations", "/admin/people", "/admin/brokers", "/admin/audit", "/organisations/")


@dataclass
class Market:
    """The application with everything that happened in it, and what it wrote into its log meanwhile."""

    app: Flask
    log: list[str]
    listings: list[Listing] = field(default_factory=list)
    people: dict[str, Actor] = field(default_factory=dict)
    crawled: dict[str, Crawler] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        found: Engine = self.app.extensions["matchmaker.engine"]
        return found

    @property
    def var(self) -> Path:
        found: Path = self.app.extensions["matchmaker.settings"].var
        return found

    def crawler(self, name: str) -> Crawler:
        """A browser of this reader; strangers are nobody. Every other one reads Chinese."""
        browser = self.app.test_client()
        if name in self.people:
            with unit_of_work(self.engine) as uow:
                someone = uow.session.get(Person, self.people[name].person_id)
                assert someone is not None
                token = accounts.sign_in(uow, someone)
            with browser.session_transaction() as cookie:
                cookie["_user_id"], cookie["_fresh"] = token, True
        return Crawler(self.app, name, browser, "zh" if len(name) % 2 else "en")

    def read_by(self, name: str) -> Crawler:
        """Every page as this reader found it, read once."""
        if name not in self.crawled:
            crawler = self.crawled[name] = self.crawler(name)
            crawler.read([*addresses(self.app, self.ids(name)), *(f"/admin/insights/{page}" for page in OF_TWO_RUNS)])
        return self.crawled[name]

    def ids(self, name: str = "") -> dict[str, list[str]]:
        """A public id of everything that has one, and of what is this reader's own; samples of other parts."""
        actor, found = self.people.get(name), []
        with reading_session(self.engine) as session:
            for table in SQLModel.metadata.sorted_tables:
                if "public_id" not in table.c:
                    continue
                first = select(table.c.public_id).order_by(table.c.id).limit(1)
                found += session.execute(first).scalars().all()
                for owned in {"person_id", "uploaded_by", "colleague_id"} & set(table.c.keys()) if actor else ():
                    found += session.execute(first.where(table.c[owned] == actor.person_id)).scalars().all()
            if actor and actor.organisation_id:
                own = [session.get_one(Organisation, actor.organisation_id).public_id]
                listed = select(Listing.public_id).where(Listing.organisation_id == actor.organisation_id).limit(1)
                found += [*own, *session.exec(listed)]
        return {**{part: [value] for part, value in SAMPLES.items()}, "public_id": list(dict.fromkeys(found))}


# How the market comes about


def person(mailbox: str, name: str, role: Role) -> Person:
    """Somebody who has answered the letter to their address."""
    address = f"{mailbox}@example.org"
    return Person(email=address, name=name, role=role, password_hash="-", email_confirmed_at=now())


def join(uow: UnitOfWork, number: int, name: str, *, viewer: bool = False) -> Actor:
    """A member of a new organisation; both are called so."""
    someone = person(f"m{number}.{name.rsplit(maxsplit=1)[-1]}", f"Member of {name}", Role.MEMBER)
    owner = Organisation(name=name, name_en=name, kind="enterprise", country="CN", size="medium")
    uow.session.add_all([someone, owner])
    uow.session.flush()
    accounts.join(uow, someone, owner, MembershipRole.VIEWER if viewer else MembershipRole.OWNER)
    uow.session.flush()
    return accounts_queries.actor_of(uow.session, someone)


def appoint(uow: UnitOfWork, number: int, role: Role) -> Actor:
    someone = person(f"r{number}", f"{role.value} {number}", role)
    uow.session.add(someone)
    uow.session.flush()
    return accounts_queries.actor_of(uow.session, someone)


def draft(number: int) -> ListingDraft:
    """Every fourth is anonymous, sealed, under embargo, or all three."""
    kind, stem = number % 4, STEMS[number // 4 % 4]
    word = COMMON[number % len(COMMON)]
    hidden = f"{word} {secret(number, 'e')} {word}" if kind in {2, 3} else f"{word} of kind {number % 7}"
    values = {**(NEED if number % 8 < 4 else RESULT), "lang": LANGUAGES[stem], "title": f"{word} {number}"}
    values |= {"summary": f"About a {word}, number {number}.", "description": hidden, "keywords": hidden}
    values |= {"country": ("CN", "DE", "IT")[number % 3], "ipr_notes": hidden}
    closed = Confidence(
        anonymous=kind in {0, 3},
        sealed=f"{word} {secret(number, 's')} {word}" if kind in {1, 3} else "",
        sealed_level="nda" if number % 8 == 1 else "interest",
        embargo_until=LATER if kind in {2, 3} else None,
    )
    return ListingDraft(**values, confidence=closed)


def fill(market: Market) -> None:
    """200 listings of twenty organisations; those with a secret name own the anonymous ones and nothing else."""
    with unit_of_work(market.engine) as uow:
        hidden = [join(uow, n, f"Works {secret(n, 'n')}") for n in range(OWNERS)]
        named = [join(uow, 100 + n, f"Open Works {n}") for n in range(OWNERS)]
        for number in range(LISTINGS):
            wanted = draft(number)
            owner = (hidden if wanted.confidence and wanted.confidence.anonymous else named)[number % OWNERS]
            listing = publish_within(uow, owner, wanted)
            market.listings.append(listing)
            if number % 16 in {2, 3}:
                words = {"title": f"Version {number}", "summary": "In German.", "description": secret(number, "e")}
                text = TextDraft(lang="de", **words)
                service.add_text(uow, listing.public_id, text, revision=listing.revision, actor=owner)
            if number % 16 in {1, 2, 3}:
                attach(uow, market, listing, number, owner)
        market.people |= {"owner": hidden[3], "introduced owner": named[1]}


def attach(uow: UnitOfWork, market: Market, listing: Listing, number: int, owner: Actor) -> None:
    """A file whose name and text are secret: of the sealed part, or of an open part that is under embargo."""
    place = f"{number:02x}/{number:032x}"
    path = market.var / "files" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(secret(number, "f").encode())
    stored = StoredFile(
        name=f"{secret(number, 'f')}.pdf", media_type="application/pdf", size=9, sha256="0" * 64, place=place,
        uploaded_by=owner.person_id,
    )  # fmt: skip
    uow.session.add(stored)
    uow.session.flush()
    part = {"sealed": number % 16 in {1, 3}, "feeds_matching": True, "text": f"kiln {secret(number, 'f')}"}
    uow.session.add(ListingAttachment(listing_id=listing.id or 0, file_id=stored.id or 0, **part))


def live(market: Market) -> None:
    """What readers, brokers and clocks do with such a market, short of an introduction."""
    with unit_of_work(market.engine) as uow:
        market.people |= {
            "other company": join(uow, 900, "Other Company"),
            "viewer": join(uow, 901, "Third Company", viewer=True),
            "broker": appoint(uow, 1, Role.BROKER),
            "other broker": appoint(uow, 2, Role.BROKER),
            "administrator": appoint(uow, 3, Role.ADMINISTRATOR),
        }
        other = market.people["other company"]
        own = publish_within(uow, other, ListingDraft(**{**RESULT, "title": "valve of the other company"}))
        for word in COMMON[:3]:
            alerts.save(uow, f"All about {word}", SearchRequest(text=word), actor=other)
        broker, needs = market.people["broker"], [x for x in market.listings if x.direction is Direction.NEED]
        review.suggest(uow, [Found(need.id or 0, own.id or 0, 0.9) for need in needs[:8]])
        for suggestion in uow.session.exec(select(Suggestion)).all()[:4]:
            taken = review.take(uow, suggestion.public_id, revision=suggestion.revision, actor=broker)
            endorsed = review.endorse(uow, taken.public_id, revision=taken.revision, actor=broker, first=Side.RESULT)
            offered = offers.offer_now(uow, endorsed.public_id, revision=endorsed.revision, actor=broker)
            if offered.need_id == market.listings[1].id:
                introduce(uow, offered, other, market.people["introduced owner"])
        home = uow.session.get_one(Organisation, other.organisation_id).public_id
        for listing in needs[10:14]:
            wanted = Expression(what="w" * 200, why="y" * 200, who="o" * 200, lang="en", organisation=home)
            expressions.express(uow, listing.public_id, wanted, actor=other)
    matcher, worker = market.app.extensions["matchmaker.matcher"], market.app.extensions["matchmaker.worker"]
    while matcher.round():
        pass
    matcher.snapshot()
    matcher.follow()
    grade(market)
    with unit_of_work(market.engine) as uow:
        for news in uow.session.exec(select(Notification)).all():
            news.at = now() - timedelta(days=8)  # so that every letter and digest is due
    while worker.round():
        pass
    with unit_of_work(market.engine) as uow:
        # Both have said yes, and the clock, which stands still now, has not opened an introduction yet.
        waiting = uow.session.exec(select(Suggestion).where(Suggestion.state == State.OFFERED_FIRST)).first()
        waiting.state, waiting.need_yes_at, waiting.result_yes_at = State.MUTUAL, now(), now()
    stumble(market)


def grade(market: Market) -> None:
    """A round that two brokers grade and do not agree on, and two measurements of match quality."""
    matcher, people = market.app.extensions["matchmaker.matcher"], market.people
    brokers = [people["broker"], people["other broker"]]
    with unit_of_work(market.engine) as uow:
        graders = tuple(broker.public_id for broker in brokers)
        wanted = RoundDraft(name="Kilns", needs=3, depth=2, seed=7, graders=graders)
        row = gold.open_round(uow, wanted, actor=people["administrator"])
    gold_tasks.draw_all(matcher, row.id or 0, lambda done, total: None)
    with unit_of_work(market.engine) as uow:
        for number, pair in enumerate(uow.session.exec(select(GoldPair)).all()[:-1]):
            for broker, said in zip(brokers, (3, 3 if number % 2 else 0), strict=True):
                grading.judge(uow, pair.public_id, Judged(grade=said), actor=broker)
        for _ in range(2):
            pair = {"ndcg@10": 0.2, "queries": 3, "intervals": {"ndcg@10": [0.1, 0.3]}}
            figures = {"product": {"cross_border": pair}, "pairs": {"zh>de": pair}}
            runs.keep(uow, runs.Finding(task="kilns", encoder="hashing", figures=figures, digest="0" * 64))


def introduce(uow: UnitOfWork, suggestion: Suggestion, other: Actor, owner: Actor) -> None:
    """Both sides say yes: names open to each other, and a text that waits for an agreement does not."""
    text = "Both sides keep to themselves what they tell each other."
    for side, actor in ((Side.RESULT, other), (Side.NEED, owner)):
        suggestion = consent.say_yes(uow, suggestion.public_id, side=side, revision=suggestion.revision, actor=actor)
    introduction = uow.session.exec(select(Introduction)).one()
    uow.session.add(Nda(introduction_id=introduction.id or 0, text=text, proposed_by=other.person_id))
    rule = {"title": "An example", "source": "nowhere", "valid_from": now().date()}
    uow.session.add(ExportRule(verdict=Verdict.FREE, **rule))


def stumble(market: Market) -> None:
    """An encoder that repeats in its error what it could not take, sealed texts too, and the log of it."""
    matcher = market.app.extensions["matchmaker.matcher"]

    class Loud(HashingEncoder):
        def encode_passages(self, texts: Sequence[str], **_: Any) -> Vectors:
            raise ValueError(f"cannot take {texts}")

    with unit_of_work(market.engine) as uow:
        for listing in market.listings[1:4]:
            row = uow.session.get_one(Listing, listing.id)
            row.revision += 1
            note_change(uow, row, ChangeKind.EDITED)
            uow.session.execute(delete(Passage).where(col(Passage.listing_id) == listing.id))
    kept, matcher._encoder = matcher.open(), Loud()
    matcher.round()
    matcher._encoder = kept


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, migrated: bytes) -> Iterator[Market]:
    var = tmp_path_factory.mktemp("leaks")
    (var / "matchmaker.db").write_bytes(migrated)
    environ = {
        "MATCHMAKER_VAR": str(var),
        "MATCHMAKER_ENCODER": "hashing",
        "MATCHMAKER_DEMO": "0",
        "SECRET_KEY": "x" * 40,
    }
    with listening() as log:
        app = create_app(replace(load(environ), encoder_threads=1), testing=True)
        made = Market(app, log)
        fill(made)
        live(made)
        yield made
        app.extensions["matchmaker.matcher"].close()
        app.extensions["matchmaker.engine"].dispose()


@contextmanager
def listening() -> Iterator[list[str]]:
    """Everything that any logger says meanwhile, down to the smallest."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(logging.Formatter().format(record))

    ear, root = Ear(), logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        root.removeHandler(ear)
        root.setLevel(level)


# The figure: nothing comes out


READERS = ("stranger", "other company", "viewer", "broker", "other broker", "administrator")


@pytest.mark.parametrize("name", READERS)
def test_no_page_tells_a_secret(market: Market, name: str) -> None:
    crawler = market.read_by(name)
    for listing in market.listings if name == "stranger" else market.listings[::13]:
        crawler.open(f"/listings/{listing.public_id}")
    for listing in market.listings[:8]:
        crawler.open(f"/listings/{listing.public_id}/matches?scope=everywhere")
    assert [leak for leak in crawler.leaks if not _is_of_names(leak)] == []


def _is_of_names(leak: Leak) -> bool:
    """Whether it is a name and nothing else, on a page that is there to show names."""
    path, words = leak.where.partition(": ")[2], leak.words.lower()
    return path.startswith(OF_NAMES) and all(f"{stem}n" in words for stem in STEMS if stem in words)


def test_no_page_of_names_leads_to_an_anonymous_listing(market: Market) -> None:
    crawler, hidden = market.crawler("administrator"), [x.public_id for x in market.listings if x.anonymous]
    with reading_session(market.engine) as session:
        paths = [
            *(f"/organisations/{row.public_id}" for row in session.exec(select(Organisation))),
            *(f"/admin/organisations/{row.public_id}" for row in session.exec(select(Organisation))),
            *(f"/admin/people/{row.public_id}" for row in session.exec(select(Person))),
            *(f"/admin/audit?actor={row.public_id}" for row in session.exec(select(Person))),
            *(f"/admin/audit?page={number}" for number in range(1, 40)),
            "/admin/audit.csv",
        ]
    named = 0
    for path in paths:
        answer = crawler.open(path)
        assert answer is not None
        if seen(answer.text, path):
            named += 1
            assert [id_ for id_ in hidden if id_ in answer.text] == [], path
    assert named > OWNERS


def together(page: str, path: str) -> Iterator[set[str]]:
    """Public ids that a page shows as one: a card or a listing's own page, and those that are unfolded there."""
    for block in parse(page).walk():
        if {"mm-kin", "mm-row-kin", "mm-kin-section"}.isdisjoint(block.get("class").split()):
            continue
        ids = {a.get("href").rpartition("/")[2] for a in block.all("a") if a.get("href").startswith("/listings/")}
        card: Element | None = block
        while card is not None and card.tag != "article":
            card = card.parent
        if card is not None and "mm-sheet" not in card.get("class"):
            ids.add(next(a.get("href") for a in card.all("a")).rpartition("/")[2])
        elif block.get("id") == "kin":
            ids.add(path.rpartition("/")[2])
        yield ids


def join_everybody(market: Market) -> dict[str, int | None]:
    """Needs of all kinds as one family, whatever the finder thinks; answers who may be known to own each, by id."""
    needs = [x for x in market.listings[:64] if x.direction is Direction.NEED]
    with unit_of_work(market.engine) as uow:
        for need in needs:
            row = uow.session.get_one(Listing, need.id)
            member = ListingFamily(listing_id=row.id, family_id=needs[0].id, revision=row.revision)
            uow.session.merge(member)
    return {x.public_id: None if x.anonymous else x.organisation_id for x in market.listings}


PLACES = (
    "/",
    "/search",
    "/search?direction=need",
    "/search?q=valve",
    "/search?q=laser&page=2",
    "/desk",
    "/desk?tab=mine",
)


def joined_by(market: Market, name: str, owners: dict[str, int | None]) -> list[set[int | None]]:
    """For everything that this reader sees as one, whose it is; None for owners who are not named."""
    crawler, found = market.crawler(name), []
    listed = [x.public_id for x in market.listings[:12]]
    own = [f"/listings/{id_}" for id_ in listed] + [f"/listings/{id_}/matches?scope=everywhere" for id_ in listed[4:8]]
    for path in (*PLACES, *own):
        answer = crawler.open(path)
        if answer is not None and answer.status_code == 200:
            found += [{owners.get(id_) for id_ in ids} for ids in together(answer.text, path) if len(ids) > 1]
    return found


@pytest.mark.parametrize("name", ["stranger", "other company", "broker", "administrator"])
def test_nothing_that_is_shown_as_one_joins_a_hidden_owner_with_a_name(market: Market, name: str) -> None:
    found = joined_by(market, name, join_everybody(market))
    assert [owners for owners in found if len(owners) != 1] == []
    assert {None} in found
    assert any(owners != {None} for owners in found)


def test_a_hidden_owner_who_is_joined_with_a_name_is_seen(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    owners = join_everybody(market)
    monkeypatch.setattr("matchmaker.listings.families.circle", lambda _actor: literal("all "))
    assert [found for found in joined_by(market, "stranger", owners) if None in found and len(found) > 1]


def test_every_page_was_read_by_somebody(market: Market) -> None:
    """A page that nobody could open would be tested by nobody."""
    read: set[str] = set()
    for name in (*READERS, "owner", "introduced owner"):
        crawler = market.read_by(name)
        read |= {endpoint for endpoint, statuses in crawler.answered.items() if 200 in statuses}
    pages = {rule.endpoint for rule in market.app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    unread = pages - read - {"static"}
    assert unread == UNREAD, f"never seen: {sorted(unread - UNREAD)}, seen after all: {sorted(UNREAD - unread)}"


# Their addresses hold a token that a letter brought, or they only lead to another page.
UNREAD = {
    "alerts.run",
    "gold.grade",
    "notifications.open_one",
    "notifications.unsubscribe",
    "organisations.invitation",
    "people.confirm",
    "people.new_password",
    "review.act_again",
}


@pytest.mark.parametrize("kind", ["n", "s", "e", "f"])
def test_no_search_finds_a_secret(market: Market, kind: str) -> None:
    crawler = market.crawler("stranger")
    with reading_session(market.engine) as session:
        for number in range(0, LISTINGS, 9):
            words = secret(number, kind)
            assert listings.containing(session, words, Filters()) == []
            assert listings.containing(session, f"Works {words}", Filters()) == []
    for number in range(8):
        words = secret(number, kind)
        page = crawler.browser.get("/search", query_string={"q": words, "lang": "en"}).text
        assert words in page
        # The reader's own words stand in the box and in the addresses of the same search.
        assert seen(page.replace(words, "").replace(quote(words), ""), "search") == []


def test_no_row_keeps_a_secret_that_is_not_there_for_it(market: Market) -> None:
    with reading_session(market.engine) as session:
        assert in_tables(session, KEPT) == []
        counts = {table.name: session.execute(table.select()).first() for table in SQLModel.metadata.sorted_tables}
    for name in ("letter", "notification", "audit_event", "passage", "suggestion", "interest", "told_answer"):
        assert counts[name] is not None, f"nothing was written to {name}"


def test_no_file_and_no_name_of_a_file_tells_a_secret(market: Market) -> None:
    assert in_folder(market.var, without=("matchmaker.db", "files/")) == []
    written = {path.relative_to(market.var).parts[0] for path in market.var.rglob("*") if path.is_file()}
    assert {"index", "mail", "files"} <= written


def test_no_line_of_the_log_tells_a_secret(market: Market) -> None:
    assert [line for line in market.log if "cannot be embedded" in line and "ValueError" in line]
    assert [leak for line in market.log for leak in seen(line, "log")] == []


def test_no_command_prints_a_secret(market: Market) -> None:
    runner = market.app.test_cli_runner()
    for command in (["matching", "status"], ["matching", "index"], ["matching", "families"], ["listings", "demo"][:1]):
        result = runner.invoke(args=command)
        assert seen(result.output, str(command)) == []


# The eyes see what there is to see


PLANTED = secret(4, "s")


@pytest.mark.parametrize(
    "made",
    [
        lambda: AuditEvent(actor="x", action="x", object_kind="x", object_id="x", detail=PLANTED),
        lambda: Job(kind="x", payload=f'{{"text": "{PLANTED}"}}'),
        lambda: Letter(address="a@b.example", lang="zh", kind="x", subject="x", text=PLANTED, html="x"),
        lambda: Letter(address="a@b.example", lang="en", kind="x", subject="x", text="x", html="&#x7a;qxvs001"),
    ],
    ids=["audit", "job", "letter", "escaped"],
)
def test_a_leak_into_a_table_is_seen(market: Market, made: Callable[[], SQLModel]) -> None:
    with writing_session(market.engine) as session:
        session.add(made())
        session.flush()  # seen here, and then taken back: the session is never committed
        assert in_tables(session, KEPT)


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("place", ["mail/new.eml", "index/note.txt", "zqxvs001.pdf", "deep/er/щъыжs001"])
def test_a_leak_into_a_file_or_its_name_is_seen(market: Market, stem: str, place: str) -> None:
    path = market.var / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"Content-Type: text/plain; charset=utf-8\n\n{stem}s001".encode())
    try:
        assert in_folder(market.var, without=("matchmaker.db", "files/"))
    finally:
        path.unlink()


def test_a_leak_into_an_encoded_letter_is_seen(market: Market) -> None:
    path = market.var / "mail" / "planted.eml"
    path.write_bytes(b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nenF4dnMwMDE=\n")
    try:
        assert in_folder(market.var, without=("matchmaker.db", "files/"))
    finally:
        path.unlink()


def test_a_leak_into_the_log_is_seen(market: Market) -> None:
    with listening() as said:
        logging.getLogger("anything").debug("about %s", PLANTED)
    assert [leak for line in said for leak in seen(line, "log")]


LEAKS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "names": lambda patch: patch.setattr("matchmaker.listings.queries.owner_line", lambda _x, owner, **_: owner.name),
    "embargoes": lambda patch: patch.setattr("matchmaker.listings.queries._seen", lambda whole: whole),
    "excerpts": lambda patch: patch.setattr("matchmaker.listings.queries.is_embargoed", lambda *_: False),
    "headers": lambda patch: patch.setitem(headers.HEADERS, "X-Owner", secret(0, "n")),
}


@pytest.mark.parametrize("how", LEAKS)
def test_a_leak_onto_a_page_is_seen(market: Market, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    LEAKS[how](monkeypatch)
    crawler = market.crawler("stranger")
    crawler.read(["/", "/search", *(f"/listings/{listing.public_id}" for listing in market.listings[:8])])
    assert crawler.leaks


def test_a_leak_into_a_cookie_is_seen(market: Market) -> None:
    crawler = market.crawler("stranger")
    with crawler.browser.session_transaction() as cookie:
        cookie["note"] = secret(1, "s")
    crawler.open("/about")
    assert crawler.leaks


def test_an_owner_reads_their_own(market: Market) -> None:
    """The secrets are there: whoever they belong to sees them."""
    crawler = market.crawler("owner")
    mine = [x for x in market.listings if x.organisation_id == market.people["owner"].organisation_id]
    for listing in mine[:6]:
        crawler.open(f"/listings/{listing.public_id}")
    assert len(crawler.leaks) >= len(mine[:6])


def test_a_page_that_is_new_is_asked_for(market: Market) -> None:
    """An address with a part that nobody knows a value for fails the test, instead of being left out."""
    values = market.ids()
    del values["scheme"]
    with pytest.raises(KeyError):
        addresses(market.app, values)
