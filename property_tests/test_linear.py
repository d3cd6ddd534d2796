"""Laws of affine maps, the losses on them and the penalty that the report does not show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.formats import FORMATS
from reference_impls.affine import affine
from reference_impls.losses import l2_penalty, mean_squared_error
from reference_impls.softmax_cross_entropy import softmax_cross_entropy
from reference_impls.softmax_regression import softmax_regression

seeds = st.integers(0, 2**32 - 1)
every_dtype = pytest.mark.parametrize("dtype", FORMATS)


# ---- affine


@given(seed=seeds, shape=st.sampled_from([(3,), (1, 3), (4, 3), (2, 5, 3), (0, 3)]))
def test_every_sample_is_mapped_alike_and_its_cotangents_add_up(seed: int, shape: tuple[int, ...]) -> None:
    """Document 004's layer is right for matrices alone; a vector and a batch of matrices come out wrong, silently."""
    rng = np.random.default_rng(seed)
    x, W, b = np.asarray(rng.normal(size=shape)), rng.normal(size=(3, 2)), rng.normal(size=2)
    y, pullback = affine(x, W, b)
    y_bar = np.asarray(rng.normal(size=y.shape))
    x_bar, W_bar, b_bar = pullback(y_bar)
    assert y.shape == (*shape[:-1], 2)
    summed_W, summed_b = np.zeros((3, 2)), np.zeros(2)
    for at in np.ndindex(shape[:-1]):
        assert np.allclose(y[at], [x[at] @ W[:, c] + b[c] for c in range(2)])
        assert np.allclose(x_bar[at], [W[d] @ y_bar[at] for d in range(3)])
        summed_W, summed_b = summed_W + x[at][:, None] * y_bar[at], summed_b + y_bar[at]
    assert np.allclose(W_bar, summed_W)
    assert np.allclose(b_bar, summed_b)


@pytest.mark.parametrize(
    ("x", "W", "b"),
    [((2,), (3, 2), (2,)), ((), (1, 1), (1,)), ((3,), (3,), (1,)), ((3,), (3, 2), ()), ((3,), (3, 2), (3,))],
)
def test_shapes_that_do_not_fit_raise_and_are_named(x: Any, W: Any, b: Any) -> None:
    with pytest.raises(ValueError, match=r"do not fit: x \(\.\.\., D\) takes W \(D, C\) and b \(C,\)"):
        affine(np.zeros(x), np.zeros(W), np.zeros(b))


def test_each_cotangent_has_the_dtype_of_its_argument() -> None:
    x, W, b = np.ones((2, 3), np.float16), np.ones((3, 1), np.float32), np.ones(1)
    y, pullback = affine(x, W, b)
    bars = pullback(np.ones((2, 1), np.float16))
    assert [a.dtype for a in (y, *bars)] == [np.float16, np.float16, np.float32, np.float64]
    assert affine(np.array([1, 2]), np.array([[1], [1]]), np.array([1]))[0].dtype == np.float64


@every_dtype
def test_a_product_overflows_or_vanishes_only_where_the_result_does(dtype: str) -> None:
    form = FORMATS[dtype]
    big, small = 2.0 ** (math.frexp(form.max)[1] - 1), form.tiny
    x, W = np.array([[big, big], [small, small]]), np.array([[2.0, 0.5], [-2.0, 0.5]])
    y, pullback = affine(*(v.astype(form.dtype) for v in (x, W, np.zeros(2))))
    assert y.astype(float).tolist() == [[0, big], [0, small]]
    (x_bar, W_bar, _) = pullback(np.array([[1, 0], [0, 1]]).astype(form.dtype))
    assert x_bar.astype(float).tolist() == [[2, -2], [0.5, 0.5]]
    assert W_bar.astype(float).tolist() == [[big, small], [big, small]]


def test_many_products_below_the_smallest_number_add_up_to_more() -> None:
    """Each of the 64 products is a quarter of the smallest subnormal, and their sum sixteen of it."""
    eta = FORMATS["float64"].eta
    x, W = np.full((1, 64), 2.0**-540), np.full((64, 1), 2.0**-536)
    assert affine(x, W, np.zeros(1))[0].item() == 16 * eta


# ---- mean squared error


def test_the_mean_of_nothing_is_nan_and_its_gradients_are_empty() -> None:
    loss, pullback = mean_squared_error(np.zeros((0, 2)), np.zeros((0, 2)))
    assert np.isnan(loss)
    assert [bar.shape for bar in pullback(1.0)] == [(0, 2), (0, 2)]


def test_predictions_and_targets_of_two_shapes_raise_instead_of_being_broadcast() -> None:
    with pytest.raises(ValueError, match=r"predictions of shape \(3, 1\) and targets of shape \(3,\)"):
        mean_squared_error(np.zeros((3, 1)), np.zeros(3))


