"""Affine maps, penalties and classifiers in JAX."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping

from comparators.adapters import Function, Native
from comparators.jax.adapter import jax, jnp
from comparators.jax.classification import cross_entropy, softmax_cross_entropy


def affine(x: Native, W: Native, b: Native) -> Native:
    return x @ W + b


def mean_squared_error(y: Native, t: Native) -> Native:
    return jnp.mean(jnp.square(y - t))


def l2_penalty(w: Native, *, strength: float = 1.0, squared: bool = False) -> Native:
    return strength * (jnp.sum(jnp.square(w)) if squared else jnp.linalg.norm(w.ravel()))


def softmax_regression(x: Native, W: Native, b: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return softmax_cross_entropy(affine(x, W, b), labels, reduction=reduction)


def sigmoid_classifier(x: Native, W: Native, b: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return cross_entropy(jax.nn.softmax(jax.nn.sigmoid(affine(x, W, b))), labels, reduction=reduction)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "jax": {
        "affine": affine,
        "mean_squared_error": mean_squared_error,
        "l2_penalty": l2_penalty,
        "softmax_regression": softmax_regression,
        "sigmoid_classifier": sigmoid_classifier,
    },
}
