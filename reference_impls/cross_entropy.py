"""Cross entropy of probabilities: L = -sum_c t_c log p_c for each sample, classes last.

With an index label t that is L = -log p_t. As d log p_c / d p_c = 1 / p_c::

    p_bar_c = -y_bar t_c / p_c           (y_bar / N under the mean over N samples)

A class with t_c = 0 takes no part, not even where p_c = 0: 0 log 0 = 0, its gradient 0. Where a class with
t_c > 0 has p_c = 0 the loss is +inf and the gradient -inf. p need not sum to 1 and is not made to.

Shapes: p (C,), (N, C) or (N, ..., C); the losses have that shape without C, or () when reduced. Dtypes: those
of p; 16-bit formats are computed in float32 and rounded once. Errors: ValueError for labels that fit no class
or no shape, and for an unknown reduction. The mean over no samples is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies import CROSS_ENTROPY_REGIONS, cross_entropy_drafts
from reference_impls.conventions.probabilities import CROSS_ENTROPY_CONVENTIONS
from reference_impls.exponents import noting, product_apart
from reference_impls.labels import (
    class_indices,
    class_weights,
    gather_cotangent,
    reduced_in_range,
    sample_shape,
    spread_cotangent,
)
from reference_impls.rows import result_dtype, rounded, working_dtype
from reference_impls.textbook import cross_entropy_of

#: Brings the reciprocal of the smallest subnormal into the range of float64.
SCALE = 2.0**512


def cross_entropy_definition(p: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """``-sum t log p`` with 0 log 0 = 0."""
    return cross_entropy_of(np.log(p), labels, reduction)


def cross_entropy(p: Any, labels: Any, *, reduction: str = "mean") -> tuple[Array, Callable[[Any], Array]]:
    """``-log p_t`` or ``-sum t log p``; an index label reads and writes its own class alone."""
    p = np.asarray(p)
    inner, outer = working_dtype(p.dtype), result_dtype(p.dtype)
    samples, classes = sample_shape(p.shape)
    t = class_indices(labels, p.shape)
    probabilities = np.ascontiguousarray(p.reshape(samples, classes))
    if t is None:
        weights = class_weights(labels, p.shape, inner)
        # A 1 in place of the classes that take no part: t log 1 = 0 and t / 1 = 0.
        picked = np.where(weights != 0, probabilities, 1).astype(inner, copy=False)
    else:
        at_label = (np.arange(samples), t)
        weights = np.ones((samples, 1), inner)
        picked = probabilities[at_label].astype(inner, copy=False).reshape(samples, 1)
    # The logarithm ends at 0, so -0 is its end as well: 1 / +0 points the right way, 1 / -0 does not.
    picked = picked + inner.type(0)

    def losses(smaller: int) -> Array:
        shares = np.ldexp(weights, -smaller) if smaller else weights
        return np.asarray(-(shares * np.log(picked)).sum(axis=1)).reshape(p.shape[:-1])

    loss = reduced_in_range(losses, reduction, samples)

    def pullback(y_bar: Any) -> Array:
        lost: dict[str, int] = {}
        with noting(lost):
            gradients: Array = -spread_cotangent(y_bar, reduction, samples, inner) * weights / picked
            if lost:
                gradients = _apart(y_bar, reduction, weights, picked)
            if t is None:
                return rounded(gradients.reshape(p.shape), outer)
            p_bar: Array = np.zeros((samples, classes), outer)
            p_bar[at_label] = gradients[:, 0]
            return p_bar.reshape(p.shape)

    return rounded(loss, outer), pullback


def cross_entropy_grad(
    p: Any, labels: Any, y_bar: Any, *, reduction: str = "mean"
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    """``p_bar = -y_bar t / p``; p_bar2 = y_bar g t / p^2 and y_bar_bar = -sum g t / p, reduced.

    In float64, whose exponents hold 1 / p^2 of every narrower format; where a sum overflows its terms are scaled by a
    power of two, so that infinities of two signs do not meet.
    """
    p = np.asarray(p)
    inner, outer = np.dtype(np.float64), result_dtype(p.dtype)
    samples, classes = sample_shape(p.shape)
    t = class_indices(labels, p.shape)
    weights = np.eye(classes)[t] if t is not None else class_weights(labels, p.shape, inner)
    probabilities = np.asarray(p.reshape(samples, classes)).astype(inner) + 0.0
    taken = weights != 0
    picked = np.where(taken, probabilities, 1)
    with np.errstate(all="ignore"):
        cotangents = spread_cotangent(y_bar, reduction, samples, inner)
        p_bar = np.where(taken, _apart(y_bar, reduction, weights, picked), 0)

    def pullback(p_bar_bar: Any) -> tuple[Array, Array]:
        g = np.asarray(p_bar_bar).reshape(samples, classes).astype(inner)
        with np.errstate(all="ignore"):
            losses = np.where(taken, -g * weights / picked, 0).sum(axis=1)
            y_bar_bar = np.asarray(gather_cotangent(losses.reshape(p.shape[:-1]), reduction))
            if not np.isfinite(y_bar_bar).all():
                losses = np.where(taken, -g * weights / (picked * SCALE), 0).sum(axis=1)
                scaled = gather_cotangent(losses.reshape(p.shape[:-1]), reduction) * SCALE
                y_bar_bar = np.where(np.isfinite(y_bar_bar), y_bar_bar, scaled)
            # Zero first, where a cotangent is: infinity times zero is none.
            p_bar2 = np.where(taken, cotangents * g * weights / picked / picked, 0)
            return rounded(p_bar2.reshape(p.shape), outer), rounded(y_bar_bar, outer)

    return rounded(p_bar.reshape(p.shape), outer), pullback


def _apart(y_bar: Any, reduction: str, weights: Array, picked: Array) -> Array:
    """``-y_bar t / p``, over the number of samples under the mean, of which no part leaves the range."""
    samples, dtype = len(picked), picked.dtype
    whole = spread_cotangent(y_bar, "none" if reduction == "none" else "sum", samples, dtype)
    divisor = dtype.type(samples if reduction == "mean" else 1)
    return product_apart(-whole, weights, over=(picked, divisor))


CROSS_ENTROPY = Operation(
    name="cross_entropy",
    definition=cross_entropy_definition,
    rule=cross_entropy,
    regions=CROSS_ENTROPY_REGIONS,
    drafts=cross_entropy_drafts,
    pullback_rule=cross_entropy_grad,
    edges=(
        Edge("zeros", "the label's class has p = 0", ([0.0, 1.0], np.array(0))),
        Edge("zeros", "another class has p = 0", ([0.0, 1.0], np.array(1))),
        Edge("one_hot", "0 log 0 under a one-hot label", ([0.0, 1.0], [0.0, 1.0])),
        Edge("subnormal", "the smallest p of all", ([5e-324, 1.0], np.array(0))),
        Edge("empty", "the mean over no samples", (np.zeros((0, 2)), np.zeros(0, int))),
        Edge("invalid", "label -1", ([0.5, 0.5], np.array(-1))),
    ),
    conventions=CROSS_ENTROPY_CONVENTIONS,
    source="Goodfellow, Bengio, Courville 2016, Deep Learning, 3.13",
)
