"""The layers of the documents: what they print, and where one is wrong, its mistake in small beside what is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradassay import jacobian
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array
from property_tests.printed_figures import printed, significant
from reference_impls.activations import relu, sigmoid, tanh
from reference_impls.affine import affine
from reference_impls.elementwise import clip
from reference_impls.get_item import get_item
from reference_impls.softmax import softmax

U = 2.0**-53
ONE_TWO_THREE = np.array([[1.0, 2.0, 3.0]])
#: The axis that document 004 plots its functions over.
AXIS = np.arange(-10, 10, 0.01)


def exponentials_over(x: Array, axis: int | None, shift: Any) -> Array:
    """A softmax as it is written first: some shift, and a sum over some axis."""
    with np.errstate(all="ignore"):
        e = np.exp(x - shift)
        return np.asarray(e / e.sum(axis=axis, keepdims=True))


# ---- get_item (document 000)


def test_000_zeros_without_a_dtype_make_a_float32_gradient_float64() -> None:
    x = np.ones((2, 3), np.float32)
    wrong = np.zeros(x.shape)
    np.add.at(wrong, 1, np.ones(3, np.float32))
    y, pullback = get_item(x, index=1)
    assert wrong.dtype == np.float64
    assert pullback(np.ones_like(y)).dtype == np.float32


def test_000_an_index_gives_a_view_of_the_argument() -> None:
    x = np.ones((2, 3))
    assert np.shares_memory(x, x[1])
    assert not np.shares_memory(x, get_item(x, index=1)[0])


# ---- maximum and minimum, clip (document 000)


def test_000_maxima_of_the_rows() -> None:
    x = np.array([[1.0, 2.0, 3.0], [3.0, 5.0, 4.0]])
    y, pullback = OPERATIONS["max"].rule(x, axis=1, keepdims=True)
    assert y.tolist() == [[3], [5]]
    assert pullback(np.ones_like(y)).tolist() == [[0, 0, 1], [0, 1, 0]]


def test_000_shift_by_the_maximum_prints_these_rows() -> None:
    x = np.array([[0.2, -0.4, 0.4], [0.3, -0.5, 0.7]])
    m, _ = OPERATIONS["max"].rule(x, axis=1, keepdims=True)
    assert printed(m, [[0.4], [0.7]], decimals=8)
    assert printed(x - m, [[-0.2, -0.8, 0], [-0.4, -1.2, 0]], decimals=8)


@pytest.mark.parametrize(("name", "x"), [("max", [1.0, 3.0, 3.0]), ("min", [-1.0, -3.0, -3.0])])
def test_000_a_tie_that_counts_every_winner_has_twice_the_slope(name: str, x: list[float]) -> None:
    """Along (1, 1, 1) the extremum moves as fast as its argument: the gradient has to sum to 1."""
    y, pullback = OPERATIONS[name].rule(np.array(x))
    every_winner = (np.array(x) == y).astype(float)
    assert every_winner.tolist() == [0, 1, 1]
    x_bar = pullback(1.0)
    assert x_bar.sum() == 1
    assert x_bar[0] == 0


def test_000_a_negative_axis_is_counted_from_the_end() -> None:
    def kept(shape: tuple[int, ...], axis: int) -> list[int]:
        return [1 if i == axis else n for i, n in enumerate(shape)]

    with pytest.raises(ValueError, match="cannot reshape"):
        np.ones(2).reshape(kept((2, 3), -1))
    y, pullback = OPERATIONS["max"].rule(np.array([[1.0, 2.0, 3.0], [3.0, 5.0, 4.0]]), axis=-1)
    assert y.tolist() == [3, 5]
    assert pullback(np.ones(2)).tolist() == [[0, 0, 1], [0, 1, 0]]


def test_000_clip_prints_these_rows_and_gradients() -> None:
    x = np.array([[1.0, 2.0, 3.0], [3.0, 5.0, 4.0]])
    y, pullback = clip(x, low=2, high=3)
    assert y.tolist() == [[2, 2, 3], [3, 3, 3]]
    assert pullback(np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])).tolist() == [[0, 1, 1], [2, 0, 0]]


def test_000_a_bound_of_none_is_no_number_to_compare_with() -> None:
    x = np.array([1.0, 5.0])
    with pytest.raises(TypeError, match="NoneType"):
        x >= None  # noqa: B015
    assert clip(x, high=3)[0].tolist() == [1, 3]


# ---- softmax (documents 000, 002 and 004)


def test_000_without_a_shift_a_logit_of_1000_is_nan() -> None:
    x = np.array([[1000.0, 0.0]])
    assert np.isnan(exponentials_over(x, 1, 0)).tolist() == [[True, False]]
    assert softmax(x)[0].tolist() == [[1, 0]]


def test_000_axis_1_of_a_vector_raises() -> None:
    with pytest.raises(np.exceptions.AxisError):
        exponentials_over(np.ones(3), 1, 0)
    assert printed(softmax(np.ones(3))[0], [1 / 3] * 3, decimals=15)


def test_002_softmax_of_a_number_and_0_is_its_sigmoid() -> None:
    pairs = np.stack([AXIS, np.zeros_like(AXIS)], axis=1)
    assert np.allclose(softmax(pairs)[0][:, 0], sigmoid(AXIS)[0], rtol=16 * U, atol=0)


def test_002_the_maximum_of_the_whole_batch_leaves_a_row_of_nan() -> None:
    x = np.array([[0.0, 1.0], [1000.0, 1000.0]])
    wrong = exponentials_over(x, 1, x.max())
    assert np.isnan(wrong).tolist() == [[True, True], [False, False]]
    assert printed(softmax(x)[0], [[1 / (1 + np.e), np.e / (1 + np.e)], [0.5, 0.5]], decimals=15)


def test_002_with_as_many_samples_as_classes_the_layer_answers_with_one_row_for_all() -> None:
    """`np.diag` of a matrix takes its diagonal out: one table for the batch, and no error tells."""
    p, pullback = softmax(np.array([[0.0, 1.0], [2.0, 0.0]]))
    y_bar = np.array([[1.0, 0.0], [0.0, 0.0]])
    wrong = np.sum(y_bar[None] * (np.diag(p) - p.T @ p), axis=1)
    right = pullback(y_bar)
    assert (wrong.shape, right.shape) == ((1, 2), (2, 2))
    slope = p[0, 0] * p[0, 1]
    assert printed(right, [[slope, -slope], [0, 0]], decimals=15)
    assert abs(wrong[0, 0] - slope) > 0.1


def test_004_softmax_over_the_axis_sums_to_1_but_for_its_last_digit() -> None:
    document = exponentials_over(AXIS, 0, AXIS.max())
    # The last digit is the rounding of 2,000 exponentials, one more or less wherever exp rounds otherwise.
    assert abs(document.sum() - 0.9999999999999999) <= 2 * U
    assert abs(softmax(AXIS)[0].sum() - 1) <= 4 * U


def test_004_softmax_over_the_samples_makes_equal_rows_one_half() -> None:
    x = np.vstack([ONE_TWO_THREE, ONE_TWO_THREE])
    assert np.all(exponentials_over(x, 0, x.max(axis=0)) == 0.5)
    assert printed(softmax(x)[0], [[0.0900, 0.2447, 0.6652]] * 2, decimals=4)


def test_004_the_diagonal_alone_is_no_pullback_of_softmax() -> None:
    p, pullback = softmax(ONE_TWO_THREE)
    assert printed(p - p**2, [[0.082, 0.185, 0.223]], decimals=3)
    assert printed(pullback(np.array([[1.0, 0.0, 0.0]])), [[0.082, -0.022, -0.060]], decimals=3)
    assert printed(np.diagonal(jacobian(softmax, ONE_TWO_THREE)[0, :, 0]), (p - p**2)[0], decimals=15)


# ---- relu, sigmoid, tanh (documents 002 and 004)


def test_004_relu_passes_10_or_nothing() -> None:
    y, pullback = relu(AXIS)
    assert np.array_equal(y, np.where(AXIS > 0, AXIS, 0))
    assert np.array_equal(pullback(np.full_like(AXIS, 10)), np.where(AXIS > 0, 10, 0))


def test_004_relu_that_writes_into_the_cotangent_destroys_it_for_everyone_else() -> None:
    x, theirs, ours = np.array([-1.0, 1.0]), np.ones(2), np.ones(2)
    theirs[x <= 0] = 0
    assert relu(x)[1](ours).tolist() == theirs.tolist() == [0, 1]
    assert ours.tolist() == [1, 1]


def test_002_one_minus_sigmoid_cancels_at_40() -> None:
    s, pullback = sigmoid(np.array([40.0, -40.0]))
    assert (s * (1 - s))[0] == 0
    assert significant(pullback(np.ones(2)), [4.25e-18] * 2, digits=3)


def test_004_sigmoid_and_tanh_have_the_slopes_that_are_plotted() -> None:
    """y (1 - y) is 1/4 at its peak, and the curve lifted by 0.1 is the same curve; tanh has the slope 1 at 0."""
    s, pullback = sigmoid(AXIS)
    slopes = pullback(np.ones_like(AXIS))
    assert np.allclose(slopes, s * (1 - s), rtol=0, atol=4 * U)
    assert printed(slopes.max(), 0.25, decimals=15)
    t, through_tanh = tanh(AXIS)
    assert np.allclose(through_tanh(np.ones_like(AXIS)), 1 - t**2, rtol=0, atol=4 * U)


# ---- x W + b (documents 003 and 004)


@pytest.mark.parametrize("shape", [(2,), (3, 4, 2)], ids=["a vector", "three axes"])
def test_004_affine_that_transposes_everything_has_wrong_shapes_but_for_matrices(
    shape: tuple[int, ...],
) -> None:
    rng = np.random.default_rng(4)
    x, W, b = rng.normal(size=shape), rng.normal(size=(2, 5)), rng.normal(size=5)
    y, pullback = affine(x, W, b)
    y_bar = np.ones_like(y)
    if len(shape) == 1:
        with pytest.raises(ValueError, match="not aligned"):
            np.dot(x.T, y_bar)
    assert np.sum(y_bar, axis=0).shape != b.shape
    assert [bar.shape for bar in pullback(y_bar)] == [x.shape, W.shape, b.shape]


def test_003_its_two_kronecker_expressions_are_the_jacobians_and_are_thrown_away() -> None:
    rng = np.random.default_rng(3)
    x, W, b = rng.normal(size=(4, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
    by_W = np.kron(x[:, None, :, None], np.eye(3)[None, :, None, :])
    by_b = np.broadcast_to(np.eye(3), (4, 3, 3))
    _, ours_by_W, ours_by_b = jacobian(affine, x, W, b)
    assert np.array_equal(by_W, ours_by_W)
    assert np.array_equal(by_b, ours_by_b)


@pytest.mark.parametrize(("features", "silent"), [(5, False), (3, True)])
def test_003_copying_one_column_for_the_matrix_raises_or_copies_wrong_rows(
    features: int, silent: bool
) -> None:
    theirs = np.random.default_rng(3).normal(size=(features, 3))
    ours = np.zeros_like(theirs)
    if silent:
        ours[...] = theirs[:, 0]
        assert np.all(ours == theirs[:, 0])
        assert not np.array_equal(ours, theirs)
    else:
        with pytest.raises(ValueError, match="could not broadcast"):
            ours[...] = theirs[:, 0]
