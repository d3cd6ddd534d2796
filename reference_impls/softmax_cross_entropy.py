"""Cross entropy of the softmax of logits, fused: L = log sum exp(x) - x_t for each sample, classes last.

With labels t as a distribution L = -sum_c t_c log p_c, where log p = x - log sum exp(x). From
d log p_c / d x_j = [c = j] - p_j::

    x_bar_j = y_bar (p_j sum_c t_c - t_j)         (y_bar / N under the mean over N samples)

which for an index label is y_bar (p_j - [j = t]). The 1 / p of the logarithm and the p of the softmax cancel
on paper, so that no probability has to be divided by, however small it is.

The log of the sum is taken apart as in log_softmax. A class with t_c = 0 takes no
part in the loss, not even at a logit of -inf; with t_c > 0 the loss is +inf there, its gradient finite.

Shapes: x (C,), (N, C) or (N, ..., C); the losses have that shape without C, or () when reduced. Dtypes: those
of x; 16-bit formats are computed in float32 and rounded once. Errors: ValueError for labels that fit no class
or no shape, and for an unknown reduction. The mean over no samples is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies import (
    SOFTMAX_CROSS_ENTROPY_REGIONS,
    softmax_cross_entropy_drafts,
)
from reference_impls.conventions.probabilities import SOFTMAX_CROSS_ENTROPY_CONVENTIONS
from reference_impls.distributions import Distributions, distributions, log_sum_exp
from reference_impls.exponents import marked
from reference_impls.labels import (
    class_indices,
    class_weights,
    gather_cotangent,
    reduced_in_range,
    sample_shape,
    spread_cotangent,
)
from reference_impls.rows import broadcast_by_row, contiguous, result_dtype, rounded, row_sums, working_dtype
from reference_impls.textbook import cross_entropy_of


def softmax_cross_entropy_definition(x: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """``-sum t log p`` with ``log p = x - log sum exp(x)`` and 0 log 0 = 0."""
    log_p = x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
    return cross_entropy_of(log_p, labels, reduction)


def softmax_cross_entropy(
    x: Any, labels: Any, *, reduction: str = "mean"
) -> tuple[Array, Callable[[Any], Array]]:
    """``r - (x_t - k)`` or ``-sum t ((x - k) - r)``, k + r = log sum exp(x); the pullback keeps p, unrounded."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    samples, classes = sample_shape(x.shape)
    at_label, weights = _read(labels, x.shape, inner)
    logits = contiguous(x.reshape(samples, classes), inner)
    d = distributions(logits)

    def losses(smaller: int) -> Array:
        parts = logits, *log_sum_exp(logits, d.m, d.s)
        away, top, log_sum = (np.ldexp(part, -smaller) for part in parts) if smaller else parts
        if weights is None:
            each = log_sum[:, 0] - (away[at_label] - top[:, 0])
        else:
            each = -row_sums(np.where(weights != 0, weights * ((away - top) - log_sum), 0))
        return np.asarray(each).reshape(x.shape[:-1])

    loss = reduced_in_range(losses, reduction, samples)

    def pullback(y_bar: Any) -> Array:
        with np.errstate(all="ignore"):
            cotangents = spread_cotangent(y_bar, reduction, samples, inner)
            return rounded(_pulled(d, at_label, weights, cotangents).reshape(x.shape), outer)

    return rounded(loss, outer), marked(pullback, bool(d.faint))


def softmax_cross_entropy_grad(
    x: Any, labels: Any, y_bar: Any, *, reduction: str = "mean"
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    """``x_bar = y_bar (p sum t - t)``; with a = g - p·g, x_bar2 = y_bar sum t p a and y_bar_bar = -t·a, reduced."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    samples, classes = sample_shape(x.shape)
    at_label, weights = _read(labels, x.shape, inner)
    d = distributions(contiguous(x.reshape(samples, classes), inner))
    with np.errstate(all="ignore"):
        cotangents = spread_cotangent(y_bar, reduction, samples, inner)
        x_bar = _pulled(d, at_label, weights, cotangents)
        total = cotangents if weights is None else cotangents * row_sums(weights)

    def pullback(x_bar_bar: Any) -> tuple[Array, Array]:
        g = contiguous(np.asarray(x_bar_bar).reshape(samples, classes), inner)
        with np.errstate(all="ignore"):
            a, x_bar2 = d.deviations_and_products(g, total)
            losses = (
                a[at_label] if weights is None else row_sums(np.where(weights != 0, weights * a, 0))[:, 0]
            )
            y_bar_bar = np.asarray(gather_cotangent(-losses.reshape(x.shape[:-1]), reduction))
            return rounded(x_bar2.reshape(x.shape), outer), rounded(y_bar_bar, outer)

    return rounded(x_bar.reshape(x.shape), outer), pullback


def _read(labels: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Any, Array | None]:
    """The place of each sample's label in the matrix of predictions, or its weight for each of them, and None."""
    t = class_indices(labels, shape)
    return (None, class_weights(labels, shape, dtype)) if t is None else ((np.arange(len(t)), t), None)


def _pulled(d: Distributions, at_label: Any, weights: Array | None, cotangents: Array) -> Array:
    """``y_bar (p sum t - t)``, and 0 where a sample has no weight: its loss is 0 whatever its logits are."""
    if weights is None:
        broadcast_by_row(d.p.shape[1])
        x_bar = d.times(cotangents)
        x_bar[at_label] -= cotangents[:, 0]
        return x_bar
    total = row_sums(weights)
    x_bar = d.less(weights, total, cotangents)
    idle = np.flatnonzero(total == 0)
    if idle.size:
        idle = idle[~weights[idle].any(axis=1)]
        x_bar[idle] = 0 * cotangents[idle]
    return x_bar


SOFTMAX_CROSS_ENTROPY = Operation(
    name="softmax_cross_entropy",
    definition=softmax_cross_entropy_definition,
    rule=softmax_cross_entropy,
    regions=SOFTMAX_CROSS_ENTROPY_REGIONS,
    drafts=softmax_cross_entropy_drafts,
    conventions=SOFTMAX_CROSS_ENTROPY_CONVENTIONS,
    pullback_rule=softmax_cross_entropy_grad,
    edges=(
        Edge("large", "1000 and -1000, the second is the label", ([1000.0, -1000.0], np.array(1))),
        Edge("minus_infinity", "the label's logit is -inf", ([0.0, -np.inf], np.array(1))),
        Edge("minus_infinity", "another logit is -inf", ([0.0, -np.inf], np.array(0))),
        Edge("minus_infinity", "-inf under a one-hot label", ([0.0, -np.inf], [1.0, 0.0])),
        Edge("rows_of_minus_infinity", "a row of -inf", ([-np.inf, -np.inf], np.array(0))),
        Edge("plus_infinity", "the label's logit is +inf", ([0.0, np.inf], np.array(1))),
        Edge("plus_infinity", "another logit is +inf", ([0.0, np.inf], np.array(0))),
        Edge("invalid", "label -100", ([0.0, 0.0], np.array(-100))),
    ),
    source="Goodfellow, Bengio, Courville 2016, Deep Learning, 6.2.2.3",
)
