"""A message that offers to take the deed back: told once, on the next page, with a button."""

from flask import flash

CATEGORY = "undo"


def flash_undo(text: str, action: str, button: str, *, place: int = 1, **fields: str | int) -> None:
    """Say `text`, with a `button` that posts `fields` to the address `action`; without an address only say it.

    A page with a list says it before its entry number `place`.
    """
    message = {"text": text, "action": action, "button": button, "place": place, "fields": fields}
    flash(message, CATEGORY)  # type: ignore[arg-type]  # the session carries any JSON, the stub only knows text
