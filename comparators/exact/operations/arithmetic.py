"""Arithmetic, and the functions of one variable: a line each, with the pullback in terms of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from comparators.exact.operations.moving import unbroadcast
from comparators.exact.taped import Taped
from gradassay.vocabulary import Array


def _binary(name: str, rule: Callable[..., Sequence[Taped]]) -> Callable[[Taped, Taped], Taped]:
    def operation(a: Taped, b: Taped) -> Taped:
        def pullback(g: Taped, y: Taped) -> Sequence[Taped | None]:
            parts = rule(g, y, a, b)
            return [unbroadcast(part, x.shape) for part, x in zip(parts, (a, b), strict=True)]

        return a.tape.make(getattr(a.tape.arithmetic, name)(a.ball, b.ball), (a, b), pullback)

    return operation


def _unary(name: str, rule: Callable[[Taped, Taped, Taped], Taped]) -> Callable[[Taped], Taped]:
    def operation(a: Taped) -> Taped:
        ball = getattr(a.tape.arithmetic, name)(a.ball)
        return a.tape.make(ball, (a,), lambda g, y: [rule(g, y, a)])

    return operation


Binary = Callable[[Taped, Taped], Taped]
Unary = Callable[[Taped], Taped]

add: Binary = _binary("add", lambda g, y, a, b: (g, g))
subtract: Binary = _binary("sub", lambda g, y, a, b: (g, negative(g)))
multiply: Binary = _binary("mul", lambda g, y, a, b: (pull(g, b), pull(g, a)))
pull: Binary = _binary("pull", lambda g, y, a, b: (pull(g, b), pull(g, a)))
divide: Binary = _binary("div", lambda g, y, a, b: _pull_quotient(pull_div(g, b), y))
pull_div: Binary = _binary("pull_div", lambda g, y, a, b: _pull_quotient(pull_div(g, b), y))

_negated: Unary = _unary("neg", lambda g, y, a: negative(g))


def negative(a: Taped) -> Taped:
    """-a, entry for entry what a is."""
    y = _negated(a)
    y.origin = a.origin
    return y


exp: Unary = _unary("exp", lambda g, y, a: pull(g, y))
expm1: Unary = _unary("expm1", lambda g, y, a: pull(g, exp(a)))
log: Unary = _unary("log", lambda g, y, a: pull_div(_defined(g, y), a))
log1p: Unary = _unary("log1p", lambda g, y, a: pull_div(_defined(g, y), a + 1))
sqrt: Unary = _unary("sqrt", lambda g, y, a: pull_div(g, y + y))
# 1 - tanh^2 cancels in the tails; 1 / cosh^2 does not.
tanh: Unary = _unary("tanh", lambda g, y, a: pull(g, 4 / _square(exp(a) + exp(-a))))


def _square(a: Taped) -> Taped:
    return multiply(a, a)


def _defined(g: Taped, y: Taped) -> Taped:
    """``g``, NaN where ``y`` is: log has no slope where it has no value, though 1 / x has one."""
    undefined = np.isnan(y.tape.arithmetic.truth_value(y.ball))
    # A factor and no branch, which would have the slope 0 in the second derivative.
    return pull(g, y.tape.lift(np.where(undefined, np.nan, 1))) if undefined.any() else g


def _pull_quotient(a_bar: Taped, y: Taped) -> tuple[Taped, Taped]:
    return a_bar, negative(pull(a_bar, y))


def bilinear(a: Taped, b: Taped, f: Callable[..., Array], n: int, pullback: Callable[..., Any]) -> Taped:
    """``f(a, b)`` linear in each, every entry a sum of ``n`` products."""
    return a.tape.make(a.tape.arithmetic.matmul(a.ball, b.ball, f, n), (a, b), pullback)
