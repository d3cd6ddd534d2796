"""``from_jax``: a JAX function as a rule, on the CPU and in 64 bits, both for the length of a call only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from comparators.adapters import Function, Lazy, exposing, select, spread
from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Rule

__all__ = ["exactly", "from_jax", "jax", "jnp", "restricted"]


@contextmanager
def _on_cpu() -> Iterator[None]:
    """Look for no accelerator; a JAX that the caller imported stays as it is."""
    fresh = "jax" not in sys.modules
    yield
    if fresh:
        import jax

        jax.config.update("jax_platforms", "cpu")


if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp
else:
    jax, jnp = Lazy("jax", _on_cpu), Lazy("jax.numpy", _on_cpu)


@contextmanager
def exactly() -> Iterator[None]:
    """64 bits where the array has 64 bits, and the CPU; the caller's settings return afterwards."""
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        yield


def from_jax(fn: Function, *, differentiable: tuple[int, ...] | None = None) -> Rule:
    """The rule of a JAX function, by ``jax.vjp``.

    ``fn(*arrays, **params)`` returns one array. Every floating argument (or only those at the positions
    ``differentiable``) is differentiated; the pullback returns a cotangent for each argument, None for the
    others, or the one alone of a single argument. The first call at each shape compiles, which takes most of
    a second; a jitted ``fn`` shortens it.
    """

    @exposing(fn)
    def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
        wanted = select((is_floating(np.asarray(array).dtype) for array in args), differentiable)
        with exactly():
            arrays = [jnp.array(array) for array in args]
            y, vjp = jax.vjp(restricted(fn, arrays, wanted, params), *(arrays[i] for i in wanted))

        def pullback(y_bar: Any) -> Any:
            with exactly():
                found = vjp(jnp.array(y_bar, dtype=y.dtype))
            return spread([np.array(x_bar) for x_bar in found], wanted, len(args))

        return np.array(y), pullback

    return rule


def restricted(fn: Function, arrays: list[Any], wanted: list[int], params: Mapping[str, Any]) -> Function:
    """``fn`` as a function of its differentiable arguments."""

    def of_wanted(*chosen: Any) -> Any:
        given = dict(zip(wanted, chosen, strict=True))
        return fn(*(given.get(i, array) for i, array in enumerate(arrays)), **params)

    return of_wanted
