"""Laws of exp, log, clip, relu, sigmoid and tanh that no comparison with a truth shows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import gradassay
from gradassay.catalogue import OPERATIONS
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array
from reference_impls.activations import relu, sigmoid, tanh
from reference_impls.elementwise import clip, exp, log

NAMES = ("exp", "log", "clip", "relu", "sigmoid", "tanh")
U = FORMATS["float64"].u
every_name = pytest.mark.parametrize("name", NAMES)
BOUNDED = {"clip": {"low": -1.0, "high": 1.0}}

finite = hnp.arrays(np.float64, hnp.array_shapes(max_dims=2), elements=st.floats(-700, 700))
bounds = st.one_of(st.none(), st.floats(-5, 5))


def value_and_slope(rule: Callable[..., Any], x: Any, **params: Any) -> tuple[Array, Array]:
    y, pullback = rule(np.asarray(x), **params)
    return y, pullback(np.ones(y.shape, y.dtype))


def close(a: Array, b: Array, roundoffs: float) -> bool:
    """Whether a and b differ by no more than so many roundoffs of the larger, or by what underflows."""
    eta = FORMATS["float64"].eta
    return bool(np.all(np.abs(a - b) <= roundoffs * (U * np.maximum(np.abs(a), np.abs(b)) + eta)))


# ---- values that are known


@pytest.mark.parametrize(
    ("rule", "x", "y", "slope"),
    [
        (sigmoid, 0.0, 0.5, 0.25),
        (sigmoid, 40.0, 1.0, 4.248354255291589e-18),
        (sigmoid, -40.0, 4.248354255291589e-18, 4.248354255291589e-18),
        (sigmoid, 1000.0, 1.0, 0.0),
        (sigmoid, -1000.0, 0.0, 0.0),
        (sigmoid, -745.0, math.exp(-745), math.exp(-745)),
        (sigmoid, math.inf, 1.0, 0.0),
        (sigmoid, -math.inf, 0.0, 0.0),
        (tanh, 0.0, 0.0, 1.0),
        (tanh, 20.0, 1.0, 1.6993417021166355e-17),
        (tanh, -20.0, -1.0, 1.6993417021166355e-17),
        (tanh, 1000.0, 1.0, 0.0),
        (tanh, -math.inf, -1.0, 0.0),
        (relu, 5e-324, 5e-324, 1.0),
        (relu, 0.0, 0.0, 0.0),
        (relu, -0.0, 0.0, 0.0),
        (relu, math.inf, math.inf, 1.0),
        (exp, 0.0, 1.0, 1.0),
        (exp, 1000.0, math.inf, math.inf),
        (exp, -1000.0, 0.0, 0.0),
        (exp, -math.inf, 0.0, 0.0),
        (log, 1.0, 0.0, 1.0),
        (log, 5e-324, math.log(5e-324), math.inf),
        (log, 0.0, -math.inf, math.inf),
        (log, -0.0, -math.inf, math.inf),
        (log, math.inf, math.inf, 0.0),
    ],
)
def test_values_and_slopes_are_the_known_ones(rule: Any, x: float, y: float, slope: float) -> None:
    for got, known in zip(value_and_slope(rule, x), (y, slope), strict=True):
        assert got == known or close(got, np.asarray(known), 8)


def test_the_textbook_slopes_are_lost_where_ours_are_not() -> None:
    for rule, x in ((sigmoid, 40.0), (tanh, 20.0)):
        y, slope = value_and_slope(rule, x)
        assert (y * (1 - y) if rule is sigmoid else 1 - y**2) == 0 < slope


@pytest.mark.parametrize(("dtype", "x"), [("float64", 710.0), ("float32", 89.0), ("float16", 11.2)])
def test_a_small_cotangent_of_an_exponential_that_overflows_has_a_gradient(dtype: str, x: float) -> None:
    given_x = np.array(x, FORMATS[dtype].dtype)
    y, pullback = exp(given_x)
    small = np.array(2.0**-10, y.dtype)
    right = math.exp(float(given_x) - 10 * math.log(2))
    assert y == np.inf
    assert abs(float(pullback(small)) - right) <= 200 * FORMATS[dtype].u * right
    assert pullback(np.zeros_like(y)) == 0


def test_where_log_has_no_value_it_has_no_slope() -> None:
    y, slope = value_and_slope(log, [-1.0, -np.inf, -5e-324, np.nan, 2.0])
    assert np.isnan(y).tolist() == np.isnan(slope).tolist() == [True] * 4 + [False]


@every_name
def test_nan_stays_nan_and_spoils_no_other_entry(name: str) -> None:
    x = np.array([0.25, np.nan, 0.5])
    y, _ = value_and_slope(OPERATIONS[name].rule, x, **BOUNDED.get(name, {}))
    alone, _ = value_and_slope(OPERATIONS[name].rule, x[[0, 2]], **BOUNDED.get(name, {}))
    assert np.isnan(y[1])
    assert y[[0, 2]].tolist() == alone.tolist()


# ---- relations


@given(finite)
def test_tanh_is_odd_and_both_slopes_are_even(x: Array) -> None:
    (t, slope), (minus_t, same) = value_and_slope(tanh, x), value_and_slope(tanh, -x)
    assert np.array_equal(minus_t, -t)
    assert np.array_equal(same, slope)
    assert close(value_and_slope(sigmoid, -x)[1], value_and_slope(sigmoid, x)[1], 16)


@given(finite)
def test_sigmoids_of_x_and_of_minus_x_sum_to_1(x: Array) -> None:
    assert close(sigmoid(x)[0] + sigmoid(-x)[0], np.ones_like(x), 8)


@given(finite)
def test_sigmoid_is_a_tanh_of_half_the_argument(x: Array) -> None:
    t, t_slope = value_and_slope(tanh, x / 2)
    s, slope = value_and_slope(sigmoid, x)
    assert np.all(np.abs(s - (1 + t) / 2) <= 8 * U)
    assert close(slope, t_slope / 4, 32)


@given(finite)
def test_log_undoes_exp_and_their_slopes_are_reciprocal(x: Array) -> None:
    y, slope = value_and_slope(exp, x)
    back, slope_back = value_and_slope(log, y)
    assert np.all(np.abs(back - x) <= 16 * U * (1 + np.abs(x)))
    assert np.array_equal(slope, y)
    assert close(slope * slope_back, np.ones_like(x), 4)


@given(finite)
def test_relu_of_x_minus_relu_of_minus_x_is_x(x: Array) -> None:
    assert np.array_equal(relu(x)[0] - relu(-x)[0], x)
    assert np.array_equal(value_and_slope(relu, x)[1] + value_and_slope(relu, -x)[1], x != 0)


@given(finite, bounds, bounds)
def test_clip_has_slope_1_just_where_it_changes_nothing_but_0_if_it_is_constant(
    x: Array, low: float | None, high: float | None
) -> None:
    y, slope = value_and_slope(clip, x, low=low, high=high)
    constant = low is not None and high is not None and low >= high
    assert np.array_equal(slope, np.zeros(x.shape) if constant else x == y)
    assert np.array_equal(clip(y, low=low, high=high)[0], y)
    if constant:
        assert np.all(y == high)
    else:
        assert np.all(y >= (-np.inf if low is None else low))
        assert np.all(y <= (np.inf if high is None else high))


@given(finite)
def test_clip_without_bounds_changes_nothing_and_from_0_on_it_is_relu(x: Array) -> None:
    assert np.array_equal(clip(x)[0], x)
    assert np.array_equal(clip(x, low=0.0)[0], relu(x)[0])


@pytest.mark.parametrize("rule", [relu, clip])
def test_an_infinite_cotangent_of_what_was_cut_off_is_cut_off(rule: Any) -> None:
    _, pullback = rule(np.array([-1.0, 1.0]), **({"low": 0.0} if rule is clip else {}))
    assert pullback(np.array([np.inf, -np.inf])).tolist() == [0.0, -np.inf]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_a_bound_that_the_dtype_cannot_hold_is_rounded_to_it(dtype: str) -> None:
    inputs = [(np.array([-1.0, 0.0, 0.25, 0.5, 1.0]),)]
    assert gradassay.verify(clip, like="clip", inputs=inputs, params={"high": 0.3}, dtypes=(dtype,)).ok
