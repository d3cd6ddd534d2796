"""exp, log and clip, entry by entry, and the rules of their pullbacks.

With y_bar and x_bar_bar the cotangents of y and of x_bar = y_bar f'(x)::

    exp    y = e^x                        x_bar = y_bar y
    log    y = log x                      x_bar = y_bar / x
    clip   y = min(max(x, low), high)     x_bar = y_bar where low <= x <= high, else 0

    f_grad y_bar_bar = x_bar_bar f'(x)    x_bar2 = x_bar_bar y_bar f''(x)

clip has kinks at its bounds, with any slope from 0 to 1; the rule takes 1, so that an entry that was clipped once
is not lost to training. Its bounds are numbers or None for no bound. With low >= high the result is high everywhere
and the slope 0, at the bounds as well. Its second derivative is taken as 0 at the kinks, too.

Shapes: those of x. Dtypes: those of x; the 16-bit formats are computed in float32 and rounded once; integers give
float64. log is -inf at 0 with a slope of +inf, from either zero, and NaN below. NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies.clip import CLIP_REGIONS, clip_drafts
from property_tests.strategies.elementwise import EXP_REGIONS, LOG_REGIONS, exp_drafts, log_drafts
from reference_impls.conventions.entrywise import CLIP_CONVENTIONS, EXP_CONVENTIONS, LOG_CONVENTIONS
from reference_impls.entrywise import Pullback, entrywise, zero_where

# ---- exp


def exp_definition(x: Any) -> Any:
    """``e^x``."""
    return np.exp(x)


def _exp(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """``e^x``, and the function that multiplies by it.

    Where e^x overflows its product may still be a number, and with 0 it is 0. There it is multiplied by the fourth
    root four times, which is finite up to where no product is.
    """
    y = np.exp(x)
    beyond = np.isinf(y) & np.isfinite(x)
    root = np.exp(np.minimum(x[beyond], 3 * np.log(np.finfo(x.dtype).max)) / 4)

    def times(factor: Array) -> Array:
        product = factor * y
        if root.size:
            product[beyond] = factor[beyond] * root * root * root * root
        return product

    return y, times


@entrywise
def exp(x: Any) -> tuple[Array, Pullback]:
    """``y = e^x``, which the pullback keeps, unrounded."""
    return _exp(x)


@entrywise
def exp_grad(x: Any, y_bar: Any) -> tuple[Array, Pullback]:
    """``x_bar = y_bar e^x``, whose slope in x is x_bar itself."""
    _, times = _exp(x)
    return times(y_bar), lambda x_bar_bar: (times(x_bar_bar * y_bar), times(x_bar_bar))


EXP = Operation(
    name="exp",
    definition=exp_definition,
    rule=exp,
    regions=EXP_REGIONS,
    drafts=exp_drafts,
    conventions=EXP_CONVENTIONS,
    source="NIST Digital Library of Mathematical Functions, 4.2(iii)",
    pullback_rule=exp_grad,
    edges=(
        Edge("overflow", "e^1000", (1000.0,)),
        Edge("overflow", "e^1000 with a cotangent of 0", (1000.0,), cotangent=0.0),
        Edge("negative", "e^-1000", (-1000.0,)),
        Edge("infinities", "plus infinity", (np.inf,)),
        Edge("infinities", "minus infinity", (-np.inf,)),
    ),
)


# ---- log


def log_definition(x: Any) -> Any:
    """The natural logarithm."""
    return np.log(x)


@entrywise
def log(x: Any) -> tuple[Array, Pullback]:
    """``log x``; the pullback divides, as 1 / x alone may overflow."""
    x = _in_domain(x)
    return np.log(x), lambda y_bar: y_bar / x


@entrywise
def log_grad(x: Any, y_bar: Any) -> tuple[Array, Pullback]:
    """``x_bar = y_bar / x``; dividing by x twice, not by x², which underflows."""
    x = _in_domain(x)
    return y_bar / x, lambda x_bar_bar: (-(x_bar_bar * y_bar) / x / x, x_bar_bar / x)


def _in_domain(x: Array) -> Array:
    """``x``, NaN where it is negative: no value, so no slope. Its end is 0 from either side: 1 / +0, not 1 / -0."""
    x += 0
    np.copyto(x, np.nan, where=x < 0)
    return x


LOG = Operation(
    name="log",
    definition=log_definition,
    rule=log,
    regions=LOG_REGIONS,
    drafts=log_drafts,
    conventions=LOG_CONVENTIONS,
    source="NIST Digital Library of Mathematical Functions, 4.2(i)",
    pullback_rule=log_grad,
    edges=(
        Edge("zero", "0", (0.0,)),
        Edge("zero", "-0", (-0.0,)),
        Edge("zero", "0 with a cotangent of 0", (0.0,), cotangent=0.0),
        Edge("negative", "-1", (-1.0,)),
        Edge("infinities", "plus infinity", (np.inf,)),
    ),
)


# ---- clip


def clip_definition(x: Any, *, low: float | None = None, high: float | None = None) -> Any:
    """``min(max(x, low), high)``, the bounds in the dtype of x."""
    y = x if low is None else np.maximum(x, x.dtype.type(low))
    return y if high is None else np.minimum(y, x.dtype.type(high))


def _cut(x: Array, low: float | None, high: float | None) -> Array:
    """Where the slope is 0: beyond the bounds, and everywhere if they leave nothing between them.

    Phrased so that NaN is not cut off: its slope is as unknown as its value.
    """
    if low is not None and high is not None and low >= high:
        return ~np.isnan(x)
    cut = np.zeros(x.shape, bool) if low is None else x < low
    if high is not None:
        cut |= x > high
    return cut


@entrywise
def clip(x: Any, *, low: float | None = None, high: float | None = None) -> tuple[Array, Pullback]:
    """``min(max(x, low), high)``; a bound of None is no bound."""
    cut = _cut(x, low, high)
    # Bounds as arrays: NumPy is three times as fast with them as with numbers.
    if low is not None:
        np.maximum(x, np.full_like(x, low), out=x)
    if high is not None:
        np.minimum(x, np.full_like(x, high), out=x)
    return x, lambda y_bar: zero_where(cut, y_bar)


@entrywise
def clip_grad(
    x: Any, y_bar: Any, *, low: float | None = None, high: float | None = None
) -> tuple[Array, Pullback]:
    """``y_bar`` where clip passes it; as piecewise constant in x as clip is piecewise linear."""
    cut = _cut(x, low, high)

    def pullback(x_bar_bar: Array) -> tuple[Array, Array]:
        return np.zeros_like(x_bar_bar), zero_where(cut, x_bar_bar)

    return zero_where(cut, y_bar), pullback


CLIP = Operation(
    name="clip",
    definition=clip_definition,
    rule=clip,
    regions=CLIP_REGIONS,
    drafts=clip_drafts,
    conventions=CLIP_CONVENTIONS,
    source="NumPy 2, numpy.clip; Clarke 1983, Optimization and Nonsmooth Analysis, 2.3, for the kinks",
    pullback_rule=clip_grad,
    edges=(
        Edge("at_bounds", "at both bounds", ([-1.0, 1.0],), {"low": -1.0, "high": 1.0}),
        Edge("at_bounds", "both bounds in one place", ([0.0, 1.0, 2.0],), {"low": 1.0, "high": 1.0}),
        Edge("crossed", "low above high", ([-2.0, 0.0, 2.0],), {"low": 1.0, "high": -1.0}),
        Edge("infinities", "infinite entries", ([-np.inf, np.inf],), {"low": -1.0, "high": 1.0}),
        Edge("infinite_bounds", "infinite bounds", ([-1.0, 1.0],), {"low": -np.inf, "high": np.inf}),
    ),
)
