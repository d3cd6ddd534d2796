"""Sums and extrema in TensorFlow; ``tensorflow.maximum`` takes the extremum of two at a time."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np

from comparators.adapters import Function, Native
from comparators.tensorflow.adapter import tf


def sum_(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return tf.reduce_sum(x, axis=axis, keepdims=keepdims)


def mean(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return tf.reduce_mean(x, axis=axis, keepdims=keepdims)


def max_(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return tf.reduce_max(x, axis=axis, keepdims=keepdims)


def min_(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return tf.reduce_min(x, axis=axis, keepdims=keepdims)


def maximum(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return _one_by_one(tf.maximum, x, axis, keepdims)


def minimum(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return _one_by_one(tf.minimum, x, axis, keepdims)


def _one_by_one(fn: Function, x: Native, axis: Any, keepdims: bool) -> Native:
    """``fn`` of the first two slices, then of that and the third, and so on."""
    axes = [int(i) % x.ndim for i in np.ravel(range(x.ndim) if axis is None else axis)]
    kept = [i for i in range(x.ndim) if i not in axes]
    length = math.prod(x.shape[i] for i in axes)
    slices = tf.reshape(tf.transpose(x, [*axes, *kept]), [length, *(x.shape[i] for i in kept)])
    y = reduce(fn, tf.unstack(slices, num=length))
    return tf.reshape(y, [1 if i in axes else n for i, n in enumerate(x.shape)]) if keepdims else y


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "tensorflow": {"sum": sum_, "mean": mean, "max": max_, "min": min_},
    "tensorflow.maximum": {"max": maximum, "min": minimum},
}
