"""Search until there are enough that do not stand together: filters come before the cut, and so does a family."""

from collections.abc import Callable, Collection

from embeddings.pool import Found
from matchmaker.listings.families import Families

# The k best among all but these listings.
Search = Callable[[Collection[int]], list[Found]]


def spread(search: Search, families: Callable[[Collection[int]], Families], k: int) -> tuple[list[Found], Families]:
    """Documents of at least k families where there are so many, and their families.

    Where nobody stands together it is one search. Else families that were met are left out of the next one as a
    whole, so that 5,000 copies cost one search more and not a hundred.
    """
    found: list[Found] = []
    out: set[int] = set()
    while True:
        more = search(out)
        found += more
        known = families([row.owner for row in found])
        if len(more) < k or len({known.key(row.owner) for row in found}) >= k:
            return found, known
        out = known.with_kin(row.owner for row in found)
