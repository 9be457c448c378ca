"""Where an error came from, for a log that must not repeat what people wrote."""

import traceback
from collections.abc import Iterator


def places(error: BaseException) -> str:
    """The kinds of an error and of its causes, with the lines they went through and without the words they carry.

    A library's message may quote the very text that it could not take.
    """
    return "".join(line for one in _chain(error) for line in (*traceback.format_tb(one.__traceback__), _kind(one)))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The causes first, as Python prints them."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return reversed(seen)


def _kind(error: BaseException) -> str:
    kind = type(error)
    return f"{kind.__module__}.{kind.__qualname__}\n"
