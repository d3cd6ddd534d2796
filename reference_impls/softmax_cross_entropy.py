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
from reference_impls.exponents import marked, noting
from reference_impls.labels import (
    class_indices,
    class_weights,
    gather_cotangent,
    reduce_losses,
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
    t = class_indices(labels, x.shape)
    logits = contiguous(x.reshape(samples, classes), inner)
    d = distributions(logits)
    if t is None:
        weights = class_weights(labels, x.shape, inner)
    else:
        at_label = (np.arange(samples), t)

    def reduced(logits: Array, k: Array, r: Array) -> Any:
        if t is None:
            log_p = (logits - k) - r
            losses = -row_sums(np.where(weights != 0, weights * log_p, 0))
        else:
            losses = r[:, 0] - (logits[at_label] - k[:, 0])
        return reduce_losses(losses.reshape(x.shape[:-1]), reduction)

    lost: dict[str, int] = {}
    with noting(lost, under="ignore"):
        k, r = log_sum_exp(logits, d.m, d.s)
        loss = reduced(logits, k, r)
    if lost:  # a share of what overflowed, or the mean, may still be a number
        reach = samples.bit_length() + 1
        with np.errstate(all="ignore"):
            smaller = reduced(*(np.ldexp(part, -reach) for part in (logits, k, r)))
            loss = np.where(np.isfinite(loss), loss, np.ldexp(smaller, reach))

    def pullback(y_bar: Any) -> Array:
        with np.errstate(all="ignore"):
            cotangents = spread_cotangent(y_bar, reduction, samples, inner)
            if t is None:
                x_bar: Array = cotangents * (_weighted(d, weights) - weights)
            else:
                broadcast_by_row(classes)
                x_bar = d.times(cotangents)
                x_bar[at_label] -= cotangents[:, 0]
            return rounded(x_bar.reshape(x.shape), outer)

    return rounded(np.asarray(loss), outer), marked(pullback, d.faint is not None)


def softmax_cross_entropy_grad(
    x: Any, labels: Any, y_bar: Any, *, reduction: str = "mean"
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    """``x_bar = y_bar (p sum t - t)``; with a = g - p·g, x_bar2 = y_bar sum t p a and y_bar_bar = -t·a, reduced."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    samples, classes = sample_shape(x.shape)
    t = class_indices(labels, x.shape)
    d = distributions(contiguous(x.reshape(samples, classes), inner))
    with np.errstate(all="ignore"):
        cotangents = spread_cotangent(y_bar, reduction, samples, inner)
        if t is None:
            weights = class_weights(labels, x.shape, inner)
            total = cotangents * row_sums(weights)
            x_bar = cotangents * (_weighted(d, weights) - weights)
        else:
            at_label = (np.arange(samples), t)
            total = cotangents
            x_bar = d.times(cotangents)
            x_bar[at_label] -= cotangents[:, 0]

    def pullback(x_bar_bar: Any) -> tuple[Array, Array]:
        g = contiguous(np.asarray(x_bar_bar).reshape(samples, classes), inner)
        with np.errstate(all="ignore"):
            a = d.deviations(g)
            losses = a[at_label] if t is not None else row_sums(np.where(weights != 0, weights * a, 0))[:, 0]
            y_bar_bar = np.asarray(gather_cotangent(-losses.reshape(x.shape[:-1]), reduction))
            return rounded(d.centred(g, total).reshape(x.shape), outer), rounded(y_bar_bar, outer)

    return rounded(x_bar.reshape(x.shape), outer), pullback


def _weighted(d: Distributions, weights: Array) -> Array:
    """``p sum t``, and 0 where a sample has no weight at all: its loss is 0 whatever its logits are."""
    return np.where((weights != 0).any(axis=1, keepdims=True), d.times(row_sums(weights)), 0)


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
