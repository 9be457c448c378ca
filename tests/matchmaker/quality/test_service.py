"""A second person judges a listing: taken by one, decided once, on the text that was read."""

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import MembershipRole, Person, Role
from matchmaker.accounts.queries import actor_of
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listing_queries
from matchmaker.listings import service as listings
from matchmaker.listings.criteria import BEST, CRITERIA, REMARKS_LIMIT
from matchmaker.listings.models import Listing, QualityReview, Status
from matchmaker.notifications.models import Notification
from matchmaker.quality import queries, service
from matchmaker.quality.service import Read
from tests.factories.market import NEED, RESULT, judgement, publish, submit, write
from tests.matchmaker.listings.test_life import broker_scope
from tests.matchmaker.listings.test_service import change, colleague, stored


@pytest.fixture
def broker(person):
    return person(Role.BROKER)


@pytest.fixture
def waiting(engine, person):
    """A listing that waits, and its owner."""
    owner = person()
    return submit(engine, owner, NEED), owner


def do(engine, verb, listing, actor, *more, revision=1):
    what = Read(listing.public_id, revision) if more else listing.public_id
    with unit_of_work(engine) as uow:
        return getattr(service, verb)(uow, what, *more, actor=actor)


def reviews(engine):
    with Session(engine) as session:
        return session.exec(select(QualityReview).order_by(QualityReview.id)).all()


def status(engine, listing):
    return stored(engine, listing).listing.status


def test_the_four_questions_have_marks_from_zero_to_five_with_words_for_three_of_them():
    assert [criterion.name for criterion in CRITERIA] == ["clarity", "substance", "credibility", "partnership"]
    assert all(set(criterion.marks) == {0, 3, BEST} for criterion in CRITERIA)


def test_one_takes_it_and_another_comes_too_late(engine, person, broker, waiting):
    listing, _ = waiting
    taken = do(engine, "take", listing, broker)
    assert (taken.status, taken.reviewer_id) == (Status.UNDER_REVIEW, broker.person_id)
    with pytest.raises(Conflict):
        do(engine, "take", listing, person(Role.BROKER))
    assert do(engine, "take", listing, broker).reviewer_id == broker.person_id


def test_what_is_given_back_anybody_may_take(engine, person, broker, waiting):
    listing, _ = waiting
    other = person(Role.BROKER)
    do(engine, "take", listing, broker)
    with pytest.raises(Conflict):
        do(engine, "give_back", listing, other)
    do(engine, "give_back", listing, broker)
    with pytest.raises(Conflict):
        do(engine, "give_back", listing, broker)
    assert do(engine, "take", listing, other).reviewer_id == other.person_id
    assert do(engine, "give_back", listing, person(Role.ADMINISTRATOR)).status is Status.SUBMITTED


def test_a_good_listing_is_published_and_its_owner_told(engine, broker, waiting):
    listing, owner = waiting
    do(engine, "take", listing, broker)
    published = do(engine, "publish", listing, broker, judgement(4, clarity=1))
    assert (published.status, published.reviewer_id) == (Status.PUBLISHED, None)
    (row,) = reviews(engine)
    assert (row.outcome, row.revision, row.reviewer_id) == (Status.PUBLISHED, 1, broker.person_id)
    assert [getattr(row, criterion.name) for criterion in CRITERIA] == [1, 4, 4, 4]
    with Session(engine) as session:
        told = session.exec(select(Notification.person_id).where(Notification.kind == "listing.published")).all()
    assert told == [owner.person_id]


@pytest.mark.parametrize("name", [criterion.name for criterion in CRITERIA])
def test_any_zero_holds_it(engine, broker, waiting, name):
    listing, _ = waiting
    do(engine, "take", listing, broker)
    with pytest.raises(Invalid) as refused:
        do(engine, "publish", listing, broker, judgement(5, **{name: 0}))
    assert refused.value.problems == {name: "zero_holds"}
    assert status(engine, listing) is Status.UNDER_REVIEW
    returned = do(engine, "return_", listing, broker, judgement(5, remarks="Please explain.", **{name: 0}))
    assert returned.status is Status.RETURNED


def test_nothing_is_returned_without_a_word(engine, broker, waiting):
    listing, _ = waiting
    do(engine, "take", listing, broker)
    for remarks in ("", "  \n", "\x00 \x07"):
        with pytest.raises(Invalid) as refused:
            do(engine, "return_", listing, broker, judgement(3, remarks=remarks))
        assert refused.value.problems == {"remarks": "remarks_missing"}
    assert reviews(engine) == []


def test_remarks_of_five_thousand_characters_arrive_whole_and_longer_ones_are_refused(engine, broker, waiting):
    listing, _ = waiting
    remarks = "请补充防爆等级。" * 625
    assert len(remarks) == REMARKS_LIMIT
    do(engine, "take", listing, broker)
    do(engine, "return_", listing, broker, judgement(3, remarks=remarks))
    assert reviews(engine)[0].remarks == remarks
    with pytest.raises(ValueError, match="5001"):
        judgement(3, remarks=remarks + "。")


@pytest.mark.parametrize("mark", [-1, 6, "3.5", "x", "", None, 10**30])
def test_a_mark_is_a_whole_number_from_zero_to_five(mark):
    with pytest.raises(ValueError, match="clarity"):
        judgement(3, clarity=mark)


