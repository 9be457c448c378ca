"""Versions: what was said when, by whom, and what one changed in another."""

import json

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.core.errors import NotFound
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries, service, versions
from matchmaker.listings.diff import Op
from matchmaker.listings.fields import FIELDS
from matchmaker.listings.history import history_page
from matchmaker.listings.models import Listing, ListingVersion
from tests.factories.market import NEED, RESULT, publish, submit, translate, write
from tests.matchmaker.listings.test_service import change, colleague


@pytest.fixture(autouse=True)
def _reader(app):
    """Days and amounts are written as a reader writes them."""
    with app.test_request_context():
        yield


def kept(engine):
    with Session(engine) as session:
        return session.exec(select(ListingVersion).order_by(ListingVersion.revision)).all()


def history(engine, actor, listing, wanted=(None, None), lang="en"):
    with reading_session(engine) as session:
        return history_page(session, listing.public_id, wanted, lang, actor=actor)


def test_attempts_before_the_first_submission_are_nobodys_business(engine, person):
    actor = person()
    listing = write(engine, actor, NEED)
    change(engine, actor, listing, title="第二次尝试")
    assert kept(engine) == []
    with unit_of_work(engine) as uow:
        service.submit(uow, listing.public_id, actor=actor)
    assert [(row.revision, row.author_id) for row in kept(engine)] == [(2, actor.person_id)]


def test_every_change_after_it_is_a_version_of_its_writers(engine, person):
    actor = person()
    other = colleague(engine, actor, MembershipRole.MEMBER)
    listing = publish(engine, actor, NEED)
    change(engine, other, listing, title="同事的标题")
    translate(engine, actor, listing, lang="en", title="Drilling robot")
    with unit_of_work(engine) as uow:
        service.remove_text(uow, listing.public_id, "en", actor=actor)
    assert [(row.revision, row.author_id) for row in kept(engine)] == [
        (1, actor.person_id),
        (2, other.person_id),
        (3, actor.person_id),
        (4, actor.person_id),
    ]
    contents = [versions.read(row) for row in kept(engine)]
    assert [said["title"] for said in contents] == [NEED["title"], *["同事的标题"] * 3]
    assert [[text["title"] for text in said["texts"]] for said in contents] == [[], [], ["Drilling robot"], []]


def test_the_first_change_of_an_imported_listing_keeps_what_it_said_before(engine, person):
    actor = person()
    listing = publish(engine, actor, NEED)
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, listing.id).submitted_at = None
        uow.session.delete(uow.session.get(ListingVersion, (listing.id, 1)))
    change(engine, actor, listing, title="新标题")
    assert [(row.revision, row.author_id) for row in kept(engine)] == [(1, None), (2, actor.person_id)]
    assert versions.read(kept(engine)[0])["title"] == NEED["title"]


def test_a_version_holds_the_open_fields_and_nothing_else(engine, person):
    submit(engine, person(), RESULT)
    (row,) = kept(engine)
    assert set(json.loads(row.contents)) == {field.name for field in FIELDS} | {"texts"}


def test_the_newest_change_is_shown_field_by_field(engine, person):
    actor = person()
    listing = publish(engine, actor, NEED, ipc=("E21B",), budget_min="100", budget_currency="CNY")
    change(engine, actor, listing, title="煤矿自动钻孔机器人", trl="8", ipc=("E21B", "G06F"), deadline="2030-03-31",
           budget_min="200", budget_currency="CNY")  # fmt: skip
    page = history(engine, actor, listing)
    assert (page.chosen, page.against) == (2, 1)
    assert [line.who for line in page.lines] == [actor.name] * 2
    shown = {change.title: change for change in page.changes}
    assert set(shown) == {
        "Title",
        "Technology readiness level (TRL)",
        "Fields of technology (IPC)",
        "Deadline for answers",
        "Budget from",
    }
    assert "".join(p.text for p in shown["Title"].pieces if p.op is Op.OUT) == "井下"
    assert shown["Title"].lang == "zh"
    assert [p.op for p in shown["Fields of technology (IPC)"].pieces] == [Op.SAME, Op.IN]
    assert [p.text for p in shown["Budget from"].pieces] == ["CNY\u00a0100", "CNY\u00a0200"]
    assert [p.text for p in shown["Deadline for answers"].pieces] == ["Mar 31, 2030"]


def test_any_two_versions_are_compared_and_what_is_not_there_is_not(engine, person):
    actor = person()
    listing = publish(engine, actor, NEED)
    for number in (1, 2):
        change(engine, actor, listing, revision=number, title=f"标题 {number}")
    assert [change.title for change in history(engine, actor, listing, (3, 1)).changes] == ["Title"]
    assert history(engine, actor, listing, (1, None)).against is None
    assert history(engine, actor, listing, (2, 3)).against == 3
    unknown = history(engine, actor, listing, (77, -1))
    assert (unknown.chosen, unknown.against) == (3, 2)
    assert history(engine, actor, listing, (2, 2)).against == 1


def test_a_language_version_that_came_and_went_is_a_change(engine, person):
    actor = person()
    listing = publish(engine, actor, NEED)
    translate(engine, actor, listing, lang="en", title="Drilling robot", summary="Sought.")
    page = history(engine, actor, listing)
    assert [(c.title, c.lang, c.pieces[0].op) for c in page.changes] == [
        ("Title, version in English", "en", Op.IN),
        ("Summary, version in English", "en", Op.IN),
    ]


def test_who_sees_the_history_and_whose_names(engine, person):
    owner, stranger, broker = person(), person(), person(Role.BROKER)
    viewer = colleague(engine, owner, MembershipRole.VIEWER)
    listing = publish(engine, owner, NEED)
    for actor in (viewer, owner):
        assert [line.who for line in history(engine, actor, listing).lines] == [owner.name]
    for actor in (broker, person(Role.ADMINISTRATOR)):
        page = history(engine, actor, listing)
        assert [line.who for line in page.lines] == [""]
        assert page.reviews[0].clarity == 4
    assert history(engine, owner, listing).editable
    assert not history(engine, viewer, listing).editable
    with pytest.raises(NotFound):
        history(engine, stranger, listing)


def test_five_thousand_characters_and_hostile_words_are_kept_to_the_letter(engine, person):
    actor = person()
    words = ("长" * 1990 + "عربي<script>alert(1)</script>") * 2
    listing = publish(engine, actor, NEED, description=words[:4000])
    stored = versions.read(kept(engine)[0])["description"]
    with reading_session(engine) as session:
        assert stored == queries.visible(session, listing.public_id, actor).original.description
