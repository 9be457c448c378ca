"""Which language a reader gets: the one asked for, their account's, the remembered one, or the browser's.

Catalogues are found by looking.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pytz
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, get_timezone

TRANSLATIONS = Path(__file__).parent / "translations"
COOKIE = "language"
ZONE_COOKIE = "timezone"
YEAR = 365 * 24 * 3600


@cache
def languages() -> tuple[str, ...]:
    """English, the language of the source, and every language that has a catalogue; Chinese first."""
    found = {path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")} | {"en"}
    return tuple(sorted(found, key=lambda code: (code not in {"zh", "en"}, code != "zh", code)))


def compile_catalogues() -> None:
    """Make the binary catalogues that are missing or older than their source."""
    for source in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name)
        # Another process may be doing the same; the last one wins, with the same content.
        temporary = target.with_suffix(f".{secrets.token_hex(4)}.tmp")
        with temporary.open("wb") as file:
            write_mo(file, catalogue)
        temporary.replace(target)


def choose_language() -> str:
    """The address's `lang`, else the account's, else the remembered one, else the browser's best.

    English when nobody reads.
    """
    if not has_request_context():
        return "en"
    for wanted in (request.args.get("lang"), _of_account("lang"), request.cookies.get(COOKIE)):
        if wanted in languages():
            return wanted
    return request.accept_languages.best_match(languages(), "en") or "en"


@cache
def _zones() -> frozenset[str]:
    """The names of all time zones; to look for them takes longer than most pages."""
    return frozenset(available_timezones())


def choose_zone() -> str:
    """The account's time zone, else the browser's, which a script of ours keeps in a cookie; UTC until then."""
    if not has_request_context():
        return "UTC"
    wanted = _of_account("timezone") or request.cookies.get(ZONE_COOKIE, "UTC")
    try:
        return ZoneInfo(wanted).key if wanted in _zones() else "UTC"
    except (ValueError, ZoneInfoNotFoundError):
        return "UTC"


def _of_account(name: str) -> str:
    """What the account of whoever is signed in asks for; nothing for a file, or after the look-up itself failed."""
    if request.endpoint == "static" or g.get("failed"):
        return ""
    actor = current_app.extensions["matchmaker.actor"]()
    return str(getattr(actor, name, ""))


def remember(response: Response) -> Response:
    """Keep a language that was asked for by address."""
    wanted = request.args.get("lang")
    if wanted in languages() and wanted != request.cookies.get(COOKIE):
        response.set_cookie(COOKIE, wanted, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


@contextmanager
def speaking(lang: str, zone: str = "UTC") -> Iterator[None]:
    """Words and times for a reader of `lang` in this time zone, inside and outside of a request."""
    before = get_timezone()
    with force_locale(lang if lang in languages() else "en"):
        _tell_time_in(pytz.timezone(zone))
        try:
            yield
        finally:
            _tell_time_in(before)


def _tell_time_in(zone: object) -> None:
    # flask-babel forces a language but no time zone; it keeps the one in use here.
    g._flask_babel.babel_tzinfo = zone


def current_language() -> str:
    """The language of this request, "en" outside of one."""
    locale = get_locale()
    return locale.language if locale else "en"


def language_choices() -> list[tuple[str, str]]:
    """Code and own name of each language of the portal."""
    return [(code, (Locale.parse(code).get_display_name(code) or code).capitalize()) for code in languages()]


def init_app(app: Flask) -> None:
    compile_catalogues()
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(TRANSLATIONS))
    Babel(app, locale_selector=choose_language, timezone_selector=choose_zone)
    app.after_request(remember)
    app.jinja_env.globals.update(
        current_language=current_language,
        language_choices=language_choices,
        text_direction=lambda: get_locale().text_direction if get_locale() else "ltr",
        this_year=lambda: datetime.now(UTC).year,
    )
    app.before_request(lambda: setattr(g, "language", current_language()))
