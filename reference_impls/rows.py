"""What the rules share: the dtype they compute in, and an array seen as rows, taken a block at a time.

A softmax over any axes is a softmax over the rows of a matrix. Walking that matrix in blocks of rows that fit
in the cache takes a block through every pass of a formula before the next one is read from memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from gradassay.vocabulary import Array

Axis = int | tuple[int, ...] | None

#: A block, its source and its result together stay within the second-level cache of today's processors.
BLOCK_BYTES = 1 << 19

#: Rows of at least this many entries are worth a call each.
LONG_ROW = 256

#: So many terms are added in one go; equal terms beyond that leave the error that a sum is permitted.
RUN = 1024


def working_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Dtype to compute in: float32 for the 16-bit formats, float64 for integers, else ``dtype`` itself.

    bfloat16 is no floating kind to NumPy, so its size of two bytes has to tell it from the integers.
    """
    if dtype.kind in "biu":
        return np.dtype(np.float64)
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype


def result_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Dtype to answer in: that of the first argument; integers answer in float64."""
    return np.dtype(np.float64) if dtype.kind in "biu" else dtype


def rounded(array: Array, dtype: np.dtype[Any]) -> Array:
    """``array`` in ``dtype``; what overflows or underflows on the way does so without a word."""
    if array.dtype == dtype:
        return array
    with np.errstate(all="ignore"):
        return array.astype(dtype)


def contiguous(x: Any, dtype: np.dtype[Any]) -> Array:
    """``x`` in C order and ``dtype``, itself where it is so: sums in another order would round differently.

    What overflows or underflows on the way does so without a word.
    """
    with np.errstate(all="ignore"):
        return np.asarray(x, dtype=dtype, order="C")


@dataclass(frozen=True)
class Rows:
    """How an array of some shape becomes a matrix with one reduced slice a row, and back."""

    order: tuple[int, ...]
    """The axes that stay, then the axes that are reduced."""
    moved: tuple[int, ...]
    """The shape in that order."""
    shape: tuple[int, int]
    """The matrix: how many slices, how many entries in each."""
    inverse: tuple[int, ...]
    """The permutation that undoes ``order``."""

    @classmethod
    @lru_cache(maxsize=256)
    def along(cls, axis: Axis, shape: tuple[int, ...]) -> Rows:
        """Rows along ``axis``: an int, several, none (``()``) or all (``None``); AxisError out of range."""
        ndim = len(shape)
        reduced = normalize_axis_tuple(range(ndim) if axis is None else axis, ndim)
        order = (*(a for a in range(ndim) if a not in reduced), *sorted(reduced))
        moved = tuple(shape[a] for a in order)
        kept = ndim - len(reduced)
        inverse = tuple(sorted(range(ndim), key=order.__getitem__))
        return cls(order, moved, (math.prod(moved[:kept]), math.prod(moved[kept:])), inverse)

    def of(self, x: Array, dtype: np.dtype[Any]) -> Array:
        """``x`` as the matrix, C-contiguous in ``dtype``: a view where that is possible.

        Contiguous, because sums over strided rows round differently: a result must not depend on layout.
        """
        return contiguous(x.transpose(self.order).reshape(self.shape), dtype)

    def back(self, matrix: Array, dtype: np.dtype[Any]) -> Array:
        """Turn the matrix into an array of the shape it came from, rounded to ``dtype``."""
        return rounded(matrix, dtype).reshape(self.moved).transpose(self.inverse)


def blocks(matrix: Array) -> tuple[slice, ...]:
    """Slices of rows, each at most ``BLOCK_BYTES`` long (or one row)."""
    return _blocks(*matrix.shape, matrix.itemsize)


@lru_cache(maxsize=256)
def _blocks(count: int, length: int, itemsize: int) -> tuple[slice, ...]:
    step = max(1, BLOCK_BYTES // max(1, length * itemsize))
    return tuple(slice(start, start + step) for start in range(0, count, step))


def rows_at(chosen: Array, count: int) -> Array | slice:
    """The chosen ones of ``count`` rows; all of them as a slice, of which no copy has to be made."""
    return slice(None) if len(chosen) == count else chosen


def broadcast_by_row(length: int) -> None:
    """Let NumPy combine a column with a matrix row by row, until the enclosing ``np.errstate`` ends.

    By default it first spreads the column over a buffer of 8,192 entries, which costs more than the arithmetic
    itself; a buffer that holds no two rows leaves it no choice. Rows that are short are better off buffered.
    """
    if length >= LONG_ROW:
        np.setbufsize(LONG_ROW)


def row_sums(matrix: Array) -> Array:
    """Sum of each row, as a column; einsum adds in lanes, quickly."""
    if matrix.shape[1] > RUN:
        runs, rest = _runs(matrix)
        return row_sums(np.concatenate([np.einsum("ijk->ij", runs), row_sums(rest)], axis=1))
    sums: Array = np.einsum("ij->i", matrix)
    return sums[:, None]


def row_sums_apart(matrix: Array) -> tuple[Array, Array]:
    """Sum of each row as ``m 2^k``, columns both: k is 0 where the sum is a number."""
    m = row_sums(matrix)
    k = np.where(np.isfinite(m), 0, matrix.shape[1].bit_length())
    return row_sums(np.ldexp(matrix, -k)) if k.any() else m, k


def row_dots(a: Array, b: Array) -> Array:
    """Inner product of each row of ``a`` with that of ``b``, as a column."""
    if a.shape[1] > RUN:
        (runs, rest), (others, rest_of_b) = _runs(a), _runs(b)
        sums = np.einsum("ijk,ijk->ij", runs, others)
        return row_sums(np.concatenate([sums, row_dots(rest, rest_of_b)], axis=1))
    dots: Array = np.einsum("ij,ij->i", a, b)
    return dots[:, None]


def _runs(matrix: Array) -> tuple[Array, Array]:
    """Each row as runs of ``RUN`` entries, and what is left: a sum of sums has few roundings of one sign."""
    rows, length = matrix.shape
    whole = length // RUN * RUN
    return matrix[:, :whole].reshape(rows, -1, RUN), matrix[:, whole:]


def row_maxima(matrix: Array) -> Array:
    """Largest entry of each row, as a column, but never +inf; -inf for rows without entries.

    A shift by the largest finite number instead of +inf leaves a finite entry exp(x - m) <= 1 and an infinite one
    infinite, so that 1 / inf = 0 and only inf / inf has no value.
    """
    maxima: Array = np.maximum.reduce(matrix, axis=1, keepdims=True, initial=-np.inf)
    np.minimum(maxima, np.finfo(matrix.dtype).max, out=maxima)
    return maxima
