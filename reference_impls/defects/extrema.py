"""Wrong gradients of max and min: what a tie gets, and where the winner is looked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.entry import RAISES, STRUCTURE, WRONG, defect
from reference_impls.extrema import max_, min_
from reference_impls.rows import Axis


def kept(y: Array, x: Array, axis: Axis) -> Array:
    """``y`` with the reduced axes kept."""
    shape: tuple[int, ...] = np.sum(x, axis=axis, keepdims=True).shape
    return y.reshape(shape)


def knows_no_negative_axis(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, pullback = max_(x, axis=axis, keepdims=keepdims)
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    shape = [1 if i in axes else n for i, n in enumerate(x.shape)]
    return y, lambda y_bar: pullback(y_bar.reshape(shape).reshape(y_bar.shape))


def looks_for_the_winner_in_the_whole_batch(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, pullback = max_(x, axis=axis, keepdims=keepdims)
    won = x == max_(x)[0] if x.size else np.zeros(x.shape, bool)
    return y, lambda y_bar: np.where(won, pullback(y_bar), 0).astype(x.dtype)


def takes_the_maximum_of_the_whole_batch(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    return max_(x, keepdims=keepdims)


def gives_the_cotangent_to_the_smallest(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, _ = max_(x, axis=axis, keepdims=keepdims)
    return y, min_(x, axis=axis, keepdims=keepdims)[1]


def splits_a_tie_and_keeps_half(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, pullback = min_(x, axis=axis, keepdims=keepdims)
    tied = np.sum(np.equal(x, kept(y, x, axis)), axis=axis, keepdims=True) > 1
    return y, lambda y_bar: pullback(y_bar) * np.where(tied, x.dtype.type(0.5), x.dtype.type(1))


DEFECTS = (
    defect(
        "max",
        "no negative axis",
        knows_no_negative_axis,
        RAISES,
        mistake="an axis that is counted from the end is not found among the axes",
        shows="where the axis is negative",
        source="document 000, max_backward_shape",
    ),
    defect(
        "max",
        "looks for the winner in the whole batch",
        looks_for_the_winner_in_the_whole_batch,
        WRONG,
        mistake="only the largest entry of all gets a gradient",
        shows="where there is more than one slice",
    ),
    defect(
        "max",
        "the maximum of the whole batch",
        takes_the_maximum_of_the_whole_batch,
        STRUCTURE,
        mistake="the axis is ignored",
        shows="where there is more than one slice",
    ),
    defect(
        "max",
        "the cotangent to the smallest",
        gives_the_cotangent_to_the_smallest,
        WRONG,
        mistake="the pullback looks for the smallest entry",
        shows="where not all entries are equal",
    ),
    defect(
        "min",
        "a split tie keeps half",
        splits_a_tie_and_keeps_half,
        WRONG,
        mistake="what tied entries share is halved once more",
        shows="where there is a tie",
    ),
)
