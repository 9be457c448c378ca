"""A mail server on the loopback that keeps what it takes, and refuses whom it is told to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class Taken:
    """A letter as it arrived: `receivers` of the envelope, and the message."""

    receivers: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailServer:
    """Letters in the order in which they were taken; `refuse` maps addresses to the answer that they get."""

    port: int = 0
    letters: list[Taken] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    # The answer to the end of a letter; the connection is cut instead of an answer when it is empty.
    answer: str = "250 taken"
    greeting: str = "220 ready"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


class _Session(socketserver.StreamRequestHandler):
    keeper: MailServer

    def handle(self) -> None:
        with suppress(ConnectionError):  # the other side was killed
            self._talk()

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _talk(self) -> None:
        self.receivers: list[str] = []
        self._say(self.keeper.greeting)
        while line := self.rfile.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            if not getattr(self, f"_{verb.lower()}", self._other)(rest):
                return  # cut off

    def _other(self, _rest: str) -> bool:
        self._say("250 ok")
        return True

    def _ehlo(self, _rest: str) -> bool:
        for line in ("250-here", "250-SMTPUTF8", "250 8BITMIME"):
            self._say(line)
        return True

    def _rcpt(self, rest: str) -> bool:
        address = rest.partition("<")[2].partition(">")[0]
        if address not in self.keeper.refuse:
            self.receivers.append(address)
        self._say(self.keeper.refuse.get(address, "250 ok"))
        return True

    def _rset(self, _rest: str) -> bool:
        self.receivers = []
        return self._other("")

    def _data(self, _rest: str) -> bool:
        self._say("354 go on")
        raw = self._message()
        if raw is None or not self.keeper.answer:
            return False
        if self.keeper.answer.startswith("250"):
            self.keeper.letters.append(Taken(self.receivers, raw))
        self.receivers = []
        self._say(self.keeper.answer)
        return True

    def _message(self) -> bytes | None:
        lines = []
        while line := self.rfile.readline():
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)
        return None  # cut off in the middle: nothing was taken


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def mail_server(port: int = 0) -> Iterator[MailServer]:
    """A server that runs as long as the block."""
    keeper = MailServer()
    handler = type("Session", (_Session,), {"keeper": keeper})
    with _Server(("127.0.0.1", port), handler) as server:
        keeper.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield keeper
        server.shutdown()
        thread.join()