def test_a_verdict_is_on_the_text_that_was_read(engine, broker, waiting):
    listing, owner = waiting
    do(engine, "take", listing, broker)
    change(engine, owner, listing, title="改过的标题")
    for verb in ("publish", "return_"):
        with pytest.raises(Conflict):
            do(engine, verb, listing, broker, judgement(4, remarks="Good."))
    assert do(engine, "publish", listing, broker, judgement(4), revision=2).status is Status.PUBLISHED
    assert reviews(engine)[0].revision == 2


def test_a_verdict_is_given_once(engine, person, broker, waiting):
    listing, _ = waiting
    do(engine, "take", listing, broker)
    with pytest.raises(Conflict):
        do(engine, "publish", listing, person(Role.BROKER), judgement())
    do(engine, "publish", listing, broker, judgement())
    for verb in ("publish", "return_"):
        with pytest.raises(Conflict):
            do(engine, verb, listing, broker, judgement(remarks="Again."))
    assert len(reviews(engine)) == 1


def test_an_owner_who_takes_it_back_ends_the_review(engine, broker, waiting):
    listing, owner = waiting
    do(engine, "take", listing, broker)
    with unit_of_work(engine) as uow:
        listings.take_back(uow, listing.public_id, actor=owner)
    with pytest.raises(NotFound):
        do(engine, "publish", listing, broker, judgement())
    assert (status(engine, listing), reviews(engine)) == (Status.DRAFT, [])


@pytest.mark.parametrize("role", [Role.BROKER, Role.ADMINISTRATOR])
def test_nobody_judges_what_is_their_organisations(engine, person, role):
    owner = person()
    listing, out = submit(engine, owner, NEED), publish(engine, owner, RESULT)
    insider = colleague(engine, owner, MembershipRole.VIEWER)
    with unit_of_work(engine) as uow:
        uow.session.get(Person, insider.person_id).role = role
    with reading_session(engine) as session:
        insider = actor_of(session, session.get(Person, insider.person_id))
        assert queries.queue(session, 1, (), "en", actor=insider).total == 0
    for verb, what, more in (
        ("take", listing, ()),
        ("give_back", listing, ()),
        ("publish", listing, (judgement(),)),
        ("return_", listing, (judgement(remarks="No."),)),
        ("hold", out, (judgement(0, remarks="No."),)),
        ("release", out, ()),
    ):
        with pytest.raises(NotAllowed):
            do(engine, verb, what, insider, *more)


@pytest.mark.parametrize("verb", ["take", "give_back", "release"])
def test_a_draft_does_not_exist_for_reviewers_and_members_review_nothing(engine, person, broker, verb):
    owner = person()
    with pytest.raises(NotFound):
        do(engine, verb, write(engine, owner, NEED), broker)
    with pytest.raises(NotAllowed):
        do(engine, verb, publish(engine, owner, NEED), person())


def test_a_held_listing_goes_on_by_a_reviewer(engine, person, broker):
    listing = publish(engine, person(), NEED)
    with pytest.raises(Invalid):
        do(engine, "hold", listing, broker, judgement(0))
    with pytest.raises(Conflict):
        do(engine, "hold", listing, broker, judgement(0, remarks="Old text."), revision=7)
    held = do(engine, "hold", listing, broker, judgement(0, remarks="Whose patent is it?"))
    assert (held.status, held.reviewer_id) == (Status.ON_HOLD, broker.person_id)
    other = person(Role.BROKER)
    with reading_session(engine) as session:
        assert [card.id for card in queries.held(session, "en", actor=other)] == [listing.id]
    released = do(engine, "release", listing, other)
    assert (released.status, released.expires_at) == (Status.PUBLISHED, listing.expires_at)
    with pytest.raises(Conflict):
        do(engine, "release", listing, other)


def test_what_its_owner_holds_no_reviewer_lets_go(engine, person, broker):
    owner = person()
    listing = publish(engine, owner, NEED)
    with unit_of_work(engine) as uow:
        listings.hold(uow, listing.public_id, actor=owner)
    with pytest.raises(NotFound):
        do(engine, "release", listing, broker)


def test_the_queue_is_ones_own_then_ones_languages_then_the_oldest(engine, person, broker):
    owner = person()
    german, first, second, mine, others = (
        submit(engine, owner, values, title=title)
        for values, title in ((RESULT, "German"), (NEED, "甲甲"), (NEED, "乙乙"), (RESULT, "Mine"), (NEED, "丙丙"))
    )
    with unit_of_work(engine) as uow:
        uow.session.add(broker_scope(broker, "zh"))
    do(engine, "take", mine, broker)
    do(engine, "take", others, person(Role.BROKER))
    with reading_session(engine) as session:
        page = queries.queue(session, 1, {"zh"}, "en", actor=broker)
        assert [row.listing.id for row in page.rows] == [x.id for x in (mine, first, second, german, others)]
        assert [row.is_mine for row in page.rows] == [True, False, False, False, False]
        assert page.rows[-1].reviewer != ""
        beyond = queries.queue(session, 9, (), "en", actor=broker)
        assert (beyond.number, beyond.rows[0].listing.id) == (1, mine.id)


def test_a_reviewer_sees_what_waits_and_no_draft(engine, person, broker, waiting):
    listing, owner = waiting
    hidden = write(engine, owner, NEED)
    with reading_session(engine) as session:
        assert listing_queries.visible(session, listing.public_id, broker).listing.id == listing.id
        with pytest.raises(NotFound):
            listing_queries.visible(session, hidden.public_id, broker)
        with pytest.raises(NotFound):
            listing_queries.visible(session, listing.public_id, person())
        assert session.get(Listing, listing.id).status is Status.SUBMITTED
