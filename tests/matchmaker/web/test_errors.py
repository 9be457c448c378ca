"""An error is a page in the reader's language, and tells nothing that a reader should not know."""

from html.parser import HTMLParser
from itertools import product

import pytest
from flask import Flask

from matchmaker.app import create_app
from matchmaker.core import errors
from matchmaker.web.access import PUBLIC, access
from matchmaker.web.errors import STATUS, WORDS

SECRET = "the password of the database is hunter2"
RAISED = {
    "not-found": errors.NotFound(SECRET),
    "not-allowed": errors.NotAllowed(SECRET),
    "conflict": errors.Conflict(SECRET),
    "invalid": errors.Invalid({"title": SECRET}),
    "too-many": errors.TooMany(SECRET),
    "unavailable": errors.Unavailable(SECRET),
    "misconfigured": errors.Misconfigured(SECRET),
    "surprise": RuntimeError(SECRET),
    "surprise-deep": RecursionError(SECRET),
}
EXPECTED = {
    "not-found": 404,
    "not-allowed": 403,
    "conflict": 409,
    "invalid": 422,
    "too-many": 429,
    "unavailable": 503,
    "misconfigured": 500,
    "surprise": 500,
    "surprise-deep": 500,
}
LANGUAGES = ("zh", "en")


class Heading(HTMLParser):
    """The page's language and its first heading."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lang, self.text, self._inside = "", "", False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "html":
            self.lang = dict(attrs)["lang"]
        self._inside = self._inside or tag == "h1"

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "h1"

    def handle_data(self, data):
        self.text += data if self._inside else ""


@pytest.fixture
def served(settings):
    """The application as it is served, with a view for each error."""
    app = create_app(settings)
    for name, error in RAISED.items():

        def fail(error: Exception = error) -> str:
            raise error

        app.add_url_rule(f"/raise/{name}", name, access(PUBLIC)(fail))
    yield app
    app.extensions["matchmaker.engine"].dispose()


def check(answer, lang: str, status: int) -> Heading:
    page = Heading(answer.text)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert page.lang.startswith(lang)
    assert "mm-error" in answer.text
    for leak in (SECRET, "Traceback", 'File "', "werkzeug", "RuntimeError", "site-packages"):
        assert leak not in answer.text
    return page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_error_is_our_page_in_the_readers_language(served: Flask, lang):
    client = served.test_client()
    for name, status in EXPECTED.items():
        check(client.get(f"/raise/{name}?lang={lang}"), lang, status)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_wrong_method_and_the_wrong_address_are_our_pages(served: Flask, lang):
    client = served.test_client()
    assert check(client.get(f"/nothing?lang={lang}"), lang, 404).text.strip()
    assert check(client.put(f"/about?lang={lang}"), lang, 405).text.strip()
    assert check(client.delete(f"/sign-out?lang={lang}"), lang, 405).text.strip()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_too_much_at_once_is_our_page(served: Flask, lang):
    big = {"email": "x" * (2 * 1024 * 1024 + 1), "password": "y"}
    check(served.test_client().post(f"/sign-in?lang={lang}", data=big), lang, 413)


def test_too_many_fields_at_once_are_refused(served: Flask):
    boundary = "b"
    parts = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\nx\r\n' for n in range(1500))
    answer = served.test_client().post(
        "/sign-in", data=f"{parts}--{boundary}--\r\n", content_type=f"multipart/form-data; boundary={boundary}"
    )
    check(answer, "en", 413)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_form_without_its_token_is_our_page(served: Flask, lang):
    check(served.test_client().post(f"/sign-in?lang={lang}", data={"email": "a"}), lang, 400)


def test_the_two_languages_say_it_differently(served: Flask):
    client = served.test_client()
    assert Heading(client.get("/nothing?lang=zh").text).text != Heading(client.get("/nothing?lang=en").text).text


def test_a_surprise_is_written_to_the_log_with_its_trace_and_without_its_words(served: Flask, caplog):
    served.test_client().get("/raise/surprise")
    assert "builtins.RuntimeError" in caplog.text
    assert "in fail" in caplog.text
    # An error may quote what somebody sent, and that may be sealed.
    assert SECRET not in caplog.text


BODIES = (b"\xff\xfe\x00", b"%%%=&&&=%zz", b"a=\xed\xa0\x80", b"--x\r\nbroken")
KINDS = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "text/x")


def test_a_mangled_form_is_a_client_error(served: Flask):
    client = served.test_client()
    for body, kind in product(BODIES, KINDS):
        answer = client.post("/sign-in", data=body, content_type=kind)
        assert 400 <= answer.status_code < 500, (body, kind)


def test_a_mangled_address_is_an_answer(served: Flask):
    client = served.test_client()
    paths = ("/listings/%00", f"/listings/{'x' * 5000}", f"/taxonomy/ipc.json?q={'x' * 5000}", "/%ff%fe")
    queries = ("q=%00%01", "q=%ed%a0%80", f"page={'9' * 20}", "page=-1", "countries=%27OR%201", "direction=both")
    for path in (*paths, *(f"/search?{query}" for query in queries), "/?lang=../../etc", "/?lang=%00"):
        assert client.get(path).status_code in {200, 404}, path


def test_a_mangled_cookie_is_an_answer(served: Flask):
    client = served.test_client()
    cookies = ("language=../../etc/passwd", "language=xx", "language=", "timezone=../../etc/passwd", "timezone=%00")
    for cookie in (*cookies, "session=garbage", "session=.eJy.a.b"):
        assert client.get("/", headers={"Cookie": cookie}).status_code == 200, cookie


def test_without_a_database_there_is_still_our_page(served: Flask, signed_in, engine):
    client, _ = signed_in()
    session = client.get_cookie("session").value
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE sign_in")
    reader = served.test_client()
    reader.set_cookie("session", session)
    check(reader.get("/"), "en", 500)


def test_every_status_of_the_domain_has_words():
    assert {int(status) for status in STATUS.values()} <= set(WORDS)


def test_every_error_of_the_domain_has_a_status_but_the_one_that_ends_the_program():
    found = [error for error in vars(errors).values() if isinstance(error, type)]
    domain = {error for error in found if issubclass(error, errors.MatchmakerError)}
    assert domain - set(STATUS) == {errors.MatchmakerError, errors.Misconfigured}
