"""The life of a listing; each step is checked, recorded and told to the indexes."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import MembershipRole, Organisation, Person, Role
from matchmaker.accounts.queries import actor_of
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries, service
from matchmaker.listings.fields import missing_for_publication
from matchmaker.listings.models import (
    ChangeKind,
    Direction,
    Listing,
    ListingChange,
    ListingCode,
    ListingText,
    Scheme,
    Status,
)
from matchmaker.listings.schemas import ListingDraft, TextDraft
from tests.factories.market import NEED, RESULT, publish, submit, translate, write


def wanted(**changes: object) -> ListingDraft:
    return ListingDraft(**{**NEED, **changes})


def stored(engine, listing: Listing) -> queries.FullListing:
    with Session(engine, expire_on_commit=False) as session:
        return queries.full(session, session.get(Listing, listing.id))


def log(engine) -> list[ChangeKind]:
    with Session(engine) as session:
        return [change.kind for change in session.exec(select(ListingChange).order_by(ListingChange.id))]


def change(engine, actor, listing: Listing, revision: int = 1, **changes: object) -> Listing:
    with unit_of_work(engine) as uow:
        return service.change(uow, listing.public_id, wanted(**changes), revision=revision, actor=actor)


def withdraw(engine, actor, listing: Listing) -> Listing:
    with unit_of_work(engine) as uow:
        return service.withdraw(uow, listing.public_id, actor=actor)


def colleague(engine, actor, role: MembershipRole):
    """Another person of the actor's organisation."""
    with unit_of_work(engine) as uow:
        person = Person(email=f"{role}@example.org", name="Colleague", password_hash="-")
        uow.session.add(person)
        uow.session.flush()
        accounts.join(uow, person, uow.session.get(Organisation, actor.organisation_id), role)
        uow.session.flush()
        return actor_of(uow.session, person)


def test_a_draft_belongs_to_its_writers_organisation_and_concerns_nobody_else(engine, person):
    actor = person()
    full = stored(engine, write(engine, actor, NEED))
    assert full.listing.status is Status.DRAFT
    assert full.listing.organisation_id == actor.organisation_id
    assert full.listing.author_id == actor.person_id
    assert full.listing.published_at is None
    assert log(engine) == []


def test_what_was_written_is_what_is_stored(engine, person):
    written = wanted(budget_min="5", budget_max="7.5", budget_currency="EUR", deadline="2027-03-31", sdg=["9", "13"])
    with unit_of_work(engine) as uow:
        listing = service.draft(uow, written, actor=person())
    kept = stored(engine, listing)
    for name in ListingDraft.model_fields:
        given, found = getattr(written, name), getattr(kept.draft(), name)
        assert sorted(found) == sorted(given) if isinstance(given, tuple) else found == given, name


@pytest.mark.parametrize("role", [Role.BROKER, Role.ADMINISTRATOR])
def test_whoever_acts_for_no_organisation_cannot_post(engine, person, role):
    actor = person(role)
    with pytest.raises(NotAllowed):
        write(engine, actor, NEED)


def test_a_viewer_of_an_organisation_cannot_post_for_it(engine, person):
    viewer = colleague(engine, person(), MembershipRole.VIEWER)
    with pytest.raises(NotAllowed):
        write(engine, viewer, NEED)


@pytest.mark.parametrize(("sample", "direction"), [(NEED, Direction.NEED), (RESULT, Direction.RESULT)])
def test_publishing_asks_for_each_required_field_of_the_direction(engine, person, sample, direction):
    required = missing_for_publication(direction, set())
    assert len(required) >= 6
    for name in set(required) - {"title", "lang"}:
        without = ListingDraft(**{k: v for k, v in sample.items() if k != name})
        with pytest.raises(Invalid) as refused:
            service.require_complete(without)
        assert refused.value.problems == {name: "missing"}
    service.require_complete(ListingDraft(**sample))


def test_all_that_is_missing_is_said_at_once(engine, person):
    actor = person()
    bare = ListingDraft(direction=Direction.NEED, lang="zh", title="阀门")
    with unit_of_work(engine) as uow:
        listing = service.draft(uow, bare, actor=actor)
    with pytest.raises(Invalid) as refused, unit_of_work(engine) as uow:
        service.submit(uow, listing.public_id, actor=actor)
    assert set(refused.value.problems) == {"summary", "description", "technical_spec", "partnerships", "country"}
    assert stored(engine, listing).listing.status is Status.DRAFT
    assert log(engine) == []


