"""Arb arithmetic on object arrays: slow, of any precision, with an unbounded exponent; it has the last word.

Each entry is carried twice: ``value`` encloses the truth (inputs exact), ``fat`` encloses everything that a sound
implementation may compute (inputs wiggled by one unit roundoff, each result by another).
F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Comput. 66(8), 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from comparators.exact.midrad import Undecided
from comparators.exact.model import FUNCTION_ULPS, sum_factor
from gradassay.formats import Format
from gradassay.vocabulary import Array


class ArbBall(NamedTuple):
    """Two object arrays of ``arb``; ``exact`` as in ``midrad.Ball``."""

    value: Array
    fat: Array
    exact: bool


class ArbLib:
    """The same interface as ``midrad.MidRad``, at the precision of the surrounding ``flint.ctx``."""

    def __init__(self, form: Format, bits: int) -> None:
        self.name = f"arb-{bits}"
        self.form = form
        self.doubts = True
        self._wiggle = arb(1, form.u)
        self._library = {name: arb(1, 2 * ulps * form.u) for name, ulps in FUNCTION_ULPS.items()}
        self._unit = arb(0, 1)
        self._speck = arb(0, 2.0**-1000)

    # -- making and reading balls ------------------------------------------------------------------------

    def leaf(self, x: Array) -> ArbBall:
        value = _each(arb, x.astype(np.float64).astype(object))
        # An input zero is not a structural zero: 0 · inf has no value there.
        return ArbBall(value, _each(lambda v: self._speck if v.is_zero() else v * self._wiggle, value), True)

    def constant(self, x: Any) -> ArbBall:
        value = _each(_constant, np.asarray(x).astype(object))
        return ArbBall(value, value, True)

    def is_constant(self, x: ArbBall) -> bool:
        return x.exact and all(f.is_exact() for f in x.fat.ravel())

    def enclosure(self, x: ArbBall) -> tuple[Array, Array, Array]:
        parts = [_outward(v, f) for v, f in zip(x.value.ravel(), x.fat.ravel(), strict=True)]
        table = np.array(parts, dtype=np.longdouble).reshape(-1, 3)
        mid, rad, err = (np.ascontiguousarray(column).reshape(x.value.shape) for column in table.T)
        return mid, rad, err

    def truth_value(self, x: ArbBall) -> Array:
        return np.asarray(_each(lambda v: float(v.mid()), x.value), dtype=np.float64)

    def shape(self, x: ArbBall) -> tuple[int, ...]:
        return tuple(x.value.shape)

    def restructure(self, x: ArbBall, f: Callable[[Array], Array]) -> ArbBall:
        return ArbBall(_objects(f(x.value)), _objects(f(x.fat)), x.exact)

    def join(self, parts: list[ArbBall], f: Callable[[list[Array]], Array]) -> ArbBall:
        return ArbBall(f([p.value for p in parts]), f([p.fat for p in parts]), all(p.exact for p in parts))

    def scatter(self, x: ArbBall, index: Any, shape: tuple[int, ...]) -> ArbBall:
        value, fat, magnitude = (np.full(shape, arb(0), object) for _ in range(3))
        count = np.zeros(shape, np.int64)
        np.add.at(value, index, x.value)
        np.add.at(fat, index, x.fat)
        np.add.at(magnitude, index, _each(abs, x.fat))
        np.add.at(count, index, (~_zero(x)).astype(np.int64))
        return self._summed(value, fat, magnitude, count)

    # -- arithmetic --------------------------------------------------------------------------------------

    def neg(self, a: ArbBall) -> ArbBall:
        return ArbBall(_objects(-a.value), _objects(-a.fat), a.exact)

    def abs(self, a: ArbBall) -> ArbBall:
        return ArbBall(_each(abs, a.value), _each(abs, a.fat), a.exact)

    def add(self, a: ArbBall, b: ArbBall) -> ArbBall:
        return self._rounded(a.value + b.value, a.fat + b.fat)

    def sub(self, a: ArbBall, b: ArbBall) -> ArbBall:
        return self._rounded(a.value - b.value, a.fat - b.fat)

    def mul(self, a: ArbBall, b: ArbBall) -> ArbBall:
        return self._rounded(a.value * b.value, a.fat * b.fat)

    def pull(self, g: ArbBall, f: ArbBall) -> ArbBall:
        return self._annihilated(self.mul(g, f), g)

    def div(self, a: ArbBall, b: ArbBall) -> ArbBall:
        return self._rounded(_each(_divide, a.value, b.value), _each(_divide_fat, a.fat, b.fat))

    def pull_div(self, g: ArbBall, b: ArbBall) -> ArbBall:
        return self._annihilated(self.div(g, b), g)

    def exp(self, a: ArbBall) -> ArbBall:
        return self._apply("exp", lambda v: v.exp(), lambda v: v.exp(), a)

    def expm1(self, a: ArbBall) -> ArbBall:
        return self._apply("expm1", lambda v: v.expm1(), lambda v: v.expm1(), a)

    def log(self, a: ArbBall) -> ArbBall:
        return self._apply("log", _log, _log_fat, a)

    def log1p(self, a: ArbBall) -> ArbBall:
        return self._apply("log1p", _log1p, lambda v: v.log1p(), a)

    def sqrt(self, a: ArbBall) -> ArbBall:
        return self._rounded(_each(_sqrt, a.value), _each(lambda v: v.nonnegative_part().sqrt(), a.fat))

    def tanh(self, a: ArbBall) -> ArbBall:
        return self._apply("tanh", lambda v: v.tanh(), lambda v: v.tanh(), a)

    # -- reductions --------------------------------------------------------------------------------------

    def sum(self, a: ArbBall, axis: tuple[int, ...]) -> ArbBall:
        keep = {"axis": axis, "keepdims": True}
        count = np.count_nonzero(~_zero(a), axis=axis, keepdims=True)
        value, fat, magnitude = (_add_up(x, keep) for x in (a.value, a.fat, _each(abs, a.fat)))
        return self._summed(value, fat, magnitude, count)

    def max(self, a: ArbBall, axis: tuple[int, ...]) -> ArbBall:
        def largest(x: Array) -> Array:
            for one in axis:
                x = _objects(np.frompyfunc(lambda p, q: p.max(q), 2, 1).reduce(x, axis=one, keepdims=True))
            return x

        return ArbBall(largest(a.value), largest(a.fat), a.exact)

    def matmul(
        self, a: ArbBall, b: ArbBall, f: Callable[[Array, Array], Array] = np.matmul, n: int | None = None
    ) -> ArbBall:
        n = a.value.shape[-1] if n is None else n
        magnitude = _objects(f(_each(abs, a.fat), _each(abs, b.fat)))
        count = np.full(magnitude.shape, n) + 1
        value, fat = (_as_arb(_objects(f(x, y))) for x, y in ((a.value, b.value), (a.fat, b.fat)))
        return self._summed(value, fat, _as_arb(magnitude), count)

    def winners(self, a: ArbBall, axis: tuple[int, ...]) -> tuple[Array, Array]:
        top = self.max(a, axis)
        taken = _each(
            lambda v, t: bool(v == t) if a.exact else bool(v.overlaps(t)), a.value, top.value
        ).astype(bool)
        if a.exact:
            return taken, np.zeros((), bool)
        if np.any(np.count_nonzero(taken, axis=axis) > 1):
            raise Undecided("a maximum of computed values")
        if not self.doubts:
            return taken, np.zeros((), bool)
        close = _each(lambda v, t: bool(v.overlaps(t)), a.fat, top.fat).astype(bool)
        return taken, close & (np.count_nonzero(close, axis=axis, keepdims=True) > 1)

    # -- decisions ---------------------------------------------------------------------------------------

    def compare(self, f: Callable[..., Array], a: ArbBall, b: ArbBall) -> tuple[Array, Array]:
        gap = _each(_difference, a.value, b.value)
        if not (a.exact and b.exact) and any(v.contains(0) and not v.is_zero() for v in np.ravel(gap)):
            raise Undecided("a comparison of computed values")
        decision = f(_each(_sign, gap).astype(np.float64), 0.0)
        if (a.exact and b.exact) or not self.doubts:
            return decision, np.zeros((), bool)
        overlap = _each(lambda p, q: bool(p.overlaps(q)), a.fat, b.fat).astype(bool)
        return decision, overlap

    def select(self, decision: Array, doubt: Array, a: ArbBall, b: ArbBall) -> ArbBall:
        value, fat = np.where(decision, a.value, b.value), np.where(decision, a.fat, b.fat)
        if doubt.any():
            fat = np.where(doubt, _each(lambda p, q: p.union(q), a.fat, b.fat), fat)
        return ArbBall(_objects(value), _objects(fat), a.exact and b.exact and not doubt.any())

    def mask(self, decision: Array, doubt: Array) -> ArbBall:
        value = _each(lambda d: arb(int(d)), decision.astype(object))
        fat = np.where(doubt, arb(0.5, 0.5), value) if doubt.any() else value
        return ArbBall(value, _objects(fat), not doubt.any())

    # -- rounding ----------------------------------------------------------------------------------------

    def _apply(self, name: str, f: Callable[[Any], Any], fat: Callable[[Any], Any], a: ArbBall) -> ArbBall:
        return ArbBall(_each(f, a.value), _objects(_each(fat, a.fat) * self._library[name]), False)

    def _rounded(self, value: Any, fat: Any) -> ArbBall:
        return ArbBall(_objects(value), _objects(fat * self._wiggle), False)

    def _summed(self, value: Array, fat: Array, magnitude: Array, count: Array) -> ArbBall:
        permitted = sum_factor(count) * self.form.u
        spread = _each(
            lambda m, p: self._unit * (m.abs_upper() * p) if m.is_finite() else m * 0, magnitude, permitted
        )
        return ArbBall(value, _objects(fat + spread), False)

    def _annihilated(self, out: ArbBall, g: ArbBall) -> ArbBall:
        """A product with a cotangent is zero by structure exactly where the cotangent is."""
        structural = _zero(g)
        accidental = _zero(out) & ~structural
        if not (structural.any() or accidental.any()):
            return out
        value = np.where(structural, arb(0), out.value)
        fat = np.where(structural, arb(0), np.where(accidental, self._speck, out.fat))
        return ArbBall(_objects(value), _objects(fat), False)


def _each(f: Callable[..., Any], *arrays: Array) -> Array:
    return _objects(np.frompyfunc(f, len(arrays), 1)(*arrays))


def _objects(x: Any) -> Array:
    """NumPy unpacks 0-d object arrays into their element; pack it again."""
    if isinstance(x, np.ndarray):
        return x
    packed = np.empty((), object)
    packed[()] = x
    return packed


def _as_arb(x: Array) -> Array:
    """NumPy's empty sum of objects is the integer 0."""
    return _each(lambda v: arb(v) if isinstance(v, int) else v, x)


