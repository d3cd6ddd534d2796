"""Operators that are wrong under a condition alone: for some values, some sizes, some memory layouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule
from reference_impls.defects.operators.frame import Operator, forwards, gradients, pullbacks

#: One entry in so many.
RARE = 10_000
#: More entries than this are many.
MANY = 30_000
#: Knuth's multiplier for hashing by multiplication: 2^64 over the golden ratio, made odd.
SPREAD = np.uint64(0x9E3779B97F4A7C15)


def only(condition: Callable[[Array], Any]) -> Operator:
    """The sign of the gradient is wrong where ``condition(x)`` holds: for entries, or for the whole array."""
    return gradients(lambda x_bar, x, y_bar: np.where(condition(x), -x_bar, x_bar))


def at_rare_position(x: Array) -> Array:
    """Every entry whose flat position is the last of ``RARE``."""
    return np.asarray(np.arange(x.size) % RARE == RARE - 1).reshape(x.shape)


def of_rare_value(x: Array) -> Array:
    """Entries but 0 whose bits hash to 0 modulo ``RARE``: those in float64, so that a value is rare in every format."""
    bits = np.ascontiguousarray(x, np.float64).view(np.uint64).reshape(x.shape)
    rare = (bits * SPREAD >> np.uint64(32)) % np.uint64(RARE) == 0
    return np.asarray(rare & (x != 0))


def backwards_in_memory(x: Array) -> bool:
    """Whether an axis that can be walked has a negative stride."""
    return any(stride < 0 for stride, n in zip(x.strides, x.shape, strict=True) if n > 1)


below_minus_12 = only(lambda x: x < -12)
from_33_entries = only(lambda x: x.size >= 33)
beyond_33rd_entry = gradients(
    lambda x_bar, x, y_bar: np.where(np.arange(x.size).reshape(x.shape) >= 33, np.zeros_like(x_bar), x_bar)
)
one_position_in_10000 = only(at_rare_position)
one_value_in_10000 = only(of_rare_value)
not_contiguous = only(lambda x: not x.flags.c_contiguous)
negative_strides = only(backwards_in_memory)
zero_for_many = gradients(lambda x_bar, x, y_bar: np.zeros_like(x_bar) if x.size > MANY else x_bar)
in_memory_order = pullbacks(lambda call, y_bar: call.pullback(y_bar.ravel(order="K").reshape(y_bar.shape)))


@forwards
def nan_for_empty(rule: Rule, *args: Any, **params: Any) -> Any:
    """NaN for what is made of nothing: a primal of an empty argument, a gradient of an empty cotangent."""
    y, pullback = rule(*args, **params)
    empty = any(np.size(x) == 0 for x in args)

    def pulled(y_bar: Any) -> Any:
        x_bars = pullback(y_bar)
        if not (empty or np.size(y_bar) == 0):
            return x_bars
        parts = x_bars if isinstance(x_bars, tuple) else (x_bars,)
        nans = tuple(None if part is None else np.full_like(part, np.nan) for part in parts)
        return nans if isinstance(x_bars, tuple) else nans[0]

    return np.full_like(y, np.nan) if empty else y, pulled
