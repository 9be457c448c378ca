"""A listing's life as a square: every pair of statuses, by every party."""

import itertools

import pytest

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.core.errors import Conflict, NotAllowed
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.i18n import locales
from matchmaker.listings import policy
from matchmaker.listings.models import Listing, Status
from matchmaker.listings.moves import Step, advance
from matchmaker.listings.states import ICONS, TITLES, TRANSITIONS, Party, check_move, may_move
from tests.factories.market import NEED, write
from tests.matchmaker.listings.test_policy import ACTORS

S, P = Status, Party
PAIRS = list(itertools.product(Status, Status))

# The whole table once more, in letters: o owner, r reviewer, a administrator, c clock, i import.
LETTERS = {"o": P.OWNER, "r": P.REVIEWER, "a": P.ADMIN, "c": P.CLOCK, "i": P.IMPORT}
EXPECTED = {
    "draft": {"submitted": "o", "published": "i"},
    "submitted": {"draft": "o", "withdrawn": "oa", "under_review": "r"},
    "under_review": {"draft": "o", "withdrawn": "oa", "submitted": "ra", "returned": "r", "published": "r"},
    "returned": {"submitted": "o", "archived": "oc"},
    "published": {"on_hold": "ora", "withdrawn": "oa", "expired": "c"},
    "on_hold": {"published": "ora", "submitted": "o", "withdrawn": "oa", "expired": "c"},
    "withdrawn": {"submitted": "o", "published": "oa", "archived": "oc"},
    "expired": {"submitted": "o", "archived": "oc"},
    "archived": {},
}


@pytest.mark.parametrize(("current", "wanted"), PAIRS)
def test_every_pair_of_statuses_by_every_party(current, wanted):
    letters = EXPECTED[current.value].get(wanted.value, "")
    for party in Party:
        allowed = party in {LETTERS[letter] for letter in letters}
        assert may_move(current, wanted, {party}) is allowed
        if allowed:
            check_move(current, wanted, {party})
            continue
        with pytest.raises(NotAllowed if letters else Conflict):
            check_move(current, wanted, {party})


@pytest.mark.parametrize(("current", "wanted"), PAIRS)
def test_nobody_at_all_moves_nothing(current, wanted):
    with pytest.raises((Conflict, NotAllowed)):
        check_move(current, wanted, ())


def test_every_status_has_a_way_in_and_a_way_out_but_the_end():
    """Law 14: a draft is where it begins, an archived listing where it ends."""
    assert {wanted for _current, wanted in TRANSITIONS} | {S.DRAFT} == set(Status)
    assert {current for current, _wanted in TRANSITIONS} | {S.ARCHIVED} == set(Status)


def test_whoever_reviews_publishes_and_nobody_else_but_an_import():
    into = {party for (was, wanted), parties in TRANSITIONS.items() if wanted is S.PUBLISHED for party in parties}
    first = TRANSITIONS[S.UNDER_REVIEW, S.PUBLISHED] | TRANSITIONS[S.DRAFT, S.PUBLISHED]
    assert first == {P.REVIEWER, P.IMPORT}
    assert into == {P.REVIEWER, P.IMPORT, P.OWNER, P.ADMIN}


PARTIES = {
    "nobody": set(),
    "stranger": set(),
    "without organisation": set(),
    "viewer": set(),
    "member": {P.OWNER},
    "owner": {P.OWNER},
    "broker": {P.REVIEWER},
    "administrator": {P.REVIEWER, P.ADMIN},
}


@pytest.mark.parametrize("who", ACTORS)
def test_on_whose_behalf_everybody_acts(who):
    listing = Listing(direction="need", lang="zh", organisation_id=1, author_id=9)
    assert policy.parties_of(ACTORS[who], listing) == PARTIES[who]


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize(("current", "wanted"), PAIRS)
def test_every_role_takes_the_steps_of_its_parties_and_no_other(current, wanted, who):
    listing = Listing(direction="need", lang="zh", organisation_id=1, author_id=9)
    letters = EXPECTED[current.value].get(wanted.value, "")
    allowed = bool({LETTERS[letter] for letter in letters} & PARTIES[who])
    assert may_move(current, wanted, policy.parties_of(ACTORS[who], listing)) is allowed


def test_every_status_is_told_by_a_word_and_a_sign(app):
    sprite = next((locales.TRANSLATIONS.parents[1] / "static" / "vendor").glob("bootstrap-icons-*/sprite.svg"))
    drawn = sprite.read_text(encoding="utf-8")
    assert set(TITLES) == set(ICONS) == set(Status)
    assert len(set(ICONS.values())) == len(Status)
    assert [name for name in ICONS.values() if f'id="{name}"' not in drawn] == []


def test_a_step_that_is_refused_leaves_the_listing_as_it_was(engine, person):
    owner, broker = person(), person(Role.BROKER)
    listing = write(engine, owner, NEED)
    for by, to in ((broker, S.UNDER_REVIEW), (owner, S.PUBLISHED), (broker, S.SUBMITTED)):
        with pytest.raises((Conflict, NotAllowed)), unit_of_work(engine) as uow:
            advance(uow, uow.session.get(Listing, listing.id), Step(to, by))
    with reading_session(engine) as session:
        row = session.get(Listing, listing.id)
        assert (row.status, row.status_at) == (S.DRAFT, listing.status_at)


def test_a_viewer_role_is_no_party():
    assert MembershipRole.VIEWER in ACTORS["viewer"].memberships.values()
    assert PARTIES["viewer"] == set()
