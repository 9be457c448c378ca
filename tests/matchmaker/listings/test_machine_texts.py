"""Machine versions: made of open words only, marked, replaced with the original, never over what a person wrote."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete
from sqlmodel import Session, select

from matchmaker.accounts.models import Organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.jobs import Job
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import machine_texts, queries, service, translator
from matchmaker.listings.models import Listing, ListingText, SealedText, TextOrigin
from matchmaker.listings.schemas import ListingDraft
from tests.factories.market import NEED, RESULT, publish, translate, write
from tests.fakes.translation import Service, serving
from tests.matchmaker.matching.conftest import changed


@pytest.fixture
def machine(engine: Engine, settings) -> Iterator[Service]:
    """A translation service that the installation may use."""
    with serving() as machine:
        translator.configure(engine, replace(settings, translate_url=machine.url))
        yield machine


@pytest.fixture
def owner(person) -> Actor:
    return person()


def texts(engine: Engine, listing: Listing) -> dict[str, ListingText]:
    with reading_session(engine) as session:
        rows = session.exec(select(ListingText).where(ListingText.listing_id == listing.id))
        return {text.lang: text for text in rows}


def jobs(engine: Engine) -> list[Job]:
    with reading_session(engine) as session:
        return list(session.exec(select(Job).where(Job.kind == machine_texts.KIND)))


def make(engine: Engine, listing: Listing) -> None:
    machine_texts.make(engine, {"listing": listing.public_id})


def confide(engine: Engine, listing: Listing, **facts: object) -> None:
    with unit_of_work(engine) as uow:
        stored = uow.session.get(Listing, listing.id)
        assert stored is not None
        for name, value in facts.items():
            setattr(stored, name, value)


def test_publishing_asks_for_versions_and_the_job_makes_them(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    assert [job.payload for job in jobs(engine)] == [f'{{"listing": "{listing.public_id}"}}']
    make(engine, listing)
    made = texts(engine, listing)
    assert set(made) == {"de", "en", "zh"}
    assert {made["en"].origin, made["zh"].origin} == {TextOrigin.MACHINE}
    assert made["en"].title == f"[en] {RESULT['title']}"
    assert made["zh"].advantages == f"[zh-Hans] {RESULT['advantages']}"


def test_a_draft_is_sent_nowhere(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = write(engine, owner, RESULT)
    make(engine, listing)
    assert jobs(engine) == []
    assert machine.asked == []


def test_a_withdrawn_listing_is_not_translated_any_more(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    with unit_of_work(engine) as uow:
        service.withdraw(uow, listing.public_id, actor=owner)
    make(engine, listing)
    assert machine.asked == []


def test_without_a_service_nothing_is_queued(engine: Engine, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    assert jobs(engine) == []
    make(engine, listing)
    assert set(texts(engine, listing)) == {"de"}


def test_several_edits_wait_for_one_job(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    for summary in ("Eins.", "Zwei."):
        changed(engine, owner, listing, summary=summary)
    assert len(jobs(engine)) == 1


def test_an_edit_of_the_original_takes_the_old_versions_away_at_once(
    engine: Engine, machine: Service, owner: Actor
) -> None:
    listing = publish(engine, owner, RESULT)
    make(engine, listing)
    changed(engine, owner, listing, description="Ohne das Geheimnis.")
    assert set(texts(engine, listing)) == {"de"}
    make(engine, listing)
    assert texts(engine, listing)["en"].description == "[en] Ohne das Geheimnis."


def test_a_change_of_facts_alone_keeps_the_versions(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    make(engine, listing)
    changed(engine, owner, listing, trl="9")
    assert set(texts(engine, listing)) == {"de", "en", "zh"}


def test_a_version_of_the_owners_is_never_overwritten(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    translate(engine, owner, listing, lang="en", title="My own words")
    make(engine, listing)
    assert texts(engine, listing)["en"].title == "My own words"
    changed(engine, owner, listing, summary="Neu.")
    make(engine, listing)
    assert texts(engine, listing)["en"].origin is TextOrigin.OWNER


def test_a_version_that_the_owner_writes_while_the_machine_works_stays(
    engine: Engine, machine: Service, owner: Actor
) -> None:
    listing = publish(engine, owner, RESULT)
    with reading_session(engine) as session:
        plan = machine_texts.planned(session, listing.public_id)
    assert plan is not None
    translate(engine, owner, listing, lang="en", title="My own words")
    current = replace(plan, revision=plan.revision + 1)
    with unit_of_work(engine) as uow:
        machine_texts.store(uow, current, "en", {"title": "[en] Later"})
    assert texts(engine, listing)["en"].title == "My own words"


def test_words_that_were_changed_while_they_were_away_are_not_stored(
    engine: Engine, machine: Service, owner: Actor
) -> None:
    listing = publish(engine, owner, RESULT)
    with reading_session(engine) as session:
        plan = machine_texts.planned(session, listing.public_id)
    changed(engine, owner, listing, summary="Neu.")
    assert plan is not None
    with pytest.raises(machine_texts.ListingChanged), unit_of_work(engine) as uow:
        machine_texts.store(uow, plan, "en", {"title": "[en] Old"})
    assert set(texts(engine, listing)) == {"de"}


def test_correcting_a_machines_version_makes_it_the_owners(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    make(engine, listing)
    translate(engine, owner, listing, lang="en", title="Corrected")
    make(engine, listing)
    english = texts(engine, listing)["en"]
    assert (english.title, english.origin) == ("Corrected", TextOrigin.OWNER)


def test_a_removed_machine_version_is_not_made_again(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    make(engine, listing)
    with unit_of_work(engine) as uow:
        service.remove_text(uow, listing.public_id, "en", actor=owner)
    make(engine, listing)
    changed(engine, owner, listing, summary="Neu.")
    make(engine, listing)
    assert set(texts(engine, listing)) == {"de", "zh"}


def test_the_original_may_move_to_a_language_that_only_a_machine_has_written(
    engine: Engine, machine: Service, owner: Actor
) -> None:
    listing = publish(engine, owner, RESULT)
    make(engine, listing)
    changed(engine, owner, listing, lang="en", title="Drilling rig", summary="It aligns itself.")
    stored = texts(engine, listing)
    assert {lang: text.origin for lang, text in stored.items()} == {"en": TextOrigin.OWNER}
    assert stored["en"].title == "Drilling rig"


def test_sealed_text_is_never_sent(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    with unit_of_work(engine) as uow:
        uow.session.add(SealedText(listing_id=listing.id, lang="de", text="GEHEIM-7781"))
    make(engine, listing)
    assert machine.asked
    assert "GEHEIM-7781" not in machine.words


def test_under_embargo_only_title_and_summary_are_sent_and_the_rest_later(
    engine: Engine, machine: Service, owner: Actor
) -> None:
    listing = publish(engine, owner, RESULT)
    day = now().date() + timedelta(days=30)
    confide(engine, listing, embargo_until=day)
    with unit_of_work(engine) as uow:
        stored = uow.session.get(Listing, listing.id)
        assert stored is not None
        machine_texts.request(uow, stored)
    make(engine, listing)
    assert RESULT["summary"] in machine.words
    assert RESULT["description"] not in machine.words
    assert texts(engine, listing)["en"].description == ""
    assert day in {job.due_at.date() for job in jobs(engine)}


def test_an_anonymous_owners_name_is_never_sent(engine: Engine, machine: Service, owner: Actor) -> None:
    with reading_session(engine) as session:
        name = session.get_one(Organisation, owner.organisation_id).name
    listing = publish(engine, owner, RESULT, summary=f"Wir, die {name.upper()}, bohren.")
    confide(engine, listing, anonymous=True)
    make(engine, listing)
    assert name.casefold() not in machine.words.casefold()
    assert "Wir, die …, bohren." in machine.words


def test_an_anonymous_imports_name_is_never_sent(engine: Engine, session: Session) -> None:
    listing = Listing(direction="need", lang="de", organisation_name="A+B (GmbH)", anonymous=True)
    full = queries.FullListing(listing, [ListingText(listing_id=1, lang="de", title="a+b (gmbh) sucht")], {})
    assert machine_texts.open_words(full) == {"title": "… sucht"}


def test_a_language_that_the_service_does_not_know_is_left_alone(
    engine: Engine, machine: Service, owner: Actor
) -> None:
    listing = publish(engine, owner, RESULT, lang="fi")
    make(engine, listing)
    assert set(texts(engine, listing)) == {"fi"}


def test_a_service_that_fails_leaves_no_half_version(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, RESULT)
    machine.answer = lambda wanted: {} if wanted["q"] == RESULT["advantages"] else {"translatedText": wanted["q"]}
    with pytest.raises(translator.TranslationFailed):
        make(engine, listing)
    assert set(texts(engine, listing)) == {"de"}


def test_a_translation_may_be_longer_than_what_people_may_write(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, NEED, title="钻" * 250, description="孔" * 3900)
    machine.answer = lambda wanted: {"translatedText": wanted["q"] * 3}
    make(engine, listing)
    english = texts(engine, listing)["en"]
    assert len(english.title) == 256
    assert english.description.count("孔") == 3 * 3900


def test_what_hides_in_an_answer_is_cleaned_like_everything_that_people_paste(
    engine: Engine, machine: Service, owner: Actor
) -> None:
    listing = publish(engine, owner, RESULT)
    machine.answer = lambda _wanted: {"translatedText": "A\u202eB\x00\x1b <script>alert(1)</script>"}
    make(engine, listing)
    assert texts(engine, listing)["en"].title == "AB <script>alert(1)</script>"


def test_machine_versions_are_found_by_their_words_and_take_no_revision(
    engine: Engine, machine: Service, owner: Actor
) -> None:
    listing = publish(engine, owner, RESULT)
    machine.answer = lambda _wanted: {"translatedText": "Quillback rig"}
    make(engine, listing)
    with reading_session(engine) as session:
        assert queries.containing(session, "quillback", queries.Filters()) == [listing.id]
        assert session.get_one(Listing, listing.id).revision == listing.revision


def test_everything_that_lacks_a_version_can_be_asked_for(engine: Engine, machine: Service, owner: Actor) -> None:
    first, second = publish(engine, owner, RESULT), publish(engine, owner, RESULT)
    make(engine, first)
    with unit_of_work(engine) as uow:
        uow.session.execute(delete(Job))
        assert machine_texts.request_all(uow) == 1
    assert [job.payload for job in jobs(engine)] == [f'{{"listing": "{second.public_id}"}}']


def test_a_listing_that_is_gone_is_no_error(engine: Engine, machine: Service) -> None:
    machine_texts.HANDLERS["translate"](engine, {"listing": "nothing"})
    assert machine.asked == []


def test_a_need_in_chinese_gets_an_english_version_only(engine: Engine, machine: Service, owner: Actor) -> None:
    listing = publish(engine, owner, NEED)
    make(engine, listing)
    assert set(texts(engine, listing)) == {"zh", "en"}
    assert ListingDraft(**NEED).title in machine.words
