"""What softmax and its losses are made of: exponentials of rows, their sums, and the log of those."""

from __future__ import annotations

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.rows import blocks, broadcast_by_row, row_maxima, row_sums

#: Sums of exponentials beyond this are taken after a shift; its reciprocal is a normal number in float32.
LARGEST_SUM = 1e30


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


def distributions(x: Array) -> tuple[Array, Array, Array]:
    """Softmax p of each row of a matrix, and the columns m and s that it came from."""
    p = np.empty_like(x)
    m, s = np.empty((2, len(x), 1), x.dtype)
    with np.errstate(all="ignore"):
        broadcast_by_row(x.shape[1])
        for block in blocks(x):
            e = p[block]
            m[block], s[block] = exponentials(x[block], e)
            e /= s[block]
    return p, m, s
