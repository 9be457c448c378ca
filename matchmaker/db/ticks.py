"""What the clock does now and then: functions that a worker calls, each when it is due."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine


@dataclass(frozen=True)
class Tick:
    """Work that is due every so many seconds; `run` answers how much it did, and is called again at once until 0."""

    name: str
    seconds: float
    run: Callable[[Engine], int]
