"""Hand a file to whoever may read the thing that it belongs to, and to nobody else."""

from collections.abc import Callable
from urllib.parse import quote

from flask import Blueprint, Flask, current_app, request, send_file
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.config import Settings
from matchmaker.core.errors import Invalid, NotFound
from matchmaker.core.text import shorten
from matchmaker.db.uow import UnitOfWork
from matchmaker.files import queries, service
from matchmaker.files.kinds import IMAGES, MOST_BYTES
from matchmaker.files.models import StoredFile
from matchmaker.web.access import PUBLIC, access
from matchmaker.web.context import current_actor, reader, unit_of_work

bp = Blueprint("files", __name__, url_prefix="/files")

MayRead = Callable[[Session, Actor | None, StoredFile], bool]
NoteLook = Callable[[UnitOfWork, Actor | None, StoredFile], None]
# A form may carry several files and the texts of a listing.
UPLOAD_BYTES = 3 * MOST_BYTES


@bp.get("/<public_id>")
@access(PUBLIC)
def download(public_id: str) -> ResponseReturnValue:
    """The bytes, never to be run: as a download, under a policy that allows nothing."""
    stored = queries.by_public_id(reader(), public_id)
    if stored is None or not _may_read(stored):
        raise NotFound("no such file")
    _note(stored)
    path = service.path_of(current_app.extensions["matchmaker.settings"], stored)
    if not path.is_file():
        raise NotFound("the bytes of this file are gone")
    response = send_file(path, mimetype=stored.media_type, conditional=True, etag=stored.sha256)
    shown = "inline" if stored.media_type in IMAGES else "attachment"
    response.headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(stored.name, safe='')}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def takes_files(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Declare that the view's form may carry files, so that its body may be larger than a text."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def received(name: str, *, clean: bool = True) -> list[service.Received]:
    """The files of the form's input `name`, looked at and kept; raises Invalid that names the first unfit one."""
    settings: Settings = current_app.extensions["matchmaker.settings"]
    sent = [upload for upload in request.files.getlist(name) if upload.filename]
    uploads = [service.Upload(one.filename or "", one.stream) for one in sent]
    return [_receive(settings, upload, name, clean=clean) for upload in uploads]


def _receive(settings: Settings, upload: service.Upload, field: str, *, clean: bool) -> service.Received:
    try:
        return service.receive(settings, upload, field=field, clean=clean)
    except Invalid as error:
        raise Invalid(error.problems, about=shorten(service.plain_name(upload.name), service.NAME_LIMIT)) from error


def _may_read(stored: StoredFile) -> bool:
    rules: list[MayRead] = current_app.extensions["matchmaker.file_readers"]
    return any(rule(reader(), current_actor(), stored) for rule in rules)


def _note(stored: StoredFile) -> None:
    watchers: list[NoteLook] = current_app.extensions["matchmaker.file_watchers"]
    with unit_of_work() as uow:
        for watch in watchers:
            watch(uow, current_actor(), stored)


def _allow_files() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "takes_files", False):
        request.max_content_length = UPLOAD_BYTES


def init_app(app: Flask) -> None:
    """Features add who may read a file of theirs, and who wants to know of it; to come before anything reads a body."""
    app.extensions["matchmaker.file_readers"] = []
    app.extensions["matchmaker.file_watchers"] = []
    app.before_request(_allow_files)
