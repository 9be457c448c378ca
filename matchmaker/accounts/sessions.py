"""flask-login over the table of sign-ins: the cookie holds a token that a row can end."""

from dataclasses import replace
from datetime import timedelta

from flask import Flask, Response, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from matchmaker.accounts import queries, service
from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.i18n.locales import languages
from matchmaker.web.context import reader, unit_of_work

# Often enough for "last seen", seldom enough not to write on every page.
SEEN_EVERY = timedelta(minutes=5)
# Where the browser's session keeps the public id of the organisation that was chosen to act for.
CHOSEN = "acting_for"

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
    return SignedInUser(token, _choosing(actor))


def _choosing(actor: Actor) -> Actor:
    """The actor with the organisation that this browser chose, as long as they still write for it."""
    chosen = session.get(CHOSEN)
    found = next((one.id for one in actor.affiliations if one.public_id == chosen and one.writes), None)
    return replace(actor, acting_for=found)


def act_for(public_id: str) -> None:
    """Let this browser act for one of the person's organisations until another is chosen or they sign out."""
    session[CHOSEN] = public_id


def this_browser() -> service.Browser:
    """What the request says of where it comes from."""
    return service.Browser(request.headers.get("User-Agent", ""), request.remote_addr or "")


def enter(person: Person) -> None:
    """Sign a person in with this browser."""
    with unit_of_work() as uow:
        token = service.sign_in(uow, person, this_browser())
        actor = queries.actor_of(uow.session, person)
    # A fresh cookie: nothing that was planted before the sign-in survives it.
    session.clear()
    begin(token, actor)


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


def current_token_hash() -> str:
    """The key of this browser's own row."""
    return service.digest(current_user.token) if current_user and current_user.is_authenticated else ""


def keep_language(response: Response) -> Response:
    """A language that was asked for by address becomes the account's own."""
    wanted = request.args.get("lang")
    if wanted not in languages() or request.endpoint == "static" or g.get("failed"):
        return response
    actor = current_actor()
    if actor is not None and actor.lang != wanted:
        with unit_of_work() as uow:
            service.speak(uow, actor.person_id, wanted)
    return response


def init_app(app: Flask) -> None:
    app.after_request(keep_language)
    # Not "strong": a telephone changes its address between cells; the row in the database is what protects.
    manager.session_protection = "basic"
    # Templates ask for actor(), so that a page that needs nobody asks nobody.
    manager.init_app(app, add_context_processor=False)
