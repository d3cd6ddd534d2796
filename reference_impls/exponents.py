"""Overflow and underflow on the way to a number that is neither: noticed by flags, mended by exponents apart.

A product of numbers may be representable while a part of it is not: y_bar 2 / n loses digits below the normal numbers,
and a large difference multiplies what is left of them. The processor flags whatever left its range and NumPy reads the
flags after each operation anyway, so that nothing has to be looked at where nothing happened.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from gradassay.vocabulary import Array

Watched = Literal["call", "ignore"]


def noting(
    lost: dict[str, int], under: Watched = "call", over: Watched = "call", invalid: Watched = "ignore"
) -> np.errstate:
    """Ignore whatever happens to numbers, but put an entry into ``lost`` where one underflows or overflows.

    With ``invalid`` also where there is none, as infinity less infinity.
    """
    return np.errstate(all="ignore", under=under, over=over, invalid=invalid, call=lost.setdefault)


def marked(pullback: Any, faint: bool) -> Any:
    """The pullback, which says from now on whether a factor in it is below the normal numbers.

    What it returns is rounded there, and the rule before it in a chain may multiply the error; given a cotangent that
    is larger by a power of two, it has all digits.
    """
    pullback.faint = faint
    return pullback


def is_faint(pullback: Any) -> bool:
    """Whether it was marked so."""
    return getattr(pullback, "faint", False) is True


def product_apart(*factors: Any, over: tuple[Any, ...] = (), exponent: int = 0) -> Array:
    """``2^exponent f1 f2 ... / (g1 g2 ...)`` of floating arrays, entry by entry; in range wherever the result is."""
    mantissa, exponents = np.frexp(factors[0])
    for factor in factors[1:]:
        other, shift = np.frexp(factor)
        mantissa, exponents = mantissa * other, exponents + shift
    for divisor in over:
        other, shift = np.frexp(divisor)
        mantissa, exponents = mantissa / other, exponents - shift
    return np.asarray(np.ldexp(mantissa, exponents + exponent))
