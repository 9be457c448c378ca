"""A public listing in the words of schema.org: a Demand for a need, an Offer for a result."""

from typing import Any

from matchmaker.listings.models import Direction, ListingText
from matchmaker.listings.queries import FullListing
from matchmaker.taxonomy.titles import title_of

Node = dict[str, Any]


def describe(full: FullListing, text: ListingText, url: str) -> Node:
    """The JSON-LD of a published listing in the language of `text`; empty values are left out."""
    listing = full.listing
    owner = _organisation(full)
    is_need = listing.direction is Direction.NEED
    node: Node = {
        "@context": ["https://schema.org", {"@language": text.lang}],
        "@type": "Demand" if is_need else "Offer",
        "@id": url,
        "url": url,
        "identifier": listing.public_id,
        "name": text.title,
        "description": text.summary or text.description,
        "validFrom": listing.published_at.isoformat() if listing.published_at else None,
        "validThrough": _until(full),
        "areaServed": [_country(code) for code in full.codes["target_countries"]],
        "itemOffered": _item(full, text),
        "priceSpecification": _price(full),
        # Nothing in schema.org points from a demand to who has it; the organisation "seeks" it.
        "@reverse": {"seeks": owner} if is_need and owner else None,
        "offeredBy": None if is_need else owner,
    }
    return _filled(node)


def _filled(node: Node) -> Node:
    return {key: value for key, value in node.items() if value not in (None, "", [], {})}


def _until(full: FullListing) -> str | None:
    listing = full.listing
    if listing.deadline:
        return listing.deadline.isoformat()
    return listing.expires_at.isoformat() if listing.expires_at else None


def _country(code: str) -> Node:
    return {"@type": "Country", "name": title_of("countries", code, "en"), "identifier": code}


def _organisation(full: FullListing) -> Node | None:
    if full.is_named and not full.owner:
        return None
    address = {"@type": "PostalAddress", "addressCountry": full.listing.country} if full.listing.country else None
    return _filled({"@type": "Organization", "name": full.owner if full.is_named else None, "address": address})


def _item(full: FullListing, text: ListingText) -> Node:
    categories = [
        {"@type": "CategoryCode", "inCodeSet": name, "codeValue": code, "name": title_of(field, code, "en")}
        for field, name in (("ipc", "IPC"), ("nace", "NACE Rev. 2"))
        for code in full.codes[field]
    ]
    return _filled({"@type": "Service", "name": text.title, "description": text.description, "category": categories})


def _price(full: FullListing) -> Node | None:
    listing = full.listing
    if listing.budget_currency is None or (listing.budget_min is None and listing.budget_max is None):
        return None
    return _filled(
        {
            "@type": "PriceSpecification",
            "minPrice": None if listing.budget_min is None else format(listing.budget_min, "f"),
            "maxPrice": None if listing.budget_max is None else format(listing.budget_max, "f"),
            "priceCurrency": listing.budget_currency,
        }
    )
