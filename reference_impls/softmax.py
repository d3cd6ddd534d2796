"""softmax and log_softmax over any axis, several axes or the whole array.

With any number m and s = sum exp(x - m), sums running over the reduced axes::

    softmax      p = exp(x - m) / s          x_bar = p (y_bar - sum p y_bar)
    log_softmax  l = x - m - log s           x_bar = y_bar - p sum y_bar,   p = exp l

Shifting by m changes neither value, as exp(-m) cancels; m = max x leaves no exponent above 0, so that nothing
overflows, and m = 0 spares the work where nothing does anyway.

From log p_i = x_i - log sum exp x follows d log p_i / d x_j = [i = j] - p_j, which is the second pullback;
with d p_i = p_i d log p_i the Jacobian of softmax is p_i ([i = j] - p_j), which is the first.

Shapes: y and x_bar have the shape of x. Dtypes: those of x; the 16-bit formats are computed in float32 and
rounded once; integers give float64. Errors: AxisError where an axis is out of range (0-d arrays have none).
A logit of -inf has p = 0 and l = -inf. Beside +inf every finite logit has p = 0 and l = -inf, and +inf itself no
value (inf / inf), which is NaN; so is a slice with NaN, or of -inf alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Operation
from property_tests.strategies import SOFTMAX_REGIONS, softmax_drafts
from reference_impls.rows import (
    Axis,
    Rows,
    blocks,
    broadcast_by_row,
    result_dtype,
    row_dots,
    row_maxima,
    row_sums,
    working_dtype,
)

Pullback = Callable[[Any], Array]

#: Sums of exponentials beyond this are taken after a shift; its reciprocal is a normal number in float32.
LARGEST_SUM = 1e30


def softmax_definition(x: Any, *, axis: Axis = -1) -> Any:
    """``exp(x) / sum exp(x)``."""
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax_definition(x: Any, *, axis: Axis = -1) -> Any:
    """``x - log sum exp(x)``."""
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))


def exponentials(x: Array, e: Array) -> tuple[Array, Array]:
    """Fill ``e`` with exp(x - m), row by row; returns the columns m and s = sum e.

    Where 1 <= sum exp(x) <= LARGEST_SUM, m = 0 does: nothing overflowed, what underflowed is below the smallest
    number after the division too, and a subtraction is spared with its rounding. Other rows take m = max x.
    """
    m = np.zeros((len(x), 1), x.dtype)
    np.exp(x, out=e)
    s = row_sums(e)
    shift = np.flatnonzero(~((s >= 1) & (s <= LARGEST_SUM)))
    if shift.size:
        m[shift] = row_maxima(x[shift])
        e[shift] = np.exp(x[shift] - m[shift])
        s[shift] = row_sums(e[shift])
    return m, s


def log_sum_exp(x: Array, m: Array, s: Array) -> tuple[Array, Array]:
    """Log sum exp(x) as k + r with k = max x, given m and s, so that (x - k) - r loses nothing where it cancels.

    r = log sum exp(x - k) is never negative, which makes no loss negative and no log-probability positive.
    """
    k = row_maxima(x)
    return k, np.maximum(np.log(s * np.exp(m - k)), 0)


def distributions(x: Array) -> tuple[Array, Array, Array]:
    """Softmax p of each row of a matrix, and the columns m and s that it came from."""
    p = np.empty_like(x)
    m, s = np.empty((2, len(x), 1), x.dtype)
    with np.errstate(all="ignore"):
        broadcast_by_row(x.shape[1])
        for block in blocks(x):
            e = p[block]
            m[block], s[block] = exponentials(x[block], e)
            e /= s[block]
    return p, m, s


def softmax(x: Any, *, axis: Axis = -1) -> tuple[Array, Pullback]:
    """``p = exp(x - m) / s``; the pullback keeps p, unrounded."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    rows = Rows.along(axis, x.shape)
    logits = rows.of(x, inner)
    p, _, _ = distributions(logits)

    def pullback(y_bar: Any) -> Array:
        cotangents = rows.of(np.asarray(y_bar), inner)
        x_bar = np.empty_like(p)
        with np.errstate(all="ignore"):
            broadcast_by_row(p.shape[1])
            for block in blocks(p):
                centred = x_bar[block]
                np.subtract(cotangents[block], row_dots(p[block], cotangents[block]), out=centred)
                centred *= p[block]
        return rows.back(x_bar, outer)

    return rows.back(p, outer), pullback


def log_softmax(x: Any, *, axis: Axis = -1) -> tuple[Array, Pullback]:
    """``l = (x - k) - r``; the pullback keeps l, unrounded, and takes p = exp l from it."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    rows = Rows.along(axis, x.shape)
    logits = rows.of(x, inner)
    log_p = np.empty_like(logits)
    with np.errstate(all="ignore"):
        broadcast_by_row(logits.shape[1])
        for block in blocks(logits):
            shifted = log_p[block]
            m, s = exponentials(logits[block], shifted)
            k, r = log_sum_exp(logits[block], m, s)
            np.subtract(logits[block], k, out=shifted)
            shifted -= r

    def pullback(y_bar: Any) -> Array:
        cotangents = rows.of(np.asarray(y_bar), inner)
        x_bar = np.empty_like(log_p)
        with np.errstate(all="ignore"):
            broadcast_by_row(log_p.shape[1])
            for block in blocks(log_p):
                p = np.exp(log_p[block], out=x_bar[block])
                p *= row_sums(cotangents[block])
                np.subtract(cotangents[block], p, out=x_bar[block])
        return rows.back(x_bar, outer)

    return rows.back(log_p, outer), pullback


SOFTMAX = Operation(
    name="softmax",
    definition=softmax_definition,
    rule=softmax,
    regions=SOFTMAX_REGIONS,
    drafts=softmax_drafts,
    source="Bridle 1990, Probabilistic interpretation of feedforward classification network outputs",
)

LOG_SOFTMAX = Operation(
    name="log_softmax",
    definition=log_softmax_definition,
    rule=log_softmax,
    regions=SOFTMAX_REGIONS,
    drafts=softmax_drafts,
    source="Blanchard, Higham, Higham 2021, Accurately computing the log-sum-exp and softmax functions",
)