def test_the_square_may_overflow_where_the_mean_does_not() -> None:
    big = 2.0**512
    loss, pullback = mean_squared_error(np.array([big, 0, 0, 0]), np.zeros(4))
    assert loss == 2.0**1022
    assert pullback(1.0)[0].tolist() == [big / 2, 0, 0, 0]
    loss, pullback = mean_squared_error(np.array([1.5e308] * 8), np.array([-1.5e308] * 8))
    assert loss == np.inf
    assert np.allclose(pullback(1.0)[0], 1.5e308 / 2, rtol=2.0**-50)


@given(seed=seeds)
def test_predictions_and_targets_may_change_places(seed: int) -> None:
    y, t = np.random.default_rng(seed).normal(size=(2, 3, 4))
    (loss, pullback), (again, back) = mean_squared_error(y, t), mean_squared_error(t, y)
    (y_bar, t_bar), (t_bar_again, y_bar_again) = pullback(3.0), back(3.0)
    assert loss == again
    assert np.array_equal(y_bar, y_bar_again)
    assert np.array_equal(t_bar, t_bar_again)
    assert np.array_equal(y_bar, -t_bar)


# ---- the penalty


@every_dtype
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)], ids=str)
def test_at_0_the_norm_gets_the_subgradient_0(dtype: str, shape: tuple[int, ...]) -> None:
    w = np.zeros(shape, FORMATS[dtype].dtype)
    for squared in (False, True):
        y, pullback = l2_penalty(w, strength=0.1, squared=squared)
        assert y == 0
        assert np.array_equal(pullback(y + y.dtype.type(1)), w)


@every_dtype
@pytest.mark.parametrize("end", ["max", "tiny", "eta"])
def test_a_norm_is_as_good_at_the_ends_of_the_range(dtype: str, end: str) -> None:
    """3-4-5 triangles: the squares of float32 overflow from 2^64 on and vanish from 2^-75 down."""
    form = FORMATS[dtype]
    unit = {"max": 2.0 ** (math.frexp(form.max)[1] - 4), "tiny": form.tiny, "eta": form.eta}[end]
    w = (unit * np.array([3, -4])).astype(form.dtype)
    y, pullback = l2_penalty(w)
    assert y.astype(float) == 5 * unit
    assert np.allclose(pullback(np.ones((), form.dtype)).astype(float), [0.6, -0.8], rtol=4 * form.u, atol=0)


def test_the_squared_penalty_is_its_root_squared_and_strength_is_a_factor() -> None:
    w = np.array([[3.0, 4.0]])
    assert l2_penalty(w, strength=0.5)[0] == 2.5
    assert l2_penalty(w, strength=0.5, squared=True)[0] == 12.5
    assert l2_penalty(w, strength=0.5, squared=True)[1](2.0).tolist() == [[6, 8]]


def test_the_norm_of_nothing_is_0() -> None:
    y, pullback = l2_penalty(np.zeros((0, 2)))
    assert (y.item(), pullback(1.0).shape) == (0, (0, 2))


# ---- softmax regression


@given(seed=seeds, reduction=st.sampled_from(["none", "mean", "sum"]))
def test_softmax_regression_is_softmax_cross_entropy_of_an_affine_map(seed: int, reduction: str) -> None:
    rng = np.random.default_rng(seed)
    x, W, b, labels = (
        rng.normal(size=(4, 3)),
        rng.normal(size=(3, 5)),
        rng.normal(size=5),
        rng.integers(0, 5, 4),
    )
    loss, pullback = softmax_regression(x, W, b, labels, reduction=reduction)
    z, through = affine(x, W, b)
    plain, pull = softmax_cross_entropy(z, labels, reduction=reduction)
    y_bar = rng.normal(size=loss.shape)
    *bars, of_labels = pullback(y_bar)
    assert np.array_equal(loss, plain)
    assert of_labels is None
    assert all(map(np.array_equal, bars, through(pull(y_bar))))


def test_a_bias_shared_by_all_classes_has_no_gradient() -> None:
    """Document 001's scalar bias: adding one number to every logit changes no probability."""
    rng = np.random.default_rng(0)
    x, W, b, labels = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), np.zeros(5), rng.integers(0, 5, 4)
    _, _, b_bar, _ = softmax_regression(x, W, b, labels)[1](1.0)
    assert abs(b_bar.sum()) <= 2.0**-50


def test_without_weights_every_class_is_as_likely() -> None:
    loss, pullback = softmax_regression(np.ones((1, 2)), np.zeros((2, 3)), np.zeros(3), np.array([1]))
    x_bar, W_bar, b_bar, _ = pullback(1.0)
    assert np.allclose(loss, np.log(3), rtol=2.0**-50)
    assert np.allclose(b_bar, [1 / 3, -2 / 3, 1 / 3])
    assert np.allclose(W_bar, np.tile(b_bar, (2, 1)))
    assert x_bar.tolist() == [[0, 0]]
