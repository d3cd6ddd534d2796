"""Softmax and its losses in JAX."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comparators.adapters import Function, Native, indexes_classes, reduce_loss
from comparators.jax.adapter import jax, jnp


def softmax(x: Native, *, axis: Any = -1) -> Native:
    return jax.nn.softmax(x, axis=axis)


def log_softmax(x: Native, *, axis: Any = -1) -> Native:
    return jax.nn.log_softmax(x, axis=axis)


def cross_entropy(p: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return reduce_loss(-_expected(jnp.log, p, labels), reduction)


def softmax_cross_entropy(x: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return reduce_loss(-_expected(jax.nn.log_softmax, x, labels), reduction)


def _expected(log: Function, x: Native, labels: Native) -> Native:
    """``log(x)`` at the class of each label, or averaged over its distribution."""
    if indexes_classes(x, labels, integer=jnp.issubdtype(labels.dtype, jnp.integer)):
        column = labels.reshape(*x.shape[:-1], 1)
        return jnp.take_along_axis(log(x), column, axis=-1)[..., 0]
    return (labels * log(x)).sum(axis=-1)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "jax": {
        "softmax": softmax,
        "log_softmax": log_softmax,
        "cross_entropy": cross_entropy,
        "softmax_cross_entropy": softmax_cross_entropy,
    },
}
