"""``autograd.test_util.check_grads`` of HIPS autograd.

Its documentation (the update guide to version 1.2, "Gradient checking") shows the call and asks for the arguments
of the function, random ones in its own tests. Central differences with a step of 1e-6 give the gradient along one
random direction, under a random cotangent, from NumPy's global generator; the numbers have to agree to 1e-6,
absolutely or relatively, and the gradient has to have shape and dtype of the argument.

A rule becomes a ``@primitive`` with its vjp, as the guide says: by ``defvjp`` for one argument, and for several
all gradients in one by ``defvjp_argnums``, which is made for vjps that share work. A NumPy pullback has no
derivative, hence ``order=1`` and ``modes=["rev"]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from gradassay.audit.rivals.interface import Subject, judge, version_of
from gradassay.vocabulary import Rule, Scenario
from gradassay.vocabulary.audit import Judgement


@dataclass(frozen=True)
class CheckGrads:
    """Reverse mode, first order, all differentiable arguments at once."""

    name: str = "autograd check_grads"
    call: str = 'autograd.test_util.check_grads(f, argnum, modes=["rev"], order=1)(*args)'

    @property
    def version(self) -> str:
        return version_of("autograd")

    def load(self) -> None:
        import_module("autograd.test_util")

    def check(self, rule: Rule, scenario: Scenario) -> Judgement:
        return judge(rule, scenario, self._ask)

    def _ask(self, subject: Subject) -> None:
        from autograd.test_util import check_grads

        xs = subject.xs
        argnum = tuple(range(len(xs))) if len(xs) > 1 else 0

        def f(*args: Any) -> Any:
            return _primitive(len(args))(subject, *args)

        with _own_random_numbers():
            check_grads(f, argnum, modes=["rev"], order=1)(*xs)


@cache
def _primitive(arguments: int) -> Any:
    """The primitive of a subject and so many differentiable arguments: made once, since autograd never forgets any."""
    from autograd.extend import defvjp, defvjp_argnums, primitive

    @primitive  # type: ignore[untyped-decorator]
    def of_rule(subject: Subject, *xs: Any) -> Any:
        return subject(*xs)[0]

    def vjp(argnums: Any, y: Any, args: Any, kwargs: Any) -> Callable[[Any], tuple[Any, ...]]:
        subject, *xs = args
        return subject(*xs)[1]  # type: ignore[no-any-return]

    def only_vjp(y: Any, subject: Subject, x: Any) -> Callable[[Any], Any]:
        pullback = subject(x)[1]

        def pulled(y_bar: Any) -> Any:
            x_bars = pullback(y_bar)
            return x_bars[0] if len(x_bars) == 1 else x_bars

        return pulled

    if arguments == 1:
        defvjp(of_rule, None, only_vjp)
    else:
        defvjp_argnums(of_rule, vjp)
    return of_rule


@contextmanager
def _own_random_numbers() -> Iterator[None]:
    """The same random numbers for every check, as with the seeds in autograd's own tests; the caller's come back."""
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)


RIVALS = {"autograd check_grads": CheckGrads()}
