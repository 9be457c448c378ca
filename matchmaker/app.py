"""The composition root: the only module that knows every feature."""

import logging
import secrets
from datetime import timedelta
from functools import partial

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from matchmaker import cli
from matchmaker.accounts import policy as accounts_policy
from matchmaker.accounts import sessions
from matchmaker.accounts import views as accounts
from matchmaker.admin import audit_views as _audit_views  # noqa: F401  (views register on import)
from matchmaker.admin import limit_views as _limit_views  # noqa: F401
from matchmaker.admin import people_views as _office_people  # noqa: F401
from matchmaker.admin import views as admin
from matchmaker.alerts import news as _alerts_news  # noqa: F401  (kinds of news register on import)
from matchmaker.alerts import queries as alerts_queries
from matchmaker.alerts import tasks as alerts_tasks
from matchmaker.alerts import views as alerts
from matchmaker.config import ROOT, Settings, load
from matchmaker.core.errors import Misconfigured
from matchmaker.db.engine import open_engine
from matchmaker.db.ticks import Tick
from matchmaker.db.worker import Handler, Worker
from matchmaker.files import tasks as files_tasks
from matchmaker.files import views as files
from matchmaker.gold import tasks as gold_tasks
from matchmaker.gold import views as gold
from matchmaker.i18n import locales
from matchmaker.insights import views as insights
from matchmaker.interests import consent, expression_queries, introduction_files, introduction_tasks
from matchmaker.interests import introduction_views as introductions
from matchmaker.interests import models as _interests  # noqa: F401
from matchmaker.interests import rule_views as export_rules
from matchmaker.interests import views as interests
from matchmaker.learning import views as learning
from matchmaker.listings import attachment_views, attachments, machine_texts, translator
from matchmaker.listings import tasks as listings_tasks
from matchmaker.listings import telling as listings_telling
from matchmaker.listings import text_views as _text_views  # noqa: F401  (views of the same blueprint)
from matchmaker.listings import views as listings
from matchmaker.matching import family_tasks
from matchmaker.matching import runtime as matching
from matchmaker.matching import tasks as matching_tasks
from matchmaker.matching import views as matching_views
from matchmaker.notifications import letters
from matchmaker.notifications import tasks as notifications_tasks
from matchmaker.notifications import views as notifications
from matchmaker.notifications.channels import open_channel
from matchmaker.notifications.kinds import resolve
from matchmaker.organisations import people_views as _organisation_people  # noqa: F401
from matchmaker.organisations import telling as organisations_telling
from matchmaker.organisations import views as organisations
from matchmaker.people import account_views as _account_views  # noqa: F401
from matchmaker.people import views as people
from matchmaker.portal import views as portal
from matchmaker.quality import views as quality
from matchmaker.review import tasks as review_tasks
from matchmaker.review import views as review
from matchmaker.review import waiting
from matchmaker.review.deeds import DEEDS
from matchmaker.review.pair_page import LETTERS
from matchmaker.taxonomy import views as taxonomy
from matchmaker.web import access, addresses, context, errors, headers, presentation, static_files

# Text of a whole listing in every field, at four bytes a character, with room to spare.
MAX_FORM_BYTES = 2 * 1024 * 1024

# Characters of a secret key: shorter ones can be guessed.
LEAST_KEY = 32

BLUEPRINTS = (
    portal.bp,
    accounts.bp,
    people.bp,
    organisations.bp,
    admin.bp,
    insights.bp,
    listings.bp,
    matching_views.bp,
    quality.bp,
    attachment_views.bp,
    files.bp,
    review.bp,
    gold.bp,
    taxonomy.bp,
    notifications.bp,
    alerts.bp,
    interests.bp,
    introductions.bp,
    export_rules.bp,
    learning.bp,
)
# What the worker does: jobs of the queue by kind, and what the clock says.
HANDLERS: dict[str, Handler] = {**machine_texts.HANDLERS}
TICKS: tuple[Tick, ...] = (
    *listings_tasks.TICKS,
    *matching_tasks.TICKS,
    *notifications_tasks.TICKS,
    *review_tasks.TICKS,
    *introduction_tasks.TICKS,
)

# What the params of news mean, to those who may know it.
resolve("listing", listings_telling.titles)
resolve("search", alerts_queries.names)
resolve("organisation", organisations_telling.names)

# What somebody wrote who is interested, for the brokers who decide on it.
LETTERS.append(expression_queries.interests_of)
# A yes that a broker writes down may open an introduction.
DEEDS["record"] = consent.RECORD


def create_app(settings: Settings | None = None, *, testing: bool = False) -> Flask:
    """The application for these settings; reads the environment when there are none."""
    settings = settings or load()
    app = Flask("matchmaker", root_path=str(ROOT / "matchmaker"), template_folder=str(ROOT / "templates"))
    app.config.update(
        TESTING=testing,
        SECRET_KEY=settings.secret_key or secret_key(settings),
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        WTF_CSRF_TIME_LIMIT=None,
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies)  # type: ignore[method-assign]
    app.extensions["matchmaker.settings"] = settings
    app.extensions["matchmaker.engine"] = open_engine(settings.database_url)
    app.extensions["matchmaker.actor"] = sessions.current_actor
    app.extensions["matchmaker.looks_known"] = matching_views.looks_known
    app.extensions["matchmaker.permissions"] = accounts_policy.permissions
    app.teardown_appcontext(context.close_reader)
    locales.init_app(app)
    files.init_app(app)
    access.init_app(app)
    csrf = CSRFProtect(app)
    csrf.exempt(notifications.unsubscribe_now)  # posted by mail programs; its address is signed
    for part in (sessions, errors, headers, static_files, presentation, addresses):
        part.init_app(app)
    for part in (letters, notifications, people, organisations, interests, gold, matching, translator, cli):
        part.init_app(app)
    matcher: matching.Matcher = app.extensions["matchmaker.matcher"]
    matcher.followers += [
        # First, so that the others find one of each family.
        partial(family_tasks.follow, matcher),
        partial(review_tasks.follow, matcher),
        partial(review_tasks.refresh, matcher),
        partial(waiting.place_fresh, matcher.engine),
        partial(alerts_tasks.follow, matcher),
        partial(gold_tasks.follow, matcher),
    ]
    app.extensions["matchmaker.file_readers"] += [attachments.may_read, introduction_files.may_read]
    app.extensions["matchmaker.file_watchers"] += [attachments.note_look]
    postman = notifications_tasks.Postman(open_channel(settings))
    app.extensions["matchmaker.worker"] = Worker(
        matcher.engine, HANDLERS, (*TICKS, *files_tasks.ticks(settings)), [postman], app.app_context
    )
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def secret_key(settings: Settings) -> str:
    """The installation's own key, made once and readable by its owner only."""
    path = settings.var / "secret_key"
    if not path.exists():
        settings.var.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"secret_key.{secrets.token_hex(4)}")
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_hex(32))
        try:
            path.hardlink_to(temporary)  # the first of two processes wins, and both read its key
        except FileExistsError:
            logging.getLogger(__name__).info("another process made the secret key first")
        temporary.unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < LEAST_KEY:
        raise Misconfigured(f"{path.name} in the var folder holds no key; remove it and a new one is made")
    return key
