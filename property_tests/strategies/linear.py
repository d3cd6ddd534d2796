"""What affine, softmax_regression and sigmoid_classifier are given."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradassay.formats import FORMATS, Format
from gradassay.vocabulary import Array, Draft
from property_tests.strategies.labels import draw_form, labels, out_of_range
from property_tests.strategies.regions import MANY, known
from property_tests.strategies.shapes import SEEDS, Draw, Shape
from property_tests.strategies.values import Rng, log_uniform, one_entry, rounded

AFFINE_REGIONS: tuple[str, ...] = (
    "ordinary",
    "vector",
    "batch",
    "one_row",
    "one_column",
    "long",
    "cancellation",
    "large",
    "tiny",
    "zeros",
    "infinities",
    "nan",
    "empty",
    MANY,
)
SOFTMAX_REGRESSION_REGIONS: tuple[str, ...] = (
    "ordinary",
    "ties",
    "saturated",
    "large",
    "tiny",
    "infinities",
    "nan",
    "empty",
    "single",
    "column",
    "one_hot",
    "soft",
    "invalid",
    MANY,
)

#: What x has before its last axis, the smallest first.
_MATRIX: tuple[Shape, ...] = ((2,), (3,), (4,), (5,), (8,), (17,), (64,))
_BATCH: tuple[Shape, ...] = ((2, 2), (1, 3), (3, 2), (2, 1, 3), (4, 5), (2, 3, 4))
_SAMPLES: dict[str, tuple[Shape, ...]] = {
    "vector": ((),),
    "batch": _BATCH,
    "one_row": ((1,),),
    "long": ((1,), (3,), (130,), (300,)),
    "empty": ((0,), (2, 0), (0, 3)),
    "single": ((), (), (1,)),
}
#: Samples, and the sides of W, where x has many entries.
_MANY: tuple[tuple[Shape, int, int], ...] = (((4000,), 10, 5), ((20, 200), 10, 3))
#: Where W has, too; what follows a sum of so many terms has no certain digit in a short format.
_MANY_WEIGHTS = ((10,), 4000, 10)
_SIDES = st.sampled_from((2, 3, 4, 5, 3, 7, 10))
_LONG = st.sampled_from((64, 100, 257))
_REDUCTIONS = st.sampled_from(("mean", "default", "sum", "none"))


def affine_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Inputs, weights, a bias. UsageError for an unknown region."""
    return _affine(known(region, AFFINE_REGIONS), dtype)


def softmax_regression_drafts(region: str, dtype: str) -> st.SearchStrategy[Draft]:
    """Inputs, weights, a bias, labels, a reduction; for sigmoid_classifier, too. UsageError for an unknown region."""
    return _classifier(known(region, SOFTMAX_REGRESSION_REGIONS), dtype)


def _draw_sizes(
    draw: Draw, region: str, many: tuple[tuple[Shape, int, int], ...] = _MANY
) -> tuple[Shape, int, int]:
    """The samples' shape, how many entries x has in each, and how many y has."""
    if region == MANY:
        sizes: tuple[Shape, int, int] = draw(st.sampled_from(many))
        return sizes
    samples = draw(st.sampled_from(_SAMPLES.get(region, _MATRIX)))
    entries = 1 if region == "one_column" else draw(_LONG if region == "long" else _SIDES)
    return samples, entries, draw(_SIDES)


@cache
@st.composite
def _affine(draw: Draw, region: str, dtype: str) -> Draft:
    samples, D, C = _draw_sizes(draw, region, (*_MANY, _MANY_WEIGHTS))
    if region == "one_column":
        # Of x, of W, or of both.
        D, C = draw(st.sampled_from(((1, C), (C, 1), (1, 1))))
    rng = np.random.default_rng(draw(SEEDS))
    values = _values(region, rng, (*samples, D), C, FORMATS[dtype])
    return Draft(tuple(rounded(array, dtype) for array in values))


@cache
@st.composite
def _classifier(draw: Draw, region: str, dtype: str) -> Draft:
    samples, D, C = _draw_sizes(draw, region)
    if region == "single" and samples:
        C = 1
    shape = (*samples, C)
    form = draw_form(draw, region, shape)
    reduction = draw(_REDUCTIONS)
    rng = np.random.default_rng(draw(SEEDS))
    fmt = FORMATS[dtype]
    drawn = _values(region, rng, (*samples, D), C, fmt)
    if region == "large":
        drawn = _beyond_or_within(rng, *drawn, fmt)
    elif region == "saturated":
        drawn = _apart(rng, *drawn, fmt)
    values = tuple(rounded(array, dtype) for array in drawn)
    target = labels(form, rng, shape, dtype)
    if region == "invalid":
        target = out_of_range(rng, target, C)
    params: dict[str, Any] = {} if reduction == "default" else {"reduction": reduction}
    return Draft((*values, target), params, valid=region != "invalid")


