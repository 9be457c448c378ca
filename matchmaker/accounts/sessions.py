"""flask-login over the table of sign-ins: the cookie holds a token that a row can end."""

from datetime import timedelta

from flask import Flask, g
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from matchmaker.accounts import queries, service
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.web.context import reader, unit_of_work

# Often enough for "last seen", seldom enough not to write on every page.
SEEN_EVERY = timedelta(minutes=5)

manager = LoginManager()


class SignedInUser(UserMixin):  # type: ignore[misc]  # flask-login ships no types
    """What flask-login carries through a request."""

    def __init__(self, token: str, actor: Actor) -> None:
        self.token, self.actor = token, actor

    def get_id(self) -> str:
        return self.token


@manager.user_loader  # type: ignore[untyped-decorator]  # flask-login ships no types
def load(token: str) -> SignedInUser | None:
    """The user of a cookie's token, while its row lives."""
    token_hash = service.digest(token)
    found = queries.signed_in(reader(), token_hash)
    if found is None:
        return None
    row, actor = found
    if now() - row.seen_at > SEEN_EVERY:
        with unit_of_work() as uow:
            service.seen(uow, token_hash)
    return SignedInUser(token, actor)


def begin(token: str, actor: Actor) -> None:
    """Put the token into the browser's cookie."""
    login_user(SignedInUser(token, actor), remember=False)
    g.pop("actor", None)


def end() -> None:
    """End the row and forget the cookie."""
    if current_user.is_authenticated:
        with unit_of_work() as uow:
            service.sign_out(uow, service.digest(current_user.token))
    logout_user()


def current_actor() -> Actor | None:
    """Who is signed in."""
    if not current_user or not current_user.is_authenticated:
        return None
    actor: Actor = current_user.actor
    return actor


def init_app(app: Flask) -> None:
    # Not "strong": a telephone changes its address between cells; the row in the database is what protects.
    manager.session_protection = "basic"
    # Templates ask for actor(), so that a page that needs nobody asks nobody.
    manager.init_app(app, add_context_processor=False)
