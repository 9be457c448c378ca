"""All settings, read once from the environment; the README's table lists the same names."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from matchmaker.core.errors import Misconfigured

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """What an installation may choose; defaults serve one machine with nothing else installed."""

    # Where the database, the model, the index and the secret key live. MATCHMAKER_VAR
    var: Path
    # SQLAlchemy address of the database. DATABASE_URL
    database_url: str
    # "bundled", or a sentence-transformers model by name or path. MATCHMAKER_ENCODER
    encoder: str
    # Where built models are kept, so that several installations may share one. MATCHMAKER_MODELS
    models: Path
    # Threads that the encoder may use. MATCHMAKER_ENCODER_THREADS
    encoder_threads: int
    # Address and port that the server listens on. MATCHMAKER_HOST, MATCHMAKER_PORT
    host: str
    port: int
    # Requests answered at the same time. MATCHMAKER_THREADS
    threads: int
    # Signs cookies; made and kept in the var folder when empty. SECRET_KEY
    secret_key: str
    # Cookies travel over TLS only; set it behind a TLS proxy. MATCHMAKER_SECURE_COOKIES
    secure_cookies: bool
    # Trusted proxies in front, whose X-Forwarded-… headers say who asks. MATCHMAKER_PROXIES
    proxies: int
    # Address of a LibreTranslate-compatible service; without one nothing is translated. MATCHMAKER_TRANSLATE_URL
    translate_url: str
    # What that service wants for an api_key, if anything. MATCHMAKER_TRANSLATE_KEY
    translate_key: str
    # Share of suggestions that are drawn from further down a list, so that verdicts teach more. MATCHMAKER_EXPLORE
    explore: float
    # Load the shipped demo into an empty database. MATCHMAKER_DEMO
    demo: bool
    # Command that looks at each uploaded file, whose path it is given: exit code 0 clean, 1 not. MATCHMAKER_SCANNER
    scanner: str
    # The address that people open the portal at; letters link to it. MATCHMAKER_URL
    url: str
    # How letters leave: "file", "null", or the address of a mail server. MATCHMAKER_MAIL
    mail: str = field(repr=False)  # it may hold a password
    # Whom letters are from. MATCHMAKER_MAIL_FROM
    mail_from: str

    @property
    def index(self) -> Path:
        return self.var / "index"

    @property
    def files(self) -> Path:
        return self.var / "files"


def _number(environ: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    raw = environ.get(name) or str(default)
    if not raw.isdecimal() or not low <= int(raw) <= high:
        raise Misconfigured(f"{name} is {raw!r}; it must be a whole number from {low} to {high}")
    return int(raw)


def _yes(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    raw = (environ.get(name) or ("1" if default else "0")).casefold()
    if raw not in {"0", "1", "no", "yes", "false", "true"}:
        raise Misconfigured(f"{name} is {raw!r}; it must be 1 or 0")
    return raw in {"1", "yes", "true"}


def _url(environ: Mapping[str, str], host: str, port: int) -> str:
    """The public address without a slash at its end; where nobody says it, the one that the server listens on."""
    given = environ.get("MATCHMAKER_URL")
    url = (given or f"http://{f'[{host}]' if ':' in host else host}:{port}").rstrip("/")
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
        number = parts.port
    except ValueError:
        known = number = None
    if not known or (number == 0 and given):
        raise Misconfigured(f"MATCHMAKER_URL is {given!r}; it must be an address such as https://portal.example.org")
    return url


def _mail(environ: Mapping[str, str]) -> str:
    mail = environ.get("MATCHMAKER_MAIL") or "file"
    try:
        parts = urlsplit(mail)
        known = mail in {"file", "null"} or (parts.scheme in {"smtp", "smtps"} and parts.hostname and parts.port != 0)
    except ValueError:
        known = False
    if not known:
        # Not repeated: it may hold a password.
        raise Misconfigured("MATCHMAKER_MAIL must be file, null, or smtp://user:password@host:port (or smtps://…)")
    return mail


def _mail_from(environ: Mapping[str, str], url: str) -> str:
    host = urlsplit(url).hostname or ""
    named = host if re.search("[a-z]", host) and "." in host else "localhost"
    sender = environ.get("MATCHMAKER_MAIL_FROM") or f"Technology Matchmaker <noreply@{named}>"
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(sender)[1]) or not sender.isprintable():
        raise Misconfigured(f"MATCHMAKER_MAIL_FROM is {sender!r}; write it as Portal <portal@example.org>")
    return sender


def _web_address(environ: Mapping[str, str], name: str) -> str:
    raw = environ.get(name) or ""
    try:
        parts = urlsplit(raw)
        fits = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        )
    except ValueError:
        fits = False
    if raw and not fits:
        # Not repeated: it may hold a password.
        raise Misconfigured(f"{name} must be an address such as https://translate.example.org")
    return raw.rstrip("/")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment; raises Misconfigured with one readable line."""
    env = os.environ if environ is None else environ
    var = Path(env.get("MATCHMAKER_VAR") or ROOT / "var").resolve()
    host = env.get("MATCHMAKER_HOST") or "127.0.0.1"
    port = _number(env, "MATCHMAKER_PORT", 8000, low=0, high=65535)
    url = _url(env, host, port)
    return Settings(
        var=var,
        database_url=env.get("DATABASE_URL") or f"sqlite:///{var / 'matchmaker.db'}",
        encoder=env.get("MATCHMAKER_ENCODER") or "bundled",
        models=Path(env.get("MATCHMAKER_MODELS") or var / "models").resolve(),
        encoder_threads=_number(env, "MATCHMAKER_ENCODER_THREADS", min(4, os.cpu_count() or 1), low=1, high=256),
        host=host,
        port=port,
        threads=_number(env, "MATCHMAKER_THREADS", 8, low=1, high=256),
        secret_key=env.get("SECRET_KEY") or "",
        secure_cookies=_yes(env, "MATCHMAKER_SECURE_COOKIES", default=False),
        proxies=_number(env, "MATCHMAKER_PROXIES", 0, low=0, high=9),
        translate_url=_web_address(env, "MATCHMAKER_TRANSLATE_URL"),
        translate_key=env.get("MATCHMAKER_TRANSLATE_KEY") or "",
        explore=_number(env, "MATCHMAKER_EXPLORE", 10, low=0, high=50) / 100,
        demo=_yes(env, "MATCHMAKER_DEMO", default=True),
        scanner=env.get("MATCHMAKER_SCANNER") or "",
        url=url,
        mail=_mail(env),
        mail_from=_mail_from(env, url),
    )
