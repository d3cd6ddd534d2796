"""Whether a gradient is a mix of the members of a set, and of how much of each."""

from __future__ import annotations

import numpy as np

from gradassay.kinks.hull import Hull
from gradassay.vocabulary import Array

#: Solvers compute in float64: what they leave over, relative to their largest number.
_LEFT = 2.0**-20


def nearest(hull: Hull, got: Array) -> tuple[Array, bool | None]:
    """The weights of the point of the set that comes nearest, and whether that is ``got`` within the budget.

    Non-negative least squares on rows scaled by the budget finds the weights. Where its point lies just outside, a
    linear programme finds the one whose worst entry is best. None: neither could be shown.
    """
    n = hull.columns.shape[1]
    together = (hull.groups == np.arange(int(hull.groups.max()) + 1)[:, None]).astype(np.float64)
    varies, (a, b, slack) = hull.varies, _scaled(hull, got)
    nowhere = np.full(n, np.nan)
    if np.any(np.abs(b[~varies]) > 1 + slack[~varies]):
        return nowhere, False
    a, b, slack = a[varies], b[varies], np.max(slack[varies], initial=0.0)
    heavy = np.max(np.abs(a), initial=1.0)
    if not np.all(np.abs(b) <= 2 * len(together) * heavy):
        return nowhere, False
    weights, norm = _least_squares(a / heavy, b / heavy, together)
    if np.max(np.abs(b - a @ weights), initial=0.0) + slack <= 1:
        return weights, True
    # No miss is larger than 1 + slack at a member, so the norm of all misses is no larger than that.
    if norm > (1 + slack) * np.sqrt(len(b)) / heavy + _LEFT**2:
        return weights, False
    weights, least = _smallest_miss(a, b, together, weights, heavy)
    if np.max(np.abs(b - a @ weights), initial=0.0) + slack <= 1:
        return weights, True
    return weights, False if least - slack > 1 else None


def fits(hull: Hull, got: Array, weights: Array) -> bool:
    """Whether ``got`` is what these weights of the columns make."""
    a, b, slack = _scaled(hull, got)
    return bool(np.all(np.abs(b - a @ weights) + slack <= 1))


def free_weights(hull: Hull, got: Array) -> tuple[Array, Array] | None:
    """The weights of an affine set that ``got`` has, whatever they are, and how uncertain they are.

    NaN for what hands out nothing; None where the weights are not determined, or none fit.
    """
    a, b, _ = _scaled(hull, got)
    seen = np.any(np.abs(hull.columns) > 4 * hull.rad[:, None], axis=0)
    heavy = np.max(np.abs(a), initial=1.0)
    narrow = (a[:, seen] / heavy).astype(np.float64)
    if np.linalg.matrix_rank(narrow) < narrow.shape[1]:
        return None
    inverse = np.linalg.pinv(narrow)
    weights, uncertain = np.full((2, len(seen)), np.nan, np.longdouble)
    weights[seen] = 0
    for _ in range(2):  # the second time on what the first rounded off
        weights[seen] += inverse @ ((b - a[:, seen] @ weights[seen]) / heavy).astype(np.float64)
    uncertain[seen] = np.abs(inverse).sum(axis=1) / heavy
    return (weights, uncertain) if np.all(np.abs(b - a[:, seen] @ weights[seen]) <= 1) else None


def _scaled(hull: Hull, got: Array) -> tuple[Array, Array, Array]:
    """Columns, what they have to make, and the uncertainty, in budgets."""
    return hull.columns / hull.budget[:, None], (got - hull.base) / hull.budget, hull.rad / hull.budget


def _least_squares(a: Array, b: Array, together: Array) -> tuple[Array, float]:
    from scipy.optimize import nnls

    rows = np.vstack([a.astype(np.float64), together])
    try:
        weights, norm = nnls(rows, np.concatenate([b.astype(np.float64), np.ones(len(together))]))
    except RuntimeError:  # it did not come to an end
        weights, norm = np.zeros(a.shape[1]), 0.0
    return _summing_to_one(weights, together), norm


def _smallest_miss(a: Array, b: Array, together: Array, weights: Array, heavy: float) -> tuple[Array, float]:
    """Weights whose largest miss is smallest, and a bound below which no miss is; in steps away from ``weights``."""
    from scipy.optimize import linprog

    miss = b - a @ weights
    unit = max(float(np.max(np.abs(miss))), 1.0)
    n, narrow = len(weights), (a / heavy).astype(np.float64)
    aside, goal = np.ones((len(b), 1)), (miss / unit).astype(np.float64)
    lowest = -(weights * heavy / unit).astype(np.float64)
    found = linprog(
        np.r_[np.zeros(n), 1.0],
        A_ub=np.block([[narrow, -aside], [-narrow, -aside]]),
        b_ub=np.r_[goal, -goal],
        A_eq=np.c_[together, np.zeros(len(together))],
        b_eq=np.zeros(len(together)),
        bounds=[*((low, None) for low in lowest), (0, None)],
    )
    if found.status != 0:
        return weights, 0.0
    moved = weights + found.x[:n].astype(np.longdouble) * unit / heavy
    return _summing_to_one(moved, together), (float(found.x[n]) - _LEFT) * unit


def _summing_to_one(weights: Array, together: Array) -> Array:
    weights = np.maximum(weights, 0).astype(np.longdouble)
    sums = together @ weights
    even = together.T @ (1 / together.sum(axis=1))
    whole = (together.T @ sums) > 0
    return np.where(whole, weights / np.where(whole, together.T @ sums, 1), even)
