"""Explanations of the desk are computed once for each state of the market."""

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Role
from matchmaker.core.errors import Unavailable
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings import service
from matchmaker.listings.confidence import Reader
from matchmaker.listings.schemas import ListingDraft
from matchmaker.matching.ranking import Ranking
from matchmaker.review.models import Suggestion
from matchmaker.review.reasons import explain
from matchmaker.review.service import Found, suggest
from tests.factories.market import NEED, RESULT, publish


@pytest.fixture
def market(app, engine, person):
    """A need and a result that are embedded, the need's owner, and how to ask why they fit."""
    owner = person()
    need, result = publish(engine, owner, NEED), publish(engine, person(country="DE"), RESULT)
    matcher = app.extensions["matchmaker.matcher"]
    matcher.embed([need.id, result.id])

    def ask(lang="en", ranking=Ranking):
        with reading_session(engine) as session:
            found = listings.fulls_by_id(session, [need.id, result.id])
            return explain(ranking(matcher, session, Reader(lang), desk=True), found[need.id], found[result.id])

    return owner, need, ask


class Loading(Ranking):
    """What a ranking answers while the encoder is being loaded."""

    def explain(self, need, result):
        raise Unavailable("the encoder is still loading")


def test_a_pair_is_explained_once_while_nothing_changes(market):
    _, _, ask = market
    assert ask() is ask()


def test_each_language_has_its_own_words(market):
    _, _, ask = market
    assert ask("en") is not ask("zh")


def test_a_changed_listing_is_explained_anew(app, engine, market):
    owner, need, ask = market
    before = ask()
    changed = ListingDraft(**{**NEED, "partnerships": ("joint_venture",)})
    with unit_of_work(engine) as uow:
        service.change(uow, need.public_id, changed, revision=1, actor=owner)
    app.extensions["matchmaker.matcher"].embed([need.id])
    after = ask()
    assert after.score < before.score


def test_a_loading_encoder_is_asked_again_later(market):
    _, _, ask = market
    assert ask(ranking=Loading) is None
    assert ask() is not None


def test_a_verdict_forgets_nothing(engine, market, signed_in):
    _, need, ask = market
    before = ask()
    client, _ = signed_in(Role.BROKER)
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(need.id, before.listing.id, before.score)])
        public_id = uow.session.exec(select(Suggestion)).one().public_id
    assert client.post(f"/desk/{public_id}/endorse", data={"revision": 1}).status_code == 303
    assert ask() is before
