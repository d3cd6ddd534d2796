"""Wrong gradients of sum, mean, max and min."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.zoo.table import IMPRECISE, RAISES, STRUCTURE, WRONG, planted, right


def kept(y: Array, x: Array, axis: Any) -> Array:
    """``y`` with the reduced axes kept."""
    shape: tuple[int, ...] = np.sum(x, axis=axis, keepdims=True).shape
    return y.reshape(shape)


def length(x: Array, axis: Any) -> int:
    """How many entries a slice has."""
    return x.size // max(1, int(np.sum(x, axis=axis).size))


# -- sum and mean -----------------------------------------------------------------------------------------------


@planted("sum", STRUCTURE, WRONG)
def sums_over_the_axis_before(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    if isinstance(axis, int) and x.ndim > 1:
        axis -= 1 if axis > -x.ndim else -1
    return right("sum", x, axis=axis, keepdims=keepdims)


@planted("sum", WRONG)
def gives_the_cotangent_to_the_first_of_each_slice(
    x: Array, *, axis: int | None = None, keepdims: bool = False
) -> Any:
    y, pullback = right("sum", x, axis=axis, keepdims=keepdims)

    def first(y_bar: Array) -> Array:
        x_bar: Array = pullback(y_bar)
        if axis is None or not x.ndim:
            x_bar.reshape(-1)[1:] = 0
        else:
            np.moveaxis(x_bar, axis, 0)[1:] = 0
        return x_bar

    return y, first


@planted("sum", STRUCTURE)
def leaves_its_cotangent_as_short_as_it_came(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    return right("sum", x, axis=axis, keepdims=keepdims)[0], lambda y_bar: kept(y_bar, x, axis).copy()


@planted("sum", RAISES, WRONG)
def broadcasts_its_cotangent_without_the_axis(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    y, _ = right("sum", x, axis=axis, keepdims=keepdims)
    return y, lambda y_bar: np.broadcast_to(y_bar, x.shape).copy()


@planted("sum", IMPRECISE)
def adds_one_after_the_other(x: Array, *, axis: int | None = None, keepdims: bool = False) -> Any:
    y, pullback = right("sum", x, axis=axis, keepdims=keepdims)
    with np.errstate(all="ignore"):
        running = np.cumsum(x, axis=axis, dtype=x.dtype)
    if axis is None:
        return (running[-1:].reshape(y.shape) if x.size else y), pullback
    return (running.take(-1, axis=axis).reshape(y.shape) if running.shape[axis] else y), pullback


@planted("mean", WRONG)
def forgets_the_length_of_the_mean(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    return right("mean", x, axis=axis, keepdims=keepdims)[0], right("sum", x, axis=axis, keepdims=keepdims)[1]


@planted("mean", WRONG)
def divides_by_all_entries_of_the_array(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    y, _ = right("mean", x, axis=axis, keepdims=keepdims)
    _, pullback = right("sum", x, axis=axis, keepdims=keepdims)
    return y, lambda y_bar: pullback(y_bar) / x.dtype.type(x.size)


@planted("mean", WRONG)
def divides_by_one_less(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    y, _ = right("mean", x, axis=axis, keepdims=keepdims)
    _, pullback = right("sum", x, axis=axis, keepdims=keepdims)
    return y, lambda y_bar: pullback(y_bar) / x.dtype.type(max(1, length(x, axis) - 1))


# -- max and min ------------------------------------------------------------------------------------------------


def winners(x: Array, axis: Any) -> Array:
    return np.asarray(x == right("max", x, axis=axis, keepdims=True)[0])


@planted("max", WRONG)
def gives_every_tie_the_full_cotangent(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    y, _ = right("max", x, axis=axis, keepdims=keepdims)
    won = winners(x, axis)
    return y, lambda y_bar: np.where(won, kept(y_bar, x, axis), 0).astype(x.dtype)


@planted("max", WRONG)
def looks_for_the_winner_in_the_whole_batch(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    y, pullback = right("max", x, axis=axis, keepdims=keepdims)
    won = winners(x, None)
    return y, lambda y_bar: np.where(won, pullback(y_bar), 0).astype(x.dtype)


@planted("max", STRUCTURE, WRONG)
def takes_the_maximum_of_the_whole_batch(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    return right("max", x, keepdims=keepdims)


@planted("max", WRONG)
def gives_the_cotangent_to_the_smallest(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    y, _ = right("max", x, axis=axis, keepdims=keepdims)
    return y, right("min", x, axis=axis, keepdims=keepdims)[1]


@planted("max", WRONG)
def lets_nearly_equal_entries_share(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    y, _ = right("max", x, axis=axis, keepdims=keepdims)
    near = np.isclose(x, right("max", x, axis=axis, keepdims=True)[0], atol=0)
    count = np.sum(near, axis=axis, keepdims=True)
    return y, lambda y_bar: np.where(near, kept(y_bar, x, axis) / count, 0).astype(x.dtype)


@planted("min", WRONG)
def splits_a_tie_and_keeps_half(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
    y, pullback = right("min", x, axis=axis, keepdims=keepdims)
    lowest = right("min", x, axis=axis, keepdims=True)[0]
    tied = np.sum(np.equal(x, lowest), axis=axis, keepdims=True) > 1
    return y, lambda y_bar: np.where(tied, pullback(y_bar) / 2, pullback(y_bar)).astype(x.dtype)


@planted("min", WRONG)
def takes_minus_the_maximum_and_one_sign_too_few(
    x: Array, *, axis: Any = None, keepdims: bool = False
) -> Any:
    y, pullback = right("max", -x, axis=axis, keepdims=keepdims)
    return -y, lambda y_bar: -pullback(y_bar)
