"""Wrong cross entropies of logits in the source documents, each with its own mistake and no other."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.chain import chain
from reference_impls.cross_entropy import cross_entropy
from reference_impls.defects.cross_entropy import indexed, of_each_sample, reduced
from reference_impls.defects.cross_entropy_layers import every_label_in_every_row, every_product
from reference_impls.defects.entry import NONFINITE, RAISES, STRUCTURE, WRONG, defect
from reference_impls.elementwise import clip
from reference_impls.softmax import softmax
from reference_impls.softmax_cross_entropy import softmax_cross_entropy
from reference_impls.textbook import distribution


def grown_by_a_column(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """``p - one_hot[t]`` with t (N, 1): (N, C) minus (N, 1, C)."""
    y, pullback = softmax_cross_entropy(x, labels, reduction=reduction)
    if not indexed(x, labels) or labels.ndim < x.ndim:
        return y, pullback
    n, classes = labels.size, x.shape[-1]

    def pull(y_bar: Array) -> Array:
        grown = pullback(y_bar).reshape(n, classes) - np.zeros((n, 1, classes), x.dtype)
        return grown.reshape(*x.shape[:-1], n, classes)

    return y, pull


def one_hot_of_integers(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = softmax_cross_entropy(x, labels, reduction=reduction)
    if labels.dtype.kind not in "iu":
        return y, pullback
    p, t = softmax(x)[0], distribution(labels, x.shape)
    return y, lambda y_bar: (p - t) * of_each_sample(y_bar, x, reduction)


def one_hot_rows_for_indices(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    right = softmax_cross_entropy(x, labels, reduction=reduction)
    if indexed(x, labels):
        return right
    log_p = np.log(softmax(x)[0]).reshape(-1, x.shape[-1])
    losses = -log_p[np.arange(len(log_p)), labels.ravel()].reshape(labels.shape).sum(axis=-1)
    return reduced(losses, reduction, x.dtype), right[1]


def one_less_in_every_row(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = softmax_cross_entropy(x, labels, reduction=reduction)
    if not indexed(x, labels):
        return y, pullback
    p = softmax(x)[0]

    def pull(y_bar: Array) -> Array:
        x_bar = p.reshape(-1, x.shape[-1]).copy()
        x_bar[:, labels.reshape(-1)] -= 1
        return x_bar.reshape(x.shape) * of_each_sample(y_bar, x, reduction)

    return y, pull


DEFECTS = (
    defect(
        "softmax_cross_entropy",
        "clipped at 1e-15",
        chain(softmax, partial(clip, low=1e-15, high=1.0), cross_entropy),
        WRONG,
        mistake="probabilities are clipped before the logarithm: the loss ends at 34.5 and is flat there",
        shows="where the label's logit lies 35 below the largest",
        source="document 000, softmax_cross_entropy_simple",
    ),
    defect(
        "softmax_cross_entropy",
        "a gradient that a column of labels makes grow",
        grown_by_a_column,
        STRUCTURE,
        mistake="one-hot rows of labels (N, 1) are (N, 1, C), and make a gradient of (N, N, C)",
        shows="where labels have the shape (N, 1)",
        source="document 000, SoftmaxCrossEntropy.backward",
    ),
    defect(
        "softmax_cross_entropy",
        "one-hot rows in the dtype of the labels",
        one_hot_of_integers,
        STRUCTURE,
        mistake="one-hot rows in int64 make a gradient in float32 float64",
        shows="in float32, where labels are integers",
        source="document 000, SoftmaxCrossEntropy.backward",
    ),
    defect(
        "softmax_cross_entropy",
        "one-hot rows read as indices",
        one_hot_rows_for_indices,
        RAISES,
        mistake="the zeros and ones of a row are taken for classes, which fails for more than one row",
        shows="where labels are rows over the classes",
        source="document 000, SoftmaxCrossEntropy.forward",
    ),
    defect(
        "softmax_cross_entropy",
        "softmax applied twice",
        chain(softmax, softmax_cross_entropy),
        WRONG,
        mistake="the loss takes logits, and is given their softmax",
        source="document 001, train",
    ),
    defect(
        "softmax_cross_entropy",
        "0 log 0",
        chain(softmax, every_product),
        NONFINITE,
        mistake="t log p of every class, where the softmax has underflowed: infinity, and times 0 NaN",
        shows="where a logit lies so far below the largest that its p is 0",
        source="document 001, train; document 003, evaluate",
    ),
    defect(
        "softmax_cross_entropy",
        "1 less at every label of every row",
        one_less_in_every_row,
        WRONG,
        mistake="x_bar[:, t] -= 1 for x_bar[arange(n), t] -= 1",
        shows="where labels are indices, in a batch of more than one",
        source="document 004, SoftmaxWithLoss.backward",
    ),
    defect(
        "softmax_cross_entropy",
        "over the samples, and every label in every row",
        chain(partial(softmax, axis=0), every_label_in_every_row),
        WRONG,
        mistake="softmax over axis 0, then y[:, t] for y[arange(n), t]",
        shows="in a batch",
        source="document 004, SoftmaxWithLoss.forward",
    ),
)
