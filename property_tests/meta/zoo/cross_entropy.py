"""Wrong gradients of the losses on labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.zoo.table import (
    IMPRECISE,
    NONFINITE,
    RAISES,
    WRONG,
    changed,
    planted,
    right,
    stable,
)

# -- cross entropy -------------------------------------------------------------------------------------------


changed("softmax_cross_entropy", "twice the loss's gradient", lambda g, y_bar, x: g + g, WRONG)
changed("cross_entropy", "wrong sign of cross entropy", lambda g, y_bar, x: -g, WRONG)


def rows_of(x: Array) -> tuple[Array, Array]:
    return x.reshape(-1, x.shape[-1]), stable(x, -1).reshape(-1, x.shape[-1])


def indexed(x: Array, labels: Array) -> bool:
    return labels.dtype.kind in "iu" and labels.shape in (x.shape[:-1], (*x.shape[:-1], 1))


@planted("softmax_cross_entropy", WRONG)
def subtracts_one_from_every_row(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = right("softmax_cross_entropy", x, labels, reduction=reduction)
    if not indexed(x, labels) or reduction == "none":
        return y, pullback
    _, p = rows_of(x)

    def every_row(y_bar: Array) -> Array:
        x_bar = p.copy()
        x_bar[:, labels.ravel()] -= 1
        return (y_bar * x_bar / (len(p) if reduction == "mean" else 1)).reshape(x.shape).astype(x.dtype)

    return y, every_row


@planted("softmax_cross_entropy", WRONG)
def divides_by_the_classes(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = right("softmax_cross_entropy", x, labels, reduction=reduction)
    if reduction != "mean":
        return y, pullback
    samples = x.size / x.shape[-1]
    return y, lambda y_bar: (pullback(y_bar) * x.dtype.type(samples / x.shape[-1])).astype(x.dtype)


@planted("softmax_cross_entropy", WRONG)
def ignores_the_upstream_gradient(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = right("softmax_cross_entropy", x, labels, reduction=reduction)
    return y, lambda y_bar: pullback(np.ones_like(y_bar))


@planted("softmax_cross_entropy", RAISES)
def takes_any_label(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    if indexed(x, labels):
        labels = np.clip(labels, 0, x.shape[-1] - 1)
    return right("softmax_cross_entropy", x, labels, reduction=reduction)


@planted("cross_entropy", WRONG, IMPRECISE)
def clips_probabilities(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    q = np.clip(p, p.dtype.type(1e-3), None)
    y, pullback = right("cross_entropy", q, labels, reduction=reduction)
    return y, lambda y_bar: np.where(q == p, pullback(y_bar), 0).astype(p.dtype)


@planted("cross_entropy", NONFINITE)
def zero_times_the_logarithm_of_zero(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = right("cross_entropy", p, labels, reduction=reduction)
    if labels.shape != p.shape or indexed(p, labels):
        return y, pullback
    t = labels.astype(p.dtype)
    losses = -(t * np.log(p)).sum(axis=-1)
    y = losses if reduction == "none" else losses.sum() / (max(losses.size, 1) if reduction == "mean" else 1)
    return np.asarray(y, p.dtype), pullback
