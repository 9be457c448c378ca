"""A listing in the words of schema.org."""

from datetime import date
from decimal import Decimal

import pytest

from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries
from matchmaker.listings.models import Listing
from matchmaker.portal.json_ld import describe
from tests.factories.market import NEED, RESULT, publish, translate

URL = "https://example.org/listings/x"


@pytest.fixture
def described(engine, session, person):
    """Publish a listing and describe it: `described(NEED, lang="en", budget_max=…)`."""

    def make(values, *, lang="", actor=None, **changes):
        listing = publish(engine, actor or person(), values, **changes)
        session.rollback()  # a reading session sees what was committed when it began
        full = queries.full(session, queries.by_public_id(session, listing.public_id))
        return describe(full, full.text_for(lang), URL)

    return make


def test_a_need_is_a_demand_that_its_organisation_seeks(described):
    node = described(NEED)
    assert node["@type"] == "Demand"
    assert node["@reverse"]["seeks"]["name"] == "Organisation 1"
    assert node["@reverse"]["seeks"]["address"]["addressCountry"] == "CN"
    assert "offeredBy" not in node


def test_a_result_is_an_offer_by_its_organisation(described):
    node = described(RESULT)
    assert node["@type"] == "Offer"
    assert node["offeredBy"]["@type"] == "Organization"
    assert "@reverse" not in node


def test_the_language_of_the_words_is_said(described):
    node = described(RESULT)
    assert node["@context"] == ["https://schema.org", {"@language": "de"}]
    assert node["name"] == RESULT["title"]


def test_another_version_is_described_in_its_own_language(engine, session, person):
    actor = person()
    listing = publish(engine, actor, NEED)
    translate(engine, actor, listing, lang="en", title="Drilling robot", summary="For gassy mines.")
    full = queries.full(session, queries.by_public_id(session, listing.public_id))
    node = describe(full, full.text_for("en"), URL)
    assert node["@context"][1] == {"@language": "en"}
    assert (node["name"], node["description"]) == ("Drilling robot", "For gassy mines.")


def test_fields_are_categories_with_their_code_sets(described):
    categories = described(NEED)["itemOffered"]["category"]
    assert [(c["inCodeSet"], c["codeValue"]) for c in categories] == [("IPC", "E21B"), ("NACE Rev. 2", "05.10")]


def test_a_budget_is_a_price_of_exact_digits(described):
    node = described(NEED, budget_min=Decimal("0.10"), budget_max=Decimal("1234567.89"), budget_currency="CNY")
    price = node["priceSpecification"]
    assert (price["minPrice"], price["maxPrice"], price["priceCurrency"]) == ("0.10", "1234567.89", "CNY")


def test_a_budget_without_a_currency_says_nothing(engine, session, person):
    listing = publish(engine, person(), NEED, budget_max=Decimal(5), budget_currency="CNY")
    with unit_of_work(engine) as uow:
        # Only an import brings a budget like this.
        uow.session.get(Listing, listing.id).budget_currency = None
    full = queries.full(session, queries.by_public_id(session, listing.public_id))
    assert "priceSpecification" not in describe(full, full.original, URL)


def test_a_deadline_ends_before_the_listing_expires(described):
    assert described(NEED, deadline=date(2030, 3, 31))["validThrough"] == "2030-03-31"


def test_without_a_deadline_the_listing_ends_when_it_expires(described):
    assert described(RESULT)["validThrough"] > described(RESULT)["validFrom"]


def test_target_countries_are_areas(described):
    assert described(NEED, target_countries=("IT", "RS"))["areaServed"] == [
        {"@type": "Country", "name": "Italy", "identifier": "IT"},
        {"@type": "Country", "name": "Serbia", "identifier": "RS"},
    ]
