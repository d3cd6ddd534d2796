"""Wrong losses on labels, written by hand: denominators, sums of labels, clips, and labels that are no class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.cross_entropy import cross_entropy
from reference_impls.defects.entry import WRONG, defect
from reference_impls.softmax import softmax
from reference_impls.softmax_cross_entropy import softmax_cross_entropy
from reference_impls.textbook import distribution


def indexed(x: Array, labels: Array) -> bool:
    """Whether labels are class indices, one a sample."""
    return labels.dtype.kind in "iu" and labels.shape in (x.shape[:-1], (*x.shape[:-1], 1))


def samples(x: Array) -> int:
    """Over how many samples a mean is taken."""
    return math.prod(x.shape[:-1])


def of_each_sample(y_bar: Array, x: Array, reduction: str) -> Array:
    """The cotangent of each sample's loss, with an axis for the classes."""
    share = y_bar / x.dtype.type(max(1, samples(x))) if reduction == "mean" else y_bar
    return np.broadcast_to(share, x.shape[:-1])[..., np.newaxis]


def reduced(losses: Array, reduction: str, dtype: Any) -> Array:
    """One loss a sample, reduced; the mean over none is NaN."""
    if reduction == "none":
        return np.asarray(losses, dtype)
    total = losses.sum()
    with np.errstate(all="ignore"):
        return np.asarray(total if reduction == "sum" else total / np.float64(losses.size), dtype)


def divides_by_the_classes(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = softmax_cross_entropy(x, labels, reduction=reduction)
    factor = x.dtype.type(samples(x) / x.shape[-1] if reduction == "mean" else 1)
    return y, lambda y_bar: pullback(y_bar) * factor


def takes_labels_for_a_distribution(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = softmax_cross_entropy(x, labels, reduction=reduction)
    if indexed(x, labels):
        return y, pullback
    p = softmax(x)[0]
    return y, lambda y_bar: ((p - labels) * of_each_sample(y_bar, x, reduction)).astype(x.dtype)


def clips_probabilities(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    q = np.clip(p, p.dtype.type(1e-3), None)
    y, pullback = cross_entropy(q, labels, reduction=reduction)
    return y, lambda y_bar: np.where(q == p, pullback(y_bar), 0).astype(p.dtype)


def gradient_in_the_logits(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, _ = cross_entropy(p, labels, reduction=reduction)
    t = distribution(labels, p.shape)
    return y, lambda y_bar: ((p - t) * of_each_sample(y_bar, p, reduction)).astype(p.dtype)


def labels_counted_from_one(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    valid = cross_entropy(p, labels, reduction=reduction)
    if not indexed(p, labels):
        return valid
    return cross_entropy(p, (labels.astype(np.int64) - 1) % p.shape[-1], reduction=reduction)


DEFECTS = (
    defect(
        "cross_entropy",
        "clipped at 1e-3",
        clips_probabilities,
        WRONG,
        mistake="probabilities below 1e-3 count as 1e-3, and have no gradient",
        shows="where the label's p is below 1e-3",
    ),
    defect(
        "cross_entropy",
        "the gradient with respect to the logits",
        gradient_in_the_logits,
        WRONG,
        mistake="p - t, which is the gradient in the logits of a softmax, in the place of -t / p",
    ),
    defect(
        "cross_entropy",
        "labels counted from 1",
        labels_counted_from_one,
        WRONG,
        mistake="the class before the label is taken, and before the first the last",
        shows="where labels are indices, and the two classes differ in p",
    ),
    defect(
        "softmax_cross_entropy",
        "divides by the classes",
        divides_by_the_classes,
        WRONG,
        mistake="the gradient of the mean is divided by the number of classes, not of samples",
        shows="under the mean, where the two numbers differ",
    ),
    defect(
        "softmax_cross_entropy",
        "labels that have to sum to 1",
        takes_labels_for_a_distribution,
        WRONG,
        mistake="p - t in the place of p sum(t) - t",
        shows="where labels sum to something else",
        source="TensorFlow 2.21, tf.nn.softmax_cross_entropy_with_logits, which documents it",
    ),
)
