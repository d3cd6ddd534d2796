"""JAX: ``from_jax``, and the table of what its users would write for each operation.

On the CPU and in 64 bits, both for the length of a call only. JAX compiles every operation anew for every new
shape. The comparator therefore compiles primal and cotangent into one program, and that without optimisation,
which leaves the operations as eager JAX runs them and takes a twentieth of the time.
XLA's CPU programs flush subnormal numbers to zero.
"""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from comparators.adapters import (
    FrameworkComparator,
    Function,
    Lazy,
    Native,
    exposing,
    indexes_classes,
    select,
    spread,
)
from comparators.interface import evaluate_rule
from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Evaluation, Rule, Scenario


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
    others, or the one alone of a single argument. The first call at each shape compiles, which takes most of
    a second; a jitted ``fn`` shortens it.
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


# ---- the operations


def softmax(x: Native, *, axis: Any = -1) -> Native:
    return jax.nn.softmax(x, axis=axis)


def log_softmax(x: Native, *, axis: Any = -1) -> Native:
    return jax.nn.log_softmax(x, axis=axis)


def cross_entropy(p: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return _reduce(-_expected(jnp.log, p, labels), reduction)


def softmax_cross_entropy(x: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return _reduce(-_expected(jax.nn.log_softmax, x, labels), reduction)


def get_item(x: Native, *, index: Any) -> Native:
    return x[index]


def get_item_grad(y_bar: Native, *, index: Any, shape: tuple[int, ...]) -> Native:
    return jnp.zeros(shape, y_bar.dtype).at[index].add(y_bar)


def _expected(log: Function, x: Native, labels: Native) -> Native:
    """``log(x)`` at the class of each label, or averaged over its distribution."""
    if indexes_classes(x, labels, integer=jnp.issubdtype(labels.dtype, jnp.integer)):
        column = labels.reshape(*x.shape[:-1], 1)
        return jnp.take_along_axis(log(x), column, axis=-1)[..., 0]
    return (labels * log(x)).sum(axis=-1)


def _reduce(loss: Native, reduction: str) -> Native:
    return {"none": lambda: loss, "mean": loss.mean, "sum": loss.sum}[reduction]()


FUNCTIONS: Mapping[str, Function] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "cross_entropy": cross_entropy,
    "softmax_cross_entropy": softmax_cross_entropy,
    "get_item": get_item,
    "get_item_grad": get_item_grad,
}


# ---- the comparator

#: Excess precision would keep bfloat16 intermediates in float32, which eager JAX does not do.
_AS_EAGER = {
    "xla_allow_excess_precision": False,
    "xla_backend_optimization_level": 0,
    "xla_cpu_parallel_codegen_split_count": 1,
    "xla_cpu_use_fusion_emitters": False,
}


@dataclass(eq=False)
class JaxComparator(FrameworkComparator):
    """The table's functions, primal and cotangent in one compiled program, kept for the next of its shape."""

    def evaluate(self, scenario: Scenario) -> Evaluation:
        fn = self.functions[scenario.operation]

        def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
            with _exact():
                if not scenario.valid:
                    return np.array(fn(*map(jnp.array, args), **params)), lambda y_bar: ()
                program = _program(fn, scenario.differentiable, _Params(params))
                y, found = program(scenario.cotangent, *args)
            return np.array(y), lambda y_bar: tuple(np.array(x_bar) for x_bar in found)

        return evaluate_rule(rule, scenario)


class _Params:
    """Parameters that can be a key: arrays by their bytes, slices by their ends."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.values = params
        self._key = tuple((name, _key(value)) for name, value in sorted(params.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Params) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def _key(value: Any) -> Hashable:
    if isinstance(value, np.ndarray):
        return "array", value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, slice):
        return "slice", value.start, value.stop, value.step
    if isinstance(value, tuple):
        return tuple(_key(part) for part in value)
    return type(value).__name__, value


@lru_cache(maxsize=1024)
def _program(fn: Function, differentiable: tuple[int, ...], params: _Params) -> Function:
    def primal_and_cotangent(y_bar: Any, *arrays: Any) -> Any:
        chosen = (arrays[i] for i in differentiable)
        y, vjp = jax.vjp(_restricted(fn, list(arrays), list(differentiable), params.values), *chosen)
        return y, vjp(y_bar)

    compiled: Function = jax.jit(primal_and_cotangent, compiler_options=_AS_EAGER)
    return compiled


COMPARATORS = {
    # It compiles anew for each shape, which takes about 45 ms: a scenario costs what forty of the others' do.
    "jax": JaxComparator("jax", FUNCTIONS, from_jax, jax, stride=4),
}
