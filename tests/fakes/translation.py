"""A LibreTranslate-compatible service on the loopback: it marks every line with the target, and can misbehave."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LANGUAGES = [{"code": code, "name": code, "targets": ["en", "zh-Hans", "de"]} for code in ("en", "zh-Hans", "de", "sr")]


def marked(wanted: dict[str, str]) -> dict[str, str]:
    """The answer of an honest service."""
    lines = wanted["q"].split("\n")
    return {"translatedText": "\n".join(f"[{wanted['target']}] {line}" if line else "" for line in lines)}


@dataclass
class Service:
    """What was asked of it, and how it answers: `answer` gives JSON, `raw` (status, headers, body) goes before it."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    answer: Callable[[dict[str, str]], Any] = marked
    languages: Any = field(default_factory=lambda: LANGUAGES)
    raw: tuple[int, dict[str, str], bytes] | None = None
    # An event that is never set makes it hang until the test is over.
    hang: threading.Event | None = None

    @property
    def words(self) -> str:
        """Everything that it was ever sent."""
        return "\n".join(wanted["q"] for wanted in self.asked)


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            """Tests are quiet."""

        def do_GET(self) -> None:
            self.send(200, {"Content-Type": "application/json"}, json.dumps(service.languages).encode())

        def do_POST(self) -> None:
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.asked.append(wanted)
            if service.hang is not None:
                service.hang.wait(20)
                return
            status, headers, body = service.raw or (200, {}, json.dumps(service.answer(wanted)).encode())
            self.send(status, headers, body)

        def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                return  # whoever asked has heard enough

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        if service.hang is not None:
            service.hang.set()
        server.shutdown()
        thread.join()
        server.server_close()
