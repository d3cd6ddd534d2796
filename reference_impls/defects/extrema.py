"""Wrong gradients of max and min: what a tie gets, and where the winner is looked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule
from reference_impls.defects.entry import RAISES, STRUCTURE, WRONG, defect, gradient
from reference_impls.extrema import max_, min_
from reference_impls.rows import Axis


def kept(y: Array, x: Array, axis: Axis) -> Array:
    """``y`` with the reduced axes kept."""
    shape: tuple[int, ...] = np.sum(x, axis=axis, keepdims=True).shape
    return y.reshape(shape)


def everything_to_every_winner(extremum: Rule) -> Rule:
    def rule(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
        y, _ = extremum(x, axis=axis, keepdims=keepdims)
        won = x == kept(y, x, axis)
        return y, lambda y_bar: np.where(won, kept(y_bar, x, axis), 0).astype(x.dtype)

    return rule


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


def lets_nearly_equal_entries_share(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, _ = max_(x, axis=axis, keepdims=keepdims)
    near = np.isclose(x, kept(y, x, axis), atol=0)
    count = np.sum(near, axis=axis, keepdims=True)
    return y, lambda y_bar: np.where(near, kept(y_bar, x, axis) / count, 0).astype(x.dtype)


def splits_a_tie_and_keeps_half(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, pullback = min_(x, axis=axis, keepdims=keepdims)
    tied = np.sum(np.equal(x, kept(y, x, axis)), axis=axis, keepdims=True) > 1
    return y, lambda y_bar: pullback(y_bar) * np.where(tied, x.dtype.type(0.5), x.dtype.type(1))


DEFECTS = (
    defect(
        "max",
        "the full cotangent to every winner",
        everything_to_every_winner(max_),
        WRONG,
        mistake="each of k equal entries gets all of the cotangent, which is k times what the slope allows",
        shows="where there is a tie",
        source="document 000, Max.backward",
    ),
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
        "max",
        "nearly equal entries share",
        lets_nearly_equal_entries_share,
        WRONG,
        mistake="entries within 1e-5 of the largest count as equal to it",
        shows="where there is a near-tie",
    ),
    defect(
        "min",
        "the full cotangent to every winner",
        everything_to_every_winner(min_),
        WRONG,
        mistake="each of k equal entries gets all of the cotangent, which is k times what the slope allows",
        shows="where there is a tie",
        source="document 000, Min",
    ),
    defect(
        "min",
        "a split tie keeps half",
        splits_a_tie_and_keeps_half,
        WRONG,
        mistake="what tied entries share is halved once more",
        shows="where there is a tie",
    ),
    defect(
        "min",
        "minus the maximum, with one sign too few",
        gradient(min_, lambda x_bar, y_bar, x: -x_bar),
        WRONG,
        mistake="-max(-x), differentiated as max(-x)",
    ),
)
