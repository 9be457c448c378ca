"""Errors become pages: one table of statuses, and never a stack trace to a user."""

import logging
from http import HTTPStatus

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from matchmaker.core import errors
from matchmaker.core.traces import places
from matchmaker.i18n import lazy
from matchmaker.web.redirects import referring_path

log = logging.getLogger(__name__)

STATUS: dict[type[errors.MatchmakerError], HTTPStatus] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

# Title and advice per status; a status that is not here is told as its family's first.
WORDS: dict[int, tuple[LazyString, LazyString]] = {
    400: (lazy("This request could not be understood"), lazy("Please go back and try again.")),
    403: (lazy("You may not do this"), lazy("Sign in with an account that may, or ask its owner.")),
    404: (lazy("This page does not exist"), lazy("It may have been withdrawn. Try the search.")),
    405: (lazy("This cannot be done this way"), lazy("Please go back and use the buttons of the page.")),
    409: (
        lazy("Somebody was faster"),
        lazy("This was changed in the meantime. Reload the page to see how it is now, then try again."),
    ),
    413: (lazy("This is too much at once"), lazy("Please send less text, or a smaller file.")),
    422: (lazy("Some fields need attention"), lazy("Please go back and correct them.")),
    429: (lazy("Too many attempts"), lazy("Please wait a few minutes and try again.")),
    500: (lazy("Something went wrong on our side"), lazy("Nothing you saved is lost. Please try again.")),
    503: (lazy("Not ready yet"), lazy("The service is starting. Please try again in a moment.")),
}


def page(status: int) -> ResponseReturnValue:
    """The error page of a status."""
    title, advice = WORDS.get(status) or WORDS[400 if status < 500 else 500]
    return render_template("errors/error.html", status=status, title=title, advice=advice), status


def domain_error(error: errors.MatchmakerError) -> ResponseReturnValue:
    return page(STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR))


def http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirect is not an error
    return page(error.code)


def csrf_error(_error: CSRFError) -> ResponseReturnValue:
    title = lazy("This form was open for too long")
    advice = lazy("Go back, reload the page and send it again; copy a long text first.")
    return render_template("errors/error.html", status=400, title=title, advice=advice, back=referring_path()), 400


def surprise(error: Exception) -> ResponseReturnValue:
    # What a form sent may be sealed, and a library's message may quote it.
    log.error("unexpected error at %s %s\n%s", request.method, request.path, places(error))
    # The page must not ask again for what may just have failed, such as the table of sign-ins.
    g.failed = True
    return page(500)


def init_app(app: Flask) -> None:
    app.register_error_handler(errors.MatchmakerError, domain_error)
    app.register_error_handler(CSRFError, csrf_error)
    app.register_error_handler(HTTPException, http_error)
    if not app.config.get("TESTING"):
        app.register_error_handler(Exception, surprise)
