"""Operators that leave something behind, or write where they may not.

A rule made here may keep something between its calls, but no more than what belongs to the last of them, and no run
shows in the next. The stale pullback is replaced by each call before anybody can use it; what a pullback counts, it
counts from its own call on; and a second call is known by the identity of its argument, held by a weak reference, so
that an equal array of another run is a first call again.
"""

from __future__ import annotations

import weakref
from functools import wraps
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule
from reference_impls.defects.operators.frame import Call, forwards, pullbacks


def stale_residual(rule: Rule) -> Rule:
    """Every pullback is that of the latest call: what it needs is kept in the layer, not in the closure."""
    latest: list[Any] = []

    @wraps(rule)
    def wrong(*args: Any, **params: Any) -> Any:
        y, pullback = rule(*args, **params)
        latest[:] = [pullback]

        def pulled(y_bar: Any) -> Any:
            return latest[0](y_bar)

        return y, pulled

    return wrong


def second_call(rule: Rule) -> Rule:
    """The sign of the gradient is wrong where the rule was called on the same array just before."""
    last: list[weakref.ref[Array]] = []

    @wraps(rule)
    def wrong(*args: Any, **params: Any) -> Any:
        y, pullback = rule(*args, **params)
        x = args[0]
        repeated = bool(last) and last[0]() is x
        last[:] = [weakref.ref(x)] if isinstance(x, np.ndarray) else []
        return y, (lambda y_bar: _each(pullback(y_bar), np.negative)) if repeated else pullback

    return wrong


def _each(x_bars: Any, change: Any) -> Any:
    """``change`` of the gradient, or of each of several."""
    if not isinstance(x_bars, tuple):
        return change(x_bars)
    return tuple(None if x_bar is None else change(x_bar) for x_bar in x_bars)


@forwards
def second_pullback(rule: Rule, *args: Any, **params: Any) -> Any:
    """A pullback frees what it has used: from its second call on it returns 0."""
    y, pullback = rule(*args, **params)
    used: list[bool] = []

    def pulled(y_bar: Any) -> Any:
        x_bars = pullback(y_bar)
        used.append(True)
        return x_bars if len(used) == 1 else _each(x_bars, np.zeros_like)

    return y, pulled


@forwards
def adds_up(rule: Rule, *args: Any, **params: Any) -> Any:
    """A pullback adds each gradient to those that it returned before."""
    y, pullback = rule(*args, **params)
    before: list[Any] = []

    def pulled(y_bar: Any) -> Any:
        before.append(pullback(y_bar))
        if not isinstance(before[0], tuple):
            return sum(before[1:], np.array(before[0]))
        return tuple(
            None if parts[0] is None else sum(parts[1:], np.array(parts[0]))
            for parts in zip(*before, strict=True)
        )

    return y, pulled


@forwards
def nondeterministic(rule: Rule, *args: Any, **params: Any) -> Any:
    """Noise of 1e-7, and of no less than 8 roundoffs, that each call of a pullback draws anew.

    The generator is seeded by the call of the rule, so that runs repeat themselves.
    """
    y, pullback = rule(*args, **params)
    noise = np.random.default_rng(0)

    def noisy(x_bar: Array) -> Array:
        size = max(1e-7, 4 * float(np.finfo(x_bar.dtype).eps))
        return np.asarray(x_bar * (1 + size * noise.uniform(-1, 1, x_bar.shape))).astype(x_bar.dtype)

    return y, lambda y_bar: _each(pullback(y_bar), noisy)


# ---- in place


def _overwrites_argument(call: Call, y_bar: Any) -> Any:
    x_bars = call.pullback(y_bar)
    first = x_bars[0] if isinstance(x_bars, tuple) else x_bars
    call.x[...] = first
    return x_bars


def _scales_cotangent(call: Call, y_bar: Any) -> Any:
    y_bar *= 2
    return _each(call.pullback(y_bar), lambda x_bar: x_bar / x_bar.dtype.type(2))


def _consumes_primal(call: Call, y_bar: Any) -> Any:
    x_bars = _each(call.pullback(y_bar), np.array)
    call.y[...] = 0
    return x_bars


overwrites_argument = pullbacks(_overwrites_argument)
scales_cotangent = pullbacks(_scales_cotangent)
consumes_primal = pullbacks(_consumes_primal)


@forwards
def forward_in_place(rule: Rule, *args: Any, **params: Any) -> Any:
    """The forward writes its result over its argument, of which both have the shape."""
    x, *others = args
    y, pullback = rule(np.array(x), *others, **params)
    x[...] = y
    return y, pullback
