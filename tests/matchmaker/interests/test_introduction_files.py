"""Files of a thread and of an agreement: for those who are in it, and for as long as they are."""

import hashlib
import io
import re

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Role
from matchmaker.db.uow import unit_of_work
from matchmaker.files.models import StoredFile
from matchmaker.interests import introductions
from matchmaker.interests.models import Message, MessageAttachment, Nda
from tests.factories import documents as made

PDF, JPEG = made.pdf("Terms"), made.jpeg("A camera")


def post(who, introduction, files, *, path="messages", **fields):
    data = {"text": "Look", "once": "a", "file": [(io.BytesIO(raw), name) for name, raw in files], **fields}
    address = f"/introductions/{introduction.public_id}/{path}"
    return who.client.post(address, data=data, content_type="multipart/form-data")


def fetch(client, address):
    """Status and bytes; a download that nobody closes would keep its file open."""
    with client.get(address) as answer:
        return answer.status_code, answer.data


def address_of(session):
    session.rollback()
    return [f"/files/{row.public_id}" for row in session.exec(select(StoredFile).order_by(StoredFile.id)).all()]


def test_files_come_with_their_message_under_the_names_that_they_had(pair, session):
    introduction = pair.introduce()
    answer = post(pair.need, introduction, [("图纸.pdf", PDF), ("foto.jpg", JPEG)])
    assert answer.status_code == 303
    page = pair.result.client.get(f"/introductions/{introduction.public_id}").text
    assert "<bdi>图纸.pdf</bdi>" in page
    assert "<bdi>foto.jpg</bdi>" in page
    for address in address_of(session):
        assert address in page
        assert fetch(pair.result.client, address)[0] == 200
        assert not re.search("图纸|foto", address)


def test_a_form_with_files_that_is_sent_again_is_one_message(pair, session):
    introduction = pair.introduce()
    for _ in range(2):
        assert post(pair.need, introduction, [("a.pdf", PDF), ("b.jpg", JPEG)]).status_code == 303
    assert len(session.exec(select(Message)).all()) == 1
    assert len(session.exec(select(MessageAttachment)).all()) == 2
    session.rollback()
    post(pair.need, introduction, [("a.pdf", made.pdf("Other terms")), ("b.jpg", JPEG)])
    assert len(session.exec(select(Message)).all()) == 2


def test_a_file_is_for_those_who_are_in_it_and_as_long_as_they_are(pair, session, someone, join):
    introduction = pair.introduce()
    member = someone()
    join(member.actor, pair.result.actor)
    post(pair.need, introduction, [("a.pdf", PDF)])
    (address,) = address_of(session)
    for who in (pair.need, pair.result, pair.broker, member):
        assert fetch(who.client, address)[0] == 200
    for who in (someone(), someone(Role.BROKER), someone(Role.ADMINISTRATOR)):
        assert fetch(who.client, address)[0] == 404
    assert fetch(pair.need.client.application.test_client(), address)[0] == 404
    join(member.actor, pair.result.actor, None)
    for owner in (pair.need, pair.result):
        with unit_of_work(pair.engine) as uow:
            introductions.release_broker(uow, introduction.public_id, actor=owner.actor)
    for who in (member, pair.broker):
        assert fetch(who.client, address)[0] == 404


@pytest.mark.parametrize(
    "files",
    [
        [("a.pdf", b"no document")],
        [("a.exe", b"MZ\x90")],
        [("a.jpg", PDF)],
        [("a.docx", made.png())],
        [(f"{number}.jpg", JPEG) for number in range(6)],
        [("good.jpg", JPEG), ("empty.pdf", b"")],
    ],
)
def test_a_file_that_cannot_be_taken_sends_nothing_and_keeps_the_words(files, pair, session):
    introduction = pair.introduce()
    answer = post(pair.need, introduction, files, text="A long letter")
    assert answer.status_code == 422
    assert 'id="file-problem"' in answer.text
    assert "<bdi>good.jpg</bdi>" not in answer.text
    assert "A long letter" in answer.text
    assert session.exec(select(Message)).all() == []
    assert session.exec(select(StoredFile)).all() == []


def test_a_strangers_file_is_not_even_looked_at(pair, someone, settings):
    introduction = pair.introduce()
    assert post(someone(), introduction, [("a.pdf", PDF)]).status_code == 404
    assert post(someone(), introduction, [("a.pdf", PDF)], path="nda/file").status_code == 404
    assert not settings.files.exists() or [path for path in settings.files.rglob("*") if path.is_file()] == []


def test_a_pdf_can_be_the_agreement_and_both_confirm_its_bytes(pair, session):
    introduction = pair.introduce()
    sent = post(pair.need, introduction, [("协议.pdf", PDF)], path="nda/file", seen="")
    again = post(pair.need, introduction, [("协议.pdf", PDF)], path="nda/file", seen="")
    assert sent.status_code == 303
    assert sent.location == again.location
    sha256 = hashlib.sha256(PDF).hexdigest()
    for who in (pair.result, pair.need):
        assert sha256 in who.client.get(sent.location).text
        assert who.client.post(f"{sent.location}/confirm", data={"sha256": sha256}).status_code == 303
    (stored,) = address_of(session)
    assert fetch(pair.result.client, stored) == (200, PDF)
    assert fetch(pair.broker.client, stored)[0] == 404
    (kept,) = session.exec(select(Nda)).all()
    assert kept.need_confirmed_at is not None
    assert kept.result_confirmed_at is not None


@pytest.mark.parametrize(("files", "status"), [([], 422), ([("a.jpg", JPEG)], 422), ([("a.pdf", b"x")], 422)])
def test_what_is_no_pdf_is_no_agreement(files, status, pair, session):
    answer = post(pair.need, pair.introduce(), files, path="nda/file", seen="")
    assert answer.status_code == status
    assert 'id="file-problem"' in answer.text
    assert session.exec(select(Nda)).all() == []


def test_a_file_does_not_take_the_place_of_a_text_that_its_sender_has_not_seen(pair, session):
    introduction = pair.introduce()
    post(pair.need, introduction, [("a.pdf", PDF)], path="nda/file", seen="")
    late = post(pair.result, introduction, [("b.pdf", made.pdf("Mine"))], path="nda/file", seen="")
    assert late.status_code == 409
    assert len(session.exec(select(Nda)).all()) == 1
