"""Rules for finite differences to judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from comparators.finite_differences import Finding, FiniteDifferences
from gradassay.vocabulary import Array, Rule, Scenario

Function = Callable[[Array], Any]


def elementwise(function: Function, derivative: Function) -> Rule:
    """``y = function(x)`` with ``x_bar = y_bar * derivative(x)``, entry by entry."""
    return lambda x: (function(x), lambda y_bar: y_bar * derivative(x))


def softmax(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """Along the last axis, shifted by the largest."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)
    return y, lambda y_bar: y * (y_bar - (y_bar * y).sum(axis=-1, keepdims=True))


def changed(rule: Rule, change: Callable[[Array], Array]) -> Rule:
    """The rule with another pullback: ``change`` is done to what it returns."""

    def bad(*args: Array) -> tuple[Any, Callable[[Any], Any]]:
        y, pullback = rule(*args)
        return y, lambda y_bar: change(pullback(y_bar))

    return bad


def scenario(rule: Rule, *args: Any, y_bar: Any = None, differentiable: tuple[int, ...] = (0,)) -> Scenario:
    """A scenario with a signed cotangent, unless ``y_bar`` is given."""
    arrays = tuple(np.asarray(arg) for arg in args)
    shape = np.shape(rule(*(array.copy() for array in arrays))[0])
    cotangent = (
        np.random.default_rng(7).normal(size=shape) if y_bar is None else np.asarray(y_bar, dtype=np.float64)
    )
    return Scenario("anything", "float64", arrays, {}, np.asarray(cotangent), differentiable)


def judge(rule: Rule, *args: Any, **options: Any) -> Finding:
    """What finite differences say of the rule at ``args``; ``options`` as of ``scenario``."""
    return FiniteDifferences(rule).judge(scenario(rule, *args, **options))


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def step(x: Array) -> Array:
    """1 where x is above 0, else 0: the slope of relu, and 0 at its kink."""
    return (x > 0).astype(np.float64)


RELU = elementwise(lambda x: np.maximum(x, 0), step)

ROWS = np.random.default_rng(1).normal(size=(4, 5))
seeds = st.integers(0, 2**32 - 1)

SQRT = elementwise(np.sqrt, lambda x: 0.5 / np.sqrt(x))
