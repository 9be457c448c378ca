"""What is confidential is stored with the rest, kept by whoever may not read it, and told by nothing else."""

import logging
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from matchmaker.accounts.models import Role
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.core.errors import NotAllowed, NotFound
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import sealed, sealing, service
from matchmaker.listings.models import DisclosureLevel, Listing, SealedText
from matchmaker.listings.schemas import SEALED_LIMIT, Confidence, ListingDraft
from matchmaker.web import errors
from tests.factories.market import NEED, disclose, publish, write
from tests.matchmaker.matching.conftest import changed

SEALED = "十七号矿井的瓦斯配方 Qx17"
TOMORROW = now().date() + timedelta(days=1)


@pytest.fixture
def kept(engine):
    """What is stored of a listing's confidence now."""

    def read(listing):
        with reading_session(engine) as session:
            row, texts = session.get(Listing, listing.id), session.exec(select(SealedText)).all()
            return row, {(text.listing_id, text.lang): text.text for text in texts}

    return read


def test_all_of_it_is_stored_with_the_listing(engine, person, kept):
    wanted = Confidence(anonymous=True, sealed=f"  {SEALED}\r\n", sealed_level="nda", embargo_until=TOMORROW)
    row, texts = kept(publish(engine, person(), NEED, confidence=wanted))
    assert (row.anonymous, row.sealed_level, row.embargo_until) == (True, DisclosureLevel.NDA, TOMORROW)
    assert texts == {(row.id, "zh"): SEALED}


def test_a_draft_that_says_nothing_of_it_keeps_it(engine, person, kept):
    owner = person()
    listing = publish(engine, owner, NEED, confidence=Confidence(anonymous=True, sealed=SEALED))
    changed(engine, owner, listing, title="新的标题")
    row, texts = kept(listing)
    assert (row.anonymous, row.revision, texts) == (True, 2, {(row.id, "zh"): SEALED})


def test_the_sealed_text_is_in_the_language_of_the_original_whatever_that_becomes(engine, person, kept):
    owner = person()
    listing = publish(engine, owner, NEED, confidence=Confidence(sealed=SEALED))
    changed(engine, owner, listing, lang="ja")
    assert kept(listing)[1] == {(listing.id, "ja"): SEALED}


def test_what_is_emptied_is_gone(engine, person, kept):
    owner = person()
    listing = publish(engine, owner, NEED, confidence=Confidence(anonymous=True, sealed=SEALED))
    changed(engine, owner, listing, confidence=Confidence())
    row, texts = kept(listing)
    assert (row.anonymous, texts) == (False, {})


def test_a_deleted_draft_leaves_no_sealed_text(engine, person, kept):
    owner = person()
    draft = write(engine, owner, NEED, confidence=Confidence(sealed=SEALED))
    with unit_of_work(engine) as uow:
        service.delete_draft(uow, draft.public_id, actor=owner)
    assert kept(draft) == (None, {})


def test_nobody_else_says_what_is_confidential(engine, person, kept):
    listing = publish(engine, person(), NEED, confidence=Confidence(sealed=SEALED))
    for other in (person(Role.ADMINISTRATOR), person()):
        with pytest.raises(NotAllowed):
            changed(engine, other, listing, confidence=Confidence())
    assert kept(listing)[1] == {(listing.id, "zh"): SEALED}


def test_a_conflict_changes_nothing_of_it(engine, person, kept):
    owner = person()
    listing = publish(engine, owner, NEED, confidence=Confidence(sealed=SEALED))
    wanted = ListingDraft(**NEED, confidence=Confidence(sealed="etwas anderes"))
    with pytest.raises(Exception, match="changed in the meantime"), unit_of_work(engine) as uow:
        service.change(uow, listing.public_id, wanted, revision=7, actor=owner)
    assert kept(listing)[1] == {(listing.id, "zh"): SEALED}


def test_a_digest_tells_that_it_changed_and_not_what_it_said(engine, person, session):
    owner = person()
    first, second, none = (
        publish(engine, owner, NEED, confidence=Confidence(sealed=words)) for words in (SEALED, f"{SEALED}!", "")
    )
    digests = [sealed.digest_of(session, listing.id) for listing in (first, second, none)]
    assert [len(digest) for digest in digests] == [64, 64, 0]
    assert digests[0] != digests[1]


def test_whoever_may_not_read_it_is_answered_as_if_there_were_none(engine, person):
    owner, stranger = person(), person()
    with_text = publish(engine, owner, NEED, confidence=Confidence(sealed=SEALED, sealed_level="nda"))
    without = publish(engine, owner, NEED)
    disclose(engine, with_text, DisclosureLevel.INTEREST, stranger)
    disclose(engine, without, DisclosureLevel.NDA, stranger)
    for actor in (stranger, person(Role.ADMINISTRATOR), person(Role.BROKER)):
        for listing in (with_text, without):
            with pytest.raises(NotFound), unit_of_work(engine) as uow:
                sealing.read(uow, listing, actor=actor)
    with reading_session(engine) as session:
        assert [x for x in session.exec(select(AuditEvent)).all() if x.action == sealed.VIEWED] == []


