"""Cross entropy and squared errors, by other definitions and by mistake."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.labelled.entry import CONVENTION, STRUCTURE, WRONG, Labelled
from reference_impls.cross_entropy import cross_entropy
from reference_impls.defects.cross_entropy import indexed
from reference_impls.defects.cross_entropy_layers import clipped_forward_alone
from reference_impls.losses import mean_squared_error
from reference_impls.softmax_cross_entropy import softmax_cross_entropy


def every_sample_against_every_label(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """``p[:, t]`` where ``p[arange(n), t]`` was meant: N x N probabilities."""
    y, pullback = cross_entropy(p, labels, reduction=reduction)
    if not indexed(p, labels):
        return y, pullback
    rows, t = p.reshape(-1, p.shape[-1]), labels.reshape(-1)
    picked = rows[:, t]
    losses = -np.log(picked).sum(axis=1)
    n = len(rows) if reduction == "mean" else 1
    loss = losses.reshape(p.shape[:-1]) if reduction == "none" else losses.sum() / n

    def pull(y_bar: Array) -> Array:
        chosen = t[:, np.newaxis] == np.arange(p.shape[-1])
        picked_bar = -y_bar.reshape(-1, 1) / picked / n
        return np.asarray(picked_bar @ chosen, p.dtype).reshape(p.shape)

    return np.asarray(loss, p.dtype), pull


def labels_counted_from_one(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    valid = cross_entropy(p, labels, reduction=reduction)
    if not indexed(p, labels):
        return valid
    return cross_entropy(p, (labels.astype(np.int64) - 1) % p.shape[-1], reduction=reduction)


def one_hot_of_a_column(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """``p - one_hot[t]``: with labels of shape (N, 1) that is (N, C) minus (N, 1, C)."""
    y, pullback = softmax_cross_entropy(x, labels, reduction=reduction)
    if not indexed(x, labels) or labels.ndim < x.ndim:
        return y, pullback
    rows = x.reshape(-1, x.shape[-1])

    def pull(y_bar: Array) -> Array:
        x_bar: Array = pullback(y_bar)
        grown = x_bar.reshape(rows.shape) - np.zeros((len(rows), 1, x.shape[-1]), x.dtype)
        return grown.reshape(*x.shape[:-1], *grown.shape[1:])

    return y, pull


def no_check_of_labels(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """``log_p[arange(n), labels]`` as NumPy indexes: -1 is the last class."""
    if indexed(x, labels):
        np.empty(x.shape[-1])[labels]  # what is out of NumPy's range raises
        labels = labels % np.asarray(x.shape[-1], labels.dtype)
    return softmax_cross_entropy(x, labels, reduction=reduction)


def half_a_squared_error(y: Array, t: Array) -> Any:
    loss, pullback = mean_squared_error(y, t)
    return loss / 2, lambda l_bar: pullback(l_bar / 2)


ENTRIES = (
    Labelled(
        name="probabilities clipped in the forward alone",
        operation="cross_entropy",
        source="document 002, CategoricalCrossEntropyLoss",
        rule=clipped_forward_alone,
        verdict=WRONG,
        why="the primal is clipped at 1e-15 and the gradient is not, where p is below 1e-15",
        cause="^primal clipped at 1e-15, gradient not$",
        condition="^probability below 1e-15 of a label$",
        separates=True,
        # Where the cotangent is 0, both gradients are, and what shows is the clip.
        beside=(r"convention \(clipped at 1e-15\)",),
    ),
    Labelled(
        name="y[:, t] for y[arange(n), t]",
        operation="cross_entropy",
        source="document 004, cross entropy by location",
        rule=every_sample_against_every_label,
        examples=60,
        verdict=WRONG,
        why="every sample is held against every label, which is seen in a batch of more than one",
        cause=r"^y\[:, t\] for y\[arange\(n\), t\]$",
        condition="batch of more than one",
        separates=True,
        # N samples that share one label are each counted N times: then the mean of it is the sum.
        beside=(r"convention \(reduction sum\)",),
    ),
    Labelled(
        name="labels counted from 1",
        operation="cross_entropy",
        source="class labels of other languages and of files",
        rule=labels_counted_from_one,
        examples=60,
        verdict=WRONG,
        why="the label is off by one: the class before it is taken, and before the first the last",
        cause="^labels counted from 1$",
    ),
    Labelled(
        name="a one-hot gradient with labels (N, 1)",
        operation="softmax_cross_entropy",
        source="document 000, SoftmaxCrossEntropy",
        rule=one_hot_of_a_column,
        verdict=STRUCTURE,
        why="one-hot labels of shape (N, 1, C) make a gradient of shape (N, N, C)",
        cause="^shape",
        condition=r"labels of shape \(N, 1\)",
        separates=True,
    ),
    Labelled(
        name="labels as NumPy indexes",
        operation="softmax_cross_entropy",
        source="document 000, SoftmaxCrossEntropy",
        rule=no_check_of_labels,
        examples=200,
        verdict=CONVENTION,
        why="label -1 is the last class, and so on: counted from the end",
        cause="^labels counted from the end$",
    ),
    Labelled(
        name="half a squared error",
        operation="mean_squared_error",
        source="Bishop 2006, Pattern Recognition and Machine Learning, 1.2",
        rule=half_a_squared_error,
        verdict=CONVENTION,
        why="half of it, so that the gradient has no 2",
        cause="^half$",
    ),
)
