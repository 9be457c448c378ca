"""What each kind of reader is shown of a listing that keeps something to itself, on its page and in lists."""

import json
from datetime import timedelta

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Role
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries, sealed, service
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Disclosure, DisclosureLevel, Listing
from matchmaker.listings.schemas import Confidence
from tests.factories.html import parse
from tests.factories.market import NEED, RESULT, disclose, publish
from tests.matchmaker.listings.test_queries import statements

INTEREST, NDA = DisclosureLevel.INTEREST, DisclosureLevel.NDA
NAME, SEALED = "Secretive Drilling Ltd", "十七号矿井的瓦斯配方 Qx17"
# In the description and in the version, which are under embargo.
EMBARGOED = "Molybdenum bit 4711"
TOMORROW = now().date() + timedelta(days=40)

# Reader → whether they read the name, the text under embargo, what opens by interest, what opens by agreement.
SQUARE = {
    "owner": (True, True, True, True),
    "viewer of the owner": (True, True, True, True),
    "introduced": (True, True, True, False),
    "under agreement": (True, True, True, True),
    "broker of the introduction": (True, True, True, False),
    "introduction ended": (False, False, False, False),
    "stranger": (False, False, False, False),
    "other organisation": (False, False, False, False),
    "other broker": (False, False, False, False),
    "administrator": (False, False, False, False),
}


def closed(level=INTEREST):
    return Confidence(anonymous=True, sealed=SEALED, sealed_level=level, embargo_until=TOMORROW)


@pytest.fixture
def owner(engine, person):
    actor = person(country="CN")
    with unit_of_work(engine) as uow:
        owner = uow.session.get(Organisation, actor.organisation_id)
        owner.name, owner.name_en, owner.size = NAME, f"{NAME} (en)", "medium"
    return actor


@pytest.fixture
def readers(engine, app, client, owner, signed_in):
    """A browser for each kind of reader, once what was to be opened to them was opened."""

    def make(listing):
        found = {"stranger": client}
        found["other organisation"], _ = signed_in(country="IT")
        found["other broker"], _ = signed_in(Role.BROKER)
        found["administrator"], _ = signed_in(Role.ADMINISTRATOR)
        for name, level, role in (
            ("introduced", INTEREST, Role.MEMBER),
            ("under agreement", NDA, Role.MEMBER),
            ("broker of the introduction", INTEREST, Role.BROKER),
            ("introduction ended", NDA, Role.MEMBER),
        ):
            found[name], actor = signed_in(role)
            disclose(engine, listing, level, actor)
        with unit_of_work(engine) as uow:
            ended = uow.session.exec(select(Disclosure).where(Disclosure.organisation_id == actor.organisation_id))
            ended.one().ended_at = now()
        for name, role in (("owner", MembershipRole.OWNER), ("viewer of the owner", MembershipRole.VIEWER)):
            found[name], actor = signed_in()
            with unit_of_work(engine) as uow:
                uow.session.add(Membership(person_id=actor.person_id, organisation_id=owner.organisation_id, role=role))
        return found

    return make


def page(client, address, lang="en"):
    answer = client.get(address, headers={"Accept-Language": lang})
    assert answer.status_code == 200
    return answer.text


def test_every_reader_is_shown_their_row_of_the_square_and_no_more(engine, owner, readers):
    by_interest, by_agreement = (
        publish(engine, owner, NEED, description=EMBARGOED, confidence=closed(level)) for level in (INTEREST, NDA)
    )
    browsers = readers(by_interest)
    with unit_of_work(engine) as uow:
        for row in uow.session.exec(select(Disclosure)).all():
            copy = Disclosure(listing_id=by_agreement.id, level=row.level, ended_at=row.ended_at)
            copy.person_id, copy.organisation_id = row.person_id, row.organisation_id
            uow.session.add(copy)
    found = {}
    for name, browser in browsers.items():
        first, second = (page(browser, f"/listings/{x.public_id}") for x in (by_interest, by_agreement))
        found[name] = (NAME in first, EMBARGOED in first, SEALED in first, SEALED in second)
        assert (NAME in second, EMBARGOED in second) == found[name][:2]
        matches = page(browser, f"/listings/{by_interest.public_id}/matches")
        assert SEALED not in matches
    assert found == SQUARE


def test_lists_name_the_owner_to_the_same_readers(engine, owner, readers):
    listing = publish(engine, owner, NEED, confidence=closed())
    found = {name: NAME in page(browser, "/search") for name, browser in readers(listing).items()}
    assert found == {name: row[0] for name, row in SQUARE.items()}


def test_an_anonymous_owner_is_a_kind_a_size_and_a_country(engine, owner, client):
    listing = publish(engine, owner, NEED, confidence=Confidence(anonymous=True))
    for address in ("/", "/search", f"/listings/{listing.public_id}"):
        assert "An enterprise, 50 to 249 staff" in parse(page(client, address)).text
        assert "China" in parse(page(client, address)).text
        assert "某企业，50至249人" in parse(page(client, address, "zh")).text
        assert NAME not in page(client, address)


