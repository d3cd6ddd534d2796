"""The values that elementwise operations are given: kinks, ends of a domain, and where a formula goes wrong.

Fillers return float64 values, which are rounded into the dtype under test afterwards; where a region lives in the
last bits (``near_one``) they are members of that dtype already.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradassay.formats import Format
from gradassay.vocabulary import Array
from property_tests.strategies.shapes import Shape
from property_tests.strategies.values import LOGITS, Rng, log_uniform, one_entry, steps_away, subnormals

#: ``filler(rng, shape, format)``: values of ``shape``.
Filler = Callable[[Rng, Shape, Format], Array]


def _signs(rng: Rng, shape: Shape) -> Array:
    return np.where(rng.random(shape) < 0.5, -1.0, 1.0)


def ordinary(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Signed normals, small, of size 1, or larger."""
    return np.asarray(rng.standard_normal(shape) * rng.choice((0.1, 1.0, 5.0)))


def positive(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Log-normal."""
    return np.exp(rng.standard_normal(shape))


def among_ordinary(special: Filler) -> Filler:
    """Some entries, and at least one, are special; the others are ordinary."""

    def fill(rng: Rng, shape: Shape, fmt: Format) -> Array:
        chosen = (rng.random(shape) < 0.4) | one_entry(rng, shape)
        return np.where(chosen, special(rng, shape, fmt), ordinary(rng, shape, fmt))

    return fill


def as_logits(region: str) -> Filler:
    """That region of logits."""
    return lambda rng, shape, fmt: LOGITS[region](rng, shape, (), fmt)


def zeros(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Zeros of both signs."""
    return np.asarray(_signs(rng, shape) * 0.0)


def infinities(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Infinities of both signs."""
    return np.asarray(_signs(rng, shape) * np.inf)


def nan(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """NaN."""
    return np.full(shape, np.nan)


def near_zero(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """The smallest numbers of both signs: subnormal ones, and normal ones up to a thousand times the smallest."""
    normal = log_uniform(rng, fmt.tiny, 1000 * fmt.tiny, shape)
    size = np.where(rng.random(shape) < 0.5, subnormals(rng, shape, fmt), normal)
    return np.asarray(_signs(rng, shape) * np.where(rng.random(shape) < 0.2, fmt.eta, size))


def largest(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """From 1000 to the largest number of the format."""
    return _signs(rng, shape) * log_uniform(rng, 1000.0, 0.99 * fmt.max, shape)


def exp_overflows(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Around the largest x whose exponential is finite, and far beyond."""
    edge = np.log(fmt.max)
    return np.where(
        rng.random(shape) < 0.5, rng.uniform(edge - 2, edge + 2, shape), rng.uniform(edge, 1000, shape)
    )


def exp_negative(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Down to where every exponential is 0."""
    return -log_uniform(rng, 5.0, 1000.0, shape)


def exp_underflows(scale: float) -> Filler:
    """e^-(scale · |x|) is subnormal, or all but."""
    return lambda rng, shape, fmt: np.asarray(
        rng.uniform(-np.log(fmt.tiny) - 2, -np.log(fmt.eta) + 2, shape) / scale
    )


def signed(filler: Filler) -> Filler:
    """Those values, with either sign."""
    return lambda rng, shape, fmt: np.asarray(_signs(rng, shape) * filler(rng, shape, fmt))


def tails(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Where 1 - s and 1 - t² cancel, up to where nothing is left of them."""
    return _signs(rng, shape) * rng.uniform(2.0, min(45.0, -np.log(fmt.eta)), shape)


def saturated(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """From where a sigmoid is all but 0 or 1 to far beyond."""
    return _signs(rng, shape) * log_uniform(rng, 20.0, 1000.0, shape)


def near_one(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """1, and up to four representable numbers beside it."""
    return steps_away(np.ones(shape), np.asarray(rng.integers(-4, 5, shape)), fmt)
