"""The shipped demo: organisations and listings of the project's own, loaded through the import."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, select
from sqlmodel import col

from matchmaker.accounts.models import Organisation
from matchmaker.config import ROOT
from matchmaker.core.errors import Misconfigured
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.listings import sources
from matchmaker.listings.columns import Columns
from matchmaker.listings.importing import Report, import_entries
from matchmaker.listings.mapping import Entry, prepare

FOLDER = ROOT / "data" / "demo"
SOURCE = "demo"
LICENCE = "CC BY 4.0"
_ORGANISATION = ("name", "name_en", "kind", "country", "city", "size")


def load(engine: Engine, folder: Path = FOLDER) -> Report:
    """Load the demo, or bring a loaded one up to date; raises Invalid or Misconfigured when its files are unfit."""
    organisations = list(_rows(folder / "organisations.jsonl"))
    with unit_of_work(engine) as uow:
        owners = {str(row["key"]): _organisation(uow, row) for row in organisations}
    return import_entries(engine, list(_entries(folder / "listings.jsonl", owners)))


def _rows(path: Path) -> Iterator[sources.Values]:
    for row in sources.read(path):
        if row.values is None:
            raise Misconfigured(f"{path.name}, line {row.line}: {row.problem}")
        yield row.values


def _organisation(uow: UnitOfWork, row: sources.Values) -> Organisation:
    key = str(row["key"])
    found = uow.session.execute(select(Organisation).where(col(Organisation.demo_key) == key)).scalar_one_or_none()
    organisation = found or Organisation(demo_key=key, name="", kind="", country="")
    for name in _ORGANISATION:
        setattr(organisation, name, str(row.get(name, "")))
    uow.session.add(organisation)
    uow.session.flush()  # the listings need organisation.id
    return organisation


def _entries(path: Path, owners: dict[str, Organisation]) -> Iterator[Entry]:
    columns = Columns(SOURCE)
    for line, row in enumerate(_rows(path), start=1):
        owner = owners.get(str(row.get("org", "")))
        if owner is None and "org" in row:
            raise Misconfigured(f"{path.name}, line {line}: no organisation {row['org']!r}")
        # A listing stands in its owner's country unless it says otherwise.
        given = ({"country": owner.country} if owner else {}) | {name: row[name] for name in row if name != "org"}
        picked = columns.pick(given)
        entry = prepare(picked, columns.key(picked, given), line)
        yield replace(entry, organisation_id=owner.id if owner else None, licence=LICENCE)
