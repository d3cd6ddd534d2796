"""Factors below the normal numbers, kept 2^k times as large, as a probability in the tail of an exponential.

Such a factor has lost digits, and multiplied with a large cotangent the loss is large. 2^k times as large it has all of
them, but costs another exponential, so that it is taken only where a cotangent asks for it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.exponents import noting

#: A factor that is 2^REACH times smaller than the smallest number does not matter.
REACH = 60

#: Up to here a factor that lost its digits leaves an error in the product that is a quarter of the smallest number.
SMALL = 1 / 16


class Lift(NamedTuple):
    """How the factors of a dtype that are below its normal numbers are made normal: all of them are taken 2^k times.

    For that they are exponentials, of which the halves of the logarithm are at hand.
    """

    up: Any
    """2^k: that which the smallest that matters becomes the smallest normal number by."""
    down: Any
    """2^-k."""
    lowest: Any
    """The logarithm of the smallest that matters."""
    least: Any
    """That of the smallest normal number, of which the square is 0 even 2^k times."""
    highest: Any
    """That of eight times the smallest normal number, where digits are lost no more."""
    slack: Any
    """2^k times what the numbers below may be too large by."""

    @staticmethod
    @cache
    def of(dtype: np.dtype[Any]) -> Lift:
        """That of one dtype."""
        info = np.finfo(dtype)
        k = info.nmant + REACH
        smallest = np.log(info.smallest_subnormal) - REACH * np.log(dtype.type(2))
        up, highest = np.ldexp(dtype.type(1), k), np.log(8 * info.tiny)
        return Lift(up, 1 / up, smallest, np.log(info.tiny), highest, 2 * info.smallest_subnormal * up)

    def lifted(self, halves: Array, scale: Array | Any, rounded: Array) -> Array:
        """``2^k f`` for factors f = e^(2 halves) scale / 2^k, of which ``rounded`` has all that are normal to the bit.

        ``halves`` end at ``least``, and at the logarithm of what makes f that of ``highest``. They are written into.
        """
        h = np.exp(halves, out=halves)
        fine = h * scale
        fine *= h
        # The larger of both is chosen, so that nothing may have been rounded up: quicker than by a condition.
        np.multiply(rounded, self.up, out=h)
        h -= self.slack
        return np.asarray(np.fmax(fine, h, out=fine))

    def times(self, lifted: Array, c: Array) -> Array:
        """``c f``, rounded once, also where ``c 2^k f`` overflows: then c is so large that 2^-k c is exact."""
        lost: dict[str, int] = {}
        with noting(lost, under="ignore"):
            product = np.asarray(c * lifted)
            product *= self.down
            if lost:
                product = np.where(np.isfinite(product), product, c * self.down * lifted)
        return product


def is_small(c: Array) -> bool:
    """Whether all entries are within SMALL; NaN is not."""
    return bool(np.max(c, initial=0) <= SMALL and np.min(c, initial=0) >= -SMALL)
