"""Addresses as people outside of the portal need them: in letters, feeds and calendars."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app

from matchmaker.config import Settings


def public_url(endpoint: str, **values: Any) -> str:
    """The full address of a view; the same inside and outside of a request, whatever host a request names.

    A letter must not lead to where a forged Host header points.
    """
    base = urlsplit(_base())
    adapter = current_app.url_map.bind(base.netloc, script_name=base.path or "/", url_scheme=base.scheme)
    return adapter.build(endpoint, values, force_external=True)


def full_url(path: str) -> str:
    """The full address of a path of ours."""
    return _base() + path


def _base() -> str:
    base: str = current_app.extensions["matchmaker.url"]
    return base


def init_app(app: Flask) -> None:
    settings: Settings = app.extensions["matchmaker.settings"]
    # A server that took a free port puts its own address here; see cli.serve.
    app.extensions["matchmaker.url"] = settings.url
    app.jinja_env.globals.update(public_url=public_url, full_url=full_url)
