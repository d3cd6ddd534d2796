"""Sums and extrema in JAX; ``jax.maximum`` takes the extremum of two at a time."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from comparators.adapters import Function, Native
from comparators.jax.adapter import jnp
from comparators.slices import Slices


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
    s = Slices.along(axis, x.shape)
    y = reduce(fn, x.transpose(s.order).reshape(s.shape))
    return y.reshape(s.kept) if keepdims else y


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "jax": {"sum": sum_, "mean": mean, "max": max_, "min": min_},
    "jax.maximum": {"max": maximum, "min": minimum},
}
