"""Mean squared error, and the L2 penalty on weights.

With n entries, d = y - t and r = ||w|| the root of the sum of the squares::

    mean_squared_error  sum d^2 / n       y_bar_i = l_bar (2 / n) d_i          t_bar = -y_bar
    l2_penalty          strength r        w_bar = y_bar strength w / r
    ... squared         strength r^2      w_bar = y_bar 2 strength w

Second order, for cotangents g, h of the two gradients of the first and h of that of the others::

    mean_squared_error  y_bar = l_bar (2 / n) (g - h) = -t_bar      l_bar_bar = (2 / n) <g - h, d>
    l2_penalty          w_bar = y_bar strength (h - v <v, h>) / r   y_bar_bar = strength <v, h>,   v = w / r
    ... squared         w_bar = y_bar 2 strength h                  y_bar_bar = 2 strength <w, h>

The norm has a kink at w = 0, where every vector of length up to strength is a subgradient; the rule returns 0. Squares
overflow and vanish long before a norm does; then the entries are scaled by a power of two first.

Shapes: any; y and t the same; the results are 0-d. Dtypes: that of the first argument, and every cotangent that of its
argument; 16-bit formats are computed in float32 and rounded once; integers give float64. Errors: ValueError for two
shapes. The mean over no entries is NaN; the norm of none is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies.losses import (
    L2_PENALTY_REGIONS,
    MEAN_SQUARED_ERROR_REGIONS,
    l2_penalty_drafts,
    mean_squared_error_drafts,
)
from reference_impls.conventions.linear import L2_PENALTY_CONVENTIONS, MEAN_SQUARED_ERROR_CONVENTIONS
from reference_impls.exponents import noting, product_apart
from reference_impls.rows import contiguous, result_dtype, rounded, working_dtype
from reference_impls.totals import direction, dot, norm

Pair = tuple[Array, Array]


def mean_squared_error_definition(y: Any, t: Any) -> Any:
    """``sum (y - t)^2 / n``."""
    d = y - t
    return (d * d).sum() / d.size


def l2_penalty_definition(w: Any, *, strength: float = 1.0, squared: bool = False) -> Any:
    """``strength sqrt(sum w^2)``, or ``strength sum w^2``."""
    total = (w * w).sum()
    return strength * (total if squared else np.sqrt(total))


# ---- mean squared error


def mean_squared_error(y: Any, t: Any) -> tuple[Array, Callable[[Any], Pair]]:
    """``<d, d> / n``; the pullback keeps d."""
    y, t = np.asarray(y), np.asarray(t)
    inner = working_dtype(y.dtype)
    d, scale = _difference(y, t, inner)
    with np.errstate(all="ignore"):
        m, k = dot(d, d)
        loss = np.ldexp(m / inner.type(d.size) * scale * scale, k)

    twice, n = inner.type(2 * scale), inner.type(d.size)

    def pullback(l_bar: Any) -> Pair:
        slope = rounded(np.asarray(l_bar), inner)
        lost: dict[str, int] = {}
        with noting(lost):
            bar = d * (slope * twice / n)
            if lost:
                bar = product_apart(d, slope, twice, over=(n,))
        return _opposite(bar, y, t)

    return _as(loss, y), pullback


def mean_squared_error_grad(y: Any, t: Any, l_bar: Any) -> tuple[Pair, Callable[[Pair], Any]]:
    """The pullback of :func:`mean_squared_error`, ``(y_bar, t_bar)``, as a rule of its own."""
    y, t, l_bar = np.asarray(y), np.asarray(t), np.asarray(l_bar)
    inner = working_dtype(y.dtype)
    d, scale = _difference(y, t, inner)

    def pullback(bars: Pair) -> tuple[Array, Array, Array]:
        with np.errstate(all="ignore"):
            c = contiguous(bars[0], inner) - contiguous(bars[1], inner)
            bar = product_apart(c, rounded(l_bar, inner), over=(inner.type(d.size),), exponent=1)
            m, k = dot(c, d)
            l_bb = np.ldexp(m / inner.type(max(d.size, 1)) * (2 * scale), k)
        return *_opposite(bar, y, t), _as(l_bb, l_bar)

    return mean_squared_error(y, t)[1](l_bar), pullback


def _difference(y: Array, t: Array, dtype: np.dtype[Any]) -> tuple[Array, int]:
    """``(y - t) / scale`` in C order, and the scale: 2 where the difference overflows, else 1."""
    if y.shape != t.shape:
        raise ValueError(
            f"predictions of shape {y.shape} and targets of shape {t.shape} have to be of one shape"
        )
    y, t = contiguous(y, dtype), contiguous(t, dtype)
    with np.errstate(all="ignore"):
        d = np.asarray(y - t)
        if np.isfinite(d).all():
            return d, 1
        return np.asarray(y / 2 - t / 2), 2


def _opposite(bar: Array, y: Array, t: Array) -> Pair:
    return _as(bar, y), _as(-bar, t)


def _as(value: Any, like: Array) -> Array:
    """A fresh array in the dtype of what it belongs to; arithmetic turns 0-d arrays into numbers."""
    return rounded(np.asarray(value), result_dtype(like.dtype))


# ---- the penalty


def l2_penalty(
    w: Any, *, strength: float = 1.0, squared: bool = False
) -> tuple[Array, Callable[[Any], Array]]:
    """``strength r`` or ``strength r^2``; the pullback keeps w and r."""
    w = np.asarray(w)
    inner = working_dtype(w.dtype)
    weights = contiguous(w, inner)
    with np.errstate(all="ignore"):
        m, k = norm(weights)
        y = np.ldexp(strength * m * m, 2 * k) if squared else np.ldexp(strength * m, k)
        factor = inner.type(strength)

    def pullback(y_bar: Any) -> Array:
        slope = rounded(np.asarray(y_bar), inner)
        lost: dict[str, int] = {}
        with noting(lost):
            steepness = slope * factor
            w_bar = weights * (2 * steepness) if squared else direction(weights, m, k) * steepness
            if lost and not (squared or m):
                w_bar = np.zeros_like(weights)
            elif lost:
                exponent, over = (1, ()) if squared else (-k, (m,))
                w_bar = product_apart(weights, slope, factor, over=over, exponent=exponent)
        return _as(w_bar, w)

    return _as(inner.type(y), w), pullback


def l2_penalty_grad(
    w: Any, y_bar: Any, *, strength: float = 1.0, squared: bool = False
) -> tuple[Array, Callable[[Any], Pair]]:
    """The pullback of :func:`l2_penalty` as a rule of its own; at w = 0 of the norm it returns 0."""
    w, y_bar = np.asarray(w), np.asarray(y_bar)
    inner = working_dtype(w.dtype)
    weights = contiguous(w, inner)

    def pullback(w_bb: Any) -> Pair:
        h = contiguous(w_bb, inner)
        with np.errstate(all="ignore"):
            steepness = rounded(y_bar, inner), inner.type(strength)
            if squared:
                w_bar, (product, j) = product_apart(h, *steepness, exponent=1), dot(weights, h)
                y_bb = np.ldexp(2 * strength * product, j)
            else:
                m, k = norm(weights)
                v = direction(weights, m, k)
                along = np.ldexp(*dot(v, h))
                across = h - v * along
                w_bar = product_apart(across, *steepness, over=(m,), exponent=-k) if m else 0 * across
                y_bb = strength * along
        return _as(w_bar, w), _as(inner.type(y_bb), y_bar)

    return l2_penalty(w, strength=strength, squared=squared)[1](y_bar), pullback


MEAN_SQUARED_ERROR = Operation(
    name="mean_squared_error",
    definition=mean_squared_error_definition,
    rule=mean_squared_error,
    regions=MEAN_SQUARED_ERROR_REGIONS,
    drafts=mean_squared_error_drafts,
    differentiable=(0, 1),
    conventions=MEAN_SQUARED_ERROR_CONVENTIONS,
    source="Goodfellow, Bengio, Courville 2016, Deep Learning, 5.1.4",
    pullback_rule=mean_squared_error_grad,
    edges=(
        Edge("empty", "the mean of nothing", ([], [])),
        Edge("infinities", "an infinite prediction", ([np.inf, 1.0], [0.0, 0.0])),
        Edge("infinities", "infinity on both sides", ([np.inf, 1.0], [np.inf, 0.0])),
    ),
)

L2_PENALTY = Operation(
    name="l2_penalty",
    definition=l2_penalty_definition,
    rule=l2_penalty,
    regions=L2_PENALTY_REGIONS,
    drafts=l2_penalty_drafts,
    conventions=L2_PENALTY_CONVENTIONS,
    source="Goodfellow, Bengio, Courville 2016, Deep Learning, 7.1.1",
    pullback_rule=l2_penalty_grad,
    edges=(
        Edge("zeros", "the norm at 0", ([0.0, 0.0],)),
        Edge("zeros", "the squared norm at 0", ([0.0, 0.0],), {"squared": True}),
        Edge("huge", "squares that overflow", ([1e200, 1e200],)),
        Edge("tiny", "squares that vanish", ([1e-200, 1e-200],)),
        Edge("infinities", "an infinite weight", ([np.inf, 1.0],)),
    ),
)
