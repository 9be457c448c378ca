"""Take a file in: look at it, let a scanner see it, clean it, keep it; its row comes last, so that none lacks it."""

import hashlib
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.config import ROOT, Settings
from matchmaker.core.errors import Invalid, Unavailable
from matchmaker.core.text import clean_line
from matchmaker.db.uow import UnitOfWork
from matchmaker.files.kinds import BY_TYPE, KINDS, MOST_BYTES, Bomb, FileKind, kind_of
from matchmaker.files.models import Scan, StoredFile

# A little more than the reader's own limit, which counts processor time.
READER_SECONDS, SCANNER_SECONDS = 60, 60
NAME_LIMIT = 200


@dataclass(frozen=True)
class Upload:
    """A file as a browser sends it: its name there, and its bytes."""

    name: str
    stream: IO[bytes]


@dataclass(frozen=True)
class Received:
    """A file that was looked at and cleaned, and lies in the folder of files; `text` is what it says."""

    name: str
    kind: FileKind
    place: str
    size: int
    sha256: str
    scan: Scan
    text: str


def receive(settings: Settings, upload: Upload, *, field: str = "file", clean: bool = True) -> Received:
    """Put the bytes in their place, outside of any transaction; raises Invalid naming `field`, or Unavailable.

    With `clean` false the file is kept as it came (a signed document); it is read through all the same.
    """
    with _arriving(settings.files, upload.stream, field) as path:
        kind = _look_at(path, upload.name, field)
        scan = _scan(settings.scanner, path, field)
        cleaned = path.with_suffix(".clean")
        try:
            text = _read(kind, path, cleaned, field)
            kept = cleaned if clean else path
            size, digest = kept.stat().st_size, _sha256(kept)
            place = _keep(settings.files, kept)
        finally:
            cleaned.unlink(missing_ok=True)
    return Received(tidy_name(upload.name, kind), kind, place, size, digest, scan, text)


def store(uow: UnitOfWork, received: Received, *, actor: Actor) -> StoredFile:
    """Write the row of a received file."""
    stored = StoredFile(
        name=received.name,
        media_type=received.kind.media_type,
        size=received.size,
        sha256=received.sha256,
        place=received.place,
        scan=received.scan,
        uploaded_by=actor.person_id,
    )
    uow.session.add(stored)
    uow.session.flush()  # whoever attaches it needs its id
    record(uow, actor.public_id, "file.store", ("file", stored.public_id), f"{received.kind.name} {received.size}")
    return stored


def drop(uow: UnitOfWork, settings: Settings, stored: StoredFile, *, actor: Actor) -> None:
    """Remove a file's row, and its bytes once that is durable."""
    path = path_of(settings, stored)
    uow.session.delete(stored)
    uow.after_commit(lambda: path.unlink(missing_ok=True))
    record(uow, actor.public_id, "file.drop", ("file", stored.public_id))


def path_of(settings: Settings, stored: StoredFile) -> Path:
    """Where the bytes are."""
    return settings.files / stored.place


def plain_name(name: str) -> str:
    """The name without folders and controls."""
    return clean_line(PurePath(name.replace("\\", "/")).name).strip(". ")


def tidy_name(name: str, kind: FileKind) -> str:
    """The same without a false ending, at most 200 characters."""
    line = plain_name(name)
    stem = line
    for ending in kind.endings:
        if line.casefold().endswith(ending):
            stem = line[: -len(ending)]
    return f"{stem[:NAME_LIMIT].strip() or kind.name}{kind.endings[0]}"


def accepted() -> str:
    """What a file input is told to offer."""
    return ",".join(ending for kind in KINDS for ending in kind.endings)


@contextmanager
def _arriving(folder: Path, stream: IO[bytes], field: str) -> Iterator[Path]:
    """The bytes in a temporary file of the same disk, which is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"arriving-{secrets.token_hex(12)}"
    try:
        with path.open("xb") as file:
            left = MOST_BYTES + 1
            while left and (piece := stream.read(min(1 << 16, left))):
                file.write(piece)
                left -= len(piece)
        if not left:
            raise Invalid({field: "file_too_large"})
        if not path.stat().st_size:
            raise Invalid({field: "file_empty"})
        yield path
    finally:
        path.unlink(missing_ok=True)


def _look_at(path: Path, name: str, field: str) -> FileKind:
    try:
        with path.open("rb") as file:
            kind = kind_of(file)
    except Bomb:
        raise Invalid({field: "file_bomb"}) from None
    if kind is None:
        raise Invalid({field: "file_kind"})
    ending = PurePath(name).suffix.casefold()
    if ending and ending not in kind.endings:
        raise Invalid({field: "file_lies"})
    if path.stat().st_size > kind.limit:
        raise Invalid({field: "file_too_large"})
    return kind


def _scan(command: str, path: Path, field: str) -> Scan:
    """Ask the scanner: exit code 0 is clean, 1 is not, anything else means that it could not look."""
    if not command:
        return Scan.UNSCANNED
    try:
        # The command is the operator's own, from the environment; the path is ours.
        done = subprocess.run(  # noqa: S603
            [*shlex.split(command), str(path)], capture_output=True, timeout=SCANNER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable("the scanner does not answer") from error
    if done.returncode == 1:
        raise Invalid({field: "file_refused"})
    if done.returncode:
        raise Unavailable("the scanner cannot look at files now")
    return Scan.CLEAN


def _read(kind: FileKind, path: Path, target: Path, field: str) -> str:
    command = [sys.executable, "-m", "matchmaker.files.reader", kind.media_type, str(path), str(target)]
    try:
        # Our own module; nothing of the upload stands in the command but a type of our table.
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=READER_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise Invalid({field: "file_damaged"}) from None
    if done.returncode or not target.exists():
        raise Invalid({field: "file_damaged"})
    return done.stdout.decode("utf-8", "replace")


def _keep(folder: Path, path: Path) -> str:
    """Move the file to a place of its own, durably; answers the place."""
    name = secrets.token_hex(16)
    place = f"{name[:2]}/{name}"
    (folder / name[:2]).mkdir(exist_ok=True, mode=0o700)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    os.link(path, folder / place)
    return place


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def kind_title(stored: StoredFile) -> str:
    """What kind of file it is, in the reader's language."""
    return str(BY_TYPE[stored.media_type].title)
