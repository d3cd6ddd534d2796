"""What every midpoint-radius operation ends with: its rounding, and the side conditions of ``midrad``'s induction.

Underflow, overflow and a value that may be zero where zero matters end the induction; each raises ``Undecided``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from comparators.exact.model import FUNCTION_ULPS, certain_sum_factor, sum_factor
from gradassay.formats import Format
from gradassay.vocabulary import Array

#: NumPy's and the C library's stated worst error of exp, log, ... in units in the last place; 4 is what
#: NumPy's vectorised float64 loops promise, glibc's long double functions stay below it.
LIBRARY_ULPS = 4
#: Slack for the rounding of the radii themselves: covers 2^20 operations in sequence.
INFLATION = 1 + 2.0**-20


class Undecided(Exception):
    """This arithmetic cannot decide; one with more precision or a wider exponent may."""


class Ball(NamedTuple):
    """An array of balls.  ``exact``: every entry came straight from the arguments, so decisions on it are certain."""

    mid: Array
    err: Array
    exact: bool


class Rounding:
    """The working dtype, the dtype under test, and the constant that relates them."""

    def __init__(self, form: Format, working: type[np.floating[Any]]) -> None:
        self.form = form
        self.working = working
        self.name = "float64" if working is np.float64 else "longdouble"
        info = np.finfo(working)
        self.w = float(info.eps) / 2
        self.u = working(form.u)
        self.tiny = info.tiny
        #: Below this, u |v| is no normal number of the working dtype, and radii would underflow.
        self.low = info.tiny / self.u
        self.zero = np.zeros((), working)
        self.doubts = True
        self._c = LIBRARY_ULPS / min(FUNCTION_ULPS.values())

    @property
    def ratio(self) -> float:
        """Radius of the truth over err, for every ball made so far."""
        return self._c * self.w / self.form.u * INFLATION

    def _rounded(
        self,
        mid: Array,
        err: Array,
        *operands: Ball,
        ulps: float = 0.5,
        pole: Array | None = None,
        nonzero: Callable[[], Array] | None = None,
    ) -> Ball:
        """``mid`` with the rounding of its own operation; ``nonzero`` says where it may not underflow to 0."""
        rounding = np.asarray(np.abs(mid))
        if nonzero is not None and np.fmin.reduce(rounding, axis=None, initial=np.inf) < self.low:
            if np.any((rounding < self.low) & nonzero()):
                raise Undecided("underflow")
            # What is left are zeros.  Their err may have underflowed; it must stay positive where an operand's is.
            positive = np.logical_or.reduce(np.broadcast_arrays(*(x.err > 0 for x in operands)))
            err = np.where(positive & (rounding < self.low), np.maximum(err, self.tiny), err)
        rounding *= self.working(2 * ulps) * self.u
        rounding += err
        return self._new(mid, rounding, *operands, pole=pole)

    def _new(self, mid: Array, err: Array, *operands: Ball, pole: Array | None = None) -> Ball:
        if not np.isfinite(err).all():
            finite = np.logical_and.reduce(np.broadcast_arrays(*(np.isfinite(x.mid) for x in operands)))
            overflowed = np.isinf(mid)
            if overflowed.shape == finite.shape:
                overflowed &= finite
            if pole is not None:
                overflowed &= ~pole
            if overflowed.any():
                raise Undecided("overflow")
            err = self._settle(mid, err)
        return Ball(mid, err, False)

    def _settle(self, mid: Array, err: Array) -> Array:
        """Non-finite values are exact; a finite value of unknown error may be anything."""
        if np.isfinite(err).all():
            return err
        return np.where(np.isfinite(mid), np.where(np.isnan(err), np.inf, err), 0)

    def _annihilated(self, out: Ball, g: Ball) -> Ball:
        """A product with a cotangent is zero by structure (err == 0) exactly where the cotangent is."""
        if np.all(out.mid) and not np.isnan(np.sum(out.mid)):
            return out
        structural = (g.mid == 0) & (g.err == 0)
        err = np.where(out.mid == 0, np.maximum(out.err, self.tiny), out.err)
        return Ball(np.where(structural, 0, out.mid), np.where(structural, 0, err), False)

    def _summed(
        self, mid: Array, err: Array, magnitude: Array, count: Array, finite: Callable[[], Array]
    ) -> Ball:
        """Sums with the magnitudes and the number of their terms; ``finite``: where all terms are."""
        n = int(count.max(initial=0))
        self._allow(float(certain_sum_factor(n)), float(sum_factor(n)))
        if np.isinf(mid).any() and np.any(np.isinf(mid) & finite()):
            raise Undecided("overflow")
        err = err + magnitude * self.u * sum_factor(count).astype(self.working)
        return Ball(mid, self._settle(mid, err), False)

    def _log(self, f: np.ufunc, a: Ball, argument: Array) -> Ball:
        if not a.exact and np.any((np.abs(argument) <= self.ratio * a.err) & (a.err > 0)):
            raise Undecided("logarithm of a value that may be 0")
        room = argument - a.err
        err = np.where(room > 0, a.err / np.where(room > 0, room, 1), np.inf)
        return self._rounded(f(a.mid), err, a, ulps=FUNCTION_ULPS[f.__name__], pole=argument == 0)

    def _allow(self, certain: float, permitted: float) -> None:
        if permitted > 0:
            self._c = max(self._c, certain / permitted)
            if self.ratio > 1 / 4:
                raise Undecided("a sum of too many terms for this working precision")

    def _guard_zero(self, b: Ball) -> None:
        if not b.exact and np.any((np.abs(b.mid) <= self.ratio * b.err) & (b.err > 0)):
            raise Undecided("a divisor that may be 0")
