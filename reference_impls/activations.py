"""relu, sigmoid and tanh, entry by entry, and the rules of their pullbacks.

With y_bar and x_bar_bar the cotangents of y and of x_bar = y_bar f'(x)::

    relu     y = max(x, 0)           f' = [x > 0]                              f'' = 0
    sigmoid  s = 1 / (1 + e^-x)      f' = e^-x s^2           (= s (1 - s))     f'' = -s' tanh(x / 2)
    tanh     t = tanh x              f' = 1 / cosh(x)^2      (= 1 - t^2)       f'' = -2 t t'

    f_grad   y_bar_bar = x_bar_bar f'(x)      x_bar2 = x_bar_bar y_bar f''(x)

The formulas in brackets are those of the textbooks. They cancel: 1 - s is 0 in float64 from x = 37 on, and 1 - t^2
from 19 on, where the slopes are 8.5e-17 and 1.3e-16. Those in front are products.

relu has a kink at 0, with any slope from 0 to 1; the rule takes 0, and a second derivative of 0.

Shapes: those of x. Dtypes: those of x; the 16-bit formats are computed in float32 and rounded once; integers give
float64. NaN stays NaN. At infinity the values are the limits, and all slopes 0 but that of relu at plus infinity.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies.elementwise import (
    RELU_REGIONS,
    SIGMOID_REGIONS,
    TANH_REGIONS,
    relu_drafts,
    sigmoid_drafts,
    tanh_drafts,
)
from reference_impls.conventions.entrywise import RELU_CONVENTIONS, SIGMOID_CONVENTIONS, TANH_CONVENTIONS
from reference_impls.entrywise import Pullback, chosen, entrywise, zero_where
from reference_impls.exponents import marked, noting

# ---- relu


def relu_definition(x: Any) -> Any:
    """``max(x, 0)``."""
    return np.maximum(x, 0)


@entrywise
def relu(x: Any) -> tuple[Array, Pullback]:
    """``max(x, 0)``; what passes is chosen, not multiplied by 1 or 0."""
    cut = x <= 0  # NaN is not: its slope is as unknown as its value
    return np.maximum(x, np.zeros_like(x), out=x), lambda y_bar: zero_where(cut, y_bar)


@entrywise
def relu_grad(x: Any, y_bar: Any) -> tuple[Array, Pullback]:
    """``y_bar [x > 0]``."""
    cut = x <= 0

    def pullback(x_bar_bar: Array) -> tuple[Array, Array]:
        return np.zeros_like(x_bar_bar), zero_where(cut, x_bar_bar)

    return zero_where(cut, y_bar), pullback


RELU = Operation(
    name="relu",
    definition=relu_definition,
    rule=relu,
    regions=RELU_REGIONS,
    drafts=relu_drafts,
    conventions=RELU_CONVENTIONS,
    source="Glorot, Bordes, Bengio 2011, Deep sparse rectifier neural networks",
    pullback_rule=relu_grad,
    edges=(
        Edge("at_zero", "0", (0.0,)),
        Edge("at_zero", "-0", (-0.0,)),
        Edge("near_zero", "the smallest subnormals", ([5e-324, -5e-324],)),
        Edge("infinities", "infinite entries", ([-np.inf, np.inf],)),
        Edge("nan", "NaN", (np.nan,)),
    ),
)


# ---- sigmoid


def sigmoid_definition(x: Any) -> Any:
    """``1 / (1 + e^-x)``."""
    return 1 / (1 + np.exp(-x))


def _sigmoid(x: Array) -> tuple[Array, Pullback]:
    """``s``, and the function that multiplies by ``s' = e^-x s s``, in this order, as s² alone underflows."""
    lost: dict[str, int] = {}
    with noting(lost, invalid="call"):
        slope = np.negative(x)
        np.exp(slope, out=slope)
        s = slope + 1
        np.reciprocal(s, out=s)
        slope *= s
        slope *= s
    if lost:
        return _far_sigmoid(x, s, slope)
    return s, lambda factor: factor * slope


