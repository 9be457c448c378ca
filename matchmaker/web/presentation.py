"""What every template may call: names in the reader's language, icons, and addresses that keep the query."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from math import floor
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

from flask import Flask, current_app, g, request, url_for
from flask_babel import format_currency, format_date, format_decimal, format_time
from flask_babel import get_locale as babel_locale
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from matchmaker.core import countries, languages
from matchmaker.i18n.locales import current_language

SPRITE = "vendor/bootstrap-icons-1.13.2/sprite.svg"
# What an address keeps for itself: the page of a list is another list's, and a language is remembered by a cookie.
PASSING = frozenset({"page", "lang"})


def country_name(code: str) -> str:
    """Name of a country or region in the reader's language."""
    return countries.country_name(code, current_language())


def language_name(code: str) -> str:
    """Name of a language in the reader's language."""
    return languages.language_name(code, current_language())


def day(value: date | datetime | None) -> str:
    """A date as the reader writes it, in their time zone; empty for None."""
    return "" if value is None else str(format_date(value, "medium"))


def moment(value: datetime | None) -> str:
    """A date with its time as the reader writes them, in their time zone; empty for None."""
    return "" if value is None else f"{format_date(value, 'medium')} {format_time(value, 'short')}"


def money(amount: Decimal | None, currency: str | None) -> str:
    """An amount as the reader writes it, without cents when there are none."""
    if amount is None:
        return ""
    amount = amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount
    if not currency:
        return str(format_decimal(amount))
    # The code, not the sign: "$" and "¥" are several currencies each in a cross-border market.
    # A no-break space keeps code and figure on one line.
    pattern = "¤¤\u00a0#,##0" if amount == amount.to_integral_value() else "¤¤\u00a0#,##0.00"
    return str(format_currency(amount, currency, format=pattern, currency_digits=False))


def hundredths(value: float) -> str:
    """A similarity with two decimals, in the reader's way of writing numbers."""
    return str(format_decimal(round(value, 2), format="0.00"))


def percent(value: float) -> int:
    """A share from 0 to 1 as a whole number from 0 to 100."""
    return round(100 * max(0.0, min(1.0, value)))


class Pointed(Protocol):
    """Something that has points, a share from 0 to 1."""

    @property
    def points(self) -> float: ...


Part = TypeVar("Part", bound=Pointed)


def whole_points(parts: Sequence[Part]) -> list[tuple[Part, int]]:
    """Each part with its points of 100, so rounded that they add up to the rounded sum (largest remainder)."""
    exact = [100 * part.points for part in parts]
    whole = [floor(points) for points in exact]
    missing = percent(sum(part.points for part in parts)) - sum(whole)
    for i in sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])[:missing]:
        whole[i] += 1
    return list(zip(parts, whole, strict=True))


def lang_attrs(code: str) -> Markup:
    """The attributes of a user's text: its language, and the direction that its first letter tells."""
    return Markup('lang="{}" dir="auto"').format("" if code == "und" else code)


def icon(name: str, size: int = 16, label: str = "") -> Markup:
    """A drawing of the sprite; hidden from screen readers unless it has a label."""
    address = f"{url_for('static', filename=SPRITE)}#{name}"
    meaning = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="bi" width="{0}" height="{0}" fill="currentColor" {1}><use href="{2}"></use></svg>'
    ).format(size, meaning, address)


def page_url(**changes: Any) -> str:
    """This page's address with the query changed; a value of None goes away."""
    query: dict[str, Any] = {k: [v for v in vs if v] for k, vs in request.args.lists() if k not in PASSING}
    query.update(changes)
    return _here({k: v for k, v in query.items() if v not in (None, "", [])})


def url_without(name: str, value: str) -> str:
    """This page's address without one of the values of a repeated parameter."""
    query = {k: [v for v in values if v and (k, v) != (name, value)] for k, values in request.args.lists()}
    return _here({k: v for k, v in query.items() if v and k not in PASSING})


def language_url(lang: str) -> str:
    """The same page in another language; the home page where this address only takes what a form sends."""
    adapter = current_app.create_url_adapter(request)
    try:
        readable = adapter is not None and bool(adapter.match(request.path, method="GET"))
    except HTTPException:
        readable = False
    return page_url(page=request.args.get("page"), lang=lang) if readable else url_for("portal.home", lang=lang)


def _here(query: dict[str, Any]) -> str:
    # Not url_for: a reader's own "_scheme" or "_external" in the query must stay a mere word.
    path = quote("/" + (request.script_root + request.path).lstrip("/"))
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def actor() -> Any:
    """Who is signed in, or None; None too on the page that says that the request has failed."""
    return None if g.get("failed") else current_app.extensions["matchmaker.actor"]()


def may(permission: str) -> bool:
    """Whether the reader's role has the permission, so that pages offer no link that would be refused."""
    someone = actor()
    return someone is not None and permission in current_app.extensions["matchmaker.permissions"](someone)


def reader_locale_tag() -> str:
    """The language of the page as HTML writes it."""
    locale = babel_locale()
    return str(locale).replace("_", "-") if locale else "en"


def init_app(app: Flask) -> None:
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    # A sentence may be broken over lines in a template; its catalogue entry is one line.
    env.policies["ext.i18n.trimmed"] = True
    env.filters.update(
        country_name=country_name,
        language_name=language_name,
        endonym=languages.endonym,
        day=day,
        moment=moment,
        money=money,
        percent=percent,
        hundredths=hundredths,
        whole_points=whole_points,
    )
    env.tests.update(rtl=languages.is_rtl)
    env.globals.update(
        actor=actor,
        icon=icon,
        is_rtl=languages.is_rtl,
        lang_attrs=lang_attrs,
        language_url=language_url,
        may=may,
        page_url=page_url,
        reader_locale_tag=reader_locale_tag,
        url_without=url_without,
    )
