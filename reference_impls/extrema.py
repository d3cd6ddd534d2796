"""Maximum and minimum over an axis, several, or all of them.

Where one entry i alone is the largest of its slice, x_bar_i = y_bar and every other is 0. Where k entries share the
maximum it has a kink: every way of giving them non-negative parts of y_bar that add up to y_bar is a subgradient. The
rules here split evenly, y_bar / k each, which is the centre of that set and treats equal entries alike. Giving each of
them all of y_bar is no subgradient: together they would move the maximum k times as fast as it moves.

Equal means equal: entries one unit in the last place apart are no tie, infinities of one sign are one, and so are 0
and -0. A slice with NaN has the maximum NaN, and no gradient, which is NaN in all of the slice. The second order is
linear: x_bar depends on x only through who wins, so it hands nothing to x, and to y_bar the mean over the winners.

Shapes: ``axis`` None (all), an int, several or none; reduced axes are dropped, or kept with length 1 by ``keepdims``.
Dtypes: those of x; integers give float64. Errors: AxisError where there is no such axis, ValueError where a
slice is empty.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies.reductions import EXTREMUM_REGIONS, max_drafts, min_drafts
from reference_impls.conventions.reductions import MAX_CONVENTIONS, MIN_CONVENTIONS
from reference_impls.rows import Axis, contiguous, result_dtype, rounded, working_dtype
from reference_impls.totals import reduced_axes, total

Pullback = Callable[[Any], Array]
SecondPullback = Callable[[Any], tuple[Array, Array]]

#: Rows up to here cost NumPy more to begin than to reduce; their columns are long.
SHORT_ROW = 32


def max_definition(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest entry."""
    return x.max(axis=axis, keepdims=keepdims)


def min_definition(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest entry."""
    return x.min(axis=axis, keepdims=keepdims)


def max_(x: Any, *, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Pullback]:
    """The largest entry; y_bar is split evenly between equal ones."""
    return _extremum(np.maximum, np.asarray(x), axis, keepdims)


def min_(x: Any, *, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Pullback]:
    """The smallest entry; y_bar is split evenly between equal ones."""
    return _extremum(np.minimum, np.asarray(x), axis, keepdims)


def max_grad(
    x: Any, y_bar: Any, *, axis: Axis = None, keepdims: bool = False
) -> tuple[Array, SecondPullback]:
    """The pullback of :func:`max_` as a rule of its own."""
    return _grad(np.maximum, np.asarray(x), np.asarray(y_bar), axis)


def min_grad(
    x: Any, y_bar: Any, *, axis: Axis = None, keepdims: bool = False
) -> tuple[Array, SecondPullback]:
    """The pullback of :func:`min_` as a rule of its own."""
    return _grad(np.minimum, np.asarray(x), np.asarray(y_bar), axis)


def _extremum(ufunc: np.ufunc, x: Array, axis: Axis, keepdims: bool) -> tuple[Array, Pullback]:
    axes = reduced_axes(axis, x.ndim)
    entries, y = _largest(ufunc, x, axes)

    def pullback(y_bar: Any) -> Array:
        return _shared(entries == y, np.asarray(y_bar), axes, result_dtype(x.dtype))

    primal = rounded(y, result_dtype(x.dtype))
    if not keepdims:
        primal = primal.reshape([n for i, n in enumerate(x.shape) if i not in axes])
    return primal.copy() if primal.dtype == y.dtype else primal, pullback


def _grad(ufunc: np.ufunc, x: Array, y_bar: Array, axis: Axis) -> tuple[Array, SecondPullback]:
    axes = reduced_axes(axis, x.ndim)
    entries, y = _largest(ufunc, x, axes)
    winners, inner = entries == y, working_dtype(x.dtype)

    def pullback(x_bar_bar: Any) -> tuple[Array, Array]:
        won = np.where(winners, contiguous(x_bar_bar, inner), inner.type(0))
        with np.errstate(all="ignore"):
            mean = total(won, axes) / _count(winners, axes, inner)
        y_bar_bar = rounded(mean, result_dtype(y_bar.dtype)).reshape(y_bar.shape)
        return np.zeros(x.shape, result_dtype(x.dtype)), y_bar_bar

    return _shared(winners, y_bar, axes, result_dtype(x.dtype)), pullback


def _largest(ufunc: np.ufunc, x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """The entries in the working dtype, where every comparison comes out the same, and the extrema, axes kept."""
    entries = contiguous(x, working_dtype(x.dtype))
    shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    n = math.prod(x.shape[i] for i in axes)
    with np.errstate(all="ignore"):
        if 1 < n <= SHORT_ROW and axes == tuple(range(x.ndim - len(axes), x.ndim)):
            columns = np.ascontiguousarray(entries.reshape(-1, n).T)
            return entries, np.asarray(ufunc.reduce(columns, axis=0)).reshape(shape)
        return entries, np.asarray(ufunc.reduce(entries, axis=axes)).reshape(shape)


def _count(winners: Array, axes: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """How many winners each slice has, as numbers of ``dtype``, which are quicker to add than booleans."""
    return total(winners.astype(dtype), axes)


def _shared(winners: Array, y_bar: Array, axes: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """``y_bar / k`` for each of k winners and 0 for the others; NaN where NaN left no winner."""
    inner = working_dtype(dtype)
    count = _count(winners, axes, inner)
    with np.errstate(all="ignore"):
        share = rounded(y_bar.astype(inner).reshape(count.shape) / count, dtype)
        losers = rounded(np.where(count > 0, inner.type(0), inner.type(np.nan)), dtype)
    return np.asarray(np.where(winners, share, losers))


#: Region, title, entries for max, entries for min, axis; PyTorch's max over one axis picks, over all it splits.
_TIES = (
    ("ties", "two equal extrema of all", [1.0, 3.0, 3.0], [3.0, 1.0, 1.0], None),
    ("ties", "two equal extrema along an axis", [1.0, 3.0, 3.0], [3.0, 1.0, 1.0], 0),
    ("all_equal", "all equal", [2.0, 2.0, 2.0], [2.0, 2.0, 2.0], 0),
    ("zeros", "0 and -0", [-0.0, 0.0], [0.0, -0.0], 0),
    ("plus_infinity", "infinity twice", [np.inf, 1.0, np.inf], [np.inf, np.inf, np.inf], 0),
    ("minus_infinity", "minus infinity twice", [-np.inf, -np.inf], [-np.inf, 1.0, -np.inf], 0),
    ("nan", "a NaN", [1.0, np.nan, 3.0], [1.0, np.nan, 3.0], 0),
)

MAX = Operation(
    name="max",
    definition=max_definition,
    rule=max_,
    regions=EXTREMUM_REGIONS,
    drafts=max_drafts,
    conventions=MAX_CONVENTIONS,
    source="Clarke 1990, Optimization and Nonsmooth Analysis, 2.3.12",
    pullback_rule=max_grad,
    edges=tuple(Edge(region, title, (x,), {"axis": axis}) for region, title, x, _, axis in _TIES),
)

MIN = Operation(
    name="min",
    definition=min_definition,
    rule=min_,
    regions=EXTREMUM_REGIONS,
    drafts=min_drafts,
    conventions=MIN_CONVENTIONS,
    source="Clarke 1990, Optimization and Nonsmooth Analysis, 2.3.12",
    pullback_rule=min_grad,
    edges=tuple(Edge(region, title, (x,), {"axis": axis}) for region, title, _, x, axis in _TIES),
)
