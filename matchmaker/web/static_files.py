"""Static addresses carry a piece of the file's hash, so that browsers keep files for a year and never an old one."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask


@cache
def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def init_app(app: Flask) -> None:
    folder = Path(app.static_folder or "static")

    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        path = folder / values.get("filename", "")
        if endpoint == "static" and "v" not in values and path.is_file():
            values["v"] = _version(path)

    app.url_defaults(add_version)
