"""Wrong softmaxes of the source documents, each with its own mistake and no other."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.entry import NONFINITE, RAISES, WRONG, defect
from reference_impls.rows import Axis
from reference_impls.softmax import log_softmax, softmax


def pulled_back(p: Array, y_bar: Array, axis: Axis) -> Array:
    """``p (y_bar - <p, y_bar>)``, which is right."""
    return np.asarray(p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True)))


def normalised(e: Array, axis: Axis) -> Any:
    """Exponentials, however they were made, by their sum; the gradient is right for it."""
    p = e / e.sum(axis=axis, keepdims=True)
    return p, lambda y_bar: pulled_back(p, y_bar, axis)


def unshifted(x: Array, *, axis: Axis = -1) -> Any:
    return normalised(np.exp(x), axis)


def unshifted_over_everything(x: Array) -> Any:
    return normalised(np.exp(x), None)


def over_everything(x: Array) -> Any:
    return normalised(np.exp(x - np.max(x, initial=-np.inf)), None)


def shifted_by_the_maximum_of_the_batch(x: Array, *, axis: Axis = -1) -> Any:
    return normalised(np.exp(x - np.max(x, initial=-np.inf)), axis)


def axis_1_of_a_vector(x: Array, *, axis: Axis = -1) -> Any:
    return softmax(x, axis=1 if axis == -1 and x.ndim == 1 else axis)


def axis_1_of_any_array(x: Array, *, axis: Axis = 1) -> Any:
    return log_softmax(x, axis=axis)


def diagonal_without_cotangent(x: Array, *, axis: Axis = -1) -> Any:
    y = softmax(x, axis=axis)[0]
    return y, lambda y_bar: y - np.square(y)


def one_table_for_the_batch(x: Array) -> Any:
    """The diagonal and the product are taken of the matrix of all samples, where each has a table of its own."""
    y, pullback = softmax(x)
    if y.ndim != 2:  # the layer takes a matrix alone
        return y, pullback
    return y, lambda y_bar: np.sum(y_bar[np.newaxis, :] * (np.diag(y) - y.T @ y), axis=1)


DEFECTS = (
    defect(
        "softmax",
        "over the whole array, without a shift",
        unshifted_over_everything,
        WRONG,
        mistake="the sum is taken over the batch, too",
        shows="where there is more than one row",
        source="document 000, softmax1d; document 002, softmax",
    ),
    defect(
        "softmax",
        "over the whole array",
        over_everything,
        WRONG,
        mistake="maximum and sum are taken over the batch, too",
        shows="where there is more than one row",
        source="document 002, softmax#2",
    ),
    defect(
        "softmax",
        "axis 1 of a vector",
        axis_1_of_a_vector,
        RAISES,
        mistake="the last axis is called 1, which a vector does not have",
        shows="on vectors",
        source="document 000, Softmax",
    ),
    defect(
        "log_softmax",
        "axis 1 of any array",
        axis_1_of_any_array,
        WRONG,
        mistake="the default axis is 1, which is the last of a matrix alone",
        shows="from three axes on, where no axis is given; on vectors it raises",
        source="document 000, log_softmax",
    ),
    defect(
        "softmax",
        "the maximum of the whole batch as the shift",
        shifted_by_the_maximum_of_the_batch,
        NONFINITE,
        mistake="all of a row that lies far below the largest logit of the batch underflow, to 0 / 0",
        shows="where rows lie far apart",
        source="document 002, SoftmaxLayer.__call__",
    ),
    defect(
        "softmax",
        "one table for the batch",
        one_table_for_the_batch,
        RAISES,
        mistake="diag(Y) - Yᵀ Y of the matrix of all samples: its shapes fit for one sample or for as many as classes",
        shows="on matrices",
        source="document 002, SoftmaxLayer.gradient",
    ),
    defect(
        "softmax",
        "y - y² for the gradient",
        diagonal_without_cotangent,
        WRONG,
        mistake="the diagonal of the Jacobian, and no cotangent",
        source="document 004, Softmax.backward",
    ),
)
