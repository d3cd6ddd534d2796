"""Of the cross-entropy, of logits and of probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradassay.why.relations.formulas.formula import Formula


def _shares(x: Any, labels: Any) -> Any:
    """The labels as distributions over the last axis of x."""
    if labels.dtype.kind in "iu" and labels.shape in (x.shape[:-1], (*x.shape[:-1], 1)):
        return (labels.reshape((*x.shape[:-1], 1)) == np.arange(x.shape[-1])).astype(np.int64)
    return np.broadcast_to(labels, x.shape)


def _for_each(g: Any, x: Any, reduction: str) -> Any:
    """The cotangent of each sample's loss, with a last axis of 1."""
    samples = max(1, x.size // max(1, x.shape[-1]))
    if reduction == "none":
        return g.reshape((*x.shape[:-1], 1))
    return g / samples if reduction == "mean" else g


def _p(x: Any) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def _every_label(y: Any, g: Any, x: Any, labels: Any, reduction: str = "mean") -> Any:
    t = _shares(x, labels)
    return (_p(x) - t.max(axis=tuple(range(t.ndim - 1)), keepdims=True)) * _for_each(g, x, reduction)


_SOFTMAX_CROSS_ENTROPY = (
    Formula(
        "the labels not subtracted",
        "p, without - t",
        lambda y, g, x, t, reduction="mean": _p(x) * _for_each(g, x, reduction),
    ),
    Formula(
        "the labels alone",
        "- t, without p",
        lambda y, g, x, t, reduction="mean": -_shares(x, t) * _for_each(g, x, reduction),
    ),
    Formula("every label subtracted from every row", "p less 1 at the labels of all samples", _every_label),
)

_CROSS_ENTROPY = (
    Formula(
        "p - t, which is the gradient of the logits",
        "p - t",
        lambda y, g, p, t, reduction="mean": (p - _shares(p, t)) * _for_each(g, p, reduction),
    ),
    Formula(
        "not divided by p",
        "- t",
        lambda y, g, p, t, reduction="mean": (0 * p - _shares(p, t)) * _for_each(g, p, reduction),
    ),
    Formula(
        "the labels ignored",
        "- 1 / p",
        lambda y, g, p, t, reduction="mean": -1 / p * _for_each(g, p, reduction),
    ),
)

FORMULAS: Mapping[str, tuple[Formula, ...]] = {
    "softmax_cross_entropy": _SOFTMAX_CROSS_ENTROPY,
    "cross_entropy": _CROSS_ENTROPY,
}
