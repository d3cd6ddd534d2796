"""The regions that values come from: one declaration each, for logits and for probabilities.

Each filler returns float64 values that are rounded into the dtype under test afterwards; where a region lives
in the last bits (``near_ties``, ``subnormal``) they are members of that dtype already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradassay.formats import FORMATS, Format
from gradassay.vocabulary import Array
from property_tests.strategies.shapes import Shape

Rng = np.random.Generator
#: ``filler(rng, shape, axes, format)``: values of ``shape``; a row is what lies along ``axes``.
Filler = Callable[[Rng, Shape, tuple[int, ...], Format], Array]


def rounded(values: Any, dtype: str) -> Array:
    """``values`` in the dtype under test; too large a magnitude becomes infinite, without a warning."""
    with np.errstate(all="ignore"):
        near: Array = np.asarray(values).astype(FORMATS[dtype].dtype)
        return near


def steps_away(values: Array, steps: Array, fmt: Format) -> Array:
    """Each value, ``steps`` representable numbers of ``fmt`` away from zero; values must be normal."""
    bits = np.dtype(f"i{fmt.dtype.itemsize}")
    near = rounded(values, fmt.name)
    moved = np.ascontiguousarray(near).reshape(near.shape).view(bits) + steps.astype(bits)
    stepped: Array = moved.view(fmt.dtype).astype(np.float64)
    return stepped


def _signs(rng: Rng, shape: Shape) -> Array:
    return np.where(rng.random(shape) < 0.5, -1.0, 1.0)


def _per_row(shape: Shape, axes: tuple[int, ...]) -> Shape:
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def winner(rng: Rng, shape: Shape, axes: tuple[int, ...]) -> Array:
    """A mask with one True in each row."""
    scores = np.asarray(rng.random(shape))
    return np.asarray(scores == scores.max(axis=axes, keepdims=True))


def one_entry(rng: Rng, shape: Shape) -> Array:
    """A mask with one True."""
    mask = np.zeros(shape, dtype=bool)
    mask.flat[rng.integers(mask.size)] = True
    return mask


def log_uniform(rng: Rng, low: float, high: float, shape: Shape) -> Array:
    """Magnitudes between ``low`` and ``high``, every power of two as likely as any other."""
    return np.asarray(np.exp2(rng.uniform(np.log2(low), np.log2(high), shape)))


def _ordinary(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    return np.asarray(rng.standard_normal(shape) * rng.choice((0.1, 1.0, 5.0)))


def _large(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    """At least one entry overflows in a naive exp.

    Half of the time the rows share a large offset, so that a sound softmax of them is far from saturated.
    """
    overflow = 1.02 * np.log(fmt.max)
    peak = rng.uniform(overflow, 1000.0)
    if rng.random() < 0.5:
        signs = _signs(rng, _per_row(shape, axes))
        signs.flat[0] = 1.0
        return np.asarray(peak * signs + rng.standard_normal(shape))
    values = _signs(rng, shape) * rng.uniform(20.0 if fmt.max < 1e5 else 100.0, 1000.0, shape)
    return np.where(one_entry(rng, shape), peak, values)


def _tiny(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    """Normal numbers below the unit roundoff: ``1 + x`` rounds to 1."""
    return _signs(rng, shape) * log_uniform(rng, 2 * fmt.tiny, fmt.u, shape)


def _subnormal(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    return _signs(rng, shape) * subnormals(rng, shape, fmt)


def subnormals(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Positive subnormal numbers, from the smallest to the largest."""
    count = round(fmt.tiny / fmt.eta)
    return np.asarray(rng.integers(1, count, shape) * fmt.eta)


def _zeros(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    return np.asarray(_signs(rng, shape) * 0.0)


def _ties(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    """Two distinct values; about half of the rows are all equal."""
    pool = rng.standard_normal(2) * rng.choice((1.0, 5.0))
    whole = rng.random(_per_row(shape, axes)) < 0.5
    return np.asarray(np.where(whole, pool[0], pool[rng.integers(0, 2, shape)]))


def _near_ties(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    """Each row is one value, a few units in the last place apart."""
    row = _signs(rng, _per_row(shape, axes)) * rng.uniform(0.5, 4.0, _per_row(shape, axes))
    return steps_away(np.broadcast_to(row, shape), np.asarray(rng.integers(-2, 3, shape)), fmt)


def _saturated(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    """One entry of each row lies 10 to 200 above the others: it is large, or they are very negative."""
    rows = _per_row(shape, axes)
    gap = log_uniform(rng, 10.0, 200.0, rows)
    values = np.where(winner(rng, shape, axes), gap + 2.5, rng.uniform(-1.0, 1.0, shape))
    return np.asarray(values - gap * (rng.random(rows) < 0.5))


def _minus_infinity(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    """Some entries are masked out, but no whole row of several."""
    masked = (rng.random(shape) < 0.3) | one_entry(rng, shape)
    masked = masked & ~winner(rng, shape, axes)
    # With rows of one entry there is nothing else to mask.
    masked = masked if masked.any() else one_entry(rng, shape)
    return np.where(masked, -np.inf, rng.standard_normal(shape))


def _rows_of_minus_infinity(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    """A whole row is masked out, at times beside others that are not, or not wholly."""
    rows = _per_row(shape, axes)
    masked = (rng.random(rows) < 0.3) | one_entry(rng, rows) | (rng.random(shape) < 0.2)
    return np.where(masked, -np.inf, rng.standard_normal(shape))


def _plus_infinity(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    """One or several entries are +inf, at times beside a -inf."""
    values = np.where(rng.random(shape) < rng.choice((0.0, 0.2)), -np.inf, rng.standard_normal(shape))
    infinite = (rng.random(shape) < rng.choice((0.0, 0.3))) | one_entry(rng, shape)
    return np.where(infinite, np.inf, values)


def _nan(rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    return np.where(one_entry(rng, shape), np.nan, rng.standard_normal(shape))


LOGITS: Mapping[str, Filler] = {
    "ordinary": _ordinary,
    "large": _large,
    "tiny": _tiny,
    "subnormal": _subnormal,
    "zeros": _zeros,
    "ties": _ties,
    "near_ties": _near_ties,
    "saturated": _saturated,
    "minus_infinity": _minus_infinity,
    "rows_of_minus_infinity": _rows_of_minus_infinity,
    "plus_infinity": _plus_infinity,
    "nan": _nan,
}


def logits(region: str, rng: Rng, shape: Shape, axes: tuple[int, ...], dtype: str) -> Array:
    """Values of that region; a region that is about shape rather than value has ordinary ones."""
    filler = LOGITS.get(region, _ordinary)
    return rounded(filler(rng, shape, axes, FORMATS[dtype]), dtype)


def special_values(rng: Rng, shape: Shape, dtype: str) -> Array:
    """Signed zeros, subnormals, extremes, infinities and NaN among ordinary values."""
    fmt = FORMATS[dtype]
    pool = np.array([0.0, -0.0, fmt.eta, -fmt.eta, fmt.tiny, fmt.max, -fmt.max, np.inf, -np.inf, np.nan])
    special = (rng.random(shape) < 0.5) | (one_entry(rng, shape) if np.prod(shape) else False)
    drawn = pool[rng.integers(0, len(pool), shape)]
    return rounded(np.where(special, drawn, rng.standard_normal(shape)), dtype)
