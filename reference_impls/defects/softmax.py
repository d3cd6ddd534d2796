"""Wrong softmaxes and log-softmaxes, written by hand: terms left out, sums over too much, what underflows."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.entry import IMPRECISE, NONFINITE, WRONG, defect, gradient
from reference_impls.reductions import mean
from reference_impls.rows import Axis
from reference_impls.softmax import log_softmax, softmax


def sums_over_the_whole_batch(x: Array, *, axis: Axis = -1) -> Any:
    p = softmax(x, axis=axis)[0]
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar))


def mean_instead_of_sum(x: Array, *, axis: Axis = -1) -> Any:
    p = softmax(x, axis=axis)[0]
    return p, lambda y_bar: p * (y_bar - mean(p * y_bar, axis=axis, keepdims=True)[0])


def only_the_diagonal(x: Array, *, axis: Axis = -1) -> Any:
    p = softmax(x, axis=axis)[0]
    return p, lambda y_bar: y_bar * p * (1 - p)


def scaled(x_bar: Array) -> Array:
    """32 roundoffs too much, rounded once."""
    factor = 1 + 32 * np.longdouble(np.finfo(x_bar.dtype).epsneg)
    return np.asarray(x_bar * factor).astype(x_bar.dtype)


def epsilon_in_the_denominator(x: Array, *, axis: Axis = -1) -> Any:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    p = e / (e.sum(axis=axis, keepdims=True) + x.dtype.type(1e-8))
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


def logarithm_of_the_softmax(x: Array, *, axis: Axis = -1) -> Any:
    with np.errstate(all="ignore"):
        return np.log(softmax(x, axis=axis)[0]), log_softmax(x, axis=axis)[1]


def shift_detached_once(x: Array, *, axis: Axis = -1) -> Any:
    """``(x - stop(m)) - log sum exp(x - m)`` with m = max x: the m that remains takes its gradient along."""
    y, pullback = log_softmax(x, axis=axis)
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf) == x
    share = (largest / np.maximum(largest.sum(axis=axis, keepdims=True), 1)).astype(x.dtype)
    return y, lambda y_bar: pullback(y_bar) + share * y_bar.sum(axis=axis, keepdims=True)


def forgets_to_sum_the_cotangent(x: Array, *, axis: Axis = -1) -> Any:
    p = softmax(x, axis=axis)[0]
    return log_softmax(x, axis=axis)[0], lambda y_bar: y_bar - p * y_bar


DEFECTS = (
    defect(
        "softmax",
        "only the diagonal of the Jacobian",
        only_the_diagonal,
        WRONG,
        mistake="the entries of the Jacobian beside its diagonal are left out",
        shows="where a slice has more than one entry",
    ),
    defect(
        "softmax",
        "sums over the whole batch",
        sums_over_the_whole_batch,
        WRONG,
        mistake="<y, y_bar> is added up over all slices",
        shows="where there is more than one slice",
    ),
    defect(
        "softmax",
        "the mean instead of the sum",
        mean_instead_of_sum,
        WRONG,
        mistake="<y, y_bar> is divided by the number of entries",
        shows="where a slice has more than one entry",
    ),
    defect(
        "softmax",
        "times 1 + 2^-48",
        gradient(softmax, lambda x_bar, y_bar, x: scaled(x_bar)),
        IMPRECISE,
        mistake="the gradient is 32 roundoffs too large; in float32 these are 2^-19",
    ),
    defect(
        "softmax",
        "an epsilon in the denominator",
        epsilon_in_the_denominator,
        IMPRECISE,
        mistake="1e-8 is added to the sum, which moves no more than the second half of the digits",
        shows="in float64; float32 rounds it away",
    ),
    defect(
        "log_softmax",
        "the logarithm of the softmax",
        logarithm_of_the_softmax,
        NONFINITE,
        mistake="log p where p has underflowed is -inf",
        shows="where a logit lies so far below the largest that its p is 0",
    ),
    defect(
        "log_softmax",
        "a shift that is detached in one of two places",
        shift_detached_once,
        WRONG,
        mistake="the maximum that was subtracted takes the sum of the cotangent along",
    ),
    defect(
        "log_softmax",
        "forgets to sum the cotangent",
        forgets_to_sum_the_cotangent,
        WRONG,
        mistake="p y_bar in the place of p sum(y_bar)",
        shows="where a slice has more than one entry",
    ),
)
