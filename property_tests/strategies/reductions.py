"""What sum, mean, max and min are given: an array, the axes to reduce, and whether they stay."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradassay.formats import FORMATS, Format
from gradassay.vocabulary import Array, Draft
from property_tests.strategies.regions import MANY, known
from property_tests.strategies.shapes import (
    SEEDS,
    Draw,
    Shape,
    axes_of,
    draw_axis,
    draw_empty_shape,
    draw_many,
    draw_shape,
)
from property_tests.strategies.values import Rng, log_uniform, logits, one_entry, rounded, subnormals, winner

SUM_REGIONS: tuple[str, ...] = (
    "ordinary",
    "long",
    "cancellation",
    "large",
    "tiny",
    "subnormal",
    "infinities",
    "nan",
    "single",
    "scalar",
    "empty",
    MANY,
)
EXTREMUM_REGIONS: tuple[str, ...] = (
    "ordinary",
    "ties",
    "near_ties",
    "all_equal",
    "zeros",
    "subnormal",
    "minus_infinity",
    "plus_infinity",
    "nan",
    "single",
    "scalar",
    "empty",
    "invalid",
    MANY,
)

_LONG: tuple[Shape, ...] = ((1000,), (4096,), (300, 3), (3, 700), (2, 1100, 2), (5000, 1))
_KEEPDIMS = st.sampled_from((None, True, False))


def sum_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Terms of a sum; for mean, too. UsageError for an unknown region."""
    return _reduction(known(region, SUM_REGIONS), dtype, None)


def max_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Entries with a largest. UsageError for an unknown region."""
    return _reduction(known(region, EXTREMUM_REGIONS), dtype, 1)


def min_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Entries with a smallest. UsageError for an unknown region."""
    return _reduction(known(region, EXTREMUM_REGIONS), dtype, -1)


@cache
@st.composite
def _reduction(draw: Draw, region: str, dtype: str, sign: int | None) -> Draft:
    """``sign`` tells where the extremum is: at the largest entry, at the smallest, or nowhere."""
    if region == "scalar":
        shape: Shape = ()
    elif region == "long":
        shape = draw(st.sampled_from(_LONG))
    elif region == MANY:
        shape = draw_many(draw)
    else:
        shape = draw_shape(draw, least=2 if region == "empty" else 1, least_last=2)
    params = _draw_axis(draw, len(shape))
    axes = axes_of({"axis": params.get("axis")}, len(shape))
    if region == "single":
        shape = tuple(1 if i in axes else n for i, n in enumerate(shape))
    elif region == "empty" and sign is None:
        shape = draw_empty_shape(draw)
        params = _draw_axis(draw, len(shape))
    elif region in ("empty", "invalid"):
        # Over an empty axis there is no largest entry; beside one there is nothing to look for.
        kept = draw(st.integers(0, len(shape) - 1))
        others = tuple(i for i in range(len(shape)) if i != kept)
        params["axis"] = others if region == "empty" else kept
        shape = tuple(0 if i == kept else n for i, n in enumerate(shape))
    keepdims = draw(_KEEPDIMS)
    rng = np.random.default_rng(draw(SEEDS))
    if sign is None:
        x = rounded(_terms(region, rng, shape, axes, FORMATS[dtype]), dtype)
    else:
        x = rounded(sign * _candidates(region, rng, shape, axes, dtype).astype(np.float64), dtype)
    params |= {} if keepdims is None else {"keepdims": keepdims}
    return Draft((x,), params, valid=region != "invalid")


def _draw_axis(draw: Draw, ndim: int) -> dict[str, Any]:
    """As for softmax, whose default is the last axis; here none is all, and at times () is none."""
    params = draw_axis(draw, ndim)
    return {"axis": ()} if ndim and "axis" not in params and draw(st.booleans()) else params


def _terms(region: str, rng: Rng, shape: Shape, axes: tuple[int, ...], fmt: Format) -> Array:
    """Terms of that region; a region that is about shape has ordinary ones."""
    normal = np.asarray(rng.standard_normal(shape))
    if region == "long":
        # Of one sign, so that a running sum in a short format stagnates; one value many times has errors of one sign.
        return np.full(shape, rng.choice((1.0, 0.1, -1 / 3))) if rng.random() < 0.5 else np.abs(normal)
    if region == "cancellation":
        pairs = normal.reshape(-1)
        half = pairs.size // 2
        pairs[half : 2 * half] = -pairs[:half] * (1 + fmt.u * rng.integers(-4, 5, half))
        return pairs.reshape(shape)
    if region == "large":
        # Any two of one sign exceed the largest number; their mean does not, and signed sums may come back.
        signs = np.sign(normal) if rng.random() < 0.7 else 1.0
        return np.asarray(signs * fmt.max * rng.uniform(0.5, 0.99, shape))
    if region == "tiny":
        return np.asarray(np.sign(normal) * log_uniform(rng, 2 * fmt.tiny, fmt.u, shape))
    if region == "subnormal":
        return np.asarray(np.sign(normal) * subnormals(rng, shape, fmt))
    if region == "infinities":
        infinite = one_entry(rng, shape) | (rng.random(shape) < rng.choice((0.0, 0.2)))
        return np.where(infinite, np.inf * rng.choice((-1.0, 1.0), (1,) * len(shape)), normal)
    if region == "nan":
        return np.where(one_entry(rng, shape), np.nan, normal)
    return np.asarray(normal * rng.choice((0.1, 1.0, 5.0)))


def _candidates(region: str, rng: Rng, shape: Shape, axes: tuple[int, ...], dtype: str) -> Array:
    """Entries of that region, with the extremum at the top."""
    if region == "ties":
        x = logits("ordinary", rng, shape, axes, dtype)
        top = x.astype(np.float64).max(axis=axes, keepdims=True)
        equal = winner(rng, shape, axes) | winner(rng, shape, axes) | (rng.random(shape) < 0.2)
        return np.where(equal, top, x.astype(np.float64))
    if region == "all_equal":
        row = tuple(1 if i in axes else n for i, n in enumerate(shape))
        return np.broadcast_to(np.asarray(rng.standard_normal(row)), shape)
    if region in ("minus_infinity", "plus_infinity") and rng.random() < 0.4:
        # The whole of a slice, or several of each.
        infinity = -np.inf if region == "minus_infinity" else np.inf
        row = tuple(1 if i in axes else n for i, n in enumerate(shape))
        chosen = one_entry(rng, row) & ((rng.random(shape) < 0.7) | (region == "minus_infinity"))
        return np.where(chosen, infinity, rng.standard_normal(shape))
    return logits(region, rng, shape, axes, dtype)