def _far_sigmoid(x: Array, s: Array, slope: Array) -> tuple[Array, Pullback]:
    """The same where a slope is no normal number, which has lost digits, or e^-x is none: there both are e^-|x|.

    There the factor is multiplied by the root e^(-|x| / 2) twice, which is normal where the slope is not.
    """
    info = np.finfo(x.dtype)
    near = slope >= info.tiny  # not where e^-x overflows, inf times 0
    size = np.abs(x)
    s = chosen(near | ~(x < 0), s, np.exp(-size))  # to the last bit
    rooted = (size < -2 * np.log(info.smallest_subnormal)) & ~near

    kept: tuple[Array, ...] = slope, size, near

    def times(factor: Array) -> Array:
        nonlocal kept  # the roots once they are asked for, and nothing beside them
        first, second, *others = kept
        if others:
            root = zero_where(others[0], np.exp(second * -0.5))
            kept = first, second = np.fmax(first, root), np.maximum(root, others[0])
        return np.asarray(factor * first * second)

    return s, marked(times, bool(rooted.any()))


@entrywise
def sigmoid(x: Any) -> tuple[Array, Pullback]:
    """``s = 1 / (1 + e^-x)``; the pullback keeps s', which costs least while e^-x is at hand."""
    return _sigmoid(x)


@entrywise
def sigmoid_grad(x: Any, y_bar: Any) -> tuple[Array, Pullback]:
    """``x_bar = y_bar s'``, s'' = s' (1 - 2 s) = -s' tanh(x / 2)."""
    _, times = _sigmoid(x)

    def pullback(x_bar_bar: Array) -> tuple[Array, Array]:
        y_bar_bar = times(x_bar_bar)
        return y_bar_bar * -np.tanh(x / 2) * y_bar, y_bar_bar

    return times(y_bar), pullback


SIGMOID = Operation(
    name="sigmoid",
    definition=sigmoid_definition,
    rule=sigmoid,
    regions=SIGMOID_REGIONS,
    drafts=sigmoid_drafts,
    conventions=SIGMOID_CONVENTIONS,
    source="Goodfellow, Bengio, Courville 2016, Deep Learning, 3.10",
    pullback_rule=sigmoid_grad,
    edges=(
        Edge("tails", "x = 40, where 1 - s is 0", (40.0,)),
        Edge("saturated", "x = 1000", (1000.0,)),
        Edge("saturated", "x = -1000", (-1000.0,)),
        Edge("infinities", "plus infinity", (np.inf,)),
        Edge("infinities", "minus infinity", (-np.inf,)),
    ),
)


# ---- tanh


def tanh_definition(x: Any) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(x)


def _tanh_slope(x: Array) -> Array:
    """``h²`` with h = 2 r / (1 + r²) = 1 / cosh x and r = e^-|x|, neither of which underflows before h² does."""
    r = np.exp(-np.abs(x))
    h = 2 * r
    r *= r
    r += 1
    h /= r
    h *= h
    return h


@entrywise
def tanh(x: Any) -> tuple[Array, Pullback]:
    """``t = tanh x``; the pullback keeps x alone, since nothing that t has lost comes back from it."""
    return np.tanh(x), lambda y_bar: y_bar * _tanh_slope(x)


@entrywise
def tanh_grad(x: Any, y_bar: Any) -> tuple[Array, Pullback]:
    """``x_bar = y_bar t'``, t'' = -2 t t'."""
    slope = _tanh_slope(x)

    def pullback(x_bar_bar: Array) -> tuple[Array, Array]:
        y_bar_bar = x_bar_bar * slope
        return y_bar_bar * (-2 * np.tanh(x)) * y_bar, y_bar_bar

    return y_bar * slope, pullback


TANH = Operation(
    name="tanh",
    definition=tanh_definition,
    rule=tanh,
    regions=TANH_REGIONS,
    drafts=tanh_drafts,
    conventions=TANH_CONVENTIONS,
    source="NIST Digital Library of Mathematical Functions, 4.34",
    pullback_rule=tanh_grad,
    edges=(
        Edge("tails", "x = 20, where 1 - t² is 0", (20.0,)),
        Edge("saturated", "x = 1000", (1000.0,)),
        Edge("saturated", "x = -1000", (-1000.0,)),
        Edge("infinities", "infinite entries", ([-np.inf, np.inf],)),
    ),
)
