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

from comparators.exact.arb_entries import (
    add_up,
    as_arb,
    constant,
    difference,
    divide,
    divide_fat,
    each,
    log,
    log1p,
    log_fat,
    objects,
    outward,
    sign,
    sqrt,
)
from comparators.exact.model import FUNCTION_ULPS, sum_factor
from comparators.exact.rounding import Undecided
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
        value = each(arb, x.astype(np.float64).astype(object))
        # An input zero is not a structural zero: 0 · inf has no value there.
        return ArbBall(value, each(lambda v: self._speck if v.is_zero() else v * self._wiggle, value), True)

    def constant(self, x: Any) -> ArbBall:
        value = each(constant, np.asarray(x).astype(object))
        return ArbBall(value, value, True)

    def is_constant(self, x: ArbBall) -> bool:
        return x.exact and all(f.is_exact() for f in x.fat.ravel())

    def enclosure(self, x: ArbBall) -> tuple[Array, Array, Array]:
        parts = [outward(v, f) for v, f in zip(x.value.ravel(), x.fat.ravel(), strict=True)]
        table = np.array(parts, dtype=np.longdouble).reshape(-1, 3)
        mid, rad, err = (np.ascontiguousarray(column).reshape(x.value.shape) for column in table.T)
        return mid, rad, err

    def truth_value(self, x: ArbBall) -> Array:
        return np.asarray(each(lambda v: float(v.mid()), x.value), dtype=np.float64)

    def shape(self, x: ArbBall) -> tuple[int, ...]:
        return tuple(x.value.shape)

    def restructure(self, x: ArbBall, f: Callable[[Array], Array]) -> ArbBall:
        return ArbBall(objects(f(x.value)), objects(f(x.fat)), x.exact)

    def join(self, parts: list[ArbBall], f: Callable[[list[Array]], Array]) -> ArbBall:
        return ArbBall(f([p.value for p in parts]), f([p.fat for p in parts]), all(p.exact for p in parts))

    def scatter(self, x: ArbBall, index: Any, shape: tuple[int, ...]) -> ArbBall:
        value, fat, magnitude = (np.full(shape, arb(0), object) for _ in range(3))
        count = np.zeros(shape, np.int64)
        np.add.at(value, index, x.value)
        np.add.at(fat, index, x.fat)
        np.add.at(magnitude, index, each(abs, x.fat))
        np.add.at(count, index, (~zero(x)).astype(np.int64))
        return self._summed(value, fat, magnitude, count)

    # -- arithmetic --------------------------------------------------------------------------------------

    def neg(self, a: ArbBall) -> ArbBall:
        return ArbBall(objects(-a.value), objects(-a.fat), a.exact)

    def abs(self, a: ArbBall) -> ArbBall:
        return ArbBall(each(abs, a.value), each(abs, a.fat), a.exact)

    def add(self, a: ArbBall, b: ArbBall) -> ArbBall:
        return self._rounded(a.value + b.value, a.fat + b.fat)

    def sub(self, a: ArbBall, b: ArbBall) -> ArbBall:
        return self._rounded(a.value - b.value, a.fat - b.fat)

    def mul(self, a: ArbBall, b: ArbBall) -> ArbBall:
        return self._rounded(a.value * b.value, a.fat * b.fat)

    def pull(self, g: ArbBall, f: ArbBall) -> ArbBall:
        return self._annihilated(self.mul(g, f), g)

    def div(self, a: ArbBall, b: ArbBall) -> ArbBall:
        return self._rounded(each(divide, a.value, b.value), each(divide_fat, a.fat, b.fat))

    def pull_div(self, g: ArbBall, b: ArbBall) -> ArbBall:
        return self._annihilated(self.div(g, b), g)

    def exp(self, a: ArbBall) -> ArbBall:
        return self._apply("exp", lambda v: v.exp(), lambda v: v.exp(), a)

    def expm1(self, a: ArbBall) -> ArbBall:
        return self._apply("expm1", lambda v: v.expm1(), lambda v: v.expm1(), a)

    def log(self, a: ArbBall) -> ArbBall:
        return self._apply("log", log, log_fat, a)

    def log1p(self, a: ArbBall) -> ArbBall:
        return self._apply("log1p", log1p, lambda v: v.log1p(), a)

    def sqrt(self, a: ArbBall) -> ArbBall:
        return self._rounded(each(sqrt, a.value), each(lambda v: v.nonnegative_part().sqrt(), a.fat))

    def tanh(self, a: ArbBall) -> ArbBall:
        return self._apply("tanh", lambda v: v.tanh(), lambda v: v.tanh(), a)

    # -- reductions --------------------------------------------------------------------------------------

    def sum(self, a: ArbBall, axis: tuple[int, ...]) -> ArbBall:
        keep = {"axis": axis, "keepdims": True}
        count = np.count_nonzero(~zero(a), axis=axis, keepdims=True)
        value, fat, magnitude = (add_up(x, keep) for x in (a.value, a.fat, each(abs, a.fat)))
        return self._summed(value, fat, magnitude, count)

    def max(self, a: ArbBall, axis: tuple[int, ...]) -> ArbBall:
        def largest(x: Array) -> Array:
            for one in axis:
                x = objects(np.frompyfunc(lambda p, q: p.max(q), 2, 1).reduce(x, axis=one, keepdims=True))
            return x

        return ArbBall(largest(a.value), largest(a.fat), a.exact)

    def matmul(
        self, a: ArbBall, b: ArbBall, f: Callable[[Array, Array], Array] = np.matmul, n: int | None = None
    ) -> ArbBall:
        n = a.value.shape[-1] if n is None else n
        magnitude = objects(f(each(abs, a.fat), each(abs, b.fat)))
        count = np.full(magnitude.shape, n) + 1
        value, fat = (as_arb(objects(f(x, y))) for x, y in ((a.value, b.value), (a.fat, b.fat)))
        return self._summed(value, fat, as_arb(magnitude), count)

    def winners(self, a: ArbBall, axis: tuple[int, ...]) -> tuple[Array, Array]:
        top = self.max(a, axis)
        taken = each(
            lambda v, t: bool(v == t) if a.exact else bool(v.overlaps(t)), a.value, top.value
        ).astype(bool)
        if a.exact:
            return taken, np.zeros((), bool)
        if np.any(np.count_nonzero(taken, axis=axis) > 1):
            raise Undecided("a maximum of computed values")
        if not self.doubts:
            return taken, np.zeros((), bool)
        close = each(lambda v, t: bool(v.overlaps(t)), a.fat, top.fat).astype(bool)
        return taken, close & (np.count_nonzero(close, axis=axis, keepdims=True) > 1)

    # -- decisions ---------------------------------------------------------------------------------------

    def compare(self, f: Callable[..., Array], a: ArbBall, b: ArbBall) -> tuple[Array, Array]:
        gap = each(difference, a.value, b.value)
        if not (a.exact and b.exact) and any(v.contains(0) and not v.is_zero() for v in np.ravel(gap)):
            raise Undecided("a comparison of computed values")
        decision = f(each(sign, gap).astype(np.float64), 0.0)
        if (a.exact and b.exact) or not self.doubts:
            return decision, np.zeros((), bool)
        overlap = each(lambda p, q: bool(p.overlaps(q)), a.fat, b.fat).astype(bool)
        return decision, overlap

    def select(self, decision: Array, doubt: Array, a: ArbBall, b: ArbBall) -> ArbBall:
        value, fat = np.where(decision, a.value, b.value), np.where(decision, a.fat, b.fat)
        if doubt.any():
            fat = np.where(doubt, each(lambda p, q: p.union(q), a.fat, b.fat), fat)
        return ArbBall(objects(value), objects(fat), a.exact and b.exact and not doubt.any())

    def mask(self, decision: Array, doubt: Array) -> ArbBall:
        value = each(lambda d: arb(int(d)), decision.astype(object))
        fat = np.where(doubt, arb(0.5, 0.5), value) if doubt.any() else value
        return ArbBall(value, objects(fat), not doubt.any())

    # -- rounding ----------------------------------------------------------------------------------------

    def _apply(self, name: str, f: Callable[[Any], Any], fat: Callable[[Any], Any], a: ArbBall) -> ArbBall:
        return ArbBall(each(f, a.value), objects(each(fat, a.fat) * self._library[name]), False)

    def _rounded(self, value: Any, fat: Any) -> ArbBall:
        return ArbBall(objects(value), objects(fat * self._wiggle), False)

    def _summed(self, value: Array, fat: Array, magnitude: Array, count: Array) -> ArbBall:
        permitted = sum_factor(count) * self.form.u
        spread = each(
            lambda m, p: self._unit * (m.abs_upper() * p) if m.is_finite() else m * 0, magnitude, permitted
        )
        return ArbBall(value, objects(fat + spread), False)

    def _annihilated(self, out: ArbBall, g: ArbBall) -> ArbBall:
        """A product with a cotangent is zero by structure exactly where the cotangent is."""
        structural = zero(g)
        accidental = zero(out) & ~structural
        if not (structural.any() or accidental.any()):
            return out
        value = np.where(structural, arb(0), out.value)
        fat = np.where(structural, arb(0), np.where(accidental, self._speck, out.fat))
        return ArbBall(objects(value), objects(fat), False)


def zero(x: ArbBall) -> Array:
    """Zero by structure: exactly zero in the truth and in the budget."""
    return each(lambda v, f: bool(v.is_zero() and f.is_zero()), x.value, x.fat).astype(bool)
