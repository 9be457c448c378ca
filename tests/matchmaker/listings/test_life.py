"""Holding, renewing, withdrawing, coming back: what owners do with a listing's time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import BrokerScope, Membership, MembershipRole, Role, ScopeKind
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import life, queries, service, tasks
from matchmaker.listings.models import (
    ChangeKind,
    DisclosureLevel,
    Listing,
    ListingVersion,
    QualityReview,
    SealedText,
    Status,
)
from matchmaker.listings.schemas import ListingDraft
from matchmaker.notifications.models import Notification
from matchmaker.quality import service as quality
from tests.factories.market import NEED, bring_out, judgement, publish, submit, translate, write
from tests.matchmaker.listings.test_service import change, colleague, log, stored, withdraw


def act(engine, verb, listing, actor, **kwargs):
    with unit_of_work(engine) as uow:
        return getattr(service, verb)(uow, listing.public_id, actor=actor, **kwargs)


def set_columns(engine, listing, **columns):
    with unit_of_work(engine) as uow:
        row = uow.session.get(Listing, listing.id)
        for name, value in columns.items():
            setattr(row, name, value)


def status(engine, listing):
    return stored(engine, listing).listing.status


def told(engine, kind):
    with Session(engine) as session:
        return session.exec(select(Notification.person_id).where(Notification.kind == kind)).all()


# --- Handing in ---


def test_an_address_that_is_not_confirmed_hands_nothing_in(engine, person):
    actor = person()
    listing, gone = write(engine, actor, NEED), publish(engine, actor, NEED)
    withdraw(engine, actor, gone)
    unconfirmed = replace(actor, confirmed=False)
    for verb, what in (("submit", listing), ("republish", gone)):
        with pytest.raises(NotAllowed):
            act(engine, verb, what, unconfirmed)
    assert (status(engine, listing), status(engine, gone)) == (Status.DRAFT, Status.WITHDRAWN)


def test_brokers_of_the_language_are_told_and_nobody_of_the_organisation(engine, person):
    owner, chinese, german, own = person(), person(Role.BROKER), person(Role.BROKER), person(Role.BROKER)
    with unit_of_work(engine) as uow:
        scope = [(chinese, "zh"), (german, "de"), (own, "zh")]
        uow.session.add_all(broker_scope(actor, lang) for actor, lang in scope)
        uow.session.add(Membership(person_id=own.person_id, organisation_id=owner.organisation_id))
    submit(engine, owner, NEED)
    assert told(engine, "listing.submitted") == [chinese.person_id]


def broker_scope(actor, lang):
    return BrokerScope(person_id=actor.person_id, kind=ScopeKind.LANGUAGE, code=lang)


def test_where_no_broker_speaks_it_all_are_told_and_without_brokers_the_administrators(engine, person):
    owner, administrator = person(), person(Role.ADMINISTRATOR)
    submit(engine, owner, NEED)
    assert told(engine, "listing.submitted") == [administrator.person_id]
    german = person(Role.BROKER)
    with unit_of_work(engine) as uow:
        uow.session.add(broker_scope(german, "de"))
    submit(engine, owner, NEED)
    assert told(engine, "listing.submitted") == [administrator.person_id, german.person_id]


def test_what_was_handed_in_can_be_taken_back_and_is_a_draft_again(engine, person):
    owner, broker = person(), person(Role.BROKER)
    listing = submit(engine, owner, NEED)
    with unit_of_work(engine) as uow:
        quality.take(uow, listing.public_id, actor=broker)
    act(engine, "take_back", listing, owner)
    assert status(engine, listing) is Status.DRAFT
    assert stored(engine, listing).listing.reviewer_id is None
    assert told(engine, "listing.taken_back") == [broker.person_id]
    with Session(engine) as session, pytest.raises(NotFound):
        queries.visible(session, listing.public_id, broker)
    with pytest.raises(Conflict):
        act(engine, "take_back", listing, owner)


def test_a_draft_that_was_returned_once_is_deleted_with_its_reviews_and_versions(engine, person):
    owner, broker = person(), person(Role.BROKER)
    listing = submit(engine, owner, NEED)
    with unit_of_work(engine) as uow:
        quality.take(uow, listing.public_id, actor=broker)
        read = quality.Read(listing.public_id, 1)
        quality.return_(uow, read, judgement(2, remarks="Which pressure?"), actor=broker)
    act(engine, "submit", listing, owner)
    act(engine, "take_back", listing, owner)
    act(engine, "delete_draft", listing, owner)
    with Session(engine) as session:
        assert session.exec(select(QualityReview)).all() == session.exec(select(ListingVersion)).all() == []


# --- Coming back ---


def test_what_was_changed_after_its_withdrawal_needs_a_review(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    withdraw(engine, owner, listing)
    change(engine, owner, listing, title="全新的标题")
    with pytest.raises(Conflict):
        act(engine, "republish", listing, owner)
    act(engine, "submit", listing, owner)
    # Taking that back does not bring the unread words to the market either.
    assert act(engine, "take_back", listing, owner).status is Status.WITHDRAWN
    with pytest.raises(Conflict):
        act(engine, "republish", listing, owner)


def test_what_was_changed_while_it_was_out_comes_back_as_it_was_out(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    change(engine, owner, listing, title="改过的标题")
    withdraw(engine, owner, listing)
    assert act(engine, "republish", listing, owner).status is Status.PUBLISHED
    assert stored(engine, listing).original.title == "改过的标题"


def test_a_withdrawn_listing_does_not_come_back_after_its_time(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    gone = withdraw(engine, owner, listing)
    assert life.may_come_back(gone, owner.person_id, listing.expires_at - timedelta(seconds=1))
    assert not life.may_come_back(gone, owner.person_id, listing.expires_at)
    set_columns(engine, listing, expires_at=now())
    with pytest.raises(Conflict):
        act(engine, "republish", listing, owner)


def test_what_an_administrator_took_off_comes_back_by_them_or_by_a_review(engine, person):
    owner, administrator = person(), person(Role.ADMINISTRATOR)
    listing = publish(engine, owner, NEED)
    withdraw(engine, administrator, listing)
    assert told(engine, "listing.removed") == [owner.person_id]
    with pytest.raises(Conflict):
        act(engine, "republish", listing, owner)
    act(engine, "republish", listing, administrator)
    assert status(engine, listing) is Status.PUBLISHED
    withdraw(engine, administrator, listing)
    assert bring_out(engine, owner, listing).status is Status.PUBLISHED


def test_an_expired_listing_gets_a_new_year_by_a_new_review(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    set_columns(engine, listing, expires_at=now(), renewals=1)
    assert tasks.expire(engine) == 1
    again = bring_out(engine, owner, listing)
    assert again.published_at == listing.published_at
    assert again.expires_at > now() + timedelta(days=364)
    assert (again.renewals, again.reminded_at) == (0, None)
    assert log(engine) == [ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN, ChangeKind.PUBLISHED]


# --- On hold ---


def test_a_hold_takes_it_off_the_market_and_its_end_brings_it_back(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    act(engine, "hold", listing, owner)
    assert status(engine, listing) is Status.ON_HOLD
    with Session(engine) as session, pytest.raises(NotFound):
        queries.visible(session, listing.public_id, None)
    act(engine, "resume", listing, colleague(engine, owner, MembershipRole.MEMBER))
    assert status(engine, listing) is Status.PUBLISHED
    assert stored(engine, listing).listing.expires_at == listing.expires_at
    assert log(engine) == [ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN, ChangeKind.PUBLISHED]


def test_a_hold_is_not_ended_after_the_listings_time(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    act(engine, "hold", listing, owner)
    set_columns(engine, listing, expires_at=now())
    with pytest.raises(Conflict):
        act(engine, "resume", listing, owner)


def test_ending_a_hold_that_is_none_publishes_nothing(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    withdraw(engine, owner, listing)
    with pytest.raises(Conflict):
        act(engine, "resume", listing, owner)


def test_what_a_reviewer_holds_its_owner_neither_ends_nor_walks_around(engine, person):
    owner, broker = person(), person(Role.BROKER)
    listing = publish(engine, owner, NEED)
    with unit_of_work(engine) as uow:
        read = quality.Read(listing.public_id, 1)
        quality.hold(uow, read, judgement(0, remarks="The patent belongs to somebody else."), actor=broker)
    assert told(engine, "listing.held") == [owner.person_id]
    with pytest.raises(NotAllowed):
        act(engine, "resume", listing, owner)
    withdraw(engine, owner, listing)
    with pytest.raises(Conflict):
        act(engine, "republish", listing, owner)
    assert bring_out(engine, owner, listing).status is Status.PUBLISHED


# --- Renewing ---


def test_a_listing_is_renewed_once_and_only_in_its_last_two_weeks(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    end = listing.expires_at
    assert not life.may_renew(listing, end - timedelta(days=14, microseconds=1))
    assert life.may_renew(listing, end - timedelta(days=14))
    assert not life.may_renew(listing, end)
    with pytest.raises(Conflict):
        act(engine, "renew", listing, owner)
    soon = now() + timedelta(days=3)
    set_columns(engine, listing, expires_at=soon, reminded_at=now())
    renewed = act(engine, "renew", listing, owner)
    assert (renewed.expires_at, renewed.renewals, renewed.reminded_at) == (soon + timedelta(days=365), 1, None)
    with pytest.raises(Conflict):
        act(engine, "renew", listing, owner)
    set_columns(engine, listing, expires_at=soon)
    with pytest.raises(Conflict):
        act(engine, "renew", listing, owner)
    assert log(engine) == [ChangeKind.PUBLISHED]


# --- Interest, the end, copies ---


def test_interest_is_closed_and_opened_without_leaving_the_market(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    for wanted in (False, False, True):
        act(engine, "set_open_for_interest", listing, owner, wanted=wanted)
        assert stored(engine, listing).listing.open_for_interest is wanted
    assert status(engine, listing) is Status.PUBLISHED
    assert log(engine) == [ChangeKind.PUBLISHED]


def test_the_archive_is_the_end_but_for_a_copy(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    translate(engine, owner, listing, lang="en", title="Drilling robot")
    withdraw(engine, owner, listing)
    act(engine, "archive", listing, owner)
    version = {"wanted": ListingDraft(**NEED), "revision": 2}
    for verb, more in (
        ("submit", {}), ("republish", {}), ("withdraw", {}), ("hold", {}), ("renew", {}), ("archive", {}),
        ("change", version), ("set_open_for_interest", {"wanted": False}), ("delete_draft", {}),
    ):  # fmt: skip
        with pytest.raises(Conflict):
            act(engine, verb, listing, owner, **more)
    made = act(engine, "copy", listing, colleague(engine, owner, MembershipRole.MEMBER))
    copied, original = stored(engine, made), stored(engine, listing)
    assert copied.listing.status is Status.DRAFT
    assert copied.listing.organisation_id == owner.organisation_id
    assert copied.draft() == original.draft()
    assert copied.text_for("en").title == "Drilling robot"
    assert copied.listing.public_id != listing.public_id


def test_only_what_others_may_read_must_stay_complete(engine, person):
    owner = person()
    assert change(engine, owner, write(engine, owner, NEED), summary="").revision == 2
    for listing in (submit(engine, owner, NEED), publish(engine, owner, NEED)):
        with pytest.raises(Invalid):
            change(engine, owner, listing, summary="")


def test_what_is_confidential_stays_so_in_a_copy(engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    until = (now() + timedelta(days=90)).date()
    set_columns(engine, listing, anonymous=True, embargo_until=until, sealed_level=DisclosureLevel.NDA)
    with unit_of_work(engine) as uow:
        uow.session.add(SealedText(listing_id=listing.id, lang="zh", text="合金成分"))
    made = act(engine, "copy", listing, owner)
    assert (made.anonymous, made.embargo_until, made.sealed_level) == (True, until, DisclosureLevel.NDA)
    with Session(engine) as session:
        assert session.get(SealedText, (made.id, "zh")).text == "合金成分"
    act(engine, "delete_draft", made, owner)
    with Session(engine) as session:
        assert [row.listing_id for row in session.exec(select(SealedText))] == [listing.id]
