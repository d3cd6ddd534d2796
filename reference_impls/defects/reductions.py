"""Wrong sums and means: over other axes, spread to other shapes, divided by other lengths."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.entry import IMPRECISE, NONFINITE, RAISES, STRUCTURE, WRONG, defect
from reference_impls.reductions import mean, sum_
from reference_impls.rows import Axis


def length(x: Array, axis: Axis) -> int:
    """How many entries a slice has."""
    return x.size // max(1, int(np.sum(x, axis=axis).size))


def sums_over_the_axis_before(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    if isinstance(axis, int) and x.ndim > 1:
        axis -= 1 if axis > -x.ndim else -1
    return sum_(x, axis=axis, keepdims=keepdims)


def all_to_the_first_of_each_slice(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, pullback = sum_(x, axis=axis, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)

    def first(y_bar: Array) -> Array:
        x_bar, behind = pullback(y_bar), np.zeros(x.shape, bool)
        for reduced in axes:
            np.moveaxis(behind, reduced, 0)[1:] = True
        return np.where(behind, 0, x_bar).astype(x.dtype)

    return y, first


def cotangent_as_short_as_it_came(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return sum_(x, axis=axis, keepdims=keepdims)[0], lambda y_bar: y_bar.reshape(kept).copy()


def broadcasts_without_the_axis(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, _ = sum_(x, axis=axis, keepdims=keepdims)
    return y, lambda y_bar: np.broadcast_to(y_bar, x.shape).copy()


def running_sum(x: Array, axis: Axis) -> Array | None:
    """All partial sums along the axis, from its start; None for several axes."""
    if isinstance(axis, tuple) or not x.size:
        return None
    with np.errstate(all="ignore"):
        return np.moveaxis(np.cumsum(x, axis=axis, dtype=x.dtype), 0 if axis is None else axis, 0)


def adds_one_after_the_other(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, pullback = sum_(x, axis=axis, keepdims=keepdims)
    partial = running_sum(x, axis)
    if partial is None or not np.isfinite(partial).all():
        return y, pullback
    return partial[-1].reshape(y.shape), pullback


def overflows_on_the_way(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, pullback = sum_(x, axis=axis, keepdims=keepdims)
    partial = running_sum(x, axis)
    if partial is None or np.isfinite(partial).all():
        return y, pullback
    return partial[-1].reshape(y.shape), pullback


def forgets_the_length(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    return mean(x, axis=axis, keepdims=keepdims)[0], sum_(x, axis=axis, keepdims=keepdims)[1]


def divides_by_all_entries(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, pullback = forgets_the_length(x, axis=axis, keepdims=keepdims)
    return y, lambda y_bar: pullback(y_bar) / x.dtype.type(x.size)


def divides_by_one_less(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, pullback = forgets_the_length(x, axis=axis, keepdims=keepdims)
    return y, lambda y_bar: pullback(y_bar) / x.dtype.type(max(1, length(x, axis) - 1))


DEFECTS = (
    defect(
        "sum",
        "over the axis before",
        sums_over_the_axis_before,
        STRUCTURE,
        mistake="the axis is one too small",
        shows="where an axis is given, from two axes on",
    ),
    defect(
        "sum",
        "the cotangent to the first of each slice",
        all_to_the_first_of_each_slice,
        WRONG,
        mistake="the cotangent is put into the first entry and not spread",
        shows="where a slice has more than one entry",
    ),
    defect(
        "sum",
        "a cotangent as short as it came",
        cotangent_as_short_as_it_came,
        STRUCTURE,
        mistake="the cotangent is left to broadcasting",
        shows="where a slice has more than one entry",
    ),
    defect(
        "sum",
        "broadcast without the axis",
        broadcasts_without_the_axis,
        RAISES,
        mistake="the cotangent is broadcast from the last axis, whatever the axis was",
        shows="where an axis but the first was reduced and not kept",
    ),
    defect(
        "sum",
        "one after the other",
        adds_one_after_the_other,
        IMPRECISE,
        mistake="a running sum, whose error grows with the number of terms",
        shows="where there are thousands of terms of one sign",
        source="Higham 2002, Accuracy and Stability of Numerical Algorithms, 4.2",
    ),
    defect(
        "sum",
        "a partial sum that overflows",
        overflows_on_the_way,
        NONFINITE,
        mistake="terms are added in their order, and what has once become infinite stays so, or becomes NaN",
        shows="where a partial sum overflows, and the sum does not",
    ),
    defect(
        "mean",
        "the length forgotten in the gradient",
        forgets_the_length,
        WRONG,
        mistake="the gradient of the sum",
        shows="where a slice has more than one entry",
    ),
    defect(
        "mean",
        "divided by all entries",
        divides_by_all_entries,
        WRONG,
        mistake="the gradient is divided by the size of the array, not of a slice",
        shows="where there is more than one slice",
    ),
    defect(
        "mean",
        "divided by one less",
        divides_by_one_less,
        WRONG,
        mistake="the gradient is divided by n - 1",
        shows="where a slice has more than one entry",
    ),
)
