"""A real Chromium before the portal on a port of its own; a page that throws an error fails its test."""

import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import make_server

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the portal listens; forms must carry their token here."""
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(chromium: Browser, address: str, signed_in: Callable) -> Iterator[Callable[..., tuple[Page, Actor]]]:
    """Open a browser as somebody: `page, actor = visit(Role.BROKER)`; as the same one again with `client=`."""
    contexts, problems = [], []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            problems.append(message.text)

    def enter(role: Role = Role.MEMBER) -> tuple[Page, Actor]:
        client, actor = signed_in(role)
        context = chromium.new_context(base_url=address, locale="en-GB", viewport={"width": 1280, "height": 900})
        contexts.append(context)
        context.add_cookies([{"name": "session", "value": client.get_cookie("session").value, "url": address}])
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", note)
        # "Leave the page?" is answered with yes, as somebody in a hurry does.
        page.on("dialog", lambda dialog: dialog.accept())
        return page, actor

    yield enter
    for context in contexts:
        context.close()
    assert problems == []
