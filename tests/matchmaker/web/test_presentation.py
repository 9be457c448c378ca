"""What templates may call."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask_babel import force_locale
from werkzeug.test import EnvironBuilder

from matchmaker.web import presentation


@pytest.fixture
def at(app):
    """A request for an address, as a context manager."""
    return app.test_request_context


@pytest.mark.parametrize(
    ("address", "changes", "expected"),
    [
        ("/search?q=x&page=3", {}, "/search?q=x"),
        ("/search?q=x&lang=zh", {"page": 2}, "/search?q=x&page=2"),
        ("/search?countries=CN&countries=DE", {"page": 2}, "/search?countries=CN&countries=DE&page=2"),
        ("/search?direction=&q=x", {}, "/search?q=x"),
        ("/search?q=x", {"q": None}, "/search"),
        ("/search?q=%E7%85%A4+%26+x", {}, "/search?q=%E7%85%A4+%26+x"),
    ],
)
def test_a_page_address_keeps_the_query_but_for_what_changes(at, address, changes, expected):
    with at(address):
        assert presentation.page_url(**changes) == expected


def test_one_value_of_a_repeated_parameter_can_be_taken_away(at):
    with at("/search?countries=CN&countries=DE&trls=7&page=4"):
        assert presentation.url_without("countries", "CN") == "/search?countries=DE&trls=7"
        assert presentation.url_without("countries", "XX") == "/search?countries=CN&countries=DE&trls=7"


def test_a_path_is_quoted_and_never_another_server(app):
    environ = {**EnvironBuilder(query_string="x=1").get_environ(), "PATH_INFO": '//evil.example/">'}
    with app.request_context(environ):
        assert presentation.page_url() == "/evil.example/%22%3E?x=1"


def test_the_language_of_a_page_that_only_takes_forms_is_switched_at_home(at):
    with at("/sign-out", method="POST"):
        assert presentation.language_url("zh") == "/?lang=zh"
    with at("/sign-in", method="POST"):
        assert presentation.language_url("zh") == "/sign-in?lang=zh"


@pytest.mark.parametrize(
    ("amount", "currency", "lang", "expected"),
    [
        (Decimal("1234567"), "CNY", "en", "CNY\xa01,234,567"),
        (Decimal("1234567.50"), "EUR", "de", "EUR\xa01.234.567,50"),
        (Decimal("0"), "USD", "zh", "USD\xa00"),
        (Decimal("12"), None, "en", "12"),
        (None, "EUR", "en", ""),
        # Yen have no cents, but what was written is not rounded away.
        (Decimal("10.25"), "JPY", "en", "JPY\xa010.25"),
    ],
)
def test_money_is_written_with_its_code(at, amount, currency, lang, expected):
    with at("/"), force_locale(lang):
        assert presentation.money(amount, currency) == expected


def test_days_are_those_of_the_readers_time_zone(app):
    moment = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    with app.test_request_context(headers={"Cookie": "timezone=Asia/Shanghai"}):
        assert presentation.day(moment) == "Nov 23, 2026"
    with app.test_request_context():
        assert presentation.day(moment) == "Nov 22, 2026"


def test_a_date_without_a_time_is_the_same_everywhere(app):
    with app.test_request_context(headers={"Cookie": "timezone=Asia/Shanghai"}):
        assert presentation.day(date(2026, 11, 22)) == "Nov 22, 2026"
        assert presentation.day(None) == ""


@pytest.mark.parametrize(("share", "number"), [(0, 0), (1, 100), (0.705, 70), (-0.2, 0), (1.7, 100)])
def test_a_share_becomes_a_number_up_to_a_hundred(share, number):
    assert presentation.percent(share) == number


def test_an_icon_is_silent_unless_it_has_a_label(at):
    with at("/"):
        assert 'aria-hidden="true"' in presentation.icon("search")
        labelled = presentation.icon("search", label='"><script>')
    assert "aria-hidden" not in labelled
    assert "<script>" not in labelled


def test_the_language_of_a_text_is_escaped_and_unknown_is_empty():
    assert presentation.lang_attrs("und") == 'lang="" dir="auto"'
    assert presentation.lang_attrs('zh" onload="x') == 'lang="zh&#34; onload=&#34;x" dir="auto"'


def test_nobody_may_do_what_needs_a_permission(at):
    with at("/"):
        assert presentation.actor() is None
        assert not presentation.may("listing:post")
