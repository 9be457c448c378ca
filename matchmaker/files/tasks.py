"""Sweep up files whose row was never written: an upload that was cut off, a form that was refused."""

import time
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from matchmaker.config import Settings
from matchmaker.db.engine import reading_session
from matchmaker.db.ticks import Tick
from matchmaker.files import queries

# Longer than any upload takes between its bytes and its row.
LEFT_ALONE_SECONDS = 24 * 3600.0


def sweep(folder: Path, engine: Engine, now: float | None = None) -> int:
    """Remove old files without a row; answers 0, since one round sees them all."""
    before = (now or time.time()) - LEFT_ALONE_SECONDS
    old = [path for path in folder.glob("**/*") if path.is_file() and path.stat().st_mtime < before]
    if old:
        with reading_session(engine) as session:
            known = queries.places(session)
        for path in old:
            if str(path.relative_to(folder)) not in known:
                path.unlink(missing_ok=True)
    return 0


def ticks(settings: Settings) -> tuple[Tick, ...]:
    """What the clock does to files of this installation."""
    return (Tick("files.sweep", 6 * 3600.0, partial(sweep, settings.files)),)
