"""Laws of memory layouts and of cotangents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from property_tests.plain_operations import OPERATIONS
from property_tests.strategies import (
    LAYOUTS,
    cotangents,
    draw_scenarios,
    lay_out,
    scenarios,
    signed_cotangent,
    softmax_drafts,
)

DTYPES = tuple(FORMATS)
SHAPES = st.sampled_from([(), (1,), (2,), (5,), (0,), (3, 4), (2, 0, 3), (2, 3, 2)])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [*DTYPES, "int64", "bool"])
@settings(max_examples=30)
@given(shape=SHAPES, seed=st.integers(0, 99))
def test_a_layout_changes_memory_and_not_values(
    layout: str, dtype: str, shape: tuple[int, ...], seed: int
) -> None:
    values = np.random.default_rng(seed).integers(-9, 9, shape)
    array = values.astype(FORMATS[dtype].dtype if dtype in FORMATS else dtype)
    laid = lay_out(array, layout)
    assert (laid.shape, laid.dtype) == (array.shape, array.dtype)
    assert np.array_equal(laid, array)
    assert not np.shares_memory(laid, array)
    assert laid.flags.writeable == (layout != "read_only")
    if array.ndim and min(array.shape) > 1:
        positive = all(stride > 0 for stride in laid.strides)
        assert positive == (layout != "reversed")
        c_order, f_order = layout in ("C", "read_only"), layout == "F"
        if array.ndim == 1:
            c_order = f_order = c_order or f_order
        assert (laid.flags.c_contiguous, laid.flags.f_contiguous) == (c_order, f_order)


def test_an_unknown_layout_or_region_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="diagonal"):
        lay_out(np.zeros(2), "diagonal")
    with pytest.raises(UsageError, match="'hot' is not one of ordinary"):
        softmax_drafts("hot", "float32")


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data(), shape=SHAPES)
def test_a_cotangent_is_never_constant(dtype: str, data: st.DataObject, shape: tuple[int, ...]) -> None:
    y_bar = data.draw(cotangents(shape, dtype))
    assert (y_bar.shape, y_bar.dtype.name) == (shape, dtype)
    wide = y_bar.astype(np.float64)
    assert np.isfinite(wide).all()
    assert y_bar.size < 2 or len(np.unique(wide)) > 1 or not wide.any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_cotangents_have_both_signs_and_every_kind(dtype: str) -> None:
    scenes = draw_scenarios(OPERATIONS["get_item"], dtype=dtype, examples=600, seed=0)
    wide = [s.cotangent.astype(np.float64) for s in scenes if s.cotangent.size > 3]
    peaks = np.array([np.abs(y).max() for y in wide])
    zero, one_hot = peaks == 0, np.array([np.count_nonzero(y) == 1 for y in wide])
    signed = np.array([y.min() < 0 < y.max() for y in wide])
    assert signed.mean() > 0.6
    assert all(kind.any() for kind in (zero, one_hot, ~zero & (peaks < 0.01), peaks > 50))
    positive = np.array([y.min() > 0 for y in wide])
    assert positive.any()


def test_a_signed_cotangent_depends_on_its_seed_alone() -> None:
    first, again, other = (signed_cotangent((3, 4), "float32", seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == np.float32


def test_the_simplest_cotangent_is_not_the_simplest_argument() -> None:
    simplest = find(
        scenarios(OPERATIONS["get_item"], dtype="float64", region="slices"),
        lambda scenario: scenario.cotangent.size > 3,
        settings=settings(database=None),
    )
    x = simplest.args[0]
    assert not np.isin(simplest.cotangent, x).any()