# What is typed


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"sealed": "x" * (SEALED_LIMIT + 1)}, "too_long"),
        ({"embargo_until": now().date().isoformat()}, "day_past"),
        ({"embargo_until": "2020-01-01"}, "day_past"),
        ({"embargo_until": "2999-01-01"}, "deadline_far"),
        ({"embargo_until": "1784764800"}, "date_parsing"),
        ({"sealed_level": "never"}, "enum"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_being_repeated(values, problem):
    with pytest.raises(ValidationError) as caught:
        ListingDraft(**NEED, confidence=values)
    assert [error["type"] for error in caught.value.errors()] == [problem]
    assert not [value for value in values.values() if value in str(caught.value)]


def test_the_longest_text_and_the_nearest_day_are_taken():
    wanted = Confidence(sealed="𠀀" * SEALED_LIMIT, embargo_until=TOMORROW.isoformat(), sealed_level="interest")
    assert len(wanted.sealed_words) == SEALED_LIMIT
    assert Confidence(embargo_until=" ").embargo_until is None


def test_a_draft_that_is_printed_dumped_or_compared_tells_nothing_sealed():
    draft = ListingDraft(**NEED, confidence=Confidence(sealed=SEALED))
    text = SealedText(listing_id=1, lang="zh", text=SEALED)
    told = (repr(draft), str(draft), draft.model_dump_json(), repr(draft.confidence), repr(text), str(text))
    assert not [words for words in told if SEALED in words]
    assert "confidence" not in draft.model_dump()
    assert SEALED not in {*map(str, draft.words().values()), *map(str, draft.facts().values())}


def test_an_error_of_the_database_names_no_value(engine, person):
    listing = publish(engine, person(), NEED, confidence=Confidence(sealed=SEALED))
    with pytest.raises(IntegrityError) as caught, unit_of_work(engine) as uow:
        uow.session.connection().exec_driver_sql(
            "INSERT INTO sealed_text (listing_id, lang, text) VALUES (?, ?, ?)", (listing.id, "zh", SEALED)
        )
    assert SEALED not in str(caught.value)


def test_a_crash_while_it_is_stored_leaves_no_word_in_the_log(signed_in, monkeypatch, caplog):
    client, _ = signed_in()
    monkeypatch.setitem(client.application.config, "PROPAGATE_EXCEPTIONS", False)
    client.application.register_error_handler(Exception, errors.surprise)

    def fail(*_args):
        try:
            raise ValueError(f"cannot take {SEALED}")
        except ValueError as error:
            raise RuntimeError(f"while storing {SEALED}") from error

    monkeypatch.setattr(sealing, "seal", fail)
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/listings/new/need", data={"lang": "zh", "title": "阀门", "sealed": SEALED})
    assert answer.status_code == 500
    assert SEALED not in answer.text
    assert "RuntimeError" in caplog.text
    assert "ValueError" in caplog.text
    assert SEALED not in caplog.text


# The form


def typed(**values):
    return {
        "lang": "zh",
        "title": "寻找耐磨阀门",
        "action": "draft",
        "sealed_level": "interest",
        "sealed": "",
        **values,
    }


def test_the_section_is_stored_and_comes_back(engine, signed_in, kept):
    client, _ = signed_in()
    sent = typed(anonymous="1", sealed=SEALED, sealed_level="nda", embargo_until=TOMORROW.isoformat())
    answer = client.post("/listings/new/need", data=sent)
    assert answer.status_code == 303
    form = client.get(answer.location)
    assert form.cache_control.no_store
    for part in (SEALED, "checked", f'value="{TOMORROW.isoformat()}"', '<option value="nda" selected>'):
        assert part in form.text.split('id="section-confidential"')[1]


def test_an_untouched_section_closes_nothing(signed_in, session):
    client, _ = signed_in()
    assert client.post("/listings/new/need", data=typed()).status_code == 303
    row = session.exec(select(Listing)).one()
    assert (row.anonymous, row.embargo_until) == (False, None)
    assert not sealed.has_part(session, row.id)


def test_what_is_wrong_with_it_is_said_and_nothing_typed_is_lost(signed_in):
    client, _ = signed_in()
    answer = client.post("/listings/new/need?lang=en", data=typed(sealed=SEALED * 400, embargo_until="2020-01-01"))
    assert answer.status_code == 422
    for words in ("are the most.", "This day has passed", SEALED * 400, 'href="#f-sealed"', 'href="#f-embargo_until"'):
        assert words in answer.text


def test_a_sealed_text_in_the_script_of_another_language_is_asked_about(signed_in):
    client, _ = signed_in()
    answer = client.post("/listings/new/need?lang=en", data=typed(lang="de", title="Ventil", sealed=SEALED * 20))
    assert answer.status_code == 422
    assert 'id="error-sealed"' in answer.text
    assert "not in German" in answer.text


def test_after_a_conflict_the_stored_section_stands_beside_the_typed_one(engine, signed_in):
    client, owner = signed_in()
    listing = publish(engine, owner, NEED, confidence=Confidence(sealed="旧的密封内容", anonymous=True))
    changed(engine, owner, listing, title="别人的标题")
    values = stored_values() | {"revision": "1", "sealed": SEALED, "sealed_level": "nda"}
    answer = client.post(f"/listings/{listing.public_id}/edit?lang=en", data=values)
    assert answer.status_code == 409
    for part in ('id="theirs-sealed"', "旧的密封内容", SEALED, 'id="theirs-anonymous"', 'id="theirs-sealed_level"'):
        assert part in answer.text
    assert 'id="theirs-embargo_until"' not in answer.text


def stored_values():
    return {
        name: value if isinstance(value, str) else list(value) for name, value in NEED.items() if name != "direction"
    }
