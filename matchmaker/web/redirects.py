"""Where to go back to: only to our own pages."""

from urllib.parse import urlsplit

from flask import request


def safe_next(target: str | None, otherwise: str) -> str:
    """`target` when it is a path of this site, else `otherwise`."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return otherwise
    parts = urlsplit(target)
    clean = not parts.scheme and not parts.netloc and not any(ord(c) < 32 for c in target)
    return target if clean else otherwise


def referring_path() -> str:
    """The page of this site that the request was sent from, or "" when it is another's or unknown."""
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or parts.netloc != request.host:
        return ""
    return safe_next(f"{parts.path}?{parts.query}" if parts.query else parts.path, "")
