"""The shipped demo loads whole, twice is once, and its owners are what they are in its files."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import SQLModel, col

import matchmaker.audit.models
import matchmaker.listings.models  # noqa: F401 - tables register on import
from matchmaker.accounts.models import Organisation
from matchmaker.core.errors import Misconfigured
from matchmaker.db.engine import open_engine, reading_session
from matchmaker.listings import demo
from matchmaker.listings.models import Direction, Listing, ListingText, Status, TextOrigin


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'demo.db'}")
    SQLModel.metadata.create_all(engine)
    yield engine
    engine.dispose()


def shipped(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (demo.FOLDER / name).read_text("utf-8").splitlines()]


def test_the_shipped_demo_loads_whole_and_without_a_note(database: Engine) -> None:
    report = demo.load(database)
    assert report.created == len(shipped("listings.jsonl")) >= 60
    assert (report.rejected, dict(report.notes), report.superseded) == ([], {}, 0)
    with reading_session(database) as session:
        assert session.execute(select(func.count()).select_from(Organisation)).scalar_one() == len(
            shipped("organisations.jsonl")
        )
        listings = session.execute(select(Listing)).scalars().all()
    assert {listing.status for listing in listings} == {Status.PUBLISHED}
    assert {listing.direction for listing in listings} == set(Direction)
    assert {(listing.source, listing.licence) for listing in listings} == {("demo", "CC BY 4.0")}
    assert len({listing.lang for listing in listings}) >= 8


def test_listings_belong_to_the_organisation_of_their_key_and_its_country(database: Engine) -> None:
    demo.load(database)
    wanted = {str(row["key"]): row.get("org") for row in shipped("listings.jsonl")}
    with reading_session(database) as session:
        owners = {one.id: one for one in session.execute(select(Organisation)).scalars()}
        for listing in session.execute(select(Listing)).scalars():
            owner = owners[listing.organisation_id]
            assert owner.demo_key == wanted[str(listing.source_id)]
            assert listing.country == owner.country


def test_machine_versions_are_marked_as_such(database: Engine) -> None:
    demo.load(database)
    versions = [version for row in shipped("listings.jsonl") for version in dict(row.get("texts") or {}).values()]  # type: ignore[call-overload]
    machine = sum(version.get("machine") is True for version in versions)
    with reading_session(database) as session:
        made = session.execute(
            select(func.count()).select_from(ListingText).where(col(ListingText.origin) == TextOrigin.MACHINE)
        ).scalar_one()
        texts = session.execute(select(func.count()).select_from(ListingText)).scalar_one()
    assert made == machine
    assert texts == len(versions) + len(shipped("listings.jsonl"))


def test_loading_the_demo_again_changes_nothing(database: Engine) -> None:
    first, second = demo.load(database), demo.load(database)
    assert (second.created, second.updated, second.unchanged) == (0, 0, first.created)


def test_a_changed_demo_is_brought_up_to_date(database: Engine, tmp_path: Path) -> None:
    owner = {"key": "o", "name": "水泵厂", "kind": "enterprise", "country": "CN", "fictitious": True}
    listing = {"key": "l", "direction": "need", "org": "o", "lang": "zh", "title": "求购耐磨泵"}

    def write(**changed: str) -> None:
        (tmp_path / "organisations.jsonl").write_text(json.dumps(owner | changed) + "\n")
        (tmp_path / "listings.jsonl").write_text(json.dumps(listing) + "\n")

    write()
    demo.load(database, tmp_path)
    write(name="新水泵厂", country="IT")
    report = demo.load(database, tmp_path)
    assert (report.created, report.updated) == (0, 1)
    with reading_session(database) as session:
        assert [one.name for one in session.execute(select(Organisation)).scalars()] == ["新水泵厂"]
        assert [one.country for one in session.execute(select(Listing)).scalars()] == ["IT"]


def test_a_listing_of_an_unknown_organisation_is_named(database: Engine, tmp_path: Path) -> None:
    (tmp_path / "organisations.jsonl").write_text("\n")
    (tmp_path / "listings.jsonl").write_text(json.dumps({"key": "l", "org": "nobody", "title": "泵"}) + "\n")
    with pytest.raises(Misconfigured, match="no organisation 'nobody'"):
        demo.load(database, tmp_path)
