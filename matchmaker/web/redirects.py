"""Where to go back to: only to our own pages."""

from urllib.parse import urlsplit


def safe_next(target: str | None, otherwise: str) -> str:
    """`target` when it is a path of this site, else `otherwise`."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return otherwise
    parts = urlsplit(target)
    clean = not parts.scheme and not parts.netloc and not any(ord(c) < 32 for c in target)
    return target if clean else otherwise
