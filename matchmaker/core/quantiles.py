"""A quantile as measurements print it: one of the values themselves, the smallest that so many do not exceed."""

from collections.abc import Sequence
from math import ceil


def quantile(values: Sequence[float], share: float) -> float:
    """The nearest rank; `share` is above 0 and at most 1. Raises ValueError where there is no value."""
    if not values:
        raise ValueError("of no values there is no quantile")
    # What a product of decimals is too large by must not cost a rank.
    return sorted(values)[max(0, ceil(round(share * len(values), 9)) - 1)]
