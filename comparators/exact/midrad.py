"""Vectorised midpoint-radius arithmetic with one radius that serves as budget and, scaled, as certificate.

A ball is (mid, err).  ``mid`` is computed in the working precision (unit roundoff w); ``err`` is the error that
a sound implementation in the dtype under test (unit roundoff u) may have: inputs are wiggled by u |x|, each
result adds u |v|, and what comes in is propagated by a bound g(err) on |f(mid ± err) - f(mid)|.

*The radius of the truth is ratio · err, with ratio = c · w / u.*  By induction: let the true value v lie
within ratio · err of mid for every operand.  Each g below is convex in err and 0 at 0, so
g(ratio · err) <= ratio · g(err) for ratio <= 1; and computing f(mid) in the working precision adds at most c times
as many w |f(mid)| as the budget is given u |f(mid)|: c = 1 for arithmetic, for a library function its certain error
(``LIBRARY_ULPS``) over the permitted one, for a sum the certain bound over the permitted one.
The floating-point evaluation of err itself has only non-negative terms, hence a relative error of a few w a step;
``INFLATION`` covers that.  Underflow and overflow break the induction, so both raise ``Undecided``, and an
arithmetic with a wider exponent takes over.  A test holds the enclosures against Arb.

*Extended reals.*  Infinite inputs are exact; where a value is ±inf or NaN its err is 0.  NaN means "the
mathematics has no value here".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from comparators.exact.model import FUNCTION_ULPS, certain_sum_factor, sum_factor
from comparators.exact.rounding import Ball, Rounding, Undecided
from gradassay.vocabulary import Array

__all__ = ["Ball", "MidRad", "Undecided"]


class MidRad(Rounding):
    """Ball arithmetic for one scenario in a working dtype: float64, or long double where that is wider."""

    # -- making and reading balls ------------------------------------------------------------------------

    def leaf(self, x: Array) -> Ball:
        """An input: exact for decisions, wiggled by one unit roundoff in the budget."""
        mid = np.asarray(x.astype(self.working) + self.zero)  # -0 + 0 = 0: real numbers have no signed zero
        err = np.asarray(np.abs(mid))
        err *= self.u
        # An input zero is not a structural zero (err == 0): 0 · inf has no value there.
        np.maximum(err, self.tiny, out=err)
        return Ball(mid, self._settle(mid, err), True)

    def constant(self, x: Any) -> Ball:
        """A number of the definition: exact, never wiggled."""
        return Ball(np.asarray(x).astype(self.working), self.zero, True)

    def is_constant(self, x: Ball) -> bool:
        return x.exact and not np.any(x.err)

    def enclosure(self, x: Ball) -> tuple[Array, Array, Array]:
        """(mid, rad, err) as arrays of one shape."""
        err = np.broadcast_to(x.err, x.mid.shape)
        return x.mid, err * self.working(self.ratio), err

    def truth_value(self, x: Ball) -> Array:
        """Midpoints, for control flow."""
        return x.mid

    def shape(self, x: Ball) -> tuple[int, ...]:
        return tuple(x.mid.shape)

    def restructure(self, x: Ball, f: Callable[[Array], Array]) -> Ball:
        """``f`` moves entries without computing: reshape, transpose, getitem, broadcast."""
        err = x.err if x.err.ndim < x.mid.ndim else np.asarray(f(x.err))
        return Ball(np.asarray(f(x.mid)), err, x.exact)

    def join(self, parts: list[Ball], f: Callable[[list[Array]], Array]) -> Ball:
        """``f`` concatenates or stacks."""
        full = [np.broadcast_to(part.err, part.mid.shape) for part in parts]
        return Ball(f([part.mid for part in parts]), f(full), all(part.exact for part in parts))

    def scatter(self, x: Ball, index: Any, shape: tuple[int, ...]) -> Ball:
        """Zeros of ``shape`` with ``x`` added at ``index``; each entry is a sum of its own number of terms."""
        add = np.add.at
        mid, err = np.zeros(shape, self.working), np.zeros(shape, self.working)
        magnitude, count = np.zeros(shape, self.working), np.zeros(shape, np.int64)
        add(mid, index, x.mid)
        add(err, index, np.broadcast_to(x.err, x.mid.shape))
        add(magnitude, index, np.abs(x.mid))
        add(count, index, (x.mid != 0).astype(np.int64))
        return self._summed(
            mid, err, magnitude, count, lambda: ~np.isnan(_scattered(x.mid - x.mid, index, shape))
        )

    # -- arithmetic --------------------------------------------------------------------------------------

    def neg(self, a: Ball) -> Ball:
        return Ball(-a.mid, a.err, a.exact)

    def abs(self, a: Ball) -> Ball:
        return Ball(np.abs(a.mid), a.err, a.exact)

    def add(self, a: Ball, b: Ball) -> Ball:
        return self._rounded(a.mid + b.mid, a.err + b.err, a, b)

    def sub(self, a: Ball, b: Ball) -> Ball:
        return self._rounded(a.mid - b.mid, a.err + b.err, a, b)

    def mul(self, a: Ball, b: Ball) -> Ball:
        mid = a.mid * b.mid
        err = np.asarray(np.abs(b.mid))
        if b.err is not self.zero:
            err += b.err
        err = err * a.err
        if b.err is not self.zero:
            err = err + np.abs(a.mid) * b.err
        return self._rounded(mid, err, a, b, nonzero=lambda: (a.mid != 0) & (b.mid != 0))

    def pull(self, g: Ball, f: Ball) -> Ball:
        """g · f where g is a cotangent: one that is zero by structure (a branch not taken) contributes nothing."""
        return self._annihilated(self.mul(g, f), g)

    def div(self, a: Ball, b: Ball) -> Ball:
        self._guard_zero(b)
        mid = a.mid / b.mid
        if b.err is self.zero:
            err = a.err / np.abs(b.mid)
        else:
            room = np.abs(b.mid) - b.err
            err = np.asarray(np.abs(mid))
            err *= b.err
            err += a.err
            err = np.where(room > 0, err / room, np.inf) if np.any(room <= 0) else err / room
        nonzero = lambda: (a.mid != 0) & np.isfinite(b.mid)  # noqa: E731
        return self._rounded(mid, err, a, b, nonzero=nonzero, pole=b.mid == 0)

    def pull_div(self, g: Ball, b: Ball) -> Ball:
        """g / b where g is a cotangent."""
        return self._annihilated(self.div(g, b), g)

    def exp(self, a: Ball) -> Ball:
        mid = np.exp(a.mid)
        err = np.asarray(_expm1_bound(a.err))
        err = mid * err
        return self._rounded(mid, err, a, ulps=FUNCTION_ULPS["exp"], nonzero=lambda: np.isfinite(a.mid))

    def expm1(self, a: Ball) -> Ball:
        return self._rounded(
            np.expm1(a.mid), np.exp(a.mid) * _expm1_bound(a.err), a, ulps=FUNCTION_ULPS["expm1"]
        )

    def log(self, a: Ball) -> Ball:
        return self._log(np.log, a, a.mid)

    def log1p(self, a: Ball) -> Ball:
        return self._log(np.log1p, a, a.mid + 1)

    def sqrt(self, a: Ball) -> Ball:
        self._guard_zero(a)
        mid = np.sqrt(a.mid)
        # sqrt(a) - sqrt(a - e) = e / (sqrt(a) + sqrt(a - e)); at an exact 0 only the wiggle's own root is left.
        lower = np.sqrt(np.maximum(a.mid - a.err, 0))
        err = np.where(a.mid > 0, a.err / np.where(a.mid > 0, mid + lower, 1), np.sqrt(a.err))
        return self._rounded(mid, err, a)

    def tanh(self, a: Ball) -> Ball:
        # |tanh'| <= min(1, 4 exp(-2 t)) on [t, inf); increasing in err, so err · slope is convex enough.
        nearest = np.maximum(np.abs(a.mid) - a.err, 0)
        err = a.err * np.minimum(1, 4 * np.exp(-2 * nearest))
        return self._rounded(np.tanh(a.mid), err, a, ulps=FUNCTION_ULPS["tanh"])

    # -- reductions --------------------------------------------------------------------------------------

    def sum(self, a: Ball, axis: tuple[int, ...]) -> Ball:
        keep: Any = {"axis": axis, "keepdims": True}
        mid = np.sum(a.mid, **keep)
        err = np.sum(np.broadcast_to(a.err, a.mid.shape), **keep)
        count = np.count_nonzero(a.mid, axis=axis, keepdims=True)
        return self._summed(
            mid, err, np.sum(np.abs(a.mid), **keep), count, lambda: np.isfinite(a.mid).all(**keep)
        )

    def max(self, a: Ball, axis: tuple[int, ...]) -> Ball:
        mid = np.max(a.mid, axis=axis, keepdims=True)
        high = np.max(a.mid + a.err, axis=axis, keepdims=True) - mid
        low = mid - np.max(a.mid - a.err, axis=axis, keepdims=True)
        # mid ± err is itself rounded in the working precision.
        err = np.maximum(high, low) + 4 * self.working(self.w) * np.abs(mid)
        return Ball(mid, self._settle(mid, err), a.exact)

    def matmul(
        self, a: Ball, b: Ball, f: Callable[[Array, Array], Array] = np.matmul, n: int | None = None
    ) -> Ball:
        """``f`` is bilinear with ``n`` products to a sum (matmul, einsum)."""
        n = a.mid.shape[-1] if n is None else n
        ea, eb = (np.broadcast_to(x.err, x.mid.shape) for x in (a, b))
        magnitude_a, magnitude_b = np.abs(a.mid), np.abs(b.mid)
        mid = f(a.mid, b.mid)
        err = f(magnitude_a, eb) + f(ea, magnitude_b) + f(ea, eb)
        self._allow(float(certain_sum_factor(n)) + 1, float(sum_factor(n)) + 1)
        err = err + self.u * self.working(sum_factor(n) + 1) * f(magnitude_a, magnitude_b)
        # Products may underflow, by less than ratio · tiny in all.
        err = np.maximum(err, self.tiny)
        if np.isinf(mid).any():
            lost = f((~np.isfinite(a.mid)) * 1.0, np.ones_like(b.mid)) + f(
                np.ones_like(a.mid), (~np.isfinite(b.mid)) * 1.0
            )
            if np.any(np.isinf(mid) & (lost == 0)):
                raise Undecided("overflow")
        return Ball(mid, self._settle(mid, err), False)

    def winners(self, a: Ball, axis: tuple[int, ...]) -> tuple[Array, Array]:
        """(largest entries along ``axis``, those that the budget may take for the largest instead)."""
        top = np.max(a.mid, axis=axis, keepdims=True)
        taken = a.mid == top
        if a.exact:
            return taken, np.zeros((), bool)
        gap = top - a.mid
        spread = a.err + np.max(np.where(taken, a.err, 0), axis=axis, keepdims=True)
        if np.any(np.count_nonzero(gap <= spread * self.ratio, axis=axis) > 1):
            raise Undecided("a maximum of computed values")
        if not self.doubts:
            return taken, np.zeros((), bool)
        close = gap <= spread
        return taken, close & (np.count_nonzero(close, axis=axis, keepdims=True) > 1)

    # -- decisions ---------------------------------------------------------------------------------------

    def compare(self, f: Callable[..., Array], a: Ball, b: Ball) -> tuple[Array, Array]:
        """(decision, doubt): doubt where the budget may take the other branch."""
        decision = f(a.mid, b.mid)
        if a.exact and b.exact:
            return decision, np.zeros((), bool)
        gap, spread = np.abs(a.mid - b.mid), a.err + b.err
        if np.any((gap <= spread * self.ratio) & (spread > 0)):
            raise Undecided("a comparison of computed values")
        return decision, gap <= spread if self.doubts else np.zeros((), bool)

    def select(self, decision: Array, doubt: Array, a: Ball, b: Ball) -> Ball:
        mid = np.where(decision, a.mid, b.mid)
        err = np.where(decision, a.err, b.err)
        if doubt.any():
            other = np.where(decision, b.err, a.err)
            err = np.where(doubt, np.maximum(err, np.abs(a.mid - b.mid) + other), err)
        return Ball(mid, self._settle(mid, err), a.exact and b.exact and not doubt.any())

    def mask(self, decision: Array, doubt: Array) -> Ball:
        """A decision as the number 0 or 1, either of them where in doubt."""
        err = doubt.astype(self.working) if doubt.any() else self.zero
        return Ball(decision.astype(self.working), err, not doubt.any())


def _scattered(x: Array, index: Any, shape: tuple[int, ...]) -> Array:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out


def _expm1_bound(e: Array) -> Array:
    """An upper bound of exp(e) - 1 for e >= 0, cheap where e is small: e (1 + e) for e <= 1."""
    return e * (1 + e) if not np.any(e > 1) else np.expm1(e)
