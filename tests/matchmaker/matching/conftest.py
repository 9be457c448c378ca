"""A market that can be searched: people, listings, and a matcher whose encoder counts what it is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlmodel import Session

from embeddings.encoders.base import Progress, Vectors
from embeddings.encoders.hashing import HashingEncoder
from matchmaker.accounts.schemas import Actor
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings import service
from matchmaker.listings.models import Listing
from matchmaker.listings.queries import FullListing
from matchmaker.matching.runtime import Matcher


class CountingEncoder(HashingEncoder):
    """The hashing encoder, with a memory of every text that it encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        self.texts += texts
        return super().encode_passages(texts, progress=progress)

    encode_queries = encode_passages

    def taken(self) -> list[str]:
        """What was encoded since this was last asked."""
        texts, self.texts = self.texts, []
        return texts


def changed(engine: Engine, actor: Actor, listing: Listing, **changes: object) -> Listing:
    """Edit a listing as its form would, whatever its revision is now."""
    with reading_session(engine) as session:
        now = session.get(Listing, listing.id)
        assert now is not None
        draft = listings.full(session, now).draft()
    with unit_of_work(engine) as uow:
        wanted = draft.model_copy(update=changes)
        return service.change(uow, now.public_id, wanted, revision=now.revision, actor=actor)


def withdrawn(engine: Engine, actor: Actor, listing: Listing) -> None:
    with unit_of_work(engine) as uow:
        service.withdraw(uow, listing.public_id, actor=actor)


def full(session: Session, listing: Listing) -> FullListing:
    found = session.get(Listing, listing.id)
    assert found is not None
    return listings.full(session, found)


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder()


@pytest.fixture
def matcher(app: Flask, encoder: CountingEncoder) -> Matcher:
    """The application's own matcher, its encoder replaced by one that counts."""
    found: Matcher = app.extensions["matchmaker.matcher"]
    found._encoder = encoder
    return found


@dataclass
class People:
    """Members of organisations, one for each country."""

    make: Callable[..., Actor]
    known: dict[str, Actor] = field(default_factory=dict)

    def of(self, country: str) -> Actor:
        if country not in self.known:
            self.known[country] = self.make(country=country)
        return self.known[country]


@pytest.fixture
def people(person: Callable[..., Actor]) -> People:
    return People(person)