def test_handing_in_concerns_nobody_on_the_market(engine, person):
    listing = stored(engine, submit(engine, person(), NEED)).listing
    assert listing.status is Status.SUBMITTED
    assert listing.submitted_at == listing.status_at
    assert (listing.published_at, listing.expires_at) == (None, None)
    assert log(engine) == []


def test_a_good_review_shows_the_listing_and_tells_the_indexes(engine, person):
    listing = stored(engine, publish(engine, person(), NEED)).listing
    assert listing.status is Status.PUBLISHED
    assert listing.expires_at - listing.published_at == timedelta(days=365)
    assert log(engine) == [ChangeKind.PUBLISHED]


def test_handing_in_twice_is_a_conflict(engine, person):
    actor = person()
    listing = submit(engine, actor, NEED)
    with pytest.raises(Conflict), unit_of_work(engine) as uow:
        service.submit(uow, listing.public_id, actor=actor)


def test_a_withdrawn_listing_comes_back_as_it_was_with_its_dates(engine, person):
    actor = person()
    listing = publish(engine, actor, NEED)
    withdraw(engine, actor, listing)
    assert stored(engine, listing).listing.status is Status.WITHDRAWN
    with unit_of_work(engine) as uow:
        service.republish(uow, listing.public_id, actor=actor)
    again = stored(engine, listing).listing
    assert again.status is Status.PUBLISHED
    assert (again.published_at, again.expires_at) == (listing.published_at, listing.expires_at)
    assert log(engine) == [ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN, ChangeKind.PUBLISHED]


def test_only_what_is_published_can_be_withdrawn(engine, person):
    actor = person()
    listing = write(engine, actor, NEED)
    with pytest.raises(Conflict):
        withdraw(engine, actor, listing)


def test_a_change_counts_up_and_is_told_only_when_others_can_see_it(engine, person):
    actor = person()
    listing = write(engine, actor, NEED)
    assert change(engine, actor, listing, title="新标题").revision == 2
    assert log(engine) == []
    listing = publish(engine, actor, NEED)
    changed = change(engine, actor, listing, title="新标题")
    assert stored(engine, changed).original.title == "新标题"
    assert changed.updated_at > listing.published_at
    assert log(engine) == [ChangeKind.PUBLISHED, ChangeKind.EDITED]


@pytest.mark.parametrize("revision", [0, 1, 3, -1])
def test_a_change_of_what_is_no_longer_there_is_refused_whole(engine, person, revision):
    actor = person()
    listing = write(engine, actor, NEED)
    change(engine, actor, listing, title="第一个")
    with pytest.raises(Conflict):
        change(engine, actor, listing, revision=revision, title="第二个")
    assert stored(engine, listing).original.title == "第一个"


def test_a_published_listing_stays_complete(engine, person):
    actor = person()
    listing = publish(engine, actor, NEED)
    with pytest.raises(Invalid) as refused:
        change(engine, actor, listing, summary="")
    assert refused.value.problems == {"summary": "missing"}
    assert stored(engine, listing).original.summary == NEED["summary"]


def test_a_need_never_becomes_a_result(engine, person):
    actor = person()
    listing = write(engine, actor, NEED)
    with pytest.raises(Conflict), unit_of_work(engine) as uow:
        service.change(uow, listing.public_id, ListingDraft(**RESULT), revision=1, actor=actor)


def test_codes_are_replaced_and_their_sections_with_them(engine, person):
    actor = person()
    listing = write(engine, actor, NEED, ipc=("E21B", "G06F"))
    change(engine, actor, listing, ipc=("G06F", "H01M"))
    with Session(engine) as session:
        rows = session.exec(select(ListingCode).where(ListingCode.listing_id == listing.id)).all()
    codes = {(row.scheme, row.code) for row in rows if row.scheme in {Scheme.IPC, Scheme.IPC_SECTION}}
    assert codes == {
        (Scheme.IPC, "G06F"),
        (Scheme.IPC, "H01M"),
        (Scheme.IPC_SECTION, "G"),
        (Scheme.IPC_SECTION, "H"),
    }


def test_changing_the_language_of_the_original_leaves_no_old_words(engine, person):
    actor = person()
    listing = write(engine, actor, NEED)
    change(engine, actor, listing, lang="en", title="Drilling robot")
    full = stored(engine, listing)
    assert [(text.lang, text.title) for text in full.texts] == [("en", "Drilling robot")]
    assert full.listing.lang == "en"


