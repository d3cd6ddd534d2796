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
    with np.errstate(invalid="ignore"):  # inf - inf is no difference
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
