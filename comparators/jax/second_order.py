"""JAX's second derivatives: a vjp of a vjp, and a jvp of a vjp.

Both differentiate a function's pullback ``(*args, y_bar) -> x_bar``, one vector where there are several gradients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from comparators.adapters import Function
from comparators.jax.adapter import jax, jnp, restricted


def vjp_of_vjp(
    fn: Function, wanted: tuple[int, ...], params: Mapping[str, Any], cotangent: Any, args: Sequence[Any]
) -> tuple[Any, tuple[Any, ...]]:
    """x_bar, and the cotangents of the wanted arguments and of y_bar, by reverse mode over reverse mode."""
    *inputs, y_bar = args
    f = restricted(fn, inputs, list(wanted[:-1]), params)

    def pullback(*chosen: Any) -> Any:
        *xs, y_bar = chosen
        return _joined(jax.vjp(f, *xs)[1](y_bar))

    x_bar, pull = jax.vjp(pullback, *(inputs[i] for i in wanted[:-1]), y_bar)
    return x_bar, pull(cotangent)


def jvp_of_vjp(
    fn: Function, wanted: tuple[int, ...], params: Mapping[str, Any], cotangent: Any, args: Sequence[Any]
) -> tuple[Any, tuple[Any, ...]]:
    """The same by forward mode over reverse mode, in the direction of the cotangent."""
    *inputs, y_bar = args
    f = restricted(fn, inputs, list(wanted[:-1]), params)
    xs = tuple(inputs[i] for i in wanted[:-1])
    ends = np.cumsum([x.size for x in xs])[:-1]
    parts = jnp.split(cotangent.reshape(-1), ends)
    dots = tuple(part.reshape(x.shape) for part, x in zip(parts, xs, strict=True))
    x_bars, x_dots = jax.jvp(lambda *given: jax.vjp(f, *given)[1](y_bar), xs, dots)
    return _joined(x_bars), (*x_dots, jax.jvp(f, xs, dots)[1])


def _joined(x_bars: tuple[Any, ...]) -> Any:
    return x_bars[0] if len(x_bars) == 1 else jnp.concatenate([x_bar.reshape(-1) for x_bar in x_bars])
