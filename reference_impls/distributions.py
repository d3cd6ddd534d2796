"""What softmax and its losses are made of: exponentials of rows, their sums, and the log of those.

A probability below the normal numbers has lost digits, and multiplied with a large cotangent the loss is large. Rows
with such a probability are kept a second time, in terms of the smallest normal number. The processor's own flag tells
whether there are any, so that other inputs are not looked at.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.exponents import noting, product_apart
from reference_impls.rows import blocks, broadcast_by_row, row_dots, row_maxima, row_sums

#: Sums of exponentials beyond this are taken after a shift; its reciprocal is a normal number in float32.
LARGEST_SUM = 1e30

#: A probability that is 2^REACH times smaller than the smallest number does not matter.
REACH = 60


class Faint(NamedTuple):
    """Rows of p with entries below the normal numbers, as ``lifted unit`` of two matrices with normal ones.

    A product ``c lifted unit`` from the left is rounded once: if ``c lifted`` leaves the normal numbers, it is 0.
    """

    rows: Array
    """Their places among all rows."""
    lifted: Array
    """p in terms of the unit."""
    unit: Array
    """The smallest normal number where p is below it, else 1."""

    def times(self, c: Array) -> Array:
        """``p c`` of these rows."""
        return np.asarray(c * self.lifted * self.unit)

    def deviations(self, y: Array) -> tuple[Array, Array]:
        """``y - p·y`` of these rows times a column of powers of two, and that: as large as leaves them finite.

        No row is made smaller, as the largest entry may be one that p leaves out.
        """
        room = np.finfo(y.dtype).maxexp - 2
        largest = np.max(np.abs(y), axis=1, keepdims=True, initial=0)
        exponents = np.where(np.isfinite(largest), room - np.frexp(largest)[1], 0)
        scale = np.ldexp(np.ones(1, y.dtype), np.clip(exponents, 0, room))
        y = y * scale
        return y - row_dots(y * self.lifted, self.unit), scale

    def centred(self, y: Array, by: Array | None) -> Array:
        """``by p (y - p·y)`` of these rows, rounded to the range once."""
        if by is None:
            d = y - row_dots(y * self.lifted, self.unit)
            d *= self.lifted
            d *= self.unit
            return d
        d, scale = self.deviations(y)
        return product_apart(d, self.lifted, self.unit, by, over=(scale,))


class Distributions(NamedTuple):
    """Softmax p of each row of a matrix, with the columns m and s that it came from."""

    p: Array
    m: Array
    s: Array
    faint: Faint | None

    def times(self, c: Array) -> Array:
        """``p c`` for a column or a matrix c."""
        product: Array = self.p * c
        if self.faint is not None:
            product[self.faint.rows] = self.faint.times(c[self.faint.rows])
        return product

    def deviations(self, y: Array) -> Array:
        """``y - p·y`` for a matrix y."""
        result = np.asarray(y - row_dots(self.p, y))
        if self.faint is not None:
            d, scale = self.faint.deviations(y[self.faint.rows])
            result[self.faint.rows] = d / scale
        return result

    def centred(self, y: Array, by: Array | None = None) -> Array:
        """``p (y - p·y)`` for a matrix y, which is the pullback of softmax; times a column ``by``."""
        p, result = self.p, np.empty_like(self.p)
        broadcast_by_row(p.shape[1])
        for block in blocks(p):
            differences = result[block]
            np.subtract(y[block], row_dots(p[block], y[block]), out=differences)
            differences *= p[block] if by is None else p[block] * by[block]
        if self.faint is not None:
            rows = self.faint.rows
            result[rows] = self.faint.centred(y[rows], None if by is None else by[rows])
        return result


def exponentials(x: Array, e: Array) -> tuple[Array, Array]:
    """Fill ``e`` with exp(x - m), row by row; returns the columns m and s = sum e.

    Where 1 <= sum exp(x) <= LARGEST_SUM, m = 0 does: nothing overflowed, what underflowed is below the smallest
    number after the division too, and a subtraction is spared with its rounding. Other rows take m = max x.
    """
    m = np.zeros((len(x), 1), x.dtype)
    np.exp(x, out=e)
    s = row_sums(e)
    shift = np.flatnonzero(~((s >= 1) & (s <= LARGEST_SUM)))
    if shift.size:
        m[shift] = row_maxima(x[shift])
        e[shift] = np.exp(x[shift] - m[shift])
        s[shift] = row_sums(e[shift])
    return m, s


def log_sum_exp(x: Array, m: Array, s: Array) -> tuple[Array, Array]:
    """Log sum exp(x) as k + r with k = max x, given m and s, so that (x - k) - r loses nothing where it cancels.

    r = log sum exp(x - k) is never negative, which makes no loss negative and no log-probability positive.
    """
    k = row_maxima(x)
    return k, np.maximum(np.log(s * np.exp(m - k)), 0)


def distributions(x: Array) -> Distributions:
    """Softmax of each row of a matrix."""
    p = np.empty_like(x)
    m, s = np.empty((2, len(x), 1), x.dtype)
    lost: dict[str, int] = {}
    with noting(lost, over="ignore"):
        broadcast_by_row(x.shape[1])
        for block in blocks(x):
            e = p[block]
            m[block], s[block] = exponentials(x[block], e)
            e /= s[block]
    return Distributions(p, m, s, faint_rows(x, p, m, s) if lost else None)


def faint_rows(x: Array, p: Array, m: Array, s: Array) -> Faint | None:
    """The faint rows of p = exp(x - m) / s; None where what underflowed is too small to matter.

    p = h h / s, whose halves h = exp((x - m) / 2) are normal where p is not.
    """
    info = np.finfo(x.dtype)
    with np.errstate(all="ignore"):
        matters = m + np.log(s) + (np.log(info.smallest_subnormal) - REACH * np.log(2)).astype(x.dtype)
        faint = p < info.tiny
        faint &= x > matters
        if not faint.any():
            return None
        rows = np.flatnonzero(faint.any(axis=1))
        lifted, unit = np.empty((2, len(rows), x.shape[1]), x.dtype)
        for block in blocks(lifted):
            at, a, b = rows[block], lifted[block], unit[block]
            h = np.exp((np.maximum(x[at], matters[at]) - m[at]) / 2)
            # What is chosen by extrema here would take ten times as long with np.where.
            b[:] = faint[at]
            np.minimum(h / info.tiny / s[at] * h, 1, out=a)
            a *= b
            np.maximum(a, p[at], out=a)
            np.maximum(np.subtract(1, b, out=b), info.tiny, out=b)
        return Faint(rows, lifted, unit)
