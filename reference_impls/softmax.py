"""softmax and log_softmax over any axis, several axes or the whole array.

With m = max x and s = sum exp(x - m), sums and maxima running over the reduced axes::

    softmax      p = exp(x - m) / s          x_bar = p (y_bar - sum p y_bar)
    log_softmax  l = (x - m) - log s         x_bar = y_bar - p sum y_bar,   p = exp l

Shifting by m changes neither value (exp(-m) cancels) and leaves no exponent above 0, so nothing overflows.
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


def softmax_definition(x: Any, *, axis: Axis = -1) -> Any:
    """``exp(x) / sum exp(x)``."""
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax_definition(x: Any, *, axis: Axis = -1) -> Any:
    """``x - log sum exp(x)``."""
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))


def exponentials(logits: Array) -> tuple[Array, Array, Array]:
    """Softmax p of each row of a matrix, and the columns m and s that it came from."""
    p = np.empty_like(logits)
    m, s = np.empty((2, len(logits), 1), logits.dtype)
    with np.errstate(all="ignore"):
        broadcast_by_row(logits.shape[1])
        for block in blocks(logits):
            m[block] = row_maxima(logits[block])
            e = np.subtract(logits[block], m[block], out=p[block])
            np.exp(e, out=e)
            s[block] = row_sums(e)
            e /= s[block]
    return p, m, s


def softmax(x: Any, *, axis: Axis = -1) -> tuple[Array, Pullback]:
    """``p = exp(x - m) / s``; the pullback keeps p, unrounded."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    rows = Rows.along(axis, x.shape)
    logits = rows.of(x, inner)
    p, _, _ = exponentials(logits)

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
    """``l = (x - m) - log s``; the pullback keeps l, unrounded, and takes p = exp l from it."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    rows = Rows.along(axis, x.shape)
    logits = rows.of(x, inner)
    log_p = np.empty_like(logits)
    with np.errstate(all="ignore"):
        broadcast_by_row(logits.shape[1])
        for block in blocks(logits):
            shifted = np.subtract(logits[block], row_maxima(logits[block]), out=log_p[block])
            shifted -= np.log(row_sums(np.exp(shifted)))

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
