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

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies import SOFTMAX_REGIONS, softmax_drafts
from reference_impls.conventions.softmax import LOG_SOFTMAX_CONVENTIONS, SOFTMAX_CONVENTIONS
from reference_impls.distributions import distributions, log_sum_exp
from reference_impls.exponents import marked
from reference_impls.rows import (
    Axis,
    Rows,
    result_dtype,
    row_sums_apart,
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


def softmax(x: Any, *, axis: Axis = -1) -> tuple[Array, Pullback]:
    """``p = exp(x - m) / s``; the pullback keeps p, unrounded."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    rows = Rows.along(axis, x.shape)
    d = distributions(rows.of(x, inner))

    def pullback(y_bar: Any) -> Array:
        with np.errstate(all="ignore"):
            return rows.back(d.centred(rows.of(np.asarray(y_bar), inner)), outer)

    return rows.back(d.p, outer), marked(pullback, bool(d.faint))


def softmax_grad(
    x: Any, y_bar: Any, *, axis: Axis = -1
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    """``x_bar = p (y_bar - p·y_bar)``, a row of products with centred cotangents.

    With centred a = g - p·g and c = y_bar - p·y_bar the gradients of <g, x_bar>, which is the covariance sum p a c of
    g and y_bar under p, are x_bar2 = p (a c - sum p a c) and y_bar_bar = p a.
    """
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    rows = Rows.along(axis, x.shape)
    d = distributions(rows.of(x, inner))
    with np.errstate(all="ignore"):
        c = d.deviations(rows.of(np.asarray(y_bar), inner))
        x_bar = d.times(c)

    def pullback(x_bar_bar: Any) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            a = d.deviations(rows.of(np.asarray(x_bar_bar), inner))
            return rows.back(d.centred(a * c), outer), rows.back(d.times(a), outer)

    return rows.back(x_bar, outer), pullback


def log_softmax(x: Any, *, axis: Axis = -1) -> tuple[Array, Pullback]:
    """``l = (x - k) - r``; the pullback keeps p = exp(x - m) / s, unrounded, as exp l has two roundings of l in it."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    rows = Rows.along(axis, x.shape)
    logits = rows.of(x, inner)
    log_p = np.empty_like(logits)

    def fill(block: slice, m: Array, s: Array) -> None:
        k, r = log_sum_exp(logits[block], m, s)
        shifted = np.subtract(logits[block], k, out=log_p[block])
        shifted -= r

    d = distributions(logits, fill)

    def pullback(y_bar: Any) -> Array:
        return rows.back(d.remainders(rows.of(np.asarray(y_bar), inner)), outer)

    return rows.back(log_p, outer), marked(pullback, bool(d.faint))


def log_softmax_grad(
    x: Any, y_bar: Any, *, axis: Axis = -1
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    """``x_bar = y_bar - p S`` with S = sum y_bar; with a = g - p·g, x_bar2 = -S p a and y_bar_bar = a."""
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    rows = Rows.along(axis, x.shape)
    d = distributions(rows.of(x, inner))
    cotangents = rows.of(np.asarray(y_bar), inner)
    with np.errstate(all="ignore"):
        total, k = row_sums_apart(cotangents)
        x_bar = d.remainders(cotangents)

    def pullback(x_bar_bar: Any) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            a, x_bar2 = d.deviations_and_products(rows.of(np.asarray(x_bar_bar), inner), -total)
            return rows.back(np.ldexp(x_bar2, k) if k.any() else x_bar2, outer), rows.back(a, outer)

    return rows.back(x_bar, outer), pullback


#: No cotangent is constant, as softmax pulls that back to 0.
_EDGES = (
    Edge("large", "1000 and -1000", ([1000.0, -1000.0],), cotangent=[1.0, 2.0]),
    Edge("large", "1000 twice", ([1000.0, 1000.0],), cotangent=[1.0, 2.0]),
    Edge("minus_infinity", "-inf beside numbers", ([0.0, 0.0, -np.inf],), cotangent=[1.0, 2.0, 3.0]),
    Edge("rows_of_minus_infinity", "a row of -inf", ([-np.inf, -np.inf],), cotangent=[1.0, 2.0]),
    Edge("plus_infinity", "+inf beside a number", ([0.0, np.inf],), cotangent=[1.0, 2.0]),
    Edge("plus_infinity", "+inf twice", ([np.inf, np.inf],), cotangent=[1.0, 2.0]),
    Edge("nan", "NaN beside a number", ([0.0, np.nan],), cotangent=[1.0, 2.0]),
)

SOFTMAX = Operation(
    name="softmax",
    definition=softmax_definition,
    rule=softmax,
    regions=SOFTMAX_REGIONS,
    drafts=softmax_drafts,
    conventions=SOFTMAX_CONVENTIONS,
    pullback_rule=softmax_grad,
    edges=_EDGES,
    source="Bridle 1990, Probabilistic interpretation of feedforward classification network outputs",
)

LOG_SOFTMAX = Operation(
    name="log_softmax",
    definition=log_softmax_definition,
    rule=log_softmax,
    regions=SOFTMAX_REGIONS,
    drafts=softmax_drafts,
    conventions=LOG_SOFTMAX_CONVENTIONS,
    pullback_rule=log_softmax_grad,
    edges=_EDGES,
    source="Blanchard, Higham, Higham 2021, Accurately computing the log-sum-exp and softmax functions",
)
