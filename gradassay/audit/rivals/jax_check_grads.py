"""``jax.test_util.check_grads``.

Its documentation (docs.jax.dev, jax.test_util.check_grads) asks for a function and a tuple of arguments, and names
no defaults; in its source they are the step 1e-4 and, by dtype, 1e-5 for float64, 2e-3 for float32, 1e-2 for
float16, 0.1 for bfloat16, absolute and relative. One number is compared: the gradient along a random direction,
under a random cotangent, both from one seed. JAX has 64 bits only where they are switched on ("Default dtypes and
the X64 flag"): they are, for the length of a call, which changes nothing for narrower arrays.

A rule becomes a ``jax.custom_vjp`` ("Custom derivative rules"), whose residuals are the arguments, on which the
backward runs the rule again; a NumPy pullback has no derivative, hence ``order=1`` and ``modes=["rev"]``.
``check_grads`` is eager: the arrays are concrete, and NumPy takes them. ``jax.pure_callback``, which "External
callbacks" has for NumPy under ``jit``, is not needed, and cannot be relied on here: on one core it deadlocks at
arrays of 200 × 200; its callbacks may run on threads where the 64 bits of ``jax.enable_x64`` are not on, and get
float32; and their exceptions have no defined behaviour. As a callback would, the rule gets read-only arrays, so
that one that writes into them raises. Of a gradient JAX checks number and shape, and not the dtype.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from comparators.jax.adapter import exactly, jax
from gradassay.audit.rivals.interface import Subject, judge, version_of
from gradassay.vocabulary import Array, Rule, Scenario
from gradassay.vocabulary.audit import Judgement


@dataclass(frozen=True)
class CheckGrads:
    """Reverse mode, first order, all differentiable arguments at once."""

    name: str = "jax check_grads"
    call: str = 'with jax.enable_x64(True):\n    jax.test_util.check_grads(f, args, order=1, modes=["rev"])'

    @property
    def version(self) -> str:
        return version_of("jax")

    def load(self) -> None:
        jax.load()

    def check(self, rule: Rule, scenario: Scenario) -> Judgement:
        return judge(rule, scenario, self._ask, dtypes=("float64", "float32", "float16", "bfloat16"))

    def _ask(self, subject: Subject) -> None:
        from jax.test_util import check_grads

        @jax.custom_vjp  # type: ignore[untyped-decorator]
        def f(*xs: Any) -> Any:
            return np.asarray(subject(*map(_read_only, xs))[0])

        def fwd(*xs: Any) -> Any:
            return f(*xs), xs

        def bwd(xs: Any, y_bar: Any) -> Any:
            _, pullback = subject(*map(_read_only, xs))
            return tuple(
                x_bar if x_bar is None else np.asarray(x_bar) for x_bar in pullback(_read_only(y_bar))
            )

        f.defvjp(fwd, bwd)
        with exactly():
            check_grads(f, subject.xs, order=1, modes=["rev"])


def _read_only(array: Any) -> Array:
    """As NumPy sees an array of JAX's; those that ``check_grads`` computes itself are NumPy's, and writeable."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


RIVALS = {"jax check_grads": CheckGrads()}