def test_the_language_never_becomes_one_that_has_a_version_whose_words_would_be_lost(engine, person):
    actor = person()
    listing = write(engine, actor, NEED)
    translate(engine, actor, listing, lang="en", title="Drilling robot", description="Hours of careful work.")
    with pytest.raises(Invalid) as refused:
        change(engine, actor, listing, revision=2, lang="en", title="Drilling rig")
    assert refused.value.problems == {"lang": "version_exists"}
    full = stored(engine, listing)
    assert {text.lang: text.title for text in full.texts} == {"zh": NEED["title"], "en": "Drilling robot"}
    assert full.text_for("en").description == "Hours of careful work."
    with unit_of_work(engine) as uow:
        service.remove_text(uow, listing.public_id, "en", actor=actor)
    change(engine, actor, listing, revision=3, lang="en", title="Drilling rig")
    assert [(text.lang, text.title) for text in stored(engine, listing).texts] == [("en", "Drilling rig")]


def test_a_version_is_not_stored_over_a_change_that_its_writer_did_not_see(engine, person):
    actor = person()
    listing = write(engine, actor, NEED)
    translate(engine, actor, listing, lang="en", title="Drilling robot")
    late = TextDraft(lang="en", title="Robot driller")
    with pytest.raises(Conflict), unit_of_work(engine) as uow:
        service.add_text(uow, listing.public_id, late, revision=1, actor=actor)
    assert stored(engine, listing).text_for("en").title == "Drilling robot"


def in_days(days: int):
    return (now() + timedelta(days=days)).date()


@pytest.mark.parametrize(("days", "kind"), [(-2, "deadline_past"), (-400, "deadline_past"), (3700, "deadline_far")])
def test_a_deadline_that_nobody_can_keep_is_a_draft_only(engine, person, days, kind):
    actor = person()
    listing = write(engine, actor, NEED, deadline=in_days(days))
    with pytest.raises(Invalid) as refused, unit_of_work(engine) as uow:
        service.submit(uow, listing.public_id, actor=actor)
    assert refused.value.problems == {"deadline": kind}
    assert stored(engine, listing).listing.status is Status.DRAFT


@pytest.mark.parametrize("days", [0, 1, 3600])
def test_a_deadline_from_today_on_is_published(engine, person, days):
    assert publish(engine, person(), NEED, deadline=in_days(days)).status is Status.PUBLISHED


def test_a_published_need_can_be_corrected_after_its_deadline(engine, person):
    actor = person()
    listing = publish(engine, actor, NEED, deadline=in_days(5))
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, listing.id).deadline = in_days(-30)
    change(engine, actor, listing, deadline=in_days(-30), title="改正的标题")
    assert stored(engine, listing).original.title == "改正的标题"
    with pytest.raises(Invalid):
        change(engine, actor, listing, revision=2, deadline=in_days(-29))


def test_a_budget_is_published_with_its_currency_only(engine, person):
    with pytest.raises(Invalid) as refused:
        publish(engine, person(), NEED, budget_max="200万")
    assert refused.value.problems == {"budget_currency": "currency_missing"}
    assert publish(engine, person(), NEED, budget_max="200万", budget_currency="CNY").budget_max == 2_000_000


