"""What the page of a listing shows of its fields."""

from decimal import Decimal

import pytest

from matchmaker.core.errors import NotFound
from matchmaker.listings import queries
from matchmaker.listings.confidence import Reader
from matchmaker.listings.fields import FIELDS
from matchmaker.listings.models import Direction
from matchmaker.matching.schemas import Readiness, Scope
from matchmaker.portal.listing_page import HEADED, Kind, Wanted, listing_page, sections_of
from tests.factories.market import NEED, RESULT, publish, translate, write

EVERYTHING = {
    **NEED,
    "indicators": "定位误差小于5厘米\n自动换杆不超过60秒",
    "keywords": "钻孔机器人，瓦斯抽采、随钻测量; MWD",
    "ipr_notes": "协商",
    "ip_ownership": "shared",
    "budget_min": Decimal(6_000_000),
    "budget_max": Decimal(15_000_000),
    "budget_currency": "CNY",
    "deadline": "2030-06-30",
    "partner_types": ("enterprise", "institute"),
    "partner_sizes": ("any",),
    "target_countries": ("DE",),
    "sdg": ("8", "9"),
}


@pytest.fixture
def shown(app, engine, session, person):
    """The facts of a published listing by field, for a reader of `lang`."""

    def make(values, *, lang="en", **changes):
        listing = publish(engine, person(), values, **changes)
        session.rollback()  # a reading session sees what was committed when it began
        full = queries.full(session, queries.by_public_id(session, listing.public_id))
        with app.test_request_context(headers={"Accept-Language": lang}):
            sections = sections_of(full, full.text_for(lang), lang)
            return {fact.name: (fact.kind, [(c, str(w)) for c, w in fact.values]) for s in sections for fact in s.facts}

    return make


def test_every_field_that_is_filled_is_shown(shown):
    facts = shown(EVERYTHING)
    wanted = {field.name for field in FIELDS if Direction.NEED in field.directions}
    assert set(facts) == wanted - HEADED


def test_a_field_that_is_empty_is_not_shown(shown):
    assert "indicators" not in shown(NEED)


def test_codes_are_shown_with_their_titles(shown):
    kind, values = shown(NEED)["ipc"]
    assert kind is Kind.CODES
    assert values[0][0] == "E21B"
    assert "drilling" in values[0][1].casefold()


def test_vocabularies_speak_the_readers_language(shown):
    assert shown(RESULT, lang="en")["stage"][1] == [("", "Prototype available")]
    assert shown(RESULT, lang="zh")["stage"][1] == [("", "已有样机或样品")]


def test_keywords_are_told_apart_by_the_commas_of_any_script(shown):
    assert [word for _, word in shown(EVERYTHING)["keywords"][1]] == ["钻孔机器人", "瓦斯抽采", "随钻测量", "MWD"]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (6_000_000, 15_000_000, "CNY 6,000,000 – CNY 15,000,000"),
        (None, 5000, "up to CNY 5,000"),
        (5000, None, "from CNY 5,000"),
        (5000, 5000, "CNY 5,000"),
        ("0.50", None, "from CNY 0.50"),
        (0, 10, "CNY 0 – CNY 10"),
    ],
)
def test_a_budget_is_one_phrase(shown, low, high, words):
    facts = shown(NEED, budget_min=low, budget_max=high, budget_currency="CNY")
    assert facts["budget_min"][1] == [("", words.replace("CNY ", "CNY\xa0"))]


def test_a_listing_without_a_budget_has_no_budget_line(shown):
    assert "budget_min" not in shown(NEED, budget_currency="CNY")


@pytest.mark.parametrize(
    ("scope", "read"),
    [("domestic", Scope.DOMESTIC), ("", Scope.CROSS_BORDER), (None, Scope.CROSS_BORDER), ("x", Scope.CROSS_BORDER)],
)
def test_an_unknown_scope_means_across_the_border(scope, read):
    assert Wanted.read(None, scope).scope is read


@pytest.fixture
def page_of(app, session):
    """The page as `actor` gets it."""

    def make(listing, *, actor=None, lang="en", **wanted):
        with app.test_request_context():
            return listing_page(session, listing.public_id, Wanted(**wanted), Reader(lang, actor))

    return make


def test_a_draft_has_no_matches_and_only_its_owner_sees_it(engine, person, page_of):
    owner, stranger = person(), person()
    draft = write(engine, owner, NEED)
    page = page_of(draft, actor=owner)
    assert page.matches is None
    assert page.editable
    for other in (None, stranger):
        with pytest.raises(NotFound):
            page_of(draft, actor=other)


def test_a_listing_whose_text_waits_for_the_encoder_is_pending(engine, person, page_of):
    page = page_of(publish(engine, person(), NEED))
    assert page.matches.readiness is Readiness.PENDING
    assert not page.editable


def test_the_readers_language_is_shown_unless_another_is_asked_for(engine, person, page_of):
    actor = person()
    listing = publish(engine, actor, NEED)
    translate(engine, actor, listing, lang="en", title="Drilling robot")
    assert page_of(listing, lang="en").text.lang == "en"
    assert page_of(listing, lang="en", text="zh").text.lang == "zh"
    assert page_of(listing, lang="fr").text.lang == "zh"
    assert page_of(listing, lang="en", text="xx").text.lang == "zh"
