"""Operators that put a textbook's formula in the place of a rule's: one that overflows, cancels, or lacks a term."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule
from reference_impls.defects.operators.frame import Call, Operator, forwards, pullbacks
from reference_impls.labels import spread_cotangent
from reference_impls.softmax import softmax

# ---- formulas


def entrywise(value: Callable[[Array], Array], slope: Callable[[Array, Array], Array]) -> Operator:
    """The textbook's ``y = value(x)`` and ``x_bar = y_bar slope(x, y)``, in the dtype of x."""

    @forwards
    def operator(rule: Rule, x: Any) -> Any:
        x = np.asarray(x)
        y = np.asarray(value(x))
        factor = np.asarray(slope(x, y), x.dtype)
        return y, lambda y_bar: y_bar * factor

    return operator


def cancelling(slope: Callable[[Array], Array]) -> Operator:
    """``x_bar = y_bar slope(y)``, where the slope cancels."""
    return pullbacks(lambda call, y_bar: y_bar * slope(np.asarray(call.y)))


s_times_1_minus_s = cancelling(lambda s: s * (1 - s))
one_minus_y_squared = cancelling(lambda y: 1 - y * y)
naive_sigmoid = entrywise(
    lambda x: np.asarray(np.exp(x) / (1 + np.exp(x))),
    lambda x, s: np.asarray(np.exp(x) / (1 + np.exp(x)) ** 2),
)


@forwards
def naive_softmax(rule: Rule, x: Any, *, axis: Any = -1) -> Any:
    """``exp(x) / sum exp(x)`` without a shift."""
    e = np.exp(x)
    p = np.asarray(e / np.sum(e, axis=axis, keepdims=True))
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@forwards
def naive_log_softmax(rule: Rule, x: Any, *, axis: Any = -1) -> Any:
    """``log(exp(x) / sum exp(x))`` without a shift."""
    e = np.exp(x)
    p = np.asarray(e / np.sum(e, axis=axis, keepdims=True))
    return np.log(p), lambda y_bar: y_bar - p * np.sum(y_bar, axis=axis, keepdims=True)


# ---- terms that are left out

without_inner_product = pullbacks(lambda call, y_bar: call.y * y_bar)


@pullbacks
def without_labels(call: Call, y_bar: Array) -> Array:
    """``y_bar p``: the term of the labels is missing."""
    x, reduction = call.x, call.params.get("reduction", "mean")
    samples = int(np.prod(x.shape[:-1]))
    share = spread_cotangent(y_bar, reduction, samples, x.dtype).reshape(*x.shape[:-1], 1)
    return np.asarray(share * softmax(x)[0])
