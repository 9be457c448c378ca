"""Going back leads to a page of ours, or home."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from matchmaker.web.redirects import safe_next


@pytest.mark.parametrize(
    "target",
    ["/", "/listings/mine", "/search?q=a&page=2", "/search?q=%2F%2Fevil", "/desk#pair-3", "/a:b", "/搜索?q=泵"],
)
def test_a_path_of_this_site_is_kept(target):
    assert safe_next(target, "/home") == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "evil.example",
        "https://evil.example/",
        "http:evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/listings\r\nSet-Cookie: a=b",
        "\t//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>",
        "?next=//evil.example",
        "./mine",
        "/\x00/evil.example",
    ],
)
def test_anything_else_leads_home(target):
    assert safe_next(target, "/home") == "/home"


@given(st.text(st.sampled_from("/\\.:@?#evil \t\r\n\x00jsc%20"), max_size=12))
def test_whatever_is_kept_stays_on_this_host_for_a_browser(target):
    kept = safe_next(target, "/home")
    # A browser drops tabs and newlines, and reads a backslash as a slash.
    seen = "".join(c for c in kept if c not in "\t\r\n").replace("\\", "/").strip()
    assert seen.startswith("/")
    assert not seen.startswith("//")


@pytest.mark.parametrize(
    "evil", ["//evil.example", "/%5Cevil.example", "/%09/evil.example", "/%0d%0aX: y", "https:evil"]
)
def test_signing_in_with_a_bad_address_to_return_to_stays_here(evil, app, engine, known):
    answer = app.test_client().post("/sign-in", data={"email": known.email, "password": known.password, "next": evil})
    assert answer.status_code == 303
    host, path = Client(app).get(answer.location).request.host, answer.location
    assert host == "localhost"
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