def _constant(x: Any) -> Any:
    return arb(int(x)) if isinstance(x, bool | int) else arb(float(x))


def _zero(x: ArbBall) -> Array:
    """Zero by structure: exactly zero in the truth and in the budget."""
    return _each(lambda v, f: bool(v.is_zero() and f.is_zero()), x.value, x.fat).astype(bool)


def _add_up(x: Array, keep: dict[str, Any]) -> Array:
    return _objects(np.add.reduce(x, initial=arb(0), **keep))


def _infinite(v: Any) -> bool:
    return bool(not v.is_nan() and not v.mid().is_finite())


def _divide(a: Any, b: Any) -> Any:
    if b.contains(0) and not b.is_nan():
        if not b.is_zero():
            raise Undecided("a divisor that may be 0")
        if not a.contains(0) and not a.is_nan():
            return arb("inf") if a > 0 else arb("-inf")
        if not (a.is_zero() or a.is_nan()):
            raise Undecided("a numerator of unknown sign over 0")
    return a / b


def _divide_fat(a: Any, b: Any) -> Any:
    return a * arb("inf") if b.is_zero() else a / b


def _log(a: Any) -> Any:
    if a.is_zero():
        return arb("-inf")
    if a.contains(0) and not a.is_nan():
        raise Undecided("logarithm of a value that may be 0")
    return a.log()