def _values(region: str, rng: Rng, shape: Shape, C: int, fmt: Format) -> tuple[Array, Array, Array]:
    """x of ``shape``, W and b of that region; a region that is about shape or labels has ordinary ones."""
    D = shape[-1]
    x, W, b = rng.standard_normal(shape), rng.standard_normal((D, C)), rng.standard_normal(C)
    scale = rng.choice((0.1, 1.0, 3.0))
    if region == "long" and rng.random() < 0.5:
        # All of one sign: a sum in a short format stagnates.
        x, W = np.abs(x), np.abs(W)
    elif region == "cancellation":
        # The halves of a row cancel up to a few units in the last place, and the bias what is left of the first row.
        half = D // 2
        x[..., half : 2 * half] = x[..., :half] * (1 + fmt.u * rng.integers(-4, 5, (*shape[:-1], half)))
        W[half : 2 * half] = -W[:half]
        b = -(x @ W).reshape(-1, C)[0]
    elif region == "large":
        x, W, b = _large(rng, x, W, b, fmt)
    elif region == "tiny":
        # Products from far below the smallest number to well above it.
        product, share = rng.uniform(0.7, 1.3), rng.uniform(0.2, 0.8)
        x, W = x * fmt.tiny ** (product * share), W * fmt.tiny ** (product * (1 - share))
        b = b * rng.choice((0.0, fmt.tiny))
    elif region == "ties":
        W, b = W * 0.0, np.full(C, b[0])
    elif region == "zeros":
        x = np.where(rng.random(shape) < 0.5, 0.0, x)
        W = W * rng.choice((0.0, -0.0, 1.0))
        b = b * rng.choice((0.0, 1.0))
    elif region == "infinities":
        x = np.where(one_entry(rng, shape), rng.choice((-np.inf, np.inf)), x)
        W = np.where(rng.random(W.shape) < rng.choice((0.0, 0.2)), 0.0, W)
        b = np.where(rng.random(C) < rng.choice((0.0, 0.3)), -np.inf, b)
    elif region == MANY:
        # Logits of size 1, and sums over thousands of samples within a short format.
        W = W / np.sqrt(D)
    elif region == "nan":
        chosen = rng.integers(3)
        x, W, b = (
            np.where(one_entry(rng, v.shape) & (i == chosen), np.nan, v) for i, v in enumerate((x, W, b))
        )
    else:
        x, b = x * scale, b * scale
    return x, W, b


def _large(rng: Rng, x: Array, W: Array, b: Array, fmt: Format) -> tuple[Array, Array, Array]:
    """Products about the largest number, some beyond it; their sums overflow or cancel."""
    share = rng.uniform(0.2, 0.8)
    x, W = np.sign(x) * fmt.max**share, np.sign(W) * fmt.max ** (1 - share)
    x *= rng.uniform(0.3, 1.5, x.shape)
    return x, W, np.sign(b) * fmt.max * rng.uniform(0.0, 1.0, b.shape)


def _apart(rng: Rng, x: Array, W: Array, b: Array, fmt: Format) -> tuple[Array, Array, Array]:
    """Logits tens or hundreds apart, as far as every probability and the square of a sigmoid's slope are normal."""
    W = W * log_uniform(rng, 5.0, 200.0, (len(W), 1))
    farthest = np.max(np.abs(x @ W), initial=0.0)
    return x, W * min(1.0, _reach(fmt) / max(farthest, 1.0)), b


def _beyond_or_within(rng: Rng, x: Array, W: Array, b: Array, fmt: Format) -> tuple[Array, Array, Array]:
    """Logits of which some overflow in a naive exp, and leave nothing in a sound one, not even times W.

    Between there and the others probabilities and slopes are subnormal; a chain of rounded results loses digits there
    for good, unless it scales its cotangents.
    """
    work = _working(fmt)
    nothing = 3 * (np.log(work.max) - np.log(work.eta))
    positive = np.asarray(rng.uniform(0.5, 1.5, x.shape))
    reach = np.where(rng.random(b.shape) < 0.5, _reach(fmt) / 1.5 * rng.uniform(0.2, 1.0, b.shape), nothing)
    return positive, np.sign(W[:1]) * np.ones(W.shape) * reach / len(W), b


def _reach(fmt: Format) -> float:
    """Logits up to here differ by no more than a normal exp can hold."""
    return float(0.45 * np.log(1 / _working(fmt).tiny))


def _working(fmt: Format) -> Format:
    """The format that rules compute in."""
    return fmt if fmt.dtype.itemsize > 2 else FORMATS["float32"]
