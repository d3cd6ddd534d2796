"""The set of gradients at ties that depend on each other: its members, and whether a gradient lies between them.

With a weight for each contender of each tie, the gradient is a polynomial in the weights. Where it is an affine one,
the set is known from one evaluation a contender: base + sum w_c column_c, with w >= 0 and the weights of a tie of
sum 1. That it is affine is seen at random weights, where any other polynomial differs from it. Else the members with
single winners are made, all of them up to a bound, and beyond it some; the set is what lies between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import prod

import numpy as np

from gradassay.vocabulary import Array, Enclosure, Truth, Winners

#: Choices of winners that are evaluated, each a whole evaluation of the definition.
LIMIT = 64
#: Contenders of a set that may turn out to be affine: there one evaluation each tells all choices.
AFFINE_LIMIT = 256
#: Solvers compute in float64: what they leave over, relative to their largest number.
_LEFT = 2.0**-20

Member = Sequence[Enclosure]


@dataclass(frozen=True, eq=False)
class Hull:
    """base + columns @ w: w >= 0, and the weights that ``groups`` puts together sum to 1. Rows are entries."""

    base: Array
    columns: Array
    groups: Array
    """For each column the number of its group, from 0."""
    rad: Array
    budget: Array
    choices: Array
    """For each column, the weights of all contenders that it stands for."""
    affine: bool
    tried: int
    """How many choices of winners were evaluated; of ``many`` that there are."""
    many: int
    complete: bool
    """Whether nothing outside belongs to the set."""

    def beside(self, got: Array) -> tuple[Hull, Array]:
        """What of both are numbers with a budget that says something; the rest is judged elsewhere."""
        finite = np.isfinite(self.base) & np.isfinite(self.columns).all(axis=1)
        rows = finite & np.isfinite(self.budget) & np.isfinite(got)
        parts = {name: getattr(self, name)[rows] for name in ("base", "columns", "rad", "budget")}
        return replace(self, **parts), got[rows]

    @property
    def varies(self) -> Array:
        """The entries that depend on the weights."""
        return np.asarray(np.any(np.abs(self.columns) > 4 * self.rad[:, None], axis=1))


@lru_cache(maxsize=4)  # asked again for every implementation and explanation
def hull_of(truth: Truth) -> Hull | None:
    """The set, as far as its bound lets it be known; None where not even some members are."""
    winners = truth.winners
    assert winners is not None
    if not winners.conditions and len(winners.ties) <= AFFINE_LIMIT:
        affine = _affine(truth, winners)
        if affine is not None:
            return affine
    return _between_members(truth, winners)


def matters(truth: Truth) -> bool:
    """Whether it makes a difference who wins a tie; that of a maximum which is only a shift makes none."""
    winners = truth.winners
    if winners is None:
        return False
    if truth.extremes or winners.conditions:
        return True
    own = truth.primal, *truth.gradients
    other = member_with(truth, np.random.default_rng(0).uniform(0.1, 1, len(winners.ties)))
    return other is None or any(
        bool(np.any(np.abs(a.mid - b.mid) > a.rad + b.rad)) for a, b in zip(own, other, strict=True)
    )


def member_with(truth: Truth, weights: Array) -> Member | None:
    """Primal and gradients with these weights; None where they have no bounded value."""
    assert truth.winners is not None
    member = truth.winners.value(weights)
    own = (truth.primal, *truth.gradients)
    if member is None or not all(
        np.all(np.isfinite(m.mid) | ~np.isfinite(o.mid)) for m, o in zip(member, own, strict=True)
    ):
        return None
    return member


def flat(arrays: Sequence[Array]) -> Array:
    """All entries in one vector, in the widest format."""
    return np.concatenate([np.ravel(array).astype(np.longdouble) for array in arrays])


def flat_of(member: Member, name: str) -> Array:
    """``mid``, ``rad`` or ``budget`` of a member in one vector."""
    return flat([getattr(enclosure, name) for enclosure in member])


def _affine(truth: Truth, winners: Winners) -> Hull | None:
    n = len(winners.ties)
    units = np.eye(n)
    rng = np.random.default_rng(n)
    probe = rng.uniform(0.1, 1, n)
    found = [member_with(truth, weights) for weights in (np.zeros(n), probe, *units[~winners.constant])]
    members = [member for member in found if member is not None]
    if len(members) < len(found):
        return None
    mids, rads, budgets = (np.stack([flat_of(m, name) for m in members]) for name in ("mid", "rad", "budget"))
    with np.errstate(invalid="ignore"):
        columns = np.zeros((mids.shape[1], n), np.longdouble)
        columns[:, ~winners.constant] = (mids[2:] - mids[0]).T
        terms = probe * columns
        apart = np.abs(mids[1] - mids[0] - terms.sum(axis=1))
        rounding = n * np.finfo(truth.primal.mid.dtype).eps * (np.abs(mids[0]) + np.abs(terms).sum(axis=1))
        if np.any(apart > (n + 2) * rads.max(axis=0) + rounding):
            return None
    own = truth.primal, *truth.gradients
    budget = np.maximum(budgets.max(axis=0), flat_of(own, "budget"))
    many = prod(np.bincount(winners.ties).tolist())
    return Hull(
        mids[0], columns, winners.ties, rads.max(axis=0), budget, units, True, len(found), many, complete=True
    )


def _between_members(truth: Truth, winners: Winners) -> Hull | None:
    choices, many = choices_of(winners)
    found = [(choice, member_with(truth, choice)) for choice in choices]
    kept = [(choice, member) for choice, member in found if member is not None]
    if not kept:
        return None
    members = [member for _, member in kept]
    mids, rads, budgets = (np.stack([flat_of(m, name) for m in members]) for name in ("mid", "rad", "budget"))
    with np.errstate(invalid="ignore"):
        columns = (mids - mids[0]).T
    return Hull(
        mids[0],
        columns,
        np.zeros(len(kept), np.int64),
        rads.max(axis=0),
        np.maximum(budgets.max(axis=0), flat_of((truth.primal, *truth.gradients), "budget")),
        np.stack([choice for choice, _ in kept]),
        False,
        len(kept),
        many,
        complete=winners.convex and len(kept) == many,
    )


def choices_of(winners: Winners) -> tuple[list[Array], int]:
    """A winner for each tie, as weights: all choices or, where they are too many, some; and how many there are.

    The first and the last winner of each are always among them; the others are drawn with a fixed seed.
    """
    contenders = [np.flatnonzero(winners.ties == tie) for tie in range(int(winners.ties.max()) + 1)]
    many = prod(map(len, contenders))
    if many <= LIMIT:
        picked = [np.array(choice) for choice in product(*contenders)]
    else:
        rng = np.random.default_rng(len(contenders))
        picked = [np.array([of[0] for of in contenders]), np.array([of[-1] for of in contenders])]
        picked += [np.array([rng.choice(of) for of in contenders]) for _ in range(LIMIT - 2)]
    units = np.eye(len(winners.ties))
    return [units[choice].sum(axis=0) for choice in picked], many


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
