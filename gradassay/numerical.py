"""Differentiation by central differences, and what can be built on it: a tangent line, gradient descent.

With a step h and a smooth f::

    f'(x) = (f(x + h) - f(x - h)) / 2h + O(h^2),     rounding adds about u |f| / h

Both are least together for h near (3 u)^(1/3), which is 7e-6 in float64. The differences are good to about ten
digits, and that is all: no budget, no proof. To judge a gradient use ``gradassay.verify``, whose finite differences
take several steps and bound their own error; these here are for plots, for a look, and for small experiments.

All of it computes in float64, whatever the argument's dtype, since a step of 1e-5 is no step at all to an integer
and a coarse one to a float32. No function changes its argument, and every array returned is a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.errors import UsageError
from gradassay.vocabulary import Array

#: Step of the differences, absolute: in units of x.
STEP = 1e-5

Function = Callable[[Any], Any]


def derivative(f: Function, x: Any, *, h: float = STEP) -> Any:
    """``(f(x + h) - f(x - h)) / 2h``: the derivative of a function of one number.

    x is a number, or an array of them if f works entry by entry; the result has the shape that f returns. In
    float64. ``UsageError`` for a step that is not positive, or that does not move x.
    """
    there, back = _steps(np.asarray(x, dtype=np.float64), h)
    return (f(there) - f(back)) / (2 * h)


def gradient(f: Function, x: Any, *, h: float = STEP) -> Array:
    """``g_i = (f(x + h e_i) - f(x - h e_i)) / 2h``: the gradient of a function of an array.

    f takes an array of x's shape and returns one number; g has x's shape, in float64. f is called twice for each
    entry, on an array of its own. ``UsageError`` where f returns more than one number, and as `derivative`.
    """
    x = np.asarray(x, dtype=np.float64)
    there, back = _steps(x, h)
    g = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        g[i] = (_value(f, x, i, there[i]) - _value(f, x, i, back[i])) / (2 * h)
    return g


def tangent(f: Function, x0: Any, *, h: float = STEP) -> Function:
    """The line ``x -> f(x0) + f'(x0) (x - x0)`` that touches f at x0; it takes numbers and arrays."""
    x0 = np.array(x0, dtype=np.float64)
    y0, slope = f(x0.copy()), derivative(f, x0, h=h)
    return lambda x: y0 + slope * (np.asarray(x) - x0)


def gradient_descent(
    f: Function, x0: Any, *, rate: float = 0.01, steps: int = 1000, h: float = STEP
) -> Array:
    """The point that ``steps`` times ``x <- x - rate g(x)`` leads to from x0, with g by `gradient`.

    A new array in float64; x0 stays where it is. Nothing is said about a minimum: with a rate that is too high
    the point runs away. `descent_path` returns every point on the way.
    """
    return np.array(descent_path(f, x0, rate=rate, steps=steps, h=h)[-1])


def descent_path(f: Function, x0: Any, *, rate: float = 0.01, steps: int = 1000, h: float = STEP) -> Array:
    """All points of `gradient_descent`, the start among them: shape ``(steps + 1, *x0.shape)``."""
    if not steps >= 0:
        raise UsageError(f"steps has to be 0 or more, not {steps!r}")
    x0 = np.asarray(x0, dtype=np.float64)
    path = np.empty((steps + 1, *x0.shape))
    path[0] = x0
    for k in range(steps):
        path[k + 1] = path[k] - rate * gradient(f, path[k], h=h)
    return path


def _steps(x: Array, h: float) -> tuple[Array, Array]:
    if not h > 0:
        raise UsageError(f"the step h has to be positive, not {h!r}")
    there, back = x + h, x - h
    stuck = np.isfinite(x) & ~((there > x) & (back < x))
    if stuck.any():
        raise UsageError(f"a step of h={h!r} does not move x={float(x[stuck].flat[0])}: take a larger one")
    return there, back


def _value(f: Function, x: Array, i: tuple[int, ...], moved: Any) -> float:
    point = x.copy()
    point[i] = moved
    y = np.asarray(f(point))
    if y.size != 1:
        raise UsageError(
            f"a gradient needs a function that returns one number, but f returned shape {y.shape}"
        )
    return float(y.reshape(()))
