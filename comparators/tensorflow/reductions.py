"""Sums and extrema in TensorFlow; ``tensorflow.maximum`` takes the extremum of two at a time."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from comparators.adapters import Function, Native
from comparators.slices import Slices
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
    s = Slices.along(axis, tuple(x.shape))
    y = reduce(fn, tf.unstack(tf.reshape(tf.transpose(x, s.order), s.shape), num=s.shape[0]))
    return tf.reshape(y, s.kept) if keepdims else y


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "tensorflow": {"sum": sum_, "mean": mean, "max": max_, "min": min_},
    "tensorflow.maximum": {"max": maximum, "min": minimum},
}
