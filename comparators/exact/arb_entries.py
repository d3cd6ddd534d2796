"""What Arb does with one entry, and how it is done to every entry of an object array.

Arb's own operations give NaN both where mathematics has no value and where the precision does not suffice; here the
second raises ``Undecided``.  Infinities follow the extended reals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from comparators.exact.rounding import Undecided
from gradassay.vocabulary import Array


def each(f: Callable[..., Any], *arrays: Array) -> Array:
    """``f`` of every entry."""
    return objects(np.frompyfunc(f, len(arrays), 1)(*arrays))


def objects(x: Any) -> Array:
    """NumPy unpacks 0-d object arrays into their element; pack it again."""
    if isinstance(x, np.ndarray):
        return x
    packed = np.empty((), object)
    packed[()] = x
    return packed


def as_arb(x: Array) -> Array:
    """NumPy's empty sum of objects is the integer 0."""
    return each(lambda v: arb(v) if isinstance(v, int) else v, x)


def constant(x: Any) -> Any:
    """A number of a definition, exactly."""
    return arb(int(x)) if isinstance(x, bool | int) else arb(float(x))


def add_up(x: Array, keep: dict[str, Any]) -> Array:
    """Sums as ``np.sum`` with ``keep``; nothing adds up to 0."""
    return objects(np.add.reduce(x, initial=arb(0), **keep))


def infinite(v: Any) -> bool:
    """Whether v is plus or minus infinity."""
    return bool(not v.is_nan() and not v.mid().is_finite())


def divide(a: Any, b: Any) -> Any:
    """a / b; over an exact 0 the limit from above."""
    if b.contains(0) and not b.is_nan():
        if not b.is_zero():
            raise Undecided("a divisor that may be 0")
        if not a.contains(0) and not a.is_nan():
            return arb("inf") if a > 0 else arb("-inf")
        if not (a.is_zero() or a.is_nan()):
            raise Undecided("a numerator of unknown sign over 0")
    return a / b


def divide_fat(a: Any, b: Any) -> Any:
    """What a sound division may give; NaN where that is anything."""
    return a * arb("inf") if b.is_zero() else a / b


def log(a: Any) -> Any:
    """log a, with log 0 = -inf."""
    if a.is_zero():
        return arb("-inf")
    if a.contains(0) and not a.is_nan():
        raise Undecided("logarithm of a value that may be 0")
    return a.log()


def log_fat(a: Any) -> Any:
    """What a sound logarithm may give; NaN where that is anything."""
    return arb("-inf") if a.is_zero() else a.log()


def log1p(a: Any) -> Any:
    """log(1 + a), with log 0 = -inf."""
    return arb("-inf") if a == -1 else a.log1p()


def sqrt(a: Any) -> Any:
    """The root; NaN below 0."""
    if a.contains(0) and not (a.is_zero() or a.is_nan()):
        raise Undecided("square root of a value that may be 0")
    return a.sqrt()


def difference(p: Any, q: Any) -> Any:
    """p - q, where equal infinities are equal."""
    return arb(0) if infinite(p) and infinite(q) and (p > 0) == (q > 0) else p - q


def sign(v: Any) -> float:
    """-1, 0 or 1; NaN of NaN."""
    return float("nan") if v.is_nan() else float(v > 0) - float(v < 0)


def outward(value: Any, fat: Any) -> tuple[Any, Any, Any]:
    """(mid, rad, err) in long double, rad and err rounded up."""
    if value.is_nan():
        return np.longdouble("nan"), np.longdouble(0), np.longdouble(0)
    if infinite(value):
        return np.longdouble(float(value.mid())), np.longdouble(0), np.longdouble(0)
    if not value.is_finite():
        raise Undecided("not enough precision")
    high = float(value.mid())
    low = float(value.mid() - high) if np.isfinite(high) else 0.0
    mid = np.longdouble(high) + np.longdouble(low)
    stored = arb(float(mid)) + arb(float(mid - np.longdouble(float(mid)))) if np.isfinite(high) else value
    rad = up((value - stored).abs_upper())
    err = up((fat - stored).abs_upper()) if fat.is_finite() else np.longdouble("inf")
    return mid, rad, err


def up(v: Any) -> Any:
    """A long double not below v >= 0."""
    if v.is_nan():
        return np.longdouble("inf")
    near = np.longdouble(float(v))
    return near * (1 + np.longdouble(2.0**-50)) + np.longdouble(5e-324) if v != 0 else np.longdouble(0)
