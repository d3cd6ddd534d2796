"""What elementwise operations are given: their regions, and a strategy of drafts for each of them.

Every kink, every end of a domain and every place where a formula overflows, underflows or cancels is a region.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from hypothesis import strategies as st

from gradassay.formats import FORMATS
from gradassay.vocabulary import Draft
from property_tests.strategies.elementwise_values import (
    Filler,
    among_ordinary,
    as_logits,
    exp_negative,
    exp_overflows,
    exp_underflows,
    infinities,
    largest,
    nan,
    near_one,
    near_zero,
    ordinary,
    positive,
    saturated,
    signed,
    tails,
    zeros,
)
from property_tests.strategies.regions import MANY, known
from property_tests.strategies.shapes import SEEDS, Draw, shape_in
from property_tests.strategies.values import log_uniform, one_entry, rounded, subnormals

#: Regions that are about shape alone; their values are ordinary.
SHAPES = ("empty", "scalar", MANY)


#: Regions of every operation that is defined everywhere.
COMMON: Mapping[str, Filler] = {
    "tiny": as_logits("tiny"),
    "subnormal": as_logits("subnormal"),
    "zeros": zeros,
    "infinities": among_ordinary(infinities),
    "nan": among_ordinary(nan),
}
_EXP: Mapping[str, Filler] = {
    "ordinary": ordinary,
    "overflow": exp_overflows,
    "negative": exp_negative,
    "underflow": lambda rng, shape, fmt: -exp_underflows(1)(rng, shape, fmt),
    **COMMON,
}
_LOG: Mapping[str, Filler] = {
    "ordinary": positive,
    "near_one": near_one,
    "large": lambda rng, shape, fmt: np.abs(largest(rng, shape, fmt)),
    "tiny": lambda rng, shape, fmt: log_uniform(rng, fmt.tiny, fmt.u, shape),
    "subnormal": subnormals,
    "zero": lambda rng, shape, fmt: np.where(
        one_entry(rng, shape) | (rng.random(shape) < 0.3), zeros(rng, shape, fmt), positive(rng, shape, fmt)
    ),
    "negative": among_ordinary(lambda rng, shape, fmt: -positive(rng, shape, fmt)),
    "infinities": COMMON["infinities"],
    "nan": COMMON["nan"],
}
_RELU: Mapping[str, Filler] = {
    "ordinary": ordinary,
    "at_zero": among_ordinary(zeros),
    "near_zero": near_zero,
    "large": largest,
    "infinities": COMMON["infinities"],
    "nan": COMMON["nan"],
}
_SIGMOID: Mapping[str, Filler] = {
    "ordinary": ordinary,
    "tails": tails,
    "saturated": saturated,
    "underflow": signed(exp_underflows(1)),
    **COMMON,
}
_TANH: Mapping[str, Filler] = {**_SIGMOID, "underflow": signed(exp_underflows(2))}


EXP_REGIONS: tuple[str, ...] = (*_EXP, *SHAPES)
LOG_REGIONS: tuple[str, ...] = (*_LOG, *SHAPES)
RELU_REGIONS: tuple[str, ...] = (*_RELU, *SHAPES)
SIGMOID_REGIONS: tuple[str, ...] = (*_SIGMOID, *SHAPES)
TANH_REGIONS: tuple[str, ...] = (*_TANH, *SHAPES)

# ---- drafts


def exp_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Arguments of exp. UsageError for an unknown region, as below."""
    return _drafts("exp", known(region, EXP_REGIONS), dtype)


def log_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Arguments of log, outside of its domain as well."""
    return _drafts("log", known(region, LOG_REGIONS), dtype)


def relu_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Arguments of relu."""
    return _drafts("relu", known(region, RELU_REGIONS), dtype)


def sigmoid_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Arguments of sigmoid."""
    return _drafts("sigmoid", known(region, SIGMOID_REGIONS), dtype)


def tanh_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Arguments of tanh."""
    return _drafts("tanh", known(region, TANH_REGIONS), dtype)


_FILLERS = {"exp": _EXP, "log": _LOG, "relu": _RELU, "sigmoid": _SIGMOID, "tanh": _TANH}


@cache
@st.composite
def _drafts(draw: Draw, name: str, region: str, dtype: str) -> Draft:
    shape = shape_in(draw, region)
    rng = np.random.default_rng(draw(SEEDS))
    fill = _FILLERS[name].get(region) or _FILLERS[name]["ordinary"]
    return Draft((rounded(fill(rng, shape, FORMATS[dtype]), dtype),))
