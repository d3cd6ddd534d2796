"""Sum and mean over an axis, several, or all of them.

With n entries in a slice::

    sum     y = x_1 + ... + x_n           x_bar_i = y_bar
    mean    y = (x_1 + ... + x_n) / n     x_bar_i = y_bar / n

Both are linear, so the pullback of the pullback is sum or mean itself, and nothing depends on x.

Shapes: ``axis`` None (all), an int, several or none; reduced axes are dropped, or kept with length 1 by ``keepdims``.
Dtypes: those of x; 16-bit formats are computed in float32 and rounded once; integers give float64. Errors:
AxisError where there is no such axis. The sum of nothing is 0, the mean of nothing NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies.reductions import SUM_REGIONS, sum_drafts
from reference_impls.conventions.reductions import MEAN_CONVENTIONS, SUM_CONVENTIONS
from reference_impls.rows import Axis, contiguous, result_dtype, rounded, working_dtype
from reference_impls.totals import reduced_axes, total

Pullback = Callable[[Any], Array]


def sum_definition(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """``sum x``."""
    return x.sum(axis=axis, keepdims=keepdims)


def mean_definition(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """``sum x / n``."""
    y = x.sum(axis=axis, keepdims=keepdims)
    return y / (x.size // max(y.size, 1))


def sum_(x: Any, *, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Pullback]:
    """The sum; the pullback hands y_bar to every entry."""
    x = np.asarray(x)
    return _reduced(x, axis, keepdims, 1), lambda y_bar: _spread(y_bar, x.shape, x.dtype, axis, 1)


def sum_grad(
    x: Any, y_bar: Any, *, axis: Axis = None, keepdims: bool = False
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    """The pullback of :func:`sum_` as a rule of its own."""
    return _grad(np.asarray(x), y_bar, axis, keepdims, 1)


def mean(x: Any, *, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Pullback]:
    """The sum, divided once; the pullback divides y_bar, which is the shorter."""
    x = np.asarray(x)
    n = _length(x.shape, axis)
    return _reduced(x, axis, keepdims, n), lambda y_bar: _spread(y_bar, x.shape, x.dtype, axis, n)


def mean_grad(
    x: Any, y_bar: Any, *, axis: Axis = None, keepdims: bool = False
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    """The pullback of :func:`mean` as a rule of its own."""
    x = np.asarray(x)
    return _grad(x, y_bar, axis, keepdims, _length(x.shape, axis))


def _length(shape: tuple[int, ...], axis: Axis) -> int:
    """How many entries a slice has."""
    return math.prod(shape[i] for i in reduced_axes(axis, len(shape)))


def _reduced(x: Array, axis: Axis, keepdims: bool, divisor: int) -> Array:
    axes = reduced_axes(axis, x.ndim)
    with np.errstate(all="ignore"):
        y = rounded(total(contiguous(x, working_dtype(x.dtype)), axes, divisor), result_dtype(x.dtype))
    return y if keepdims else y.reshape([n for i, n in enumerate(x.shape) if i not in axes])


def _spread(y_bar: Any, shape: tuple[int, ...], dtype: np.dtype[Any], axis: Axis, divisor: int) -> Array:
    """``y_bar / divisor`` in every entry of its slice."""
    axes = reduced_axes(axis, len(shape))
    inner, outer = working_dtype(dtype), result_dtype(dtype)
    with np.errstate(all="ignore"):
        share = rounded(np.asarray(y_bar).astype(inner) / inner.type(divisor), outer)
    x_bar = np.empty(shape, outer)
    x_bar[...] = share.reshape([1 if i in axes else n for i, n in enumerate(shape)])
    return x_bar


def _grad(
    x: Array, y_bar: Any, axis: Axis, keepdims: bool, divisor: int
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    y_bar = np.asarray(y_bar)

    def pullback(x_bar_bar: Any) -> tuple[Array, Array]:
        y_bar_bar = _reduced(np.asarray(x_bar_bar), axis, keepdims, max(divisor, 1))
        return np.zeros(x.shape, result_dtype(x.dtype)), rounded(y_bar_bar, result_dtype(y_bar.dtype))

    return _spread(y_bar, x.shape, x.dtype, axis, divisor), pullback


SUM = Operation(
    name="sum",
    definition=sum_definition,
    rule=sum_,
    regions=SUM_REGIONS,
    drafts=sum_drafts,
    conventions=SUM_CONVENTIONS,
    source="Higham 2002, Accuracy and Stability of Numerical Algorithms, chapter 4",
    pullback_rule=sum_grad,
    edges=(
        Edge("empty", "the sum of nothing", (np.zeros((0, 2)),), {"axis": 0}),
        Edge("large", "a partial sum that overflows", ([1.5e308, 1.5e308, -1.5e308],)),
        Edge("infinities", "infinities of both signs", ([np.inf, -np.inf, 1.0],)),
    ),
)

MEAN = Operation(
    name="mean",
    definition=mean_definition,
    rule=mean,
    regions=SUM_REGIONS,
    drafts=sum_drafts,
    conventions=MEAN_CONVENTIONS,
    source="Higham 2002, Accuracy and Stability of Numerical Algorithms, chapter 4",
    pullback_rule=mean_grad,
    edges=(
        Edge("empty", "the mean of nothing", (np.zeros((0, 2)),), {"axis": 0}),
        Edge("large", "a sum that overflows", ([1.5e308, 1.5e308],)),
        Edge("infinities", "an infinite entry", ([np.inf, 1.0],)),
    ),
)
