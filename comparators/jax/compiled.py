"""JAX as a comparator: primal and cotangent in one compiled program.

JAX compiles every operation anew for every new shape; one program for all of them takes a twentieth of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from comparators.adapters import FrameworkComparator, Function
from comparators.interface import evaluate_rule
from comparators.jax.adapter import exactly, jax, jnp, restricted
from gradassay.vocabulary import Array, Evaluation, Scenario

#: Excess precision would keep bfloat16 intermediates in float32, which eager JAX does not do; the others save time.
#: A lower optimisation level would save more, but caps tanh below 1 in float32, as neither eager JAX nor jit does.
_AS_EAGER = {
    "xla_allow_excess_precision": False,
    "xla_cpu_parallel_codegen_split_count": 1,
    "xla_cpu_use_fusion_emitters": False,
}


#: ``differentiate(fn, wanted, params, cotangent, args)`` -> the primal, and the wanted arguments' cotangents.
Differentiate = Callable[..., tuple[Any, tuple[Any, ...]]]


def first_vjp(
    fn: Function, wanted: tuple[int, ...], params: Mapping[str, Any], cotangent: Any, args: Sequence[Any]
) -> tuple[Any, tuple[Any, ...]]:
    """The primal of ``fn``, and the cotangents of the wanted arguments."""
    y, pullback = jax.vjp(restricted(fn, list(args), list(wanted), params), *(args[i] for i in wanted))
    return y, pullback(cotangent)


@dataclass(eq=False)
class JaxComparator(FrameworkComparator):
    """The table's functions, primal and cotangent in one compiled program, kept for the next of its shape."""

    differentiate: Differentiate = first_vjp
    """What the program computes."""
    _latest: str = field(default="", init=False)
    """The operation whose programs are kept: those of all together take gigabytes, and none is asked for again."""

    def evaluate(self, scenario: Scenario) -> Evaluation:
        if scenario.operation != self._latest:
            self._latest = scenario.operation
            _program.cache_clear()
            jax.clear_caches()
        fn = self.functions[scenario.operation]

        def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
            with exactly():
                if not scenario.valid:  # its cotangent need not fit
                    return _eagerly(fn, scenario.differentiable, params, list(map(jnp.array, args)))
                program = _program(self.differentiate, fn, scenario.differentiable, _Params(params))
                y, found = program(scenario.cotangent, *args)
            return np.array(y), lambda y_bar: tuple(np.array(x_bar) for x_bar in found)

        return evaluate_rule(rule, scenario)


def _eagerly(
    fn: Function, wanted: tuple[int, ...], params: Mapping[str, Any], args: list[Any]
) -> tuple[Array, Callable[[Any], Any]]:
    y, pullback = jax.vjp(restricted(fn, args, list(wanted), params), *(args[i] for i in wanted))

    def pull(y_bar: Any) -> tuple[Array, ...]:
        with exactly():
            return tuple(np.array(x_bar) for x_bar in pullback(jnp.asarray(y_bar)))

    return np.array(y), pull


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
def _program(
    differentiate: Differentiate, fn: Function, wanted: tuple[int, ...], params: _Params
) -> Function:
    def primal_and_cotangents(cotangent: Any, *args: Any) -> Any:
        return differentiate(fn, wanted, params.values, cotangent, args)

    compiled: Function = jax.jit(primal_and_cotangents, compiler_options=_AS_EAGER)
    return compiled
