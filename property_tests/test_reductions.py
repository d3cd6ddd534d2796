"""Laws of sum, mean, max and min that the report does not show."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.formats import FORMATS
from reference_impls.extrema import max_, min_
from reference_impls.reductions import mean, sum_

seeds = st.integers(0, 2**32 - 1)
every_dtype = pytest.mark.parametrize("dtype", FORMATS)
RULES = {"sum": sum_, "mean": mean, "max": max_, "min": min_}
every_rule = pytest.mark.parametrize("name", RULES)
AXES: tuple[Any, ...] = (None, (), *range(-3, 3), *combinations(range(3), 2), (-1, 0), (0, 1, 2))


@every_rule
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_every_axis_means_what_it_means_to_numpy(name: str, axis: Any, keepdims: bool) -> None:
    x = np.random.default_rng(0).integers(-9, 9, (3, 4, 5)).astype(float)
    y, pullback = RULES[name](x, axis=axis, keepdims=keepdims)
    plain = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    assert y.shape == np.shape(plain)
    assert np.allclose(y, plain, rtol=2.0**-50, atol=0)
    assert pullback(np.ones(y.shape)).shape == x.shape


@every_rule
@given(seed=seeds, axis=st.sampled_from(AXES))
def test_what_is_handed_out_adds_up_to_what_was_handed_in(name: str, seed: int, axis: Any) -> None:
    """Moving every entry by 1 moves mean, max and min by 1 and the sum by n: <x_bar, 1> = <y_bar, J 1>."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-2, 3, (3, 4, 5)).astype(float)
    y, pullback = RULES[name](x, axis=axis, keepdims=True)
    y_bar = rng.normal(size=y.shape)
    n = x.size // y.size if name == "sum" else 1
    assert np.allclose(pullback(y_bar).sum(axis=axis, keepdims=True), n * y_bar, rtol=0, atol=2.0**-40)


@every_rule
@pytest.mark.parametrize("axis", [3, -4, (0, 3)])
def test_an_axis_that_there_is_not_raises(name: str, axis: Any) -> None:
    with pytest.raises(np.exceptions.AxisError):
        RULES[name](np.zeros((2, 2, 2)), axis=axis)
    with pytest.raises(np.exceptions.AxisError):
        RULES[name](np.array(1.0), axis=-1)


@every_rule
def test_integers_give_float64_and_numbers_are_arrays_of_no_axis(name: str) -> None:
    y, pullback = RULES[name](np.array([3, 3]))
    assert [y.dtype.name, pullback(1).dtype.name] == ["float64", "float64"]
    y, pullback = RULES[name](np.float32(3))
    assert isinstance(y, np.ndarray)
    assert (y.dtype.name, y.item(), pullback(np.float32(2)).item()) == ("float32", 3, 2)


@every_rule
def test_a_result_is_fresh_even_where_nothing_is_reduced(name: str) -> None:
    x = np.ones((2, 3))
    x.flags.writeable = False
    y, pullback = RULES[name](x, axis=())
    y_bar = np.ones((2, 3))
    y_bar.flags.writeable = False
    x_bar = pullback(y_bar)
    y[...], x_bar[...] = 0, 0
    assert np.array_equal(x, np.ones((2, 3)))
    assert np.array_equal(y_bar, np.ones((2, 3)))


# ---- sum and mean


@every_dtype
@pytest.mark.parametrize("shape", [(4096,), (2, 4096), (4096, 3), (3, 4096, 2)], ids=str)
def test_4096_ones_add_up_and_their_mean_is_1(dtype: str, shape: tuple[int, ...]) -> None:
    x, axis = np.ones(shape, FORMATS[dtype].dtype), shape.index(4096)
    assert (sum_(x, axis=axis)[0].astype(float) == 4096).all()
    assert (mean(x, axis=axis)[0].astype(float) == 1).all()


@pytest.mark.parametrize("shape", [(2, 10**6), (10**6, 2), (10**6,)], ids=str)
def test_a_million_equal_terms_do_not_drift(shape: tuple[int, ...]) -> None:
    """A running float32 sum of a million tenths is 1 % off: all of its rounding errors have one sign."""
    tenth = np.float32(0.1)
    y, _ = sum_(np.full(shape, tenth), axis=shape.index(10**6))
    assert np.abs(y / (10**6 * float(tenth)) - 1).max() <= 2.0**-20


