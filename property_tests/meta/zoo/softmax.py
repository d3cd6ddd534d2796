"""Wrong gradients of softmax: the right one changed, and textbook rules with a mistake."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.zoo.table import (
    IMPRECISE,
    IMPURE,
    NONFINITE,
    RAISES,
    STRUCTURE,
    WRONG,
    changed,
    planted,
    right,
    stable,
)


def scaled(x_bar: Array, by_64: float, by_32: float, by_16: float = 1.0) -> Array:
    """Multiplied by 1 + a little that depends on the dtype, rounded once."""
    factor = {8: 1 + np.longdouble(by_64), 4: 1 + np.longdouble(by_32)}.get(
        x_bar.itemsize, np.longdouble(by_16)
    )
    return np.asarray(x_bar.astype(np.longdouble) * factor).astype(x_bar.dtype)


# -- softmax: the gradient changed ----------------------------------------------------------------------------

changed("softmax", "times 1 + 2^-48", lambda g, y_bar, x: scaled(g, 2.0**-48, 2.0**-19), IMPRECISE, WRONG)
changed("softmax", "wrong only where x < -12", lambda g, y_bar, x: np.where(x < -12, -g, g), WRONG)
changed("softmax", "wrong sign", lambda g, y_bar, x: -g, WRONG)
changed("softmax", "twice as large", lambda g, y_bar, x: g + g, WRONG)
changed("softmax", "wrong by 1e-3", lambda g, y_bar, x: scaled(g, 1e-3, 1e-3), WRONG)
changed("softmax", "zero", lambda g, y_bar, x: np.zeros_like(g), WRONG, IMPRECISE)
changed("softmax", "NaN", lambda g, y_bar, x: np.full_like(g, np.nan), NONFINITE)
changed("softmax", "None", lambda g, y_bar, x: None, STRUCTURE)
changed("softmax", "float64 whatever comes in", lambda g, y_bar, x: g.astype(np.float64), STRUCTURE)
changed(
    "softmax",
    "float16 in between",
    lambda g, y_bar, x: g.astype(np.float16).astype(g.dtype),
    IMPRECISE,
    WRONG,
)
changed(
    "softmax",
    "float32 in between",
    lambda g, y_bar, x: g.astype(np.float32).astype(g.dtype),
    IMPRECISE,
    WRONG,
)
changed("softmax", "a leading axis too many", lambda g, y_bar, x: g[None], STRUCTURE)
changed("softmax", "two gradients for one argument", lambda g, y_bar, x: (g, g), STRUCTURE)
changed("softmax", "summed to a number", lambda g, y_bar, x: g.sum(), STRUCTURE)
changed("softmax", "clipped to 0.1", lambda g, y_bar, x: np.clip(g, -0.1, 0.1), WRONG)
changed("softmax", "the cotangent itself", lambda g, y_bar, x: y_bar.copy(), WRONG)
changed(
    "softmax", "flushed below 1e-30", lambda g, y_bar, x: np.where(np.abs(g) < 1e-30, 0, g), IMPRECISE, WRONG
)
changed("log_softmax", "wrong sign of log_softmax", lambda g, y_bar, x: -g, WRONG)


# -- softmax: textbook rules with a mistake ---------------------------------------------------------------------


def textbook_softmax(x: Array, *, axis: Any = -1) -> Any:
    """Without a mistake."""
    p = stable(x, axis)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", WRONG)
def drops_the_sum_term(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: p * y_bar


@planted("softmax", WRONG)
def ignores_its_cotangent(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: p * (1 - p)


@planted("softmax", WRONG)
def only_the_diagonal_of_the_jacobian(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: y_bar * p * (1 - p)


@planted("softmax", WRONG)
def sums_over_the_whole_batch(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar))


@planted("softmax", WRONG)
def normalises_the_whole_batch(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, None)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar))


@planted("softmax", WRONG)
def takes_the_first_axis(x: Array, *, axis: int = -1) -> Any:
    p = stable(x, 0)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=0, keepdims=True))


@planted("softmax", WRONG)
def mean_instead_of_sum(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: p * (y_bar - np.mean(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", NONFINITE)
def naive_exponentials(x: Array, *, axis: Any = -1) -> Any:
    e = np.exp(x)
    p = e / e.sum(axis=axis, keepdims=True)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", IMPRECISE)
def epsilon_in_the_denominator(x: Array, *, axis: Any = -1) -> Any:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    p = e / (e.sum(axis=axis, keepdims=True) + x.dtype.type(1e-8))
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", IMPURE)
def adds_to_its_cotangent_in_place(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)

    def pullback(y_bar: Array) -> Array:
        y_bar -= np.sum(p * y_bar, axis=axis, keepdims=True)
        return p * y_bar

    return p, pullback


@planted("softmax", IMPURE)
def overwrites_its_argument(x: Array, *, axis: Any = -1) -> Any:
    x -= np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    p = stable(x, axis)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


_RESIDUALS: list[Array] = []


@planted("softmax", IMPURE, WRONG, STRUCTURE, RAISES)
def uses_the_residual_of_the_call_before(x: Array, *, axis: Any = -1) -> Any:
    _RESIDUALS.append(stable(x, axis))
    p = _RESIDUALS[-2] if len(_RESIDUALS) > 1 else _RESIDUALS[-1]
    return _RESIDUALS[-1], lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", IMPURE)
def draws_a_random_number(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    noise = x.dtype.type(np.random.default_rng().uniform(0.9, 1.1))
    return p, lambda y_bar: noise * p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", IMPURE)
def reads_memory_in_its_own_order(x: Array, *, axis: int = -1) -> Any:
    p, pullback = right("softmax", x, axis=axis)

    def in_order(y_bar: Array) -> Array:
        x_bar: Array = pullback(y_bar)
        return x_bar if x.flags.c_contiguous else -x_bar

    return p, in_order


@planted("softmax", RAISES)
def refuses_anything_but_a_matrix(x: Array, *, axis: int = -1) -> Any:
    rows, columns = x.shape
    return right("softmax", x.reshape(rows, columns), axis=axis)