def test_a_deleted_draft_leaves_a_line_in_the_audit_and_nothing_else(engine, person):
    actor = person()
    listing, other = write(engine, actor, NEED), write(engine, actor, RESULT)
    translate(engine, actor, listing, lang="en", title="Drilling robot")
    with unit_of_work(engine) as uow:
        service.delete_draft(uow, listing.public_id, actor=actor)
    with Session(engine) as session:
        for table in (ListingText, ListingCode):
            assert {row.listing_id for row in session.exec(select(table))} == {other.id}
        assert [row.public_id for row in session.exec(select(Listing))] == [other.public_id]
        last = session.exec(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (last.action, last.object_id) == ("listing.delete_draft", listing.public_id)


def test_what_was_ever_published_is_not_deleted(engine, person):
    actor = person()
    listing = publish(engine, actor, NEED)
    for withdrawn in (False, True):
        with unit_of_work(engine) as uow:
            if withdrawn:
                service.withdraw(uow, listing.public_id, actor=actor)
        with pytest.raises(Conflict), unit_of_work(engine) as uow:
            service.delete_draft(uow, listing.public_id, actor=actor)
    assert stored(engine, listing).listing.status is Status.WITHDRAWN


def test_versions_come_and_go_beside_the_original(engine, person):
    actor = person()
    listing = publish(engine, actor, NEED)
    translate(engine, actor, listing, lang="en", title="Drilling robot")
    translate(engine, actor, listing, lang="de", title="Bohrroboter", origin="machine")
    full = stored(engine, listing)
    assert [text.lang for text in full.texts] == ["zh", "de", "en"]
    assert full.listing.revision == 3
    with unit_of_work(engine) as uow:
        service.remove_text(uow, listing.public_id, "de", actor=actor)
    assert [text.lang for text in stored(engine, listing).texts] == ["zh", "en"]
    assert log(engine) == [ChangeKind.PUBLISHED] + [ChangeKind.EDITED] * 3


def test_the_original_is_neither_added_nor_removed_as_a_version(engine, person):
    actor = person()
    listing = write(engine, actor, NEED)
    with pytest.raises(Conflict):
        translate(engine, actor, listing, lang="zh", title="又一个")
    with pytest.raises(Conflict), unit_of_work(engine) as uow:
        service.remove_text(uow, listing.public_id, "zh", actor=actor)
    with pytest.raises(NotFound), unit_of_work(engine) as uow:
        service.remove_text(uow, listing.public_id, "fr", actor=actor)


def deeds(public_id: str, actor):
    """Everything that can be done to a listing."""
    version = TextDraft(lang="en", title="Drilling robot")
    return {
        "change": lambda uow: service.change(uow, public_id, wanted(), revision=1, actor=actor),
        "submit": lambda uow: service.submit(uow, public_id, actor=actor),
        "republish": lambda uow: service.republish(uow, public_id, actor=actor),
        "take_back": lambda uow: service.take_back(uow, public_id, actor=actor),
        "hold": lambda uow: service.hold(uow, public_id, actor=actor),
        "resume": lambda uow: service.resume(uow, public_id, actor=actor),
        "renew": lambda uow: service.renew(uow, public_id, actor=actor),
        "archive": lambda uow: service.archive(uow, public_id, actor=actor),
        "open": lambda uow: service.set_open_for_interest(uow, public_id, wanted=False, actor=actor),
        "copy": lambda uow: service.copy(uow, public_id, actor=actor),
        "withdraw": lambda uow: service.withdraw(uow, public_id, actor=actor),
        "add_text": lambda uow: service.add_text(uow, public_id, version, revision=1, actor=actor),
        "delete_draft": lambda uow: service.delete_draft(uow, public_id, actor=actor),
        "remove_text": lambda uow: service.remove_text(uow, public_id, "en", actor=actor),
    }


@pytest.mark.parametrize("deed", sorted(deeds("", None)))
def test_a_strangers_draft_is_not_there_and_a_published_one_not_theirs(engine, person, deed):
    owner, stranger = person(), person(country="IT")
    draft, public = write(engine, owner, NEED), publish(engine, owner, NEED)
    viewer = colleague(engine, owner, MembershipRole.VIEWER)
    for listing, actor, refusal in (
        (draft, stranger, NotFound),
        (public, stranger, NotAllowed),
        (public, viewer, NotAllowed),
        (draft, viewer, NotAllowed),
    ):
        with pytest.raises(refusal), unit_of_work(engine) as uow:
            deeds(listing.public_id, actor)[deed](uow)
    with pytest.raises(NotFound), unit_of_work(engine) as uow:
        deeds("nosuchlisting", owner)[deed](uow)


def test_a_colleague_may_go_on_with_a_draft(engine, person):
    owner = person()
    listing = write(engine, owner, NEED)
    assert change(engine, colleague(engine, owner, MembershipRole.MEMBER), listing, title="同事改的").revision == 2


def test_the_administrator_may_withdraw_anything(engine, person):
    listing = publish(engine, person(), NEED)
    assert withdraw(engine, person(Role.ADMINISTRATOR), listing).status is Status.WITHDRAWN


def test_deleting_a_listing_takes_its_words_and_codes_along(engine, person):
    listing = write(engine, person(), NEED)
    with unit_of_work(engine) as uow:
        uow.session.delete(uow.session.get(Listing, listing.id))
    with Session(engine) as session:
        assert session.exec(select(ListingText)).all() == []
        assert session.exec(select(ListingCode)).all() == []
