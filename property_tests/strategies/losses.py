"""What mean_squared_error and l2_penalty are given."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradassay.formats import FORMATS, Format
from gradassay.vocabulary import Array, Draft
from property_tests.strategies.regions import MANY, known
from property_tests.strategies.shapes import SEEDS, Draw, Shape, shape_in
from property_tests.strategies.values import Rng, log_uniform, one_entry, rounded, steps_away, subnormals

MEAN_SQUARED_ERROR_REGIONS: tuple[str, ...] = (
    "ordinary",
    "equal",
    "near",
    "large",
    "huge",
    "tiny",
    "subnormal",
    "infinities",
    "nan",
    "scalar",
    "empty",
    MANY,
)
L2_PENALTY_REGIONS: tuple[str, ...] = (
    "ordinary",
    "zeros",
    "one_nonzero",
    "huge",
    "tiny",
    "subnormal",
    "infinities",
    "nan",
    "scalar",
    "empty",
    MANY,
)

_STRENGTHS = st.sampled_from((None, 0.01, 1.0, 2.5, 1e-3))
_SQUARED = st.sampled_from((None, False, True))


def mean_squared_error_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Predictions and targets of one shape. UsageError for an unknown region."""
    return _mean_squared_error(known(region, MEAN_SQUARED_ERROR_REGIONS), dtype)


def l2_penalty_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Weights, a strength, squared or not. UsageError for an unknown region."""
    return _l2_penalty(known(region, L2_PENALTY_REGIONS), dtype)


@cache
@st.composite
def _mean_squared_error(draw: Draw, region: str, dtype: str) -> Draft:
    shape = shape_in(draw, region)
    rng = np.random.default_rng(draw(SEEDS))
    y, t = (_entries(region, rng, shape, FORMATS[dtype]) for _ in range(2))
    if region == "equal":
        t = np.where(rng.random(shape) < rng.choice((0.3, 1.0)), y, t)
    elif region == "near":
        t = steps_away(y, np.asarray(rng.integers(-3, 4, shape)), FORMATS[dtype])
    return Draft((rounded(y, dtype), rounded(t, dtype)))


@cache
@st.composite
def _l2_penalty(draw: Draw, region: str, dtype: str) -> Draft:
    shape = shape_in(draw, region)
    given: dict[str, Any] = {"strength": draw(_STRENGTHS), "squared": draw(_SQUARED)}
    rng = np.random.default_rng(draw(SEEDS))
    w = _entries(region, rng, shape, FORMATS[dtype])
    return Draft((rounded(w, dtype),), {name: value for name, value in given.items() if value is not None})


def _entries(region: str, rng: Rng, shape: Shape, fmt: Format) -> Array:
    """Entries of that region; a region that is about shape or about two arguments has ordinary ones."""
    normal = np.asarray(rng.standard_normal(shape))
    if region == "zeros":
        return normal * 0.0
    if region == "one_nonzero":
        return np.where(one_entry(rng, shape), normal, 0.0)
    if region == "large":
        # Squares about the largest number: their sum overflows, their mean does not, or does.
        return np.asarray(np.sign(normal) * np.sqrt(fmt.max) * rng.uniform(0.1, 1.1, shape))
    if region == "huge":
        return np.sign(normal) * log_uniform(rng, np.sqrt(fmt.max), fmt.max, shape)
    if region == "tiny":
        # Squares below the smallest number, or about it.
        return np.sign(normal) * log_uniform(rng, 2 * fmt.tiny, np.sqrt(fmt.tiny), shape)
    if region == "subnormal":
        return np.sign(normal) * subnormals(rng, shape, fmt)
    if region == "infinities":
        infinite = one_entry(rng, shape) | (rng.random(shape) < rng.choice((0.0, 0.2)))
        return np.where(infinite, rng.choice((-np.inf, np.inf), shape), normal)
    if region == "nan":
        return np.where(one_entry(rng, shape), np.nan, normal)
    # The sum of many squares is to stay below the largest float16, 65504.
    return np.asarray(normal * (0.5 if region == MANY else rng.choice((0.1, 1.0, 5.0))))
