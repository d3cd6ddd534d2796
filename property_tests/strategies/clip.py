"""What clip is given: bounds first, then values that know them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from hypothesis import strategies as st

from gradassay.formats import FORMATS, Format
from gradassay.vocabulary import Array, Draft
from property_tests.strategies.elementwise import COMMON, SHAPES
from property_tests.strategies.elementwise_values import Filler, among_ordinary, largest, near_zero, ordinary
from property_tests.strategies.regions import known
from property_tests.strategies.shapes import SEEDS, Draw, Shape, shape_in
from property_tests.strategies.values import Rng, rounded, steps_away

#: Lower and upper bound; None is no bound.
Bounds = tuple[float | None, float | None]

_CLIP: Mapping[str, Filler] = {
    "large": largest,
    "near_zero": near_zero,
    "infinities": COMMON["infinities"],
    "nan": COMMON["nan"],
}

CLIP_REGIONS: tuple[str, ...] = (
    "ordinary",
    "low_only",
    "high_only",
    "unbounded",
    "at_bounds",
    "near_bounds",
    "equal",
    "crossed",
    "infinite_bounds",
    *_CLIP,
    *SHAPES,
)


#: Regions whose entries equal a bound, or lie one step beside it.
_MET = ("at_bounds", "near_bounds", "equal", "crossed", "infinite_bounds")


def clip_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Arguments and bounds of clip; a missing bound is None, or not given."""
    return _clip(known(region, CLIP_REGIONS), dtype)


def _bounds(rng: Rng, region: str, fmt: Format) -> Bounds:
    """Normal numbers that are apart, unless the region says otherwise; where none is met exactly, of any precision."""
    low, gap = -rng.uniform(0.1, 2.0), rng.uniform(0.5, 3.0)
    if region == "crossed":
        low, gap = -low, -gap
    high = low if region == "equal" else low + gap
    if region == "infinite_bounds":
        low, high = ((-np.inf, high), (low, np.inf), (-np.inf, np.inf))[rng.integers(3)]
    exact = region in _MET or rng.random() < 0.5
    ends = [float(end) for end in (rounded([low, high], fmt.name) if exact else (low, high))]
    return (
        None if region in ("high_only", "unbounded") else ends[0],
        None if region in ("low_only", "unbounded") else ends[1],
    )


def _at(rng: Rng, shape: Shape, bounds: Bounds) -> Array:
    """Each entry one of the bounds; 0 where there is none."""
    ends = [bound for bound in bounds if bound is not None] or [0.0]
    return np.array(ends)[rng.integers(0, len(ends), shape)]


def _clipped_values(region: str, rng: Rng, shape: Shape, bounds: Bounds, fmt: Format) -> Array:
    if region in ("at_bounds", "equal", "crossed", "infinite_bounds"):
        return among_ordinary(lambda rng, shape, fmt: _at(rng, shape, bounds))(rng, shape, fmt)
    if region == "near_bounds":
        steps = np.where(rng.random(shape) < 0.5, -1, 1)
        return steps_away(_at(rng, shape, bounds), steps, fmt)
    return _CLIP.get(region, ordinary)(rng, shape, fmt)


@cache
@st.composite
def _clip(draw: Draw, region: str, dtype: str) -> Draft:
    shape, leave_out = shape_in(draw, region), draw(st.booleans())
    rng = np.random.default_rng(draw(SEEDS))
    bounds = _bounds(rng, region, FORMATS[dtype])
    x = rounded(_clipped_values(region, rng, shape, bounds, FORMATS[dtype]), dtype)
    named = dict(zip(("low", "high"), bounds, strict=True))
    params = {name: bound for name, bound in named.items() if bound is not None or not leave_out}
    return Draft((x,), params)
