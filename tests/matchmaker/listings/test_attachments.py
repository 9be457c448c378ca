"""Files of a listing follow the level of their part."""

import io

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import Role
from matchmaker.audit.models import AuditEvent
from matchmaker.db.uow import unit_of_work
from matchmaker.files.models import StoredFile
from matchmaker.listings.models import Disclosure, DisclosureLevel, Listing, ListingAttachment
from tests.factories import documents as made
from tests.factories.html import parse
from tests.factories.market import NEED, publish, write


@pytest.fixture
def owner(signed_in):
    return signed_in()


@pytest.fixture
def listing(engine, owner):
    return publish(engine, owner[1], NEED)


@pytest.fixture
def market(engine, owner, listing):
    return engine, owner, listing


def send(client, listing, name="plan.pdf", contents=None, **fields):
    files = [(io.BytesIO(made.pdf() if contents is None else contents), name)]
    return client.post(f"/listings/{listing.public_id}/files", data={"file": files, **fields})


def address(engine) -> str:
    """Where the only file is."""
    with Session(engine) as session:
        row = session.exec(select(ListingAttachment)).one()
        return f"/files/{session.get(StoredFile, row.file_id).public_id}"


def fetch(client, path):
    """The whole answer: a file that is being sent is closed again."""
    return client.get(path, buffered=True)


def open_to(engine, listing, level, **whom):
    with unit_of_work(engine) as uow:
        uow.session.add(Disclosure(listing_id=listing.id, level=level, **whom))


def test_an_open_file_is_everybodys_and_comes_as_a_download(client, engine, owner, listing):
    assert send(owner[0], listing, "计划 1.pdf").status_code == 303
    answer = fetch(client, address(engine))
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E8%AE%A1")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_of_a_draft_is_its_organisations_only(client, engine, owner, signed_in):
    draft = write(engine, owner[1], NEED)
    send(owner[0], draft)
    assert fetch(owner[0], address(engine)).status_code == 200
    for reader in (client, signed_in()[0], signed_in(Role.BROKER)[0]):
        assert fetch(reader, address(engine)).status_code == 404


@pytest.mark.parametrize("role", Role)
def test_no_role_opens_a_sealed_file(engine, owner, listing, signed_in, role):
    send(owner[0], listing, part="sealed")
    assert fetch(signed_in(role)[0], address(engine)).status_code == 404
    assert fetch(owner[0], address(engine)).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "given", "status"),
    [
        (DisclosureLevel.INTEREST, DisclosureLevel.INTEREST, 200),
        (DisclosureLevel.NDA, DisclosureLevel.INTEREST, 404),
        (DisclosureLevel.NDA, DisclosureLevel.NDA, 200),
        (DisclosureLevel.INTEREST, DisclosureLevel.NDA, 200),
    ],
)
def test_a_sealed_file_opens_with_its_part_and_the_look_is_recorded(market, signed_in, wanted, given, status):
    engine, owner, listing = market
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, listing.id).sealed_level = wanted
    send(owner[0], listing, part="sealed")
    reader, actor = signed_in(country="IT")
    open_to(engine, listing, given, organisation_id=actor.organisation_id)
    assert fetch(reader, address(engine)).status_code == status
    with Session(engine) as session:
        looks = session.exec(select(AuditEvent).where(AuditEvent.action == "listing.sealed_view")).all()
    assert [(look.actor, look.object_id) for look in looks] == (
        [(actor.public_id, listing.public_id)] if status == 200 else []
    )


def test_what_was_opened_and_closed_again_is_closed(engine, owner, listing, signed_in):
    send(owner[0], listing, part="sealed")
    reader, actor = signed_in(country="IT")
    open_to(engine, listing, DisclosureLevel.NDA, organisation_id=actor.organisation_id)
    with unit_of_work(engine) as uow:
        row = uow.session.exec(select(Disclosure)).one()
        row.ended_at = row.at
    assert fetch(reader, address(engine)).status_code == 404


