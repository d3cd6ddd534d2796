"""The affine map y = x W + b of a vector, of the rows of a matrix, or of the last axis of any array.

Every entry of y is y_nc = sum_d x_nd W_dc + b_c, so that, with n over all rows::

    x_bar = y_bar W^T        W_bar = x^T y_bar        b_bar = sum_n y_bar_n

The pullback is bilinear in its arguments; for cotangents a, A, alpha of x_bar, W_bar, b_bar its own pullback gives::

    x_bar = y_bar A^T        W_bar = a^T y_bar        b_bar = 0        y_bar_bar = a W + x A + alpha

Shapes: x (D,), (N, D) or (N, ..., D), W (D, C), b (C,); y as x, with C in place of D. Dtypes: that of x, and every
cotangent that of its argument; 16-bit formats are computed in float32 and rounded once; integers give float64.
Errors: ValueError where the shapes do not fit. No rows give W_bar = 0 and b_bar = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies.linear import AFFINE_REGIONS, affine_drafts
from reference_impls.conventions.linear import AFFINE_CONVENTIONS
from reference_impls.rows import contiguous, result_dtype, rounded, working_dtype
from reference_impls.totals import product, total

Triple = tuple[Array, Array, Array]


def affine_definition(x: Any, W: Any, b: Any) -> Any:
    """``x W + b``; ``@`` and ``+`` take shapes as well that are no affine map."""
    _check(x, W, b)
    return x @ W + b


def affine(x: Any, W: Any, b: Any) -> tuple[Array, Callable[[Any], Triple]]:
    """``x W + b``, the rows of x as one matrix."""
    x, W, b = np.asarray(x), np.asarray(W), np.asarray(b)
    _check(x, W, b)
    inner = working_dtype(x.dtype)
    rows, weights = _rows(x, inner), contiguous(W, inner)
    with np.errstate(all="ignore"):
        y = product(rows, weights, contiguous(b, inner))

    def pullback(y_bar: Any) -> Triple:
        with np.errstate(all="ignore"):
            cotangents = _rows(np.asarray(y_bar).reshape(*x.shape[:-1], W.shape[1]), inner)
            bars = product(cotangents, weights.T), product(rows.T, cotangents), total(cotangents, (0,))
        x_bar, W_bar, b_bar = _as(bars, (x, W, b))
        return x_bar, W_bar, b_bar

    return rounded(y.reshape(*x.shape[:-1], W.shape[1]), result_dtype(x.dtype)), pullback


def affine_grad(
    x: Any, W: Any, b: Any, y_bar: Any
) -> tuple[Triple, Callable[[Triple], tuple[Array, Array, Array, Array]]]:
    """The pullback of :func:`affine`, ``(x_bar, W_bar, b_bar)``, as a rule of its own."""
    x, W, b, y_bar = np.asarray(x), np.asarray(W), np.asarray(b), np.asarray(y_bar)
    _, pull = affine(x, W, b)
    inner = working_dtype(x.dtype)
    rows, weights, cotangents = _rows(x, inner), contiguous(W, inner), _rows(y_bar, inner)

    def pullback(bars: Triple) -> tuple[Array, Array, Array, Array]:
        x_bb, W_bb, b_bb = (contiguous(bar, inner) for bar in bars)
        x_bb = x_bb.reshape(rows.shape)
        with np.errstate(all="ignore"):
            x_bar, W_bar = product(cotangents, W_bb.T), product(x_bb.T, cotangents)
            # Both products in one sum, so that neither overflows alone.
            y_bb = product(np.hstack([x_bb, rows]), np.vstack([weights, W_bb]), b_bb)
        x_bar, W_bar, b_bar, y_bb = _as((x_bar, W_bar, np.zeros(b.shape, inner), y_bb), (x, W, b, y_bar))
        return x_bar, W_bar, b_bar, y_bb

    return pull(y_bar), pullback


def _rows(x: Array, dtype: np.dtype[Any]) -> Array:
    """The last axis as the rows of a matrix; a vector is one row."""
    return contiguous(x, dtype).reshape(int(np.prod(x.shape[:-1])), x.shape[-1])


def _as(bars: tuple[Array, ...], like: tuple[Array, ...]) -> tuple[Array, ...]:
    """Each cotangent in shape and dtype of what it belongs to."""
    return tuple(
        rounded(bar.reshape(one.shape), result_dtype(one.dtype)) for bar, one in zip(bars, like, strict=True)
    )


def _check(x: Array, W: Array, b: Array) -> None:
    if x.ndim == 0 or W.ndim != 2 or x.shape[-1] != W.shape[0] or b.shape != W.shape[1:]:
        raise ValueError(
            f"x {x.shape}, W {W.shape} and b {b.shape} do not fit: x (..., D) takes W (D, C) and b (C,)"
        )


AFFINE = Operation(
    name="affine",
    definition=affine_definition,
    rule=affine,
    regions=AFFINE_REGIONS,
    drafts=affine_drafts,
    differentiable=(0, 1, 2),
    conventions=AFFINE_CONVENTIONS,
    source="Goodfellow, Bengio, Courville 2016, Deep Learning, 6.5.6",
    pullback_rule=affine_grad,
    edges=(
        Edge(
            "infinities", "an infinite input beside a zero weight", ([[np.inf, 1.0]], [[0.0], [1.0]], [0.0])
        ),
        Edge("empty", "no rows", (np.zeros((0, 2)), [[1.0], [2.0]], [3.0])),
    ),
)
