"""The reader's own last deeds come back newest first while they can be taken back, and a cookie holds only so many."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from flask import session

from matchmaker.core.clock import now
from matchmaker.review import verdicts
from matchmaker.review.bulk import Picked
from matchmaker.review.verdicts import LIMIT, Deed


@pytest.fixture(autouse=True)
def _request(app):
    with app.test_request_context():
        yield


def test_nobody_has_deeds_before_the_first():
    assert verdicts.last() is None
    verdicts.forget("abc:1")
    assert verdicts.last() is None


def test_the_newest_comes_first_and_what_is_forgotten_is_passed_over():
    for number, public_id in enumerate(("aaa", "bbb", "ccc"), 1):
        verdicts.remember(Deed.of([Picked(public_id, 2)], number))
    assert verdicts.last().pairs == "ccc:2"
    assert verdicts.last().position == 3
    verdicts.forget("bbb:2")
    verdicts.forget("ccc:7")
    assert verdicts.last().pairs == "aaa:2"


def test_a_deed_done_to_several_is_one_deed():
    verdicts.remember(Deed.of([Picked("aaa", 2), Picked("bbb", 5)]))
    assert verdicts.last().pairs == "aaa:2 bbb:5"
    verdicts.forget("bbb:5")
    assert verdicts.last() is None


def test_after_ten_minutes_a_deed_is_offered_no_more():
    young, old = (int((now() - timedelta(minutes=minutes)).timestamp()) for minutes in (9, 11))
    session[verdicts.KEY] = [asdict(Deed("aaa:2", 1, old))]
    assert verdicts.last() is None
    session[verdicts.KEY] = [asdict(Deed("aaa:2", 1, old)), asdict(Deed("bbb:2", 1, young))]
    assert verdicts.last().pairs == "bbb:2"


def test_what_an_older_version_kept_is_passed_over():
    session[verdicts.KEY] = [{"public_id": "aaa", "revision": 2, "position": 1}]
    assert verdicts.last() is None


def test_the_oldest_make_room(app):
    for number in range(LIMIT + 5):
        verdicts.remember(Deed.of([Picked(f"pair{number:06}", 2)], 20))
    assert len(session[verdicts.KEY]) == LIMIT
    assert session[verdicts.KEY][0]["pairs"] == "pair000005:2"
    for number in range(8):
        verdicts.remember(Deed.of([Picked(f"pair{number}{i:05}", 2) for i in range(20)], 20))
    # Browsers take 4096 bytes for a cookie with its name.
    cookie = app.session_interface.get_signing_serializer(app).dumps({**session, "_user_id": "x" * 43})
    assert len(cookie) < 3000
