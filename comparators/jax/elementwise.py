"""Elementwise functions in JAX; ``jax.maximum`` is the other way to cut off."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping

from comparators.adapters import Function, Native
from comparators.jax.adapter import jax, jnp


def exp(x: Native) -> Native:
    return jnp.exp(x)


def log(x: Native) -> Native:
    return jnp.log(x)


def clip(x: Native, *, low: float | None = None, high: float | None = None) -> Native:
    return jnp.clip(x, low, high)


def maximum_clip(x: Native, *, low: float | None = None, high: float | None = None) -> Native:
    y = x if low is None else jnp.maximum(x, low)
    return y if high is None else jnp.minimum(y, high)


def relu(x: Native) -> Native:
    return jax.nn.relu(x)


def maximum_relu(x: Native) -> Native:
    return jnp.maximum(x, 0)


def sigmoid(x: Native) -> Native:
    return jax.nn.sigmoid(x)


def tanh(x: Native) -> Native:
    return jnp.tanh(x)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "jax": {"exp": exp, "log": log, "clip": clip, "relu": relu, "sigmoid": sigmoid, "tanh": tanh},
    "jax.maximum": {"clip": maximum_clip, "relu": maximum_relu},
}