def test_an_anonymous_owner_of_unknown_kind_and_size_is_an_organisation(engine, owner, session):
    listing = publish(engine, owner, NEED, confidence=Confidence(anonymous=True))
    with unit_of_work(engine) as uow:
        uow.session.get(Organisation, owner.organisation_id).kind = "guild"
        uow.session.get(Organisation, owner.organisation_id).size = ""
    assert queries.cards(session, [listing.id], Reader("en"))[listing.id].owner == "An organisation"


def test_the_description_for_machines_names_nobody(engine, owner, client):
    listing = publish(engine, owner, RESULT, description=EMBARGOED, confidence=closed())
    text = page(client, f"/listings/{listing.public_id}")
    (script,) = [s for s in parse(text).all("script") if s.get("type") == "application/ld+json"]
    node = json.loads("".join(script.words()))
    assert node["offeredBy"] == {
        "@type": "Organization",
        "address": {"@type": "PostalAddress", "addressCountry": "DE"},
    }
    assert node["description"] == RESULT["summary"]
    assert "description" not in node["itemOffered"]


def test_a_name_finds_its_listings_unless_they_are_anonymous(engine, owner, session):
    named, anonymous = publish(engine, owner, NEED), publish(engine, owner, NEED, confidence=Confidence(anonymous=True))
    for words in ("Secretive", NAME):
        assert queries.containing(session, words, queries.Filters()) == [named.id]
    assert set(queries.containing(session, NEED["title"], queries.Filters())) == {named.id, anonymous.id}


def test_an_imported_name_is_kept_back_as_well(engine, owner, session):
    listing = publish(engine, owner, NEED, confidence=Confidence(anonymous=True))
    with unit_of_work(engine) as uow:
        row = uow.session.get(Listing, listing.id)
        row.organisation_id, row.organisation_name = None, NAME
    assert queries.containing(session, NAME, queries.Filters()) == []
    assert queries.cards(session, [listing.id], Reader("en"))[listing.id].owner == "An organisation"
    assert queries.full(session, session.get(Listing, listing.id)).owner == "An organisation"


def test_everybody_is_told_until_when_the_text_is_under_embargo(engine, owner, client):
    listing = publish(
        engine, owner, NEED, description=EMBARGOED, keywords="Qx18", ipr_notes="Qx19", confidence=closed()
    )
    text = parse(page(client, f"/listings/{listing.public_id}")).text
    assert "the full text is under embargo until then" in text
    assert NEED["summary"] in text
    assert not [word for word in (EMBARGOED, NEED["technical_spec"], "Qx18", "Qx19") if word in text]
    assert "under embargo" not in parse(page(client, f"/listings/{listing.public_id}", "zh")).text
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, listing.id).embargo_until = now().date()
    text = parse(page(client, f"/listings/{listing.public_id}")).text
    assert "embargo" not in text
    assert not [word for word in (EMBARGOED, "Qx18", "Qx19") if word not in text]


def test_a_card_without_a_summary_does_not_quote_what_is_under_embargo(engine, owner, session):
    listing = publish(engine, owner, NEED, confidence=closed())
    with unit_of_work(engine) as uow:
        full = queries.full(uow.session, uow.session.get(Listing, listing.id))
        uow.session.merge(full.texts[0].model_copy(update={"summary": "", "description": EMBARGOED}))
    assert queries.cards(session, [listing.id], Reader("en"))[listing.id].excerpt == ""
    assert queries.cards(session, [listing.id], Reader("en", owner))[listing.id].excerpt == EMBARGOED


def test_whoever_may_not_read_it_is_told_when_a_sealed_part_opens(engine, owner, client):
    for level, words in ((INTEREST, "after both sides agreed"), (NDA, "and a non-disclosure agreement")):
        listing = publish(engine, owner, NEED, confidence=Confidence(sealed=SEALED, sealed_level=level))
        assert words in parse(page(client, f"/listings/{listing.public_id}")).text
    open_ = publish(engine, owner, NEED)
    assert "Confidential part" not in page(client, f"/listings/{open_.public_id}")


def test_each_look_of_somebody_else_is_recorded_and_the_owner_sees_whose_it_was(engine, owner, readers, session):
    listing = publish(engine, owner, NEED, confidence=closed())
    browsers = readers(listing)
    address = f"/listings/{listing.public_id}"
    own = parse(page(browsers["owner"], address)).text
    assert "Nobody outside your organisation has read it" in own
    for name in ("introduced", "introduced", "broker of the introduction", "stranger", "administrator", "owner"):
        page(browsers[name], address)
    looks = [x for x in session.exec(select(AuditEvent)).all() if x.action == "listing.sealed_view"]
    assert [x.object_id for x in looks] == [listing.public_id] * 3
    assert looks[0].detail == looks[1].detail != "-"
    assert looks[2].detail == "-"
    viewers = parse(page(browsers["owner"], address)).all("ul", class_="mm-viewers")[0].all("li")
    assert len(viewers) == 2
    assert "1 time" in viewers[0].text
    assert "Organisation" in viewers[1].text
    assert "2 times" in viewers[1].text
    # Who was introduced reads the text, and not who else did.
    assert "Who has read it" not in page(browsers["introduced"], address)


