"""Public ids: what addresses show, so that counts and order of rows stay private."""

import secrets

# No vowels, so that no word appears; no 0/o or 1/l, so that an id can be read out on the telephone.
ALPHABET = "23456789bcdfghjkmnpqrstvwxz"


def new_public_id(length: int = 10) -> str:
    """A random id of `length` letters; 27**10 is 2e14, so a collision needs millions of rows."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_secret() -> str:
    """A token of 256 bits for cookies and links; stored only as a hash."""
    return secrets.token_urlsafe(32)
