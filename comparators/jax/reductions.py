"""Sums and extrema in JAX; ``jax.maximum`` takes the extremum of two at a time."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np

from comparators.adapters import Function, Native
from comparators.jax.adapter import jnp


def sum_(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return jnp.sum(x, axis=axis, keepdims=keepdims)


def mean(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return jnp.mean(x, axis=axis, keepdims=keepdims)


def max_(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return jnp.max(x, axis=axis, keepdims=keepdims)


def min_(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return jnp.min(x, axis=axis, keepdims=keepdims)


def maximum(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return _one_by_one(jnp.maximum, x, axis, keepdims)


def minimum(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return _one_by_one(jnp.minimum, x, axis, keepdims)


def _one_by_one(fn: Function, x: Native, axis: Any, keepdims: bool) -> Native:
    """``fn`` of the first two slices, then of that and the third, and so on."""
    axes = [int(i) % x.ndim for i in np.ravel(range(x.ndim) if axis is None else axis)]
    kept = [i for i in range(x.ndim) if i not in axes]
    length = math.prod(x.shape[i] for i in axes)
    y = reduce(fn, x.transpose([*axes, *kept]).reshape(length, *(x.shape[i] for i in kept)))
    return y.reshape([1 if i in axes else n for i, n in enumerate(x.shape)]) if keepdims else y


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "jax": {"sum": sum_, "mean": mean, "max": max_, "min": min_},
    "jax.maximum": {"max": maximum, "min": minimum},
}
