"""Read the letters that the outbox holds, and do what their receivers do."""

import re
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from matchmaker.notifications.models import Letter


def letters(engine: Engine, kind: str = "", address: str = "") -> list[Letter]:
    """The letters of a kind and to an address, the newest first; all where nothing is asked."""
    wanted = select(Letter).order_by(col(Letter.id).desc())
    if kind:
        wanted = wanted.where(Letter.kind == kind)
    if address:
        wanted = wanted.where(Letter.address == address)
    with Session(engine) as session:
        return list(session.exec(wanted))


def path_in(text: str, beginning: str) -> str:
    """The path of the first address in a letter's text that begins so: `path_in(letter.text, "/confirm/")`."""
    found = re.search(rf"https?://\S*?({re.escape(beginning)}\S+)", text)
    assert found, text
    return urlsplit(found[1]).path


def confirmation(engine: Engine, email: str) -> str:
    """The path of the link in the newest letter that asks whether this address is theirs."""
    return path_in(letters(engine, "confirm_email", email)[0].text, "/confirm/")


def confirm_address(engine: Engine, client: FlaskClient, email: str) -> None:
    """Open the link of the letter and press the button, as a newcomer does."""
    path = confirmation(engine, email)
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 303
