"""How letters leave the house: into files, nowhere, or to a mail server.

Every channel promises that sending the same letter twice does no more harm than its kind of transport allows: the file
channel writes it once; a mail server gets it again under the same Message-ID.
"""

import os
import smtplib
import ssl
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from matchmaker.config import Settings
from matchmaker.core.errors import MatchmakerError
from matchmaker.notifications.messages import message_of
from matchmaker.notifications.models import Letter

# For the answer to each command; a server that thinks longer is in trouble.
TIMEOUT_SECONDS = 20.0


class Refused(MatchmakerError):
    """This letter will never be taken: there is no such mailbox, say."""


class Delayed(MatchmakerError):
    """This letter was not taken now; later may be different."""


class Unreachable(MatchmakerError):
    """The way out is closed for all letters alike."""


class Channel(Protocol):
    """A way out; errors carry codes and kinds, never an address, a word of a letter or a password."""

    def open(self) -> None:
        """Make ready for some letters; raises Unreachable."""

    def send(self, letter: Letter) -> None:
        """Hand the letter over; raises Refused, Delayed or Unreachable."""

    def close(self) -> None:
        """That was all for now."""


class NullChannel:
    """Takes every letter and sends none."""

    def open(self) -> None:
        """Nothing to prepare."""

    def send(self, letter: Letter) -> None:
        """The letter counts as sent."""

    def close(self) -> None:
        """Nothing to end."""


class FileChannel:
    """Each letter becomes one file, named by its Message-ID; whole or not at all, and never twice."""

    def __init__(self, folder: Path, sender: str) -> None:
        self.folder, self.sender = folder, sender

    def open(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"no folder for letters can be made: {error.strerror}") from error

    def send(self, letter: Letter) -> None:
        # The public id is our own and of plain letters: no address reaches a file name.
        target = self.folder / f"{letter.public_id}.eml"
        # Of the same name each time, so that one who died in the middle leaves nothing behind.
        temporary = self.folder / f".{letter.public_id}.tmp"
        try:
            self._write(temporary, message_of(letter, self.sender).as_bytes())
            temporary.rename(target)
            _make_durable(self.folder)
        except OSError as error:
            raise Unreachable(f"the letter cannot be written: {error.strerror}") from error

    def _write(self, path: Path, contents: bytes) -> None:
        with path.open("wb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Every letter is durable already."""


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class SmtpChannel:
    """A mail server: smtp://user:password@host:port, encrypted when it offers that, or smtps:// from the first byte."""

    def __init__(self, url: str, sender: str) -> None:
        self.sender = sender
        self._parts = urlsplit(url)
        self._server: smtplib.SMTP | None = None

    def open(self) -> None:
        if self._server is not None:
            return
        try:
            self._server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_what(error)) from None

    def _connect(self) -> smtplib.SMTP:
        host, context = self._parts.hostname or "", ssl.create_default_context()
        server: smtplib.SMTP
        if self._parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, self._parts.port or 465, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, self._parts.port or 25, timeout=TIMEOUT_SECONDS)
        try:
            server.ehlo_or_helo_if_needed()
            if self._parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            if self._parts.username:
                server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def send(self, letter: Letter) -> None:
        self.open()
        assert self._server is not None
        message = message_of(letter, self.sender)
        try:
            self._server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise _verdict(code)(f"receiver refused ({code})") from None
        except smtplib.SMTPDataError as error:
            raise _verdict(error.smtp_code)(f"contents refused ({error.smtp_code})") from None
        except (smtplib.SMTPNotSupportedError, UnicodeError):
            raise Refused("the server takes no such address") from None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unreachable(_what(error)) from None

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


def _verdict(code: int) -> type[Refused] | type[Delayed]:
    return Refused if 500 <= code < 600 else Delayed


def _what(error: Exception) -> str:
    """The kind of error and its code; what a server says may repeat what it was told."""
    code = getattr(error, "smtp_code", None) or getattr(error, "errno", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def open_channel(settings: Settings) -> Channel:
    """The channel that MATCHMAKER_MAIL names."""
    if settings.mail == "null":
        return NullChannel()
    if settings.mail == "file":
        return FileChannel(settings.var / "mail", settings.mail_from)
    return SmtpChannel(settings.mail, settings.mail_from)
