"""How an operator is written: as a change of what a rule gives back, while signature and primal stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule

#: What makes a wrong rule of a right one.
Operator = Callable[[Rule], Rule]
#: ``change(x_bar, x, y_bar)``: what comes back in the place of a right gradient.
Change = Callable[[Array, Array, Array], Any]


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a right rule: what it was given, and what it gave back."""

    rule: Rule
    args: tuple[Any, ...]
    params: dict[str, Any]
    y: Array
    pullback: Callable[[Any], Any]

    @property
    def x(self) -> Array:
        """The first argument."""
        return np.asarray(self.args[0])

    def again(self, *args: Any, **params: Any) -> Callable[[Any], Any]:
        """The right pullback at other first arguments or under other parameters."""
        pullback: Callable[[Any], Any] = self.rule(
            *args, *self.args[len(args) :], **{**self.params, **params}
        )[1]
        return pullback


def forwards(call_wrongly: Callable[..., Any]) -> Operator:
    """The operator ``rule -> call_wrongly(rule, *args, **params)``; what it calls has the rule's own signature."""

    def operator(rule: Rule) -> Rule:
        @wraps(rule)
        def wrong(*args: Any, **params: Any) -> Any:
            with np.errstate(all="ignore"):
                return call_wrongly(rule, *args, **params)

        return wrong

    return operator


def pullbacks(pull_wrongly: Callable[[Call, Any], Any]) -> Operator:
    """The operator that keeps the primal, and pulls back by ``pull_wrongly(call, y_bar)``."""

    def call_wrongly(rule: Rule, *args: Any, **params: Any) -> Any:
        y, pullback = rule(*args, **params)
        call = Call(rule, args, params, y, pullback)

        def pulled(y_bar: Any) -> Any:
            with np.errstate(all="ignore"):
                return pull_wrongly(call, np.asarray(y_bar))

        return y, pulled

    return forwards(call_wrongly)


def cotangents(change: Callable[[Array], Array]) -> Operator:
    """The operator that pulls ``change(y_bar)`` back instead of y_bar."""
    return pullbacks(lambda call, y_bar: call.pullback(np.asarray(change(y_bar), y_bar.dtype)))


def gradients(change: Change, *, of: int | None = None) -> Operator:
    """The operator that puts ``change(x_bar, x, y_bar)`` in the place of each gradient, or of that of one argument."""

    def changed(call: Call, y_bar: Array) -> Any:
        def one(i: int, x_bar: Any) -> Any:
            if x_bar is None or of not in (None, i):
                return x_bar
            return change(np.asarray(x_bar), np.asarray(call.args[i]), y_bar)

        pulled = call.pullback(y_bar)
        return tuple(map(one, range(len(pulled)), pulled)) if isinstance(pulled, tuple) else one(0, pulled)

    return pullbacks(changed)
