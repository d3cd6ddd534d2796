"""Conditions on numbers: infinities, what exp and squares can hold, subnormal numbers, zeros, the cotangent."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gradassay.vocabulary import Array
from gradassay.why.conditions.entries import Entries
from gradassay.why.conditions.facts import Fact, Quantity
from gradassay.why.conditions.view import View

_ORDINALS = ("first", "second", "third")


def _any(of: Callable[[Entries], bool]) -> Callable[[View], bool]:
    """Whether it holds for any of the floating arguments."""
    return lambda view: any(map(of, view.arguments))


def _in_arguments(words: str, of: Callable[[Entries], bool], arguments: int) -> tuple[Fact, ...]:
    """A condition on any of the floating arguments; where there are several, on each of the first few as well."""

    def at(i: int) -> Callable[[View], bool]:
        def holds(view: View) -> bool:
            entries = view.entries[i] if len(view.arguments) > 1 and i < len(view.entries) else None
            return entries is not None and of(entries)

        return holds

    each = (Fact(f"{words} in the {nth} argument", at(i)) for i, nth in enumerate(_ORDINALS[:arguments]))
    return Fact(f"{words} in an argument", _any(of), otherwise=f"no {words} in an argument"), *each


def _slice_of(value: float) -> Callable[[View], bool]:
    """Whether all entries of some slice are that."""
    return lambda view: view.slices.size > 0 and bool((view.slices == value).all(axis=1).any())


NONFINITE = (
    *_in_arguments("NaN", lambda entries: entries.nan, 3),
    *_in_arguments("+inf", lambda entries: entries.holds_infinity(1), 2),
    *_in_arguments("-inf", lambda entries: entries.holds_infinity(-1), 3),
    Fact("a slice of -inf alone", _slice_of(-math.inf)),
)

# ---- ranges


def _exp(overflows: bool, sign: int) -> Callable[[View], bool]:
    """Whether exp of sign · x exceeds the format, or is no normal number of it."""

    def holds(view: View) -> bool:
        if not (view.role.exponential if sign > 0 else view.role.reflected):
            return False
        ends = sorted((sign * view.of_scores.low, sign * view.of_scores.high))
        if overflows:
            return ends[1] > math.log(view.format.max)
        return ends[0] < math.log(view.format.tiny)

    return holds


def _ends_of_slices(view: View) -> tuple[Array, Array]:
    """The largest and the smallest finite entry of each slice; NaN where there is none."""
    finite = np.isfinite(view.slices)
    some = finite.any(axis=1)
    high = np.where(finite, view.slices, -np.inf).max(axis=1, initial=-np.inf)
    low = np.where(finite, view.slices, np.inf).min(axis=1, initial=np.inf)
    return np.where(some, high, np.nan), np.where(some, low, np.nan)


def _is_softmax(view: View) -> bool:
    return view.role.exponential and bool(view.role.extremum)


def _spread_underflows(view: View) -> bool:
    if not _is_softmax(view):
        return False
    high, low = _ends_of_slices(view)
    with np.errstate(over="ignore"):
        return bool((low - high < math.log(view.format.tiny)).any())


def _slice_far_below(view: View) -> bool:
    """Whether nothing is left of a slice if the largest entry of all slices is subtracted from it."""
    if not _is_softmax(view):
        return False
    high, _ = _ends_of_slices(view)
    return bool((high - view.of_scores.high < math.log(view.format.tiny)).any())


def _sum_overflows(view: View) -> bool:
    if not view.of_x.largest > view.format.max / max(view.of_x.size, 1):
        return False
    rows = np.where(np.isfinite(view.slices), np.abs(view.slices), 0)
    with np.errstate(over="ignore"):
        return bool((rows.sum(axis=1) > view.format.max).any())


def _square(overflows: bool) -> Callable[[View], bool]:
    if overflows:
        return lambda view: any(own.largest > math.sqrt(view.format.max) for own in view.arguments)
    return lambda view: any(own.smallest < math.sqrt(view.format.tiny) for own in view.arguments)


def _subnormal(view: View) -> bool:
    return any(own.smallest < view.format.tiny for own in view.arguments)


def _entries(view: View) -> Array:
    """The entries of x; for relu, whose slope is all that differs, those whose cotangent is not 0."""
    return view.seen if view.operation == "relu" else view.of_x.values


RANGES = (
    Fact("exp(x) overflows", _exp(True, 1)),
    Fact("exp(-x) overflows", _exp(True, -1)),
    Fact("exp(x) underflows", _exp(False, 1)),
    Fact("exp(-x) underflows", _exp(False, -1)),
    Fact("a slice far below the largest entry", _slice_far_below),
    Fact("exp(x - max x) underflows", _spread_underflows),
    Fact("subnormal entry", _subnormal),
    Fact("a sum of magnitudes overflows", _sum_overflows),
    Fact("a square overflows", _square(True)),
    Fact("a square underflows", _square(False)),
    Fact("all entries 0", lambda view: 0 < view.of_x.size == view.of_x.zeros),
    Fact("an entry at 0", lambda view: view.of_x.zeros > 0, otherwise="no entry at 0"),
    Fact("-0 in an argument", _any(lambda entries: entries.negative_zero)),
    Fact("all entries equal", lambda view: view.of_x.all_equal),
    Fact("an entry below 0", lambda view: bool((_entries(view) < 0).any()), otherwise="no entry below 0"),
    Fact("an entry above 0", lambda view: bool((_entries(view) > 0).any()), otherwise="no entry above 0"),
    Quantity("max x", lambda view: view.of_scores.highest),
    Quantity("min x", lambda view: view.of_scores.lowest),
    Quantity("max|x|", lambda view: view.of_scores.largest, below=False),
    Quantity("smallest nonzero |x|", lambda view: view.of_scores.smallest, above=False),
)
COTANGENT = (
    Fact("cotangent 0", lambda view: 0 < view.cotangent.size == view.cotangent.zeros),
    Fact("cotangent 0 somewhere", lambda view: view.cotangent.zeros > 0),
    Fact("subnormal cotangent", lambda view: view.cotangent.smallest < view.format.tiny),
    Fact(
        "cotangent below 0 somewhere",
        lambda view: view.cotangent.low < 0,
        otherwise="no cotangent below 0",
    ),
    Fact("cotangent all equal", lambda view: view.cotangent.all_equal),
    Fact("cotangent larger than 1", lambda view: view.cotangent.largest > 1),
    Quantity("max|cotangent|", lambda view: view.cotangent.largest),
)