def test_a_page_with_a_sealed_text_is_kept_by_no_browser(engine, owner, readers):
    listing = publish(engine, owner, NEED, confidence=closed())
    browsers = readers(listing)
    kept = {
        name: browser.get(f"/listings/{listing.public_id}").cache_control.no_store for name, browser in browsers.items()
    }
    assert {name for name, is_kept in kept.items() if is_kept} == {name for name, row in SQUARE.items() if row[2]}


def test_who_was_introduced_goes_on_reading_after_the_listing_left_the_market(engine, owner, readers):
    listing = publish(engine, owner, NEED, confidence=closed())
    browsers = readers(listing)
    with unit_of_work(engine) as uow:
        service.withdraw(uow, listing.public_id, actor=owner)
    found = {name: browser.get(f"/listings/{listing.public_id}").status_code for name, browser in browsers.items()}
    # An administrator sees it as strangers did before.
    assert {name for name, status in found.items() if status == 200} == {
        *(name for name, row in SQUARE.items() if row[0]),
        "administrator",
    }


def test_whoever_still_reads_a_withdrawn_listing_is_not_spoken_to_as_its_owner(engine, owner, readers):
    listing = publish(engine, owner, NEED, confidence=closed())
    browsers = readers(listing)
    with unit_of_work(engine) as uow:
        service.withdraw(uow, listing.public_id, actor=owner)
    told = {}
    for name, browser in browsers.items():
        answer = browser.get(f"/listings/{listing.public_id}", headers={"Accept-Language": "en"})
        if answer.status_code == 200:
            told[name] = "Nobody outside your organisation sees it" in answer.text
    assert [told[name] for name in ("owner", "introduced", "under agreement")] == [True, False, False]


def test_lists_ask_once_for_all_that_was_opened(engine, owner, person):
    listings = [publish(engine, owner, NEED, confidence=closed()) for _ in range(5)]
    stranger, introduced = person(), person()
    for listing in listings:
        disclose(engine, listing, INTEREST, introduced)

    for reader, most in (
        (Reader("en"), 1),
        (Reader("en", owner), 1),
        (Reader("en", stranger), 2),
        (Reader("en", introduced), 2),
    ):
        with statements(engine) as seen, unit_of_work(engine) as uow:
            queries.cards(uow.session, [listing.id for listing in listings], reader)
        assert len(seen) == most


def test_an_administrator_edits_a_foreign_listing_and_neither_sees_nor_loses_what_is_sealed(
    engine, owner, signed_in, session
):
    listing = publish(engine, owner, NEED, confidence=Confidence(anonymous=True, sealed=SEALED, sealed_level=NDA))
    office, _ = signed_in(Role.ADMINISTRATOR)
    form = office.get(f"/listings/{listing.public_id}/edit?lang=en").text
    assert SEALED not in form
    assert NAME not in form
    assert 'name="sealed"' not in form
    typed = {"lang": "zh", "title": "新的标题", "revision": "1", "action": "save"}
    kept = queries.full(session, session.get(Listing, listing.id)).draft()
    typed |= {**kept.words(), "title": "新的标题", "country": "CN", "partnerships": "licence"}
    answer = office.post(f"/listings/{listing.public_id}/edit", data=typed)
    assert answer.status_code == 303
    session.rollback()
    session.expire_all()
    row = session.get(Listing, listing.id)
    assert (row.anonymous, row.sealed_level, row.revision) == (True, NDA, 2)
    assert queries.full(session, row).original.title == "新的标题"
    assert sealed.text_of(session, listing.id).text == SEALED
    # A forged section is refused.
    answer = office.post(f"/listings/{listing.public_id}/edit", data={**typed, "revision": "2", "sealed": ""})
    assert answer.status_code == 403


def test_nobody_replaces_words_under_embargo_that_they_may_not_read(engine, owner, signed_in):
    listing = publish(engine, owner, NEED, description=EMBARGOED, confidence=closed())
    office, _ = signed_in(Role.ADMINISTRATOR)
    address = f"/listings/{listing.public_id}"
    for path in (f"{address}/edit", f"{address}/texts", f"{address}/texts/de"):
        answer = office.get(path)
        assert answer.status_code == 403
        assert EMBARGOED not in answer.text
    assert office.post(f"{address}/texts/de", data={"title": "Neu"}).status_code == 403
    assert f"{address}/edit" not in office.get(address).text
