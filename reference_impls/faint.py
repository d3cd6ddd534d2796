"""Rows of softmax with probabilities below the normal numbers: their products with cotangents, from lifted ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.exponents import noting, product_apart
from reference_impls.lifting import Lift
from reference_impls.rows import row_dots, rows_at


@dataclass(frozen=True)
class Faint:
    """Rows of a block of p with entries below the normal numbers."""

    block: slice
    rows: Array | slice
    """Their places in the block."""
    p: Array
    half: Array
    """x / 2; a copy, as the caller may write into x before the pullback is called."""
    m: Array
    s: Array

    def of(self, matrix: Array) -> Array:
        """These rows of a matrix."""
        return matrix[self.block][self.rows]

    def put(self, matrix: Array, values: Array) -> None:
        """Write them."""
        matrix[self.block][self.rows] = values

    @property
    def lift(self) -> Lift:
        """That of their dtype."""
        return Lift.of(self.p.dtype)

    @cached_property
    def lifted(self) -> Array:
        """2^k p, whose halves e^((x - m) / 2) are normal where p is not."""
        lift = self.lift
        halves = self.half - self.m / 2
        np.clip(halves, lift.least, (np.log(self.s) + lift.highest) / 2, out=halves)
        return lift.lifted(halves, lift.up / self.s, self.p)

    def times(self, c: Array) -> Array:
        """``p c`` for a matrix or column c."""
        return self.lift.times(self.lifted, c)

    def less(self, t: Array, total: Array, c: Array) -> Array:
        """``c (p total - t)`` for a matrix t and columns total and c."""
        lift, lost = self.lift, dict[str, int]()
        with noting(lost, under="ignore"):
            slopes = self.lifted * total
            slopes -= lift.up * t
        product = lift.times(slopes, c)
        if lost:  # there the difference is so large that the digits p has lost are nothing beside it
            product = np.where(np.isfinite(slopes), product, c * (self.p * total - t))
        return product

    def deviations(self, y: Array) -> Array:
        """``y - p·y``."""
        lifted, down = self.lifted, self.lift.down
        means = row_dots(lifted, y) * down
        if not np.isfinite(means).all():
            # Where that overflowed, what 2^-k y loses is nothing beside the mean.
            means = np.where(np.isfinite(means), means, row_dots(lifted, y * down))
        return np.asarray(y - means)

    def centred(self, y: Array) -> Array:
        """``p (y - p·y)``."""
        return self.times(self.deviations(y))

    def deviations_and_products(self, y: Array, by: Array) -> tuple[Array, Array]:
        """``a = y - p·y`` and ``p a by`` for a column ``by``, which may be large where a is no normal number.

        That is why a is taken of y times a power of two, as large as leaves a row finite, and never less than 1, as
        the largest entry may be one that p leaves out.
        """
        room = np.finfo(y.dtype).maxexp - 2
        largest = np.max(np.abs(y), axis=1, keepdims=True, initial=0)
        exponents = np.where(np.isfinite(largest), room - np.frexp(largest)[1], 0)
        scale = np.ldexp(np.ones(1, y.dtype), np.clip(exponents, 0, room))
        a = self.deviations(y * scale)
        return a / scale, product_apart(self.lifted, a, by, self.lift.down, over=(scale,))


def faint_rows(block: slice, x: Array, p: Array, m: Array, s: Array) -> Faint | None:
    """The faint rows of the block p = exp(x - m) / s; None where what underflowed is too small to matter."""
    matters = m + np.log(s) + Lift.of(x.dtype).lowest
    faint = p < np.finfo(x.dtype).tiny
    faint &= x > np.fmin.reduce(matters, axis=None)
    if not faint.any():  # as in masked rows; a comparison with one number takes half of the time
        return None
    faint &= x > matters
    found = np.flatnonzero(faint.any(axis=1))
    if not found.size:
        return None
    rows = rows_at(found, len(x))
    return Faint(block, rows, p[rows], x[rows] / 2, m[rows], s[rows])
