"""A filled database of every released version comes to the newest one with nothing lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from matchmaker import app as composition  # noqa: F401  (tables register on import)
from matchmaker.accounts.models import Membership, Organisation, Person
from matchmaker.audit.models import AuditEvent
from matchmaker.audit.service import first_break, record
from matchmaker.core.errors import Misconfigured
from matchmaker.db.engine import MIGRATING, open_engine
from matchmaker.db.migrate import config, upgrade
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries
from matchmaker.listings.models import Listing, ListingText, Status
from matchmaker.matching import queries as matching
from matchmaker.matching.models import Embedding, Passage
from matchmaker.review.models import State, Suggestion

MARCH = "2026-03-01 10:00:00.000000"
APRIL = "2026-04-01 11:30:00.123456"

# What version 0.1.0 (migration 0001) could have written.
ROWS_0001 = (
    f"INSERT INTO organisation (id, public_id, name, name_en, kind, country, city, size, created_at) "
    f"VALUES (1, 'orgone', '重庆矿业', '', 'enterprise', 'CN', '', 'large', '{MARCH}')",
    f"INSERT INTO person (id, public_id, email, name, password_hash, role, created_at) "
    f"VALUES (1, 'pone', 'zhang@example.org', '张伟', '-', 'member', '{MARCH}')",
    "INSERT INTO membership (person_id, organisation_id, role) VALUES (1, 1, 'owner')",
    f"INSERT INTO sign_in (token_hash, person_id, created_at, seen_at) VALUES ('abc', 1, '{MARCH}', '{APRIL}')",
    *(
        f"INSERT INTO listing (id, public_id, direction, status, lang, country, organisation_id, organisation_name, "
        f"source_url, licence, created_at, updated_at, revision) "
        f"VALUES ({id_}, 'listing{id_}', '{direction}', '{status}', 'zh', 'CN', {owner}, '', '', '', "
        f"'{MARCH}', '{APRIL}', 3)"
        for id_, direction, status, owner in (
            (1, "need", "published", 1),
            (2, "result", "published", "NULL"),
            (3, "need", "withdrawn", 1),
            (4, "need", "draft", 1),
        )
    ),
    *(
        f"INSERT INTO listing_text (listing_id, lang, origin, title, summary, description, advantages, "
        f"technical_spec, indicators, ipr_notes, keywords) "
        f"VALUES ({id_}, 'zh', 'owner', '标题{id_}', '', '描述', '', '', '', '', '')"
        for id_ in (1, 2, 3, 4)
    ),
    "INSERT INTO listing_code (listing_id, scheme, code) VALUES (1, 'ipc', 'E21B')",
    "INSERT INTO passage (id, listing_id, lang, ordinal, text, digest, encoder, vector) "
    "VALUES (7, 1, 'zh', 0, '描述', 'd', 'hashing', x'00')",
    f"INSERT INTO suggestion (id, public_id, need_id, result_id, score, state, decline_reason, note, decided_by, "
    f"decided_at, log_position, created_at, revision) "
    f"VALUES (1, 'matchone', 1, 2, 0.7, 'declined', 'ip', 'theirs', 1, '{APRIL}', 0, '{MARCH}', 2)",
    f"INSERT INTO audit_event (id, at, actor, action, object_kind, object_id, detail) "
    f"VALUES (1, '{MARCH}', 'pone', 'person.register', 'organisation', 'orgone', '')",
    f"INSERT INTO audit_event (id, at, actor, action, object_kind, object_id, detail) "
    f"VALUES (2, '{APRIL}', 'pone', 'listing.publish', 'listing', 'listing1', 'é ''quoted''')",
)


def filled(path: Path, revision: str, rows: tuple[str, ...]) -> Engine:
    """A database of an older version, with rows in it."""
    engine = open_engine(f"sqlite:///{path}")
    with engine.execution_options(**MIGRATING).begin() as connection:
        command.upgrade(config(connection), revision)
        for row in rows:
            connection.execute(text(row))
    engine.dispose()
    return engine


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[Engine]:
    engine = filled(tmp_path / "old.db", "0001", ROWS_0001)
    upgrade(engine)
    yield engine
    engine.dispose()


def test_every_row_of_the_first_version_is_still_there(upgraded):
    with Session(upgraded) as session:
        assert session.get(Organisation, 1).name == "重庆矿业"
        listings = session.execute(select(Listing).order_by(col(Listing.id))).scalars().all()
        assert [listing.status for listing in listings] == [
            Status.PUBLISHED, Status.PUBLISHED, Status.WITHDRAWN, Status.DRAFT,
        ]  # fmt: skip
        texts = session.execute(select(col(ListingText.title)).order_by(col(ListingText.listing_id))).scalars().all()
        assert texts == ["标题1", "标题2", "标题3", "标题4"]
        assert queries.full(session, listings[0]).codes["ipc"] == ["E21B"]
        assert session.get(Passage, 7).sealed is False


def test_what_is_new_in_a_row_says_what_was_true_before(upgraded):
    with Session(upgraded) as session:
        person = session.get(Person, 1)
        assert person.email_confirmed_at == person.created_at
        assert session.get(Membership, (1, 1)).joined_at == person.created_at
        listing = session.get(Listing, 1)
        assert listing.status_at == listing.updated_at
        assert (listing.anonymous, listing.open_for_interest) == (False, True)
        match = session.get(Suggestion, 1)
        assert (match.state, match.note, match.need_org_id, match.result_org_id) == (State.DECLINED, "theirs", 1, None)
        assert (match.state_at, match.priority) == (match.decided_at, 0.7)


def test_the_record_of_old_is_chained_and_goes_on(upgraded):
    with unit_of_work(upgraded) as uow:
        record(uow, "pone", "listing.withdraw", ("listing", "listing1"))
    with Session(upgraded) as session:
        events = session.execute(select(AuditEvent).order_by(col(AuditEvent.id))).scalars().all()
        assert [event.id for event in events] == [1, 2, 3]
        assert first_break(events) is None


@pytest.mark.parametrize("table", ["audit_event", "match_move"])
@pytest.mark.parametrize("verb", ["DELETE FROM {}", "UPDATE {} SET at = '2026-01-01'"])
def test_nobody_changes_what_is_only_ever_added_to(upgraded, table, verb):
    with upgraded.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO match_move (suggestion_id, kind, at, party, was, now, reason, note, shared, before) "
                f"VALUES (1, 'note', '{MARCH}', 'broker', 'declined', 'declined', '', '', 0, '{{}}')"
            )
        )
    with pytest.raises(IntegrityError, match="only ever added"), upgraded.begin() as connection:
        connection.execute(text(verb.format(table)))


def test_numbers_of_passages_are_still_never_used_again(upgraded):
    with upgraded.begin() as connection:
        connection.execute(text("DELETE FROM passage"))
        connection.execute(
            text(
                "INSERT INTO passage (listing_id, lang, ordinal, text, digest, encoder, vector, sealed) "
                "VALUES (1, 'zh', 0, '描述', 'd', 'hashing', x'00', 0)"
            )
        )
        assert connection.execute(text("SELECT id FROM passage")).scalar_one() == 8


def test_what_was_answered_from_goes_on_serving_and_another_encoder_may_stand_beside_it(tmp_path):
    made = (
        "INSERT INTO embedding (listing_id, encoder, revision, passages, problem, at) VALUES ({}, '{}', 3, 1, '', '{}')"
    )
    kept = [made.format(id_, name, APRIL) for id_, name in ((1, "old-1"), (2, "older-1"), (3, "old-1"))]
    engine = filled(tmp_path / "old.db", "0001", (*ROWS_0001, *kept))
    upgrade(engine)
    with Session(engine) as session:
        row = matching.serving(session)
        assert row is not None
        assert (row.encoder, row.wanted) == ("old-1", "old-1")
        assert row.since.tzinfo is not None
        session.add(Embedding(listing_id=1, encoder="new-1", revision=3, passages=1))
        session.flush()
        assert [one.encoder for one in matching.embeddings_of(session, 1)] == ["new-1", "old-1"]
    engine.dispose()


def test_a_database_without_vectors_has_nothing_that_serves(upgraded):
    with Session(upgraded) as session:
        assert matching.serving(session) is None


def test_a_database_with_an_orphan_is_refused_and_stays_as_it_is(tmp_path):
    orphan = "INSERT INTO membership (person_id, organisation_id, role) VALUES (99, 1, 'owner')"
    engine = filled(tmp_path / "old.db", "0001", (*ROWS_0001, orphan))
    with pytest.raises(Misconfigured, match="membership"):
        upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0001"
        assert connection.execute(text("SELECT count(*) FROM listing")).scalar_one() == 4
    engine.dispose()
