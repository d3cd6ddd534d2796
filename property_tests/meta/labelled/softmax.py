"""softmax and log_softmax, wrong in labelled ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.labelled.entry import IMPURE, NONFINITE, WRONG, Labelled
from reference_impls.softmax import log_softmax, softmax

Axis = int | tuple[int, ...] | None


def naive_exponentials(x: Array, *, axis: Axis = -1) -> Any:
    e = np.exp(x)
    p = e / e.sum(axis=axis, keepdims=True)
    return p, lambda y_bar: p * (y_bar - (p * y_bar).sum(axis=axis, keepdims=True))


def maximum_of_the_whole_batch(x: Array, *, axis: Axis = -1) -> Any:
    e = np.exp(x - np.max(x, initial=-np.inf))
    p = e / e.sum(axis=axis, keepdims=True)
    return p, lambda y_bar: p * (y_bar - (p * y_bar).sum(axis=axis, keepdims=True))


def diagonal_without_upstream(x: Array, *, axis: Axis = -1) -> Any:
    p, _ = softmax(x, axis=axis)
    return p, lambda y_bar: p - p * p


def one_term_of_two(x: Array, *, axis: Axis = -1) -> Any:
    p, _ = softmax(x, axis=axis)
    return p, lambda y_bar: p * y_bar


def shift_detached_once(x: Array, *, axis: Axis = -1) -> Any:
    """``(x - stop(m)) - log sum exp(x - m)`` with m = max x: the m that remains takes its gradient along."""
    y, pullback = log_softmax(x, axis=axis)
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf) == x
    share = largest / np.maximum(largest.sum(axis=axis, keepdims=True), 1)
    return y, lambda y_bar: pullback(y_bar) + share * y_bar.sum(axis=axis, keepdims=True)


_LATEST: dict[str, Array] = {}


def residual_in_the_layer(x: Array, *, axis: Axis = -1) -> Any:
    _LATEST["p"] = softmax(x, axis=axis)[0]

    def pullback(y_bar: Array) -> Array:
        p = _LATEST["p"]
        return np.asarray(p * (y_bar - (p * y_bar).sum(axis=axis, keepdims=True)))

    return _LATEST["p"].copy(), pullback


ENTRIES = (
    Labelled(
        name="exponentials without a shift",
        operation="softmax",
        source="documents 000 and 002, the simple softmax",
        rule=naive_exponentials,
        dtype="float32",
        verdict=NONFINITE,
        why="exp overflows, and inf / inf is NaN: an entry beyond the overflow of exp",
        cause="NaN in the primal",
        condition=r"overflow of exp|exp\(x\) overflows|(entry|max x) above 8\d",
    ),
    Labelled(
        name="the maximum of the whole batch as the shift",
        operation="softmax",
        source="document 002, SoftmaxLayer",
        rule=maximum_of_the_whole_batch,
        verdict=NONFINITE,
        why="a row far below the largest of the batch underflows to 0 / 0: rows that lie far apart",
        cause="NaN in the primal",
        condition="row|slice|batch",
        beside=(r"nonfinite \(NaN in the primal, NaN in an argument\)",),
    ),
    Labelled(
        name="y - y² for the gradient",
        operation="softmax",
        source="document 004, Softmax.backward",
        rule=diagonal_without_upstream,
        verdict=WRONG,
        why="the diagonal of the Jacobian alone, as if the cotangent were all ones",
        cause="diagonal",
    ),
    Labelled(
        name="y y_bar for the gradient",
        operation="softmax",
        source="a derivation that differentiates the numerator alone",
        rule=one_term_of_two,
        verdict=WRONG,
        why="the term y <y, y_bar>, that of the denominator, is missing",
        cause="term",
    ),
    Labelled(
        name="a shift that is detached in one of two places",
        operation="log_softmax",
        source="log-sum-exp by hand under automatic differentiation",
        rule=shift_detached_once,
        verdict=WRONG,
        why="the sum of the cotangent is added at the largest entry, so the gradient does not sum to 0",
        cause="the gradient|shift",
        remarks="sum",
    ),
    Labelled(
        name="the primal kept in the layer",
        operation="softmax",
        source="documents 002 and 004, layers that keep self.y",
        rule=residual_in_the_layer,
        verdict=IMPURE,
        why="the pullback uses what the latest forward left behind, which may be another's",
        cause="later call",
    ),
)
