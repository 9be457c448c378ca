"""The reader's own last verdicts come back newest first, and there is an end to what a cookie holds."""

import pytest
from flask import session

from matchmaker.review import verdicts
from matchmaker.review.verdicts import LIMIT, Verdict


@pytest.fixture(autouse=True)
def _request(app):
    with app.test_request_context():
        yield


def test_nobody_has_verdicts_before_the_first():
    assert verdicts.last() is None
    verdicts.forget("abc")
    assert verdicts.last() is None


def test_the_newest_comes_first_and_what_is_forgotten_is_passed_over():
    for number, public_id in enumerate(("aaa", "bbb", "ccc"), 1):
        verdicts.remember(Verdict(public_id, 2, number))
    assert verdicts.last() == Verdict("ccc", 2, 3)
    verdicts.forget("bbb")
    verdicts.forget("ccc")
    assert verdicts.last() == Verdict("aaa", 2, 1)


def test_the_oldest_make_room(app):
    for number in range(LIMIT + 5):
        verdicts.remember(Verdict(f"pair{number:06}", 2, 20))
    assert len(session[verdicts.KEY]) == LIMIT
    assert session[verdicts.KEY][0]["public_id"] == "pair000005"
    # Browsers take 4096 bytes for a cookie with its name.
    cookie = app.session_interface.get_signing_serializer(app).dumps({**session, "_user_id": "x" * 43})
    assert len(cookie) < 3000
