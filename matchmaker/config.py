"""All settings, read once from the environment; the README's table lists the same names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
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
    # Load the shipped demo into an empty database. MATCHMAKER_DEMO
    demo: bool

    @property
    def index(self) -> Path:
        return self.var / "index"


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
    return Settings(
        var=var,
        database_url=env.get("DATABASE_URL") or f"sqlite:///{var / 'matchmaker.db'}",
        encoder=env.get("MATCHMAKER_ENCODER") or "bundled",
        models=Path(env.get("MATCHMAKER_MODELS") or var / "models").resolve(),
        encoder_threads=_number(env, "MATCHMAKER_ENCODER_THREADS", min(4, os.cpu_count() or 1), low=1, high=256),
        host=env.get("MATCHMAKER_HOST") or "127.0.0.1",
        port=_number(env, "MATCHMAKER_PORT", 8000, low=0, high=65535),
        threads=_number(env, "MATCHMAKER_THREADS", 8, low=1, high=256),
        secret_key=env.get("SECRET_KEY") or "",
        secure_cookies=_yes(env, "MATCHMAKER_SECURE_COOKIES", default=False),
        proxies=_number(env, "MATCHMAKER_PROXIES", 0, low=0, high=9),
        translate_url=_web_address(env, "MATCHMAKER_TRANSLATE_URL"),
        translate_key=env.get("MATCHMAKER_TRANSLATE_KEY") or "",
        demo=_yes(env, "MATCHMAKER_DEMO", default=True),
    )
