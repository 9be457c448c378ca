"""Nothing that an owner closed comes out anywhere: 200 listings with planted secrets, read by everybody, everywhere."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlmodel import SQLModel, select

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
from matchmaker.interests import expressions
from matchmaker.interests.expression_schemas import Expression
from matchmaker.listings import queries as listings
from matchmaker.listings import service
from matchmaker.listings.models import Direction, Listing, ListingAttachment
from matchmaker.listings.queries import Filters
from matchmaker.listings.schemas import Confidence, ListingDraft, TextDraft
from matchmaker.listings.search_request import SearchRequest
from matchmaker.notifications.models import Letter
from matchmaker.review import offers
from matchmaker.review import service as review
from matchmaker.review.models import Side, Suggestion
from matchmaker.review.service import Found
from matchmaker.web import headers
from tests.factories.addresses import SAMPLES
from tests.factories.market import NEED, RESULT, publish_within
from tests.flows.leaks import LANGUAGES, STEMS, Crawler, Leak, addresses, in_folder, in_tables, secret, seen

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

    def ids(self, each: int = 2) -> dict[str, list[str]]:
        """A few public ids of everything that has some, and the samples of all other parts of an address."""
        found = []
        with reading_session(self.engine) as session:
            for table in SQLModel.metadata.sorted_tables:
                if "public_id" in table.c:
                    found += session.execute(select(table.c.public_id).order_by(table.c.id).limit(each)).scalars().all()
        return {**{part: [value] for part, value in SAMPLES.items()}, "public_id": found}


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
        market.people["owner"] = hidden[0]


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
            offers.offer_now(uow, endorsed.public_id, revision=endorsed.revision, actor=broker)
        home = uow.session.get_one(Organisation, other.organisation_id).public_id
        for listing in needs[10:14]:
            wanted = Expression(what="w" * 200, why="y" * 200, who="o" * 200, lang="en", organisation=home)
            expressions.express(uow, listing.public_id, wanted, actor=other)
    matcher, worker = market.app.extensions["matchmaker.matcher"], market.app.extensions["matchmaker.worker"]
    while matcher.round():
        pass
    matcher.snapshot()
    matcher.follow()
    for _ in range(20):
        if not worker.round():
            break


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
    crawler = market.crawler(name)
    crawler.read(addresses(market.app, market.ids()))
    some = market.listings if name == "stranger" else market.listings[::7]
    for listing in some:
        crawler.open(f"/listings/{listing.public_id}")
    for listing in market.listings[:24]:
        crawler.open(f"/listings/{listing.public_id}/matches?scope=everywhere")
    assert unfit(crawler.leaks, market) == []
    read = [path for path, statuses in crawler.answered.items() if 200 in statuses]
    assert len(read) >= {"stranger": 8, "viewer": 15, "administrator": 35}.get(name, 20)


def unfit(leaks: list[Leak], market: Market) -> list[Leak]:
    """Those that are no name on a page of names."""
    return [x for x in leaks if not (x.where.startswith("administrator: ") and _is_of_names(x))]


def _is_of_names(leak: Leak) -> bool:
    path = leak.where.removeprefix("administrator: ")
    return path.startswith(OF_NAMES) and all(
        f"{stem}n" in leak.words.lower() for stem in STEMS if stem in leak.words.lower()
    )


def test_a_page_of_names_leads_to_no_anonymous_listing(market: Market) -> None:
    crawler, hidden = market.crawler("administrator"), [x.public_id for x in market.listings if x.anonymous]
    named = 0
    for path in addresses(market.app, market.ids(60)):
        if path.startswith(OF_NAMES) and path.count("/") <= 3:
            answer = crawler.open(path)
            assert answer is not None
            if seen(answer.text, path):
                named += 1
                assert [id_ for id_ in hidden if id_ in answer.text] == [], path
    assert named > OWNERS


def test_every_page_was_read_by_somebody(market: Market) -> None:
    """A page that nobody could open would be tested by nobody."""
    opened: set[str] = set()
    for name in ("stranger", "other company", "broker", "administrator", "owner"):
        crawler = market.crawler(name)
        crawler.read(addresses(market.app, market.ids()))
        opened |= {endpoint for endpoint, statuses in crawler.answered.items() if statuses & {200, 302, 303}}
    pages = {rule.endpoint for rule in market.app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    # Their addresses are in letters only, or they need an introduction, which would open what is closed here.
    assert pages - opened - {"static"} <= NEVER


NEVER: set[str] = set()


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
        assert seen(page.replace(words, ""), "search") == []


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
    assert market.log
    assert [leak for line in market.log for leak in seen(line, "log")] == []


def test_no_command_prints_a_secret(market: Market) -> None:
    runner = market.app.test_cli_runner()
    for command in (["matching", "status"], ["matching", "index"], ["listings", "demo"][:1]):
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
    path.write_bytes(f"Subject: =?utf-8?b?eA==?=\n\n{stem}s001".encode())
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
