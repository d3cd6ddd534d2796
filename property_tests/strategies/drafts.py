"""What each operation is given: its regions, and a strategy of drafts for each of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradassay.vocabulary import Array, Draft
from property_tests.strategies.indices import draw_selection
from property_tests.strategies.labels import draw_form, labels, out_of_range
from property_tests.strategies.probabilities import PROBABILITIES, probabilities
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
from property_tests.strategies.values import LOGITS, Rng, logits, rounded, special_values

SOFTMAX_REGIONS: tuple[str, ...] = (*LOGITS, "empty", "scalar", "single", MANY)
_LABEL_REGIONS = ("empty", "single", "column", "one_hot", "soft", "invalid", MANY)
CROSS_ENTROPY_REGIONS: tuple[str, ...] = (*PROBABILITIES, *_LABEL_REGIONS)
SOFTMAX_CROSS_ENTROPY_REGIONS: tuple[str, ...] = (*LOGITS, *_LABEL_REGIONS)
GET_ITEM_REGIONS: tuple[str, ...] = (
    "ordinary",
    "integers",
    "slices",
    "ellipsis",
    "newaxis",
    "integer_arrays",
    "duplicates",
    "boolean_masks",
    "mixtures",
    "empty",
    "scalar",
    "negative",
    "values",
    "many_duplicates",
    "invalid",
    MANY,
)
GET_ITEM_GRAD_REGIONS: tuple[str, ...] = GET_ITEM_REGIONS

_REDUCTIONS = st.sampled_from(("mean", "default", "sum", "none"))


def softmax_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Logits with an axis; for softmax and log_softmax. UsageError for an unknown region."""
    return _softmax(known(region, SOFTMAX_REGIONS), dtype)


def cross_entropy_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Probabilities, labels and a reduction. UsageError for an unknown region."""
    return _classified(known(region, CROSS_ENTROPY_REGIONS), dtype, "probabilities")


def softmax_cross_entropy_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Logits, labels and a reduction. UsageError for an unknown region."""
    return _classified(known(region, SOFTMAX_CROSS_ENTROPY_REGIONS), dtype, "logits")


def get_item_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """An array and an index into it. UsageError for an unknown region."""
    return _get_item(known(region, GET_ITEM_REGIONS), dtype)


def get_item_grad_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """What came back through an index, the index, and the shape to scatter it into; UsageError as above."""
    return _get_item_grad(known(region, GET_ITEM_GRAD_REGIONS), dtype)


@cache
@st.composite
def _softmax(draw: Draw, region: str, dtype: str) -> Draft:
    if region == "scalar":
        shape: Shape = ()
    elif region == "empty":
        shape = draw_empty_shape(draw)
    elif region == MANY:
        shape = draw_many(draw)
    else:
        shape = draw_shape(draw, least_last=2)
    params = draw_axis(draw, len(shape))
    axes = axes_of(params, len(shape))
    if region == "single":
        shape = tuple(1 if i in axes else n for i, n in enumerate(shape))
    rng = np.random.default_rng(draw(SEEDS))
    return Draft((logits(region, rng, shape, axes, dtype),), params)


@cache
@st.composite
def _classified(draw: Draw, region: str, dtype: str, kind: str) -> Draft:
    if region == "single":
        # A single sample without a batch axis, or a single class.
        shape = draw_shape(draw, most=3, least_last=2)
        shape = shape[-1:] if draw(st.booleans()) else (*shape[:-1], 1)
    elif region == "empty":
        shape = draw_empty_shape(draw, most=3, keep_last=True)
    elif region == MANY:
        shape = draw_many(draw, rows=True)
    else:
        shape = draw_shape(draw, most=3, least_last=2)
    form = draw_form(draw, region, shape)
    reduction = draw(_REDUCTIONS)
    rng = np.random.default_rng(draw(SEEDS))
    if kind == "logits":
        predictions = logits(region, rng, shape, (len(shape) - 1,), dtype)
    else:
        predictions = probabilities(region, rng, shape, dtype)
    target = labels(form, rng, shape, dtype)
    if region == "invalid":
        target = out_of_range(rng, target, shape[-1])
    params = {} if reduction == "default" else {"reduction": reduction}
    return Draft((predictions, target), params, valid=region != "invalid")


@cache
@st.composite
def _get_item(draw: Draw, region: str, dtype: str) -> Draft:
    selection, rng = draw_selection(draw, region)
    x = _entries(region, rng, selection.shape, dtype)
    return Draft((x,), {"index": selection.index}, selection.valid)


@cache
@st.composite
def _get_item_grad(draw: Draw, region: str, dtype: str) -> Draft:
    selection, rng = draw_selection(draw, region)
    y_bar = _entries(region, rng, selection.selected, dtype)
    if region == "many_duplicates" and rng.random() < 0.5:
        # Equal signs make a running sum in a short format stagnate; ones show where: at 2048, at 256.
        y_bar = rounded(np.ones(selection.selected) if rng.random() < 0.5 else np.abs(y_bar), dtype)
    params: dict[str, Any] = {"index": selection.index, "shape": selection.shape}
    return Draft((y_bar,), params, selection.valid)


def _entries(region: str, rng: Rng, shape: Shape, dtype: str) -> Array:
    if region == "values":
        return special_values(rng, shape, dtype)
    return rounded(rng.standard_normal(shape), dtype)
