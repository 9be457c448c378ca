"""Which of many possible pairs to take when nobody may take part too often: the best total, exactly.

A candidate has a value and uses up one place in each of some quotas (its need's organisation, its result's, either
listing, a broker, a table, …). The chosen set has the highest total value that all quotas allow. With a quota on one
set of each side this is a transportation problem, whose linear programme has whole solutions; several quotas a side are
side constraints, after which it nearly always has. Where it has not, those candidates whose reduced cost says that no
best solution could differ in them are fixed, and a branch-and-bound decides the few others (`scipy.optimize`, HiGHS).

Everything is done in the order of ids, so that the order of arrival changes nothing; among candidates of the same value
that could replace each other the smaller id is taken.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

# A solution this near to a whole number is one; solvers work with tolerances of 1e-7.
WHOLE = 1e-6


@dataclass(frozen=True, order=True)
class Candidate:
    """A pair that could be taken; ids are unique, and a value of 0 or less is never taken."""

    id: int
    value: float
    uses: tuple[Hashable, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """The ids that were chosen, smallest first, and for each other one the quotas that are full without it.

    One that is worth nothing is kept out by no quota.
    """

    chosen: tuple[int, ...] = ()
    kept_out: Mapping[int, tuple[Hashable, ...]] = field(default_factory=dict)
    value: float = 0.0


def assign(candidates: Sequence[Candidate], quotas: Mapping[Hashable, int]) -> Assignment:
    """Choose; a key without a quota is free. Raises ValueError for a value that is no number or an id that is twice."""
    rows = sorted(candidates, key=lambda each: each.id)
    _check(rows, quotas)
    worth = [row for row in rows if row.value > 0]
    contested = _contested(worth, quotas)
    # Most markets are quiet: what nothing stands against is taken without asking a solver.
    free = [row for row in worth if not contested.intersection(row.uses)]
    disputed = [row for row in worth if contested.intersection(row.uses)]
    tight = {key: quotas[key] for key in contested}
    solved = _solve(disputed, tight) if disputed else []
    chosen = {row.id: row for row in [*free, *_settled(solved, disputed, tight)]}
    used = Counter(key for row in chosen.values() for key in row.uses)
    return Assignment(
        chosen=tuple(sorted(chosen)),
        kept_out={row.id: _full(row, used, quotas) for row in rows if row.id not in chosen},
        value=sum(row.value for row in chosen.values()),
    )


def _check(rows: Sequence[Candidate], quotas: Mapping[Hashable, int]) -> None:
    if not all(isfinite(row.value) for row in rows):
        raise ValueError("the value of a candidate must be a number")
    if len({row.id for row in rows}) < len(rows):
        raise ValueError("two candidates have the same id")
    if any(len(set(row.uses)) < len(row.uses) for row in rows):
        raise ValueError("a candidate uses a quota once")
    if any(quota < 0 for quota in quotas.values()):
        raise ValueError("a quota cannot be less than 0")


def _contested(rows: Sequence[Candidate], quotas: Mapping[Hashable, int]) -> set[Hashable]:
    """The quotas that cannot serve everybody who wants a place."""
    wanted = Counter(key for row in rows for key in row.uses)
    return {key for key, count in wanted.items() if key in quotas and count > quotas[key]}


def _solve(rows: Sequence[Candidate], quotas: Mapping[Hashable, int]) -> list[Candidate]:
    """The best set of rows, by linear programme and, where that is not whole, by branch and bound on the rest."""
    values = np.array([row.value for row in rows])
    matrix, limits = _matrix(rows, quotas)
    relaxed = linprog(-values, A_ub=matrix, b_ub=limits, bounds=(0, 1), method="highs-ds")
    if not relaxed.success:
        raise RuntimeError(f"the solver gave up: {relaxed.message}")
    taken = relaxed.x > 0.5
    if np.abs(relaxed.x - taken).max() > WHOLE:
        taken = _made_whole(relaxed, values, (matrix, limits))
    return [row for row, is_taken in zip(rows, taken, strict=True) if is_taken]


def _matrix(rows: Sequence[Candidate], quotas: Mapping[Hashable, int]) -> tuple[csr_array, NDArray[np.float64]]:
    """One line for each quota: who uses it, and how many may."""
    numbers: dict[Hashable, int] = {}
    lines, columns = [], []
    for column, row in enumerate(rows):
        for key in row.uses:
            if key in quotas:
                lines.append(numbers.setdefault(key, len(numbers)))
                columns.append(column)
    matrix = csr_array((np.ones(len(lines)), (lines, columns)), shape=(len(numbers), len(rows)))
    return matrix, np.array([quotas[key] for key in numbers], dtype=np.float64)


def _made_whole(
    relaxed: object, values: NDArray[np.float64], limits: tuple[csr_array, NDArray[np.float64]]
) -> NDArray[np.bool_]:
    """The best whole solution, from that of the linear programme.

    No whole solution is better than the relaxed one, and a rounded one is a bound from below: a variable whose reduced
    cost is above the gap between the two has the same value in every best solution.
    """
    x, bound = relaxed.x, -relaxed.fun  # type: ignore[attr-defined]
    matrix, most = limits
    rounded = _rounded(x, values, limits)
    gap = bound - float(values @ rounded) + WHOLE
    at_zero = relaxed.lower.marginals > gap  # type: ignore[attr-defined]
    at_one = relaxed.upper.marginals < -gap  # type: ignore[attr-defined]
    exact = milp(
        -values,
        constraints=LinearConstraint(matrix, ub=most),
        bounds=Bounds(at_one.astype(float), 1.0 - at_zero),
        integrality=np.ones(len(values)),
        options={"mip_rel_gap": 0.0},
    )
    if not exact.success:
        raise RuntimeError(f"the solver gave up: {exact.message}")
    found: NDArray[np.bool_] = exact.x > 0.5
    return found


def _rounded(
    x: NDArray[np.float64], values: NDArray[np.float64], limits: tuple[csr_array, NDArray[np.float64]]
) -> NDArray[np.bool_]:
    """A whole solution near the relaxed one: the largest shares first, as long as every quota has room."""
    matrix, room = limits[0].tocsc(), limits[1].copy()
    taken = np.zeros(len(x), dtype=bool)
    for column in np.lexsort((-values, -x)):
        lines = matrix.indices[matrix.indptr[column] : matrix.indptr[column + 1]]
        if (room[lines] >= 1).all():
            room[lines] -= 1
            taken[column] = True
    return taken


def _settled(
    solved: Sequence[Candidate], disputed: Sequence[Candidate], quotas: Mapping[Hashable, int]
) -> list[Candidate]:
    """The same total with the smaller ids, where candidates of one value use the same contested quotas."""
    taken = Counter(_kind(row, quotas) for row in solved)
    alike: dict[Hashable, list[Candidate]] = defaultdict(list)
    for row in disputed:
        alike[_kind(row, quotas)].append(row)
    return [row for kind, count in taken.items() for row in alike[kind][:count]]


def _kind(row: Candidate, quotas: Mapping[Hashable, int]) -> Hashable:
    return row.value, frozenset(key for key in row.uses if key in quotas)


def _full(row: Candidate, used: Mapping[Hashable, int], quotas: Mapping[Hashable, int]) -> tuple[Hashable, ...]:
    """The quotas of a row that have no place left."""
    if row.value <= 0:
        return ()
    return tuple(key for key in row.uses if key in quotas and used[key] >= quotas[key])
