"""Cotangents: never constant, since softmax pulls a constant one back to 0, where mistakes do not show."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gradassay.formats import FORMATS
from gradassay.vocabulary import Array
from property_tests.strategies.shapes import SEEDS, Draw, Shape
from property_tests.strategies.values import Rng, rounded

#: Mostly signed normals. ``positive`` is there for sums that stagnate, which signed terms never show.
KINDS = ("normal",) * 7 + ("one_hot", "positive", "large", "small", "zero")
_KINDS = st.sampled_from(KINDS)


@st.composite
def cotangents(draw: Draw, shape: Shape, dtype: str) -> Array:
    """A cotangent of ``shape`` in ``dtype``: signed normals; at times another of ``KINDS``."""
    kind: str = draw(_KINDS)
    return _cotangent(kind, _generator(draw(SEEDS)), shape, dtype)


def signed_cotangent(shape: Shape, dtype: str, seed: int) -> Array:
    """Signed normals of ``shape`` rounded into ``dtype``, the same for the same seed."""
    return _cotangent("normal", _generator(seed), shape, dtype)


def _generator(seed: int) -> Rng:
    # Not the arguments' generator: shrinking brings both seeds to 0, and the cotangent would equal x.
    return np.random.default_rng((seed, 1))


def _cotangent(kind: str, rng: Rng, shape: Shape, dtype: str) -> Array:
    # The shorter generator is twice as fast, which shows at 10^6 entries.
    values: Array = np.asarray(
        rng.standard_normal(shape, dtype=np.float64 if dtype == "float64" else np.float32)
    )
    if kind == "one_hot" and values.size:
        hot = np.zeros(shape)
        hot.flat[rng.integers(hot.size)] = rng.choice((-2.5, -1.0, 1.0, 3.0))
        values = hot
    elif kind == "positive":
        values = np.asarray(rng.uniform(0.5, 1.5, shape))
    elif kind == "large":
        # Sums over a few hundred entries have to stay below the largest float16, 65504.
        values = values * (1e3 if FORMATS[dtype].max > 1e5 else 1e2)
    elif kind == "small":
        values = values * 1e-3
    elif kind == "zero":
        values = np.zeros(shape)
    y_bar = rounded(values, dtype)
    # Rounding can make a few random entries of a short format equal.
    if y_bar.size > 1 and y_bar.flat[0] != 0 and (y_bar == y_bar.flat[0]).all():
        y_bar.flat[0] = -y_bar.flat[0]
    return y_bar
