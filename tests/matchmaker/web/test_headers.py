"""Every answer protects its reader, errors and files included."""

import pytest

from matchmaker.web.headers import HEADERS

EVERYWHERE = [
    "/",
    "/search?q=pump",
    "/about",
    "/healthz",
    "/sign-in",
    "/register",
    "/listings/new",
    "/listings/none",
    "/no/such/page",
    "/taxonomy/ipc.json?q=E21",
    "/static/css/app.css",
    "/static/no-such-file.css",
]


def test_the_headers_are_on_every_answer(client):
    for path in EVERYWHERE:
        answer = client.get(path, buffered=True)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path


@pytest.mark.parametrize("path", ["/sign-in", "/", "/no/such/page"])
def test_the_headers_are_on_refused_posts_too(client, path):
    assert client.post(path).headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


def test_no_script_of_another_place_or_of_the_page_itself_may_run():
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_a_page_is_kept_by_nobody_else_and_differs_by_reader(client):
    answer = client.get("/")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"cookie", "accept-language"} <= {name.lower() for name in answer.vary}


def test_a_file_with_its_hash_is_kept_for_a_year(client):
    address = next(part for part in client.get("/").text.split('"') if part.startswith("/static/css/app.css?v="))
    answer = client.get(address, buffered=True)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/static/css/app.css", "/static/gone.css?v=0123456789ab"])
def test_a_file_without_its_hash_or_that_is_not_there_is_not_kept(client, path):
    assert "immutable" not in client.get(path, buffered=True).headers["Cache-Control"]


def test_over_tls_the_browser_is_told_to_stay_there(client):
    assert "Strict-Transport-Security" not in client.get("/").headers
    assert client.get("/", base_url="https://localhost").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(client, known):
    answer = client.post("/sign-in", data={"email": known.email, "password": known.password})
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_no_path_leads_out_of_the_static_folder(client):
    odd = ("../app.py", "..%2f..%2fpyproject.toml", "%2e%2e/config.py", "%2fetc/passwd", "css/..%5c..%5capp.py", "%00")
    for path in odd:
        assert client.get(f"/static/{path}", follow_redirects=True).status_code == 404, path
