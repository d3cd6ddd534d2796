"""What is measured on one array: nothing passes that was not shown to be inside its budget."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradassay.comparison import Comparison, compare_array
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array, Enclosure

DTYPES = tuple(FORMATS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def enclosure(mid: Any, budget: Any = 1e-3, rad: Any = 0.0) -> Enclosure:
    mid = np.asarray(mid, np.float64)
    return Enclosure(mid, np.broadcast_to(rad, mid.shape) + 0.0, np.broadcast_to(budget, mid.shape) + 0.0)


def compared(got: Any, truth: Enclosure, dtype: str = "float64", **kwargs: Any) -> Comparison:
    form = FORMATS[dtype]
    array = got if got is None else np.asarray(got).astype(form.dtype)
    return compare_array("x_bar", array, truth, form, **kwargs)


def passes(c: Comparison) -> bool:
    return not (c.structure or c.outside or c.undecided or c.nonfinite)


@every_dtype
def test_what_is_inside_passes_and_what_is_outside_does_not(dtype: str) -> None:
    truth = enclosure([1.0, 2.0], budget=0.25)
    assert passes(compared([1.25, 1.75], truth, dtype))
    c = compared([1.0, 2.5], truth, dtype)
    assert c.outside
    assert (c.index, c.expected, c.got, c.budget, c.error) == ((1,), 2.0, 2.5, 0.25, 0.5)
    assert c.worst.budget_ratio == 2.0


@every_dtype
@pytest.mark.parametrize("truth", [0.0, 1.0, 1e30, 1e-300, np.inf, -np.inf])
@pytest.mark.parametrize("budget", [5e-324, 1e-3, np.inf])
def test_nan_never_passes_where_there_is_a_truth(budget: float, truth: float, dtype: str) -> None:
    c = compared([0.0, np.nan], enclosure([0.0, truth], budget=budget), dtype)
    assert c.outside
    assert c.nonfinite
    assert c.index == (1,)
    assert c.got is not None
    assert np.isnan(c.got)


@given(
    hnp.arrays(np.float64, 5, elements=st.floats(-10, 10)),
    hnp.arrays(np.float64, 5, elements=st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf, -3.0])),
)
def test_a_comparison_passes_only_if_every_entry_is_within_its_budget(mid: Array, got: Array) -> None:
    budget = np.full(5, 2.0)
    c = compared(got, enclosure(mid, budget))
    with np.errstate(invalid="ignore"):
        assert passes(c) == bool(np.all(np.abs(got - mid) <= budget))


def test_an_entry_that_is_right_to_the_bit_is_not_the_worst() -> None:
    c = compared([0.0, np.nan], enclosure([0.0, 1.0], budget=0.0))
    assert c.index == (1,)
    assert not np.isnan(c.worst.budget_ratio)


@every_dtype
def test_infinity_is_right_where_the_truth_is_and_with_its_sign(dtype: str) -> None:
    truth = enclosure([np.inf, -np.inf, 1.0])
    assert passes(compared([np.inf, -np.inf, 1.0], truth, dtype))
    assert compared([-np.inf, -np.inf, 1.0], truth, dtype).outside
    assert compared([np.inf, -np.inf, np.inf], truth, dtype).nonfinite
    finite = compared([100.0, -np.inf, 1.0], truth, dtype)
    assert finite.outside
    assert not finite.nonfinite


@pytest.mark.parametrize(("dtype", "largest"), [(d, FORMATS[d].max) for d in DTYPES if d != "float64"])
def test_infinity_is_right_where_the_truth_is_too_large_for_the_dtype(dtype: str, largest: float) -> None:
    u = FORMATS[dtype].u
    beyond = enclosure([2 * largest, -2 * largest], budget=largest * u)
    assert passes(compared([np.inf, -np.inf], beyond, dtype))
    assert compared([np.inf, np.inf], beyond, dtype).outside
    assert compared([largest, -largest], beyond, dtype).outside
    inside = enclosure([largest / 2, -largest / 2], budget=largest * u)
    assert compared([np.inf, -largest / 2], inside, dtype).nonfinite


@every_dtype
def test_where_the_truth_has_no_value_anything_is_noted_and_nothing_fails(dtype: str) -> None:
    truth = enclosure([np.nan, 1.0])
    for got in (np.nan, np.inf, 3.0):
        c = compared([got, 1.0], truth, dtype)
        assert c.undefined
        assert passes(c)
        assert c.index == (0,)
    wrong = compared([np.nan, 2.0], truth, dtype)
    assert wrong.outside
    assert wrong.index == (1,)


def test_an_entry_in_the_doubt_of_the_radius_is_undecided() -> None:
    def one(got: float) -> Comparison:
        return compared([got], enclosure([1.0], budget=0.5, rad=0.25))

    assert passes(one(1.25))
    for got in (1.5, 1.75):
        c = one(got)
        assert c.undecided
        assert not c.outside
    assert one(1.875).outside


@every_dtype
def test_structure_comes_before_numbers(dtype: str) -> None:
    truth = enclosure([1.0, 2.0])
    assert "None" in (compared(None, truth, dtype).structure or "")
    assert compared([[1.0, 2.0]], truth, dtype).structure == "shape (1, 2) instead of (2,)"
    assert compared(1.0, truth, dtype).structure == "shape () instead of (2,)"
    other = "float32" if dtype != "float32" else "float64"
    got = np.array([1.0, 2.0]).astype(FORMATS[other].dtype)
    c = compare_array("y", got, truth, FORMATS[dtype])
    assert c.structure == f"dtype {other} instead of {dtype}"
    assert not c.outside
    assert compare_array("y", np.array([1, 2]), truth, FORMATS[dtype]).structure


@every_dtype
def test_an_empty_array_passes(dtype: str) -> None:
    c = compared(np.zeros((0, 3)), enclosure(np.zeros((0, 3))), dtype)
    assert passes(c)
    assert c.index is None


def test_a_number_has_the_empty_index() -> None:
    c = compared(2.0, enclosure(1.0, budget=0.25))
    assert c.index == ()
    assert c.worst.budget_ratio == 4.0


@given(st.data())
def test_the_worst_entry_is_the_one_with_the_most_budgets(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=3))
    floats = st.floats(0.125, 8, width=16)
    mid, error, budget = (data.draw(hnp.arrays(np.float64, shape, elements=floats)) for _ in range(3))
    c = compared(mid + error, enclosure(mid, budget))
    ratio = error / budget
    assert c.index is not None
    assert ratio[c.index] == ratio.max() == c.worst.budget_ratio
    assert (c.expected, c.got) == (mid[c.index], mid[c.index] + error[c.index])
    assert c.outside == bool((ratio > 1).any())


@every_dtype
@given(data=st.data())
def test_an_ulp_is_the_spacing_of_the_dtype_at_the_truth(data: st.DataObject, dtype: str) -> None:
    form = FORMATS[dtype]
    largest, smallest = min(form.max, 1e30) / 4, max(form.tiny, 1e-30)
    values = st.floats(smallest, largest).map(lambda v: float(np.asarray(v).astype(form.dtype)))
    mid = np.array(data.draw(st.lists(values, min_size=1, max_size=6)))
    units = data.draw(hnp.arrays(np.int64, mid.shape, elements=st.integers(0, 5)))
    spacing = 2 * form.u * 2.0 ** np.floor(np.log2(mid))
    if dtype != "bfloat16":
        np.testing.assert_array_equal(spacing, np.spacing(mid.astype(form.dtype)).astype(np.float64))
    got = (mid + units * spacing).astype(form.dtype).astype(np.float64)
    error = np.abs(got - mid)
    c = compared(got, enclosure(mid, budget=np.inf), dtype)
    assert c.worst.ulp == pytest.approx(float(np.max(error / spacing)))
    norm = float(error.max() / max(mid.max(), form.tiny) / form.u)
    assert c.worst.normwise == pytest.approx(norm)


@every_dtype
def test_a_flush_to_zero_is_told_from_other_zeros(dtype: str) -> None:
    tiny = FORMATS[dtype].tiny
    truth = enclosure([tiny / 2, 1.0], budget=tiny * 1e-3)
    assert compared([0.0, 1.0], truth, dtype, flush_below=tiny).flushed
    assert not compared([0.0, 0.0], truth, dtype, flush_below=tiny).flushed
    assert not compared([0.0, 1.0], truth, dtype, flush_below=tiny / 4).flushed
    assert not compared([tiny, 1.0], truth, dtype, flush_below=tiny).flushed


@every_dtype
def test_nothing_is_measured_of_infinities_and_nan(dtype: str) -> None:
    c = compared([np.nan, 1.0, np.inf], enclosure([1.0, 1.0, np.inf], budget=0.5), dtype)
    assert c.worst.budget_ratio == np.inf
    assert not np.isnan([c.worst.ulp, c.worst.normwise, c.error, c.scale]).any()
    assert c.worst.ulp == c.worst.normwise == 0.0
