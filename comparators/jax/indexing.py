"""Indexing and its adjoint in JAX."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comparators.adapters import Function, Native
from comparators.jax.adapter import jnp


def get_item(x: Native, *, index: Any) -> Native:
    return x[index]


def get_item_grad(y_bar: Native, *, index: Any, shape: tuple[int, ...]) -> Native:
    return jnp.zeros(shape, y_bar.dtype).at[index].add(y_bar)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "jax": {"get_item": get_item, "get_item_grad": get_item_grad},
}
