"""The regions of probabilities: what cross entropy is given when its argument is not logits.

Rows lie along the last axis. Values are float64 until they are rounded into the dtype under test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradassay.formats import FORMATS, Format
from gradassay.vocabulary import Array
from property_tests.strategies.shapes import Shape
from property_tests.strategies.values import Rng, log_uniform, one_entry, rounded, subnormals, winner

#: ``filler(rng, shape, format)``: values of ``shape``, classes last.
Filler = Callable[[Rng, Shape, Format], Array]


def _ordinary(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Softmax of normal logits; an entry that would round to a subnormal is lifted to the smallest normal."""
    z = np.exp(rng.standard_normal(shape) * rng.choice((0.1, 1.0, 3.0)))
    return np.asarray(np.maximum(z / z.sum(axis=-1, keepdims=True), fmt.tiny))


def _unnormalised(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Positive, each row with a sum between 0.1 and 10."""
    z = rng.uniform(0.1, 1.0, shape)
    total = log_uniform(rng, 0.1, 10.0, (*shape[:-1], 1))
    return np.asarray(z * total / z.sum(axis=-1, keepdims=True))


def _saturated(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """One entry of each row holds nearly everything."""
    rest = log_uniform(rng, max(fmt.tiny, 1e-30), 1e-3, shape)
    top = winner(rng, shape, (len(shape) - 1,))
    return np.where(top, 1.0 - np.where(top, 0.0, rest).sum(axis=-1, keepdims=True), rest)


def _zeros(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Exact zeros: rows that are one-hot, and rows with some zeros among positive entries."""
    top = winner(rng, shape, (len(shape) - 1,))
    hard = rng.random((*shape[:-1], 1)) < 0.5
    some = np.where(one_entry(rng, shape) | (rng.random(shape) < 0.3), 0.0, _ordinary(rng, shape, fmt))
    return np.where(hard, top.astype(np.float64), some)


def _tiny(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Normal, between the smallest normal number and its square root."""
    return log_uniform(rng, 2 * fmt.tiny, fmt.tiny**0.5, shape)


def _subnormal(rng: Rng, shape: Shape, fmt: Format) -> Array:
    return subnormals(rng, shape, fmt)


def _near_one(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """One entry of each row is 1 minus one to four spacings below 1; the others share what is left."""
    top = winner(rng, shape, (len(shape) - 1,))
    left = rng.integers(1, 5, (*shape[:-1], 1)) * fmt.u
    others = np.maximum(left / max(shape[-1] - 1, 1), fmt.tiny)
    return np.where(top, 1.0 - left, others)


def _ties(rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Uniform rows."""
    return np.full(shape, 1.0 / shape[-1])


def _nan(rng: Rng, shape: Shape, fmt: Format) -> Array:
    return np.where(one_entry(rng, shape), np.nan, _ordinary(rng, shape, fmt))


PROBABILITIES: Mapping[str, Filler] = {
    "ordinary": _ordinary,
    "unnormalised": _unnormalised,
    "saturated": _saturated,
    "zeros": _zeros,
    "tiny": _tiny,
    "subnormal": _subnormal,
    "near_one": _near_one,
    "ties": _ties,
    "nan": _nan,
}


def probabilities(region: str, rng: Rng, shape: Shape, dtype: str) -> Array:
    """Values of that region; a region that is about shape or labels has ordinary ones."""
    return rounded(PROBABILITIES.get(region, _ordinary)(rng, shape, FORMATS[dtype]), dtype)
