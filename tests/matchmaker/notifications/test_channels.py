"""Each way out keeps its promise: a file once, a mail server by its verdict, and no secret in what is said."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlmodel import select

from matchmaker.config import load
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.notifications import channels
from matchmaker.notifications.channels import Delayed, FileChannel, NullChannel, Refused, SmtpChannel, Unreachable
from matchmaker.notifications.models import Letter
from matchmaker.notifications.tasks import Postman
from tests.fakes.mail_server import mail_server

SENDER = "Portal <portal@example.org>"
# The user whom Linux keeps for those who own nothing.
NOBODY = 65534


def letter(address: str = "a@b.example", **values: str) -> Letter:
    contents = {"lang": "zh", "kind": "news", "subject": "主题", "text": "正文\n", "html": "<p>正文</p>\n", **values}
    return Letter(address=address, **contents)


def carry(channel: channels.Channel, *letters: Letter) -> None:
    channel.open()
    try:
        for each in letters:
            channel.send(each)
    finally:
        channel.close()


def test_a_file_is_named_by_the_message_id_and_written_once(tmp_path: Path):
    channel, one = FileChannel(tmp_path / "mail", SENDER), letter()
    carry(channel, one, one)
    carry(channel, one)
    (path,) = (tmp_path / "mail").iterdir()
    assert path.name == f"{one.public_id}.eml"
    assert f"<{one.public_id}@example.org>" in path.read_text()


def test_what_a_dead_process_left_half_written_is_replaced(tmp_path: Path):
    one = letter()
    (tmp_path / f".{one.public_id}.tmp").write_text("From: Por")
    carry(FileChannel(tmp_path, SENDER), one)
    assert [path.name for path in tmp_path.glob("*.*") if path.suffix != ".db"] == [f"{one.public_id}.eml"]


def test_a_folder_that_cannot_be_written_is_said_without_words_of_the_letter(tmp_path: Path):
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(Unreachable) as refused:
        carry(FileChannel(tmp_path / "mail", SENDER), letter())
    assert "a@b" not in str(refused.value)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write anywhere, so for a moment this process is not root."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(own)


def test_a_folder_without_permission_is_unreachable():
    # Not in tmp_path, whose parents only its owner may enter: it is to fail at the letter.
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with as_nobody(), pytest.raises(Unreachable, match="the letter cannot be written"):
            carry(FileChannel(Path(folder), SENDER), letter())
        assert list(Path(folder).iterdir()) == []
        Path(folder).chmod(stat.S_IRWXU)


def test_the_null_channel_takes_everything_and_leaves_nothing(app: Flask, engine: Engine, tmp_path: Path):
    with unit_of_work(engine) as uow:
        uow.session.add_all([letter(), letter()])
    channel = channels.open_channel(replace(app.extensions["matchmaker.settings"], mail="null"))
    assert Postman(channel)(engine) == 2
    with reading_session(engine) as session:
        assert all(taken.sent_at for taken in session.exec(select(Letter)))
    assert list(tmp_path.rglob("*.eml")) == []


def test_a_mail_server_gets_the_letter_for_its_receiver():
    with mail_server() as server:
        one, two = letter(), letter("c@d.example")
        carry(SmtpChannel(server.url, SENDER), one, two)
    assert [taken.receivers for taken in server.letters] == [["a@b.example"], ["c@d.example"]]
    message = server.letters[0].message
    assert message["Message-ID"] == f"<{one.public_id}@example.org>"
    assert message["Subject"] == "主题"
    assert [part.get_content().strip() for part in message.iter_parts()] == ["正文", "<p>正文</p>"]


def test_an_address_in_another_script_is_taken_by_a_server_that_knows_such():
    with mail_server() as server:
        carry(SmtpChannel(server.url, SENDER), letter("用户@例子.公司"))
    assert server.letters[0].receivers == ["用户@xn--fsqu00a.xn--55qx5d"]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [("550 no such mailbox", Refused), ("553 no", Refused), ("450 busy", Delayed), ("451 grey", Delayed)],
)
def test_a_receiver_is_refused_for_good_or_for_now_and_the_next_letter_is_taken(answer: str, verdict):
    with mail_server() as server:
        server.refuse["bad@b.example"] = answer
        channel = SmtpChannel(server.url, SENDER)
        channel.open()
        with pytest.raises(verdict) as refused:
            channel.send(letter("bad@b.example"))
        channel.send(letter())
        channel.close()
    assert answer[:3] in str(refused.value)
    assert "bad@b" not in str(refused.value)
    assert len(server.letters) == 1


@pytest.mark.parametrize(("answer", "verdict"), [("554 spam", Refused), ("452 full", Delayed), ("", Unreachable)])
def test_contents_are_refused_for_good_or_for_now_or_the_line_is_cut(answer: str, verdict):
    with mail_server() as server:
        server.answer = answer
        channel = SmtpChannel(server.url, SENDER)
        channel.open()
        with pytest.raises(verdict):
            channel.send(letter())
        server.answer = "250 taken"
        channel.send(letter())  # after a cut it connects again by itself
        channel.close()
    assert len(server.letters) == 1


def test_a_server_that_is_not_there_or_not_well_is_unreachable():
    with mail_server() as server:
        server.greeting = "421 closing"
        with pytest.raises(Unreachable, match="421"):
            SmtpChannel(server.url, SENDER).open()
        url = server.url
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        SmtpChannel(url, SENDER).open()


def test_a_password_is_never_said():
    with mail_server() as server:
        url = server.url.replace("smtp://", "smtp://user:hunter2@")
        with pytest.raises(Unreachable) as refused:  # this server offers no sign-in
            SmtpChannel(url, SENDER).open()
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(load({"MATCHMAKER_MAIL": url}))


def test_the_channel_is_the_one_that_the_settings_name(tmp_path: Path):
    def opened(mail: str) -> channels.Channel:
        return channels.open_channel(load({"MATCHMAKER_VAR": str(tmp_path), "MATCHMAKER_MAIL": mail}))

    assert isinstance(opened("null"), NullChannel)
    assert isinstance(opened("smtps://mail.example.org"), SmtpChannel)
    files = opened("")
    assert isinstance(files, FileChannel)
    assert files.folder == tmp_path / "mail"
