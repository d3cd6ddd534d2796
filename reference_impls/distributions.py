"""What softmax and its losses are made of: exponentials of rows, their sums, and the log of those.

Rows with probabilities below the normal numbers are faint. The processor's own flag tells whether there may be any, so
that other inputs are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.exponents import noting
from reference_impls.faint import Faint, faint_rows
from reference_impls.lifting import is_small
from reference_impls.rows import (
    blocks,
    broadcast_by_row,
    row_dots,
    row_maxima,
    row_sums,
    row_sums_apart,
    rows_at,
)

#: Sums of exponentials beyond this are taken after a shift; its reciprocal is a normal number in float32.
LARGEST_SUM = 1e30


class Distributions(NamedTuple):
    """Softmax p of each row of a matrix, with the columns m and s that it came from."""

    p: Array
    m: Array
    s: Array
    faint: dict[int, Faint]
    """Those of its rows that are, by the first row of their block."""

    def felt(self, c: Array) -> dict[int, Faint]:
        """The faint rows whose products with c may be wrong."""
        if not self.faint:
            return self.faint
        return {start: faint for start, faint in self.faint.items() if not is_small(c[faint.block])}

    def times(self, c: Array) -> Array:
        """``p c`` for a column or a matrix c."""
        product: Array = self.p * c
        for faint in self.felt(c).values():
            faint.put(product, faint.times(faint.of(c)))
        return product

    def less(self, t: Array, total: Array, c: Array) -> Array:
        """``c (p total - t)`` for a matrix t and columns total and c."""
        result = np.empty_like(self.p)
        felt = self.felt(np.maximum(np.abs(c), np.abs(c * total))) if self.faint else self.faint
        broadcast_by_row(t.shape[1])
        for block in blocks(t):
            faint = felt.get(block.start)
            if faint is None or not isinstance(faint.rows, slice):
                differences = np.multiply(self.p[block], total[block], out=result[block])
                differences -= t[block]
                differences *= c[block]
            if faint is not None:
                faint.put(result, faint.less(faint.of(t), faint.of(total), faint.of(c)))
        return result

    def deviations(self, y: Array) -> Array:
        """``y - p·y`` for a matrix y."""
        result = np.asarray(y - row_dots(self.p, y))
        for faint in self.faint.values():
            faint.put(result, faint.deviations(faint.of(y)))
        return result

    def deviations_and_products(self, y: Array, by: Array) -> tuple[Array, Array]:
        """``a = y - p·y`` for a matrix y, and ``p a by`` for a column ``by``."""
        a = np.asarray(y - row_dots(self.p, y))
        products = np.asarray(a * (self.p * by))
        for faint in self.faint.values():
            of_faint = faint.deviations_and_products(faint.of(y), faint.of(by))
            faint.put(a, of_faint[0])
            faint.put(products, of_faint[1])
        return a, products

    def centred(self, y: Array) -> Array:
        """``p (y - p·y)`` for a matrix y, which is the pullback of softmax."""
        result, felt = np.empty_like(self.p), self.felt(y)
        broadcast_by_row(y.shape[1])
        for block in blocks(y):
            p, bars, differences, faint = self.p[block], y[block], result[block], felt.get(block.start)
            if faint is None or not isinstance(faint.rows, slice):
                np.subtract(bars, row_dots(p, bars), out=differences)
                differences *= p
            if faint is not None:
                differences[faint.rows] = faint.centred(bars[faint.rows])
        return result

    def remainders(self, y: Array) -> Array:
        """``y - p sum y`` for a matrix y, which is the pullback of log_softmax."""
        result = np.empty_like(self.p)
        lost: dict[str, int] = {}
        with noting(lost, under="ignore", over="ignore", invalid="call"):
            broadcast_by_row(y.shape[1])
            for block in blocks(y):
                bars, faint = y[block], self.faint.get(block.start)
                total = row_sums(bars)
                shares = np.multiply(self.p[block], total, out=result[block])
                if faint is not None and not is_small(total):
                    shares[faint.rows] = faint.times(total[faint.rows])
                np.subtract(bars, shares, out=shares)
                total -= total  # is invalid where the sum overflowed, of which einsum does not tell
            return self._remainders_of_much(y) if lost else result

    def _remainders_of_much(self, y: Array) -> Array:
        """``y - p sum y`` where the sum overflows, which the difference need not."""
        m, k = row_sums_apart(y)
        shares = self.times(m)
        result = y - np.ldexp(shares, k)
        return np.where(np.isfinite(result), result, np.ldexp(np.ldexp(y, -k) - shares, k))


def exponentials(x: Array, e: Array) -> tuple[Array, Array]:
    """Fill ``e`` with exp(x - m), row by row; returns the columns m and s = sum e.

    Where 1 <= sum exp(x) <= LARGEST_SUM, m = 0 does: nothing overflowed, what underflowed is below the smallest
    number after the division too, and a subtraction is spared with its rounding. Other rows take m = max x.
    """
    m = np.zeros((len(x), 1), x.dtype)
    np.exp(x, out=e)
    s = row_sums(e)
    others = np.flatnonzero(~((s >= 1) & (s <= LARGEST_SUM)))
    if others.size:
        shift = rows_at(others, len(x))
        m[shift] = row_maxima(x[shift])
        differences = x[shift] - m[shift]
        e[shift] = np.exp(differences, out=differences)
        s[shift] = row_sums(e[shift])
    return m, s


def log_sum_exp(x: Array, m: Array, s: Array) -> tuple[Array, Array]:
    """Log sum exp(x) as k + r with k = max x, given m and s, so that (x - k) - r loses nothing where it cancels.

    r = log sum exp(x - k) is never negative, which makes no loss negative and no log-probability positive.
    """
    k = row_maxima(x)
    return k, np.maximum(np.log(s * np.exp(m - k)), 0)


def distributions(x: Array, then: Callable[[slice, Array, Array], None] | None = None) -> Distributions:
    """Softmax of each row of a matrix; ``then`` is called with each block of rows, still in the cache, its m and s."""
    p = np.empty_like(x)
    m, s = np.empty((2, len(x), 1), x.dtype)
    faint: dict[int, Faint] = {}
    lost: dict[str, int] = {}
    with noting(lost, over="ignore"):
        broadcast_by_row(x.shape[1])
        for block in blocks(x):
            e = p[block]
            m[block], s[block] = exponentials(x[block], e)
            e /= s[block]
            if lost:
                lost.clear()
                if found := faint_rows(block, x[block], e, m[block], s[block]):
                    faint[block.start] = found
            if then is not None:
                then(block, m[block], s[block])
    return Distributions(p, m, s, faint)
