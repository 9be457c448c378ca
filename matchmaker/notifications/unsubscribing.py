"""The link that ends letters of some kinds: signed, so that it works without signing in, and for nobody else."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from matchmaker.accounts.models import Person
from matchmaker.core.errors import NotFound
from matchmaker.web.addresses import public_url


@dataclass(frozen=True)
class Cancelled:
    """Whose letters of which kinds."""

    person: str
    kinds: tuple[str, ...]


def unsubscribe_url(person: Person, kinds: Iterable[str]) -> str:
    """The address that ends letters of these kinds to this person; good for ever, since letters are kept for years."""
    token = _signer().dumps([person.public_id, *kinds])
    return public_url("notifications.unsubscribe", token=token)


def read(token: str) -> Cancelled:
    """What a token says; raises NotFound for one that we did not sign."""
    try:
        person, *kinds = _signer().loads(token)
    except BadSignature:
        raise NotFound("no such letter") from None
    return Cancelled(person, tuple(kinds))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="unsubscribe")
