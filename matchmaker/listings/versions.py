"""Versions: what a listing said at each revision that others could have read. The sealed part is not among it."""

import json
from collections.abc import Mapping
from typing import Any

from matchmaker.db.uow import UnitOfWork
from matchmaker.listings import queries, records
from matchmaker.listings.confidence import EVERYTHING
from matchmaker.listings.fields import FIELDS, WORDED
from matchmaker.listings.models import Listing, ListingVersion
from matchmaker.listings.queries import FullListing
from matchmaker.listings.sealed import digest_of

Contents = Mapping[str, Any]
"""Field → value as JSON has it; "texts" holds the further language versions."""

# Named one by one: what is added to a listing elsewhere, such as its sealed part, does not slip into a version.
_KEPT = frozenset(field.name for field in FIELDS)


def are_kept(listing: Listing) -> bool:
    """Whether anybody else may have read it already; until then a writer's attempts are nobody's business."""
    return listing.submitted_at is not None or listing.published_at is not None


def keep(uow: UnitOfWork, listing: Listing, author_id: int | None) -> None:
    """Write down what the listing says now, once for each revision."""
    assert listing.id is not None
    if not are_kept(listing) or records.version(uow.session, listing.id, listing.revision):
        return
    uow.session.flush()  # texts and codes are read from the database
    contents = json.dumps(contents_of(queries.full(uow.session, listing, EVERYTHING)), ensure_ascii=False)
    uow.session.add(
        ListingVersion(
            listing_id=listing.id,
            revision=listing.revision,
            author_id=author_id,
            contents=contents,
            sealed_digest=digest_of(uow.session, listing.id),
        )
    )


def contents_of(full: FullListing) -> dict[str, Any]:
    """Everything open that a listing says."""
    texts = [
        {"lang": text.lang, "origin": text.origin.value, **{name: getattr(text, name) for name in WORDED}}
        for text in full.texts[1:]
    ]
    return {**full.draft().model_dump(mode="json", include=set(_KEPT)), "texts": texts}


def read(version: ListingVersion) -> Contents:
    """The contents of a version."""
    found: dict[str, Any] = json.loads(version.contents)
    return found