def test_a_sum_overflows_only_if_it_does() -> None:
    big = 1.5e308
    assert sum_(np.array([big, big, -big, -big, 1.0]))[0] in (0, 1)
    assert sum_(np.array([big, big, -big]))[0] == big
    assert sum_(np.array([big, big]))[0] == np.inf
    assert mean(np.array([big, big]))[0] == big
    assert np.isnan(sum_(np.array([np.inf, -np.inf]))[0])


def test_the_sum_of_nothing_is_0_and_the_mean_of_nothing_is_nan() -> None:
    nothing = np.zeros((0, 2))
    assert sum_(nothing, axis=0)[0].tolist() == [0, 0]
    assert np.isnan(mean(nothing, axis=0)[0]).all()
    for rule in (sum_, mean):
        assert rule(nothing, axis=0)[1](np.ones(2)).shape == (0, 2)


# ---- max and min


def test_equal_maxima_share_the_cotangent() -> None:
    """Document 000 gives each of them all of it: [0, 1, 1], which moves the maximum twice as fast as it moves."""
    assert max_(np.array([1.0, 3.0, 3.0]))[1](1.0).tolist() == [0, 0.5, 0.5]
    assert min_(np.array([[1.0, 1.0], [2.0, 1.0]]), axis=0)[1](np.array([1.0, 4.0])).tolist() == [
        [1, 2],
        [0, 2],
    ]


def test_the_last_axis_may_be_called_minus_1() -> None:
    """Document 000's backward fails there."""
    y, pullback = max_(np.array([[1.0, 2.0], [4.0, 3.0]]), axis=-1)
    assert y.tolist() == [2, 4]
    assert pullback(np.array([5.0, 7.0])).tolist() == [[0, 5], [7, 0]]


@every_dtype
def test_one_unit_in_the_last_place_is_no_tie(dtype: str) -> None:
    form = FORMATS[dtype]
    x = np.array([1, 1 + 2 * form.u, 1]).astype(form.dtype)
    assert max_(x)[1](x[0]).astype(float).tolist() == [0, 1, 0]
    assert min_(x)[1](x[0]).astype(float).tolist() == [0.5, 0, 0.5]
    tiny = np.array([form.eta, 0]).astype(form.dtype)
    assert max_(tiny)[1](x[0]).astype(float).tolist() == [1, 0]


@given(seed=seeds, axis=st.sampled_from([0, 1, None]))
def test_min_is_max_turned_round(seed: int, axis: Any) -> None:
    x = np.random.default_rng(seed).integers(-2, 3, (3, 4)).astype(float)
    (y, pullback), (z, turned) = min_(x, axis=axis), max_(-x, axis=axis)
    y_bar = np.random.default_rng(seed).normal(size=y.shape)
    assert np.array_equal(y, -z)
    assert np.array_equal(pullback(y_bar), turned(y_bar))


@every_dtype
def test_a_slice_with_nan_has_no_maximum_and_no_gradient_and_the_next_has_both(dtype: str) -> None:
    x = np.array([[1, np.nan, np.inf], [1, 5, 5]]).astype(FORMATS[dtype].dtype)
    for rule in (max_, min_):
        y, pullback = rule(x, axis=1)
        x_bar = pullback(np.ones(2, x.dtype)).astype(float)
        assert np.isnan(y.astype(float)).tolist() == [True, False]
        assert np.isnan(x_bar[0]).all()
        assert x_bar[1].sum() == 1


def test_an_infinite_cotangent_stays_with_the_winner() -> None:
    assert max_(np.array([1.0, 2.0]))[1](np.inf).tolist() == [0, np.inf]


@pytest.mark.parametrize("rule", [max_, min_])
def test_there_is_no_largest_entry_of_nothing(rule: Any) -> None:
    with pytest.raises(ValueError, match="no identity"):
        rule(np.zeros((2, 0)), axis=1)
    y, pullback = rule(np.zeros((0, 2)), axis=1)
    assert (y.shape, pullback(np.zeros(0)).shape) == ((0,), (0, 2))