def _log_fat(a: Any) -> Any:
    return arb("-inf") if a.is_zero() else a.log()


def _log1p(a: Any) -> Any:
    return arb("-inf") if a == -1 else a.log1p()


def _sqrt(a: Any) -> Any:
    if a.contains(0) and not (a.is_zero() or a.is_nan()):
        raise Undecided("square root of a value that may be 0")
    return a.sqrt()


def _difference(p: Any, q: Any) -> Any:
    """p - q, where equal infinities are equal."""
    return arb(0) if _infinite(p) and _infinite(q) and (p > 0) == (q > 0) else p - q


def _sign(v: Any) -> float:
    return float("nan") if v.is_nan() else float(v > 0) - float(v < 0)


def _outward(value: Any, fat: Any) -> tuple[Any, Any, Any]:
    """(mid, rad, err) in long double, rad and err rounded up."""
    if value.is_nan():
        return np.longdouble("nan"), np.longdouble(0), np.longdouble(0)
    if _infinite(value):
        return np.longdouble(float(value.mid())), np.longdouble(0), np.longdouble(0)
    if not value.is_finite():
        raise Undecided("not enough precision")
    high = float(value.mid())
    low = float(value.mid() - high) if np.isfinite(high) else 0.0
    mid = np.longdouble(high) + np.longdouble(low)
    stored = arb(float(mid)) + arb(float(mid - np.longdouble(float(mid)))) if np.isfinite(high) else value
    rad = _up((value - stored).abs_upper())
    err = _up((fat - stored).abs_upper()) if fat.is_finite() else np.longdouble("inf")
    return mid, rad, err


def _up(v: Any) -> Any:
    """A long double not below v >= 0."""
    if v.is_nan():
        return np.longdouble("inf")
    near = np.longdouble(float(v))
    return near * (1 + np.longdouble(2.0**-50)) + np.longdouble(5e-324) if v != 0 else np.longdouble(0)