def test_an_image_may_be_shown_in_the_page(client, engine, owner, listing):
    send(owner[0], listing, "rig.jpg", made.jpeg())
    answer = fetch(client, address(engine))
    assert answer.headers["Content-Disposition"].startswith("inline")


def test_what_is_wrong_with_a_file_is_said_on_the_page_and_nothing_is_stored(engine, owner, listing):
    answer = send(owner[0], listing, "page.pdf", b"<html>")
    assert answer.status_code == 422
    assert "Only PDF and Word" in parse(answer.text).all("div", id="file-problem")[0].text
    with Session(engine) as session:
        assert session.exec(select(ListingAttachment)).all() == []


def test_of_several_files_the_unfit_one_is_named_and_none_is_stored(engine, owner, listing):
    name = "\u202eثالث <img src=x>.pdf"
    files = [(io.BytesIO(made.png()), "good.png"), (io.BytesIO(b"<html>"), f"plans/{name}")]
    answer = owner[0].post(f"/listings/{listing.public_id}/files", data={"file": files})
    assert answer.status_code == 422
    (problem,) = parse(answer.text).all("div", id="file-problem")
    assert [isolated.text for isolated in problem.all("bdi")] == ["ثالث <img src=x>.pdf"]
    assert "Only PDF and Word" in problem.text
    assert "good.png" not in problem.text
    assert parse(answer.text).all("img", src="x") == []
    with Session(engine) as session:
        assert session.exec(select(StoredFile)).all() == []


def test_ten_files_are_the_most(engine, owner, listing):
    for number in range(10):
        assert send(owner[0], listing, f"{number}.png", made.png()).status_code == 303
    answer = send(owner[0], listing, "11.png", made.png())
    assert answer.status_code == 422
    assert "ten files" in answer.text


def test_nothing_chosen_is_said(owner, listing):
    answer = owner[0].post(f"/listings/{listing.public_id}/files", data={})
    assert answer.status_code == 422
    assert "choose a file" in answer.text


def test_a_file_moves_to_the_other_part_and_goes(client, engine, owner, listing, settings):
    send(owner[0], listing)
    where = address(engine)
    file_id = where.rsplit("/", 1)[1]
    base = f"/listings/{listing.public_id}/files/{file_id}"
    assert owner[0].post(base, data={"part": "sealed"}).status_code == 303
    assert fetch(client, where).status_code == 404
    assert owner[0].post(f"{base}/remove").status_code == 303
    assert fetch(owner[0], where).status_code == 404
    assert [path for path in settings.files.glob("**/*") if path.is_file()] == []
    assert owner[0].post(f"{base}/remove").status_code == 404


def test_another_organisation_can_neither_add_nor_change_nor_see_the_page(engine, owner, listing, signed_in):
    send(owner[0], listing)
    file_id = address(engine).rsplit("/", 1)[1]
    other, _ = signed_in(country="IT")
    base = f"/listings/{listing.public_id}/files"
    assert other.get(base).status_code == 403
    assert send(other, listing).status_code == 403
    assert other.post(f"{base}/{file_id}", data={}).status_code == 403
    assert other.post(f"{base}/{file_id}/remove").status_code == 403


def test_an_administrator_who_edits_sees_no_sealed_file(engine, owner, listing, signed_in):
    send(owner[0], listing, "geheim.pdf", part="sealed")
    page = signed_in(Role.ADMINISTRATOR)[0].get(f"/listings/{listing.public_id}/files")
    assert page.status_code == 200
    assert "geheim" not in page.text
    assert "geheim" in owner[0].get(f"/listings/{listing.public_id}/files").text


def test_a_body_larger_than_any_text_is_taken_only_where_files_are(owner, listing):
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
    body = {
        "data": part + made.docx() + bytes(3 << 20) + b"\r\n--x--\r\n",
        "content_type": "multipart/form-data; boundary=x",
    }
    assert owner[0].post(f"/listings/{listing.public_id}/files", **body).status_code == 422
    assert owner[0].post("/listings/new/need", **body).status_code == 413
