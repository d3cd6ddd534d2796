"""Operators that change the numbers of a gradient and nothing else: its sign, its size, its place."""

from __future__ import annotations

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.operators.frame import Operator, cotangents, gradients, pullbacks


def _times(x_bar: Array, factor: float) -> Array:
    return np.asarray(x_bar * x_bar.dtype.type(factor), x_bar.dtype)


# ---- sign and size

wrong_sign = gradients(lambda x_bar, x, y_bar: -x_bar)
factor_2 = gradients(lambda x_bar, x, y_bar: x_bar + x_bar)
factor_n = gradients(lambda x_bar, x, y_bar: _times(x_bar, x.size))
factor_1_by_n = gradients(lambda x_bar, x, y_bar: _times(x_bar, 1 / max(1, x.size)))
divided_by_batch = gradients(lambda x_bar, x, y_bar: _times(x_bar, 1 / max(1, len(np.atleast_1d(x)))))
absolute = gradients(lambda x_bar, x, y_bar: np.abs(x_bar))
zero = gradients(lambda x_bar, x, y_bar: np.zeros_like(x_bar))
nan = gradients(lambda x_bar, x, y_bar: np.full_like(x_bar, np.nan))
clipped = gradients(lambda x_bar, x, y_bar: np.clip(x_bar, -0.1, 0.1).astype(x_bar.dtype))
flushed = gradients(lambda x_bar, x, y_bar: np.where(np.abs(x_bar) < 1e-30, np.zeros_like(x_bar), x_bar))


@gradients
def clipped_norm(x_bar: Array, x: Array, y_bar: Array) -> Array:
    """``x_bar / max(1, ||x_bar||)``."""
    norm = np.linalg.norm(x_bar.astype(np.float64, copy=False).reshape(-1))
    return _times(x_bar, 1 / float(norm)) if norm > 1 else x_bar


# ---- place

off_by_one = gradients(lambda x_bar, x, y_bar: np.roll(x_bar, 1))
reversed_order = gradients(lambda x_bar, x, y_bar: np.flip(x_bar).copy())
transposed_in_shape = gradients(lambda x_bar, x, y_bar: x_bar.T.reshape(x_bar.shape))


@gradients
def first_row_only(x_bar: Array, x: Array, y_bar: Array) -> Array:
    """Every row but the first gets 0."""
    first = np.array(x_bar)
    if first.ndim:
        first[1:] = 0
    return first


@gradients
def averaged_over_batch(x_bar: Array, x: Array, y_bar: Array) -> Array:
    """Every row gets the mean of all rows."""
    if not x_bar.ndim or not x_bar.size:
        return x_bar
    mean = np.mean(x_bar, axis=0, keepdims=True)
    return np.broadcast_to(mean, x_bar.shape).astype(x_bar.dtype)


# ---- the cotangent

dropped_cotangent = cotangents(np.ones_like)
first_cotangent = cotangents(lambda y_bar: np.full_like(y_bar, y_bar.flat[0] if y_bar.size else 0))
mean_cotangent = cotangents(lambda y_bar: np.full_like(y_bar, y_bar.mean() if y_bar.size else 0))
positive_cotangent = cotangents(np.abs)
cotangent_itself = pullbacks(lambda call, y_bar: y_bar.copy())
mirrored = pullbacks(lambda call, y_bar: call.again(-call.x)(y_bar))


# ---- arguments among each other


def detached(of: int) -> Operator:
    """No gradient flows to one of several arguments: 0."""
    return gradients(lambda x_bar, x, y_bar: np.zeros_like(x_bar), of=of)


def exchanged(i: int, j: int) -> Operator:
    """The gradients of two arguments change places."""

    def pulled(x_bars: tuple[Array, ...]) -> tuple[Array, ...]:
        order = list(x_bars)
        order[i], order[j] = order[j], order[i]
        return tuple(order)

    return pullbacks(lambda call, y_bar: pulled(call.pullback(y_bar)))
