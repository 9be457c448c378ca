"""A small market with a matcher that has read it."""

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from matchmaker.accounts.schemas import Actor
from matchmaker.listings.models import Listing
from tests.factories.market import NEED, RESULT, publish, translate


@dataclass
class Market:
    """A Chinese need, a German result that answers it, a Chinese one that does too, and a draft-free rest."""

    owner: Actor
    need: Listing
    german: Listing
    chinese: Listing


@pytest.fixture
def read_all(app):
    """Let the matcher read everything that waits."""

    def read() -> None:
        matcher = app.extensions["matchmaker.matcher"]
        while matcher.round():
            pass

    return read


@pytest.fixture
def market(engine: Engine, person, read_all) -> Market:
    owner = person()
    need = publish(engine, owner, NEED)
    translate(engine, owner, need, lang="en", title="Drilling robot", summary="Sought for a mine.", origin="machine")
    german = publish(engine, person(country="DE"), RESULT)
    chinese = publish(engine, person(), RESULT, lang="zh", title="井下钻孔机器人成果", country="CN")
    read_all()
    return Market(owner, need, german, chinese)
