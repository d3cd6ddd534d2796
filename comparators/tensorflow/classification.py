"""Softmax and its losses in TensorFlow."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from comparators.adapters import Function, Native, indexes_classes, limited
from comparators.tensorflow.adapter import tf
from gradassay.formats import FORMATS
from gradassay.vocabulary import Scenario


def unnormalised(scenario: Scenario) -> str | None:
    """TensorFlow documents its gradient p - t as wrong unless labels sum to 1; the true one is p sum t - t."""
    if scenario.args[1].shape != scenario.args[0].shape:
        return None
    labels = scenario.args[1].astype(np.float64)
    rounding = 4 * FORMATS[scenario.dtype].u
    if np.any(np.abs(labels.sum(axis=-1) - 1) > rounding):
        return "TensorFlow's gradient of this loss is for labels that sum to 1"
    return None


def softmax(x: Native, *, axis: Any = -1) -> Native:
    return tf.nn.softmax(x, axis=axis) if isinstance(axis, int) else _over(tf.nn.softmax, x, axis)


def log_softmax(x: Native, *, axis: Any = -1) -> Native:
    return tf.nn.log_softmax(x, axis=axis) if isinstance(axis, int) else _over(tf.nn.log_softmax, x, axis)


def _over(fn: Function, x: Native, axis: tuple[int, ...] | None) -> Native:
    """``fn`` over several axes at once: TensorFlow takes one, so they are moved to the end and made one."""
    axes = range(x.ndim) if axis is None else [i % x.ndim for i in axis]
    order = [*(i for i in range(x.ndim) if i not in axes), *axes]
    moved = tf.transpose(x, order)
    rows = tf.reshape(moved, [*(x.shape[i] for i in order[: -len(axes) or None]), -1])
    return tf.transpose(tf.reshape(fn(rows, axis=-1), moved.shape), np.argsort(order))


def cross_entropy(p: Native, labels: Native, *, reduction: str = "mean") -> Native:
    if has_indices(p, labels):
        picked = tf.gather(p, class_indices(p, labels), axis=-1, batch_dims=p.ndim - 1)
        return reduce_loss(-tf.math.log(picked), reduction)
    return reduce_loss(-tf.reduce_sum(tf.cast(labels, p.dtype) * tf.math.log(p), axis=-1), reduction)


@limited(unnormalised)
def softmax_cross_entropy(x: Native, labels: Native, *, reduction: str = "mean") -> Native:
    if has_indices(x, labels):
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=class_indices(x, labels), logits=x)
    else:
        loss = tf.nn.softmax_cross_entropy_with_logits(labels=tf.cast(labels, x.dtype), logits=x)
    return reduce_loss(loss, reduction)


def has_indices(p: Native, labels: Native) -> bool:
    return indexes_classes(p, labels, integer=labels.dtype.is_integer)


def class_indices(p: Native, labels: Native) -> Native:
    """Class indices as TensorFlow's kernels want them: int64, in the shape of the batch."""
    return tf.reshape(tf.cast(labels, tf.int64), p.shape[:-1])


def reduce_loss(loss: Native, reduction: str) -> Native:
    return {"none": tf.identity, "mean": tf.reduce_mean, "sum": tf.reduce_sum}[reduction](loss)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "tensorflow": {
        "softmax": softmax,
        "log_softmax": log_softmax,
        "cross_entropy": cross_entropy,
        "softmax_cross_entropy": softmax_cross_entropy,
    },
}
