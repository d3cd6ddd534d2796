"""JAX: ``from_jax``, and the table of what its users would write for each operation.

On the CPU and in 64 bits, both for the length of a call only. JAX compiles a program for every new shape; eager
operations are compiled one by one. The comparator therefore compiles primal and cotangent into one program, without
XLA's optimisations, which leaves the same operations in the same order and takes a twentieth of the time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from comparators.adapters import (
    FrameworkComparator,
    Function,
    Lazy,
    Native,
    exposing,
    index_parts,
    indexes_classes,
    select,
    spread,
)
from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Rule


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


# ---- NumPy in, NumPy out

@contextmanager
def _exact() -> Iterator[None]:
    """64 bits where the array has 64 bits, and the CPU; the caller's settings return afterwards."""
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        yield


def from_jax(fn: Function, *, differentiable: tuple[int, ...] | None = None) -> Rule:
    """The rule of a JAX function, by ``jax.vjp``.

    ``fn(*arrays, **params)`` returns one array. Every floating argument (or only those at the positions
    ``differentiable``) is differentiated; the pullback returns a cotangent for each argument, None for the
    others, or the one alone of a single argument. The first call at each shape compiles; jit ``fn`` to shorten it.
    """

    @exposing(fn)
    def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
        wanted = select((is_floating(np.asarray(array).dtype) for array in args), differentiable)
        with _exact():
            arrays = [jnp.array(array) for array in args]
            y, vjp = jax.vjp(_restricted(fn, arrays, wanted, params), *(arrays[i] for i in wanted))

        def pullback(y_bar: Any) -> Any:
            with _exact():
                found = vjp(jnp.array(y_bar, dtype=y.dtype))
            return spread([np.array(x_bar) for x_bar in found], wanted, len(args))

        return np.array(y), pullback

    return rule


def _restricted(fn: Function, arrays: list[Any], wanted: list[int], params: Mapping[str, Any]) -> Function:
    """``fn`` as a function of its differentiable arguments."""

    def of_wanted(*chosen: Any) -> Any:
        given = dict(zip(wanted, chosen, strict=True))
        return fn(*(given.get(i, array) for i, array in enumerate(arrays)), **params)

    return of_wanted
