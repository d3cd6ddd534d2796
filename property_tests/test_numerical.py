"""Numerical differentiation: what document 004 prints, and its faults beside what is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradassay import UsageError, numerical
from gradassay.numerical import STEP, derivative, descent_path, gradient, gradient_descent, tangent
from gradassay.vocabulary import Array
from property_tests.printed_figures import printed, significant

U = 2.0**-53
cubes = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=0, max_dims=3, max_side=3), elements=st.floats(-9, 9)
)


def square_plus_5(x: Any) -> Any:
    return x**2 + 5


def bowl(x: Any) -> Any:
    """x0² + x1³ + 1: gradient (2 x0, 3 x1²)."""
    return x[0] ** 2 + x[1] ** 3 + 1


def step_by_step(f: Callable[[Any], Any], x: Any, h: float = 1e-5) -> Any:
    """Document 004's mistakes in small: steps are written into x itself, and the slopes into an array like it."""
    slopes = np.zeros_like(x)
    for i in range(len(x)):
        kept = x[i]
        x[i] = kept + h
        above = f(x)
        x[i] = kept - h
        below = f(x)
        slopes[i] = (above - below) / (2 * h)
        x[i] = kept
    return slopes


# ---- what document 004 prints


def test_the_derivative_of_a_square_prints_this() -> None:
    assert derivative(square_plus_5, 1) == 2.0000000000131024


def test_the_gradient_prints_4_and_27() -> None:
    assert printed(gradient(bowl, np.array([2.0, 3.0])), [4, 27], decimals=8)


def test_the_descent_ends_at_these_digits() -> None:
    assert significant(gradient_descent(bowl, np.array([2.0, 3.0])), [3.36597239e-09, 3.28189298e-02])


# ---- its faults, and what is right


def test_a_row_of_a_matrix_is_a_view_and_is_never_restored() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    wrong = step_by_step(lambda a: np.sum(a**2), x.copy())
    assert printed(wrong, [[3, 3], [7, 7]], decimals=4)
    assert printed(gradient(lambda a: np.sum(a**2), x), [[2, 4], [6, 8]], decimals=8)


def test_a_step_is_lost_on_integers() -> None:
    wrong = step_by_step(bowl, np.array([2, 3]))
    assert wrong.tolist() == [150000, 949999]
    assert printed(gradient(bowl, np.array([2, 3])), [4, 27], decimals=8)


def test_a_step_is_coarse_in_float32() -> None:
    x = np.array([2, 3], np.float32)
    assert printed(step_by_step(bowl, x.copy()), [3.91, 27.08], decimals=2)
    assert printed(gradient(bowl, x), [4, 27], decimals=8)


def test_a_tangent_of_one_function_has_the_slope_of_that_function() -> None:
    """Document 004 differentiates a global function, whatever function it was given."""
    line = tangent(np.exp, 1.0)
    wrong = np.exp(1.0) + derivative(square_plus_5, 1.0) * (2.0 - 1.0)
    assert printed([wrong, line(2.0)], [np.e + 2, 2 * np.e], decimals=8)


def test_a_descent_leaves_its_start_where_it_is() -> None:
    start = np.array([2.0, 3.0])
    wrong = start
    wrong -= 0.01 * gradient(bowl, wrong)
    assert start.tolist() != [2, 3]
    start = np.array([2.0, 3.0])
    gradient_descent(bowl, start, steps=1)
    assert start.tolist() == [2, 3]


# ---- laws


@given(x=cubes)
def test_a_gradient_has_the_arguments_shape_and_the_right_slopes(x: Array) -> None:
    slopes = gradient(lambda a: np.sum(a**3 - 2 * a), x)
    assert (slopes.shape, slopes.dtype.name) == (x.shape, "float64")
    # A cube is off by h²; of each entry of f, and of their sum, some roundings are divided by 2 h.
    rounding = (x.size + 8) * U * np.sum(np.abs(x) ** 3 + 2 * np.abs(x) + 1) / STEP
    assert np.all(
        np.abs(slopes - (3 * x**2 - 2)) <= STEP**2 + rounding + 30 * U * (np.abs(x) + 1) ** 3 / STEP
    )


@given(x=cubes)
def test_no_argument_changes_and_every_result_is_its_own(x: Array) -> None:
    kept = x.copy()
    x.flags.writeable = False
    for found in (
        gradient(np.sum, x),
        gradient_descent(np.sum, x, steps=2),
        gradient_descent(np.sum, x, steps=0),
    ):
        assert not np.shares_memory(found, x)
        assert found.flags.writeable
    assert x.tobytes() == kept.tobytes()


def test_a_function_that_writes_into_its_argument_spoils_nothing() -> None:
    def greedy(a: Any) -> Any:
        total = np.sum(a**2)
        a[...] = 0
        return total

    x = np.array([1.0, 2.0])
    assert printed(gradient(greedy, x), [2, 4], decimals=8)
    assert x.tolist() == [1, 2]


@given(x0=st.floats(-9, 9), slope=st.floats(-9, 9))
def test_a_line_is_its_own_tangent(x0: float, slope: float) -> None:
    points = np.linspace(-9, 9, 7)
    line = tangent(lambda x: slope * x + 1, x0)
    assert np.allclose(line(points), slope * points + 1, rtol=0, atol=18 * 4 * 90 * U / STEP)
    assert line(x0) == slope * x0 + 1


def test_a_derivative_of_many_numbers_is_taken_entry_by_entry() -> None:
    x = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert printed(derivative(np.sin, x), np.cos(x), decimals=8)


def test_a_path_leads_from_the_start_to_the_point_of_the_descent() -> None:
    path = descent_path(bowl, [2.0, 3.0], steps=20)
    assert path.shape == (21, 2)
    assert path[0].tolist() == [2, 3]
    assert path[20].tolist() == gradient_descent(bowl, [2.0, 3.0], steps=20).tolist()
    assert np.all(np.diff([bowl(point) for point in path]) < 0)


def test_a_step_with_a_rate_moves_against_the_gradient() -> None:
    assert printed(gradient_descent(bowl, [2, 3], rate=0.1, steps=1), [1.6, 0.3], decimals=8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: derivative(np.sin, 1.0, h=0), "the step h has to be positive, not 0"),
        (lambda: gradient(np.sum, [1.0], h=np.nan), "the step h has to be positive, not nan"),
        (lambda: derivative(np.sin, 1e20), "a step of h=1e-05 does not move x=1e\\+20: take a larger one"),
        (lambda: gradient(np.sin, [1.0, 2.0]), r"returns one number, but f returned shape \(2,\)"),
        (lambda: gradient_descent(np.sum, [1.0], steps=-1), "steps has to be 0 or more, not -1"),
    ],
    ids=["no step", "a step of NaN", "a step too small", "many numbers", "negative steps"],
)
def test_what_cannot_be_differentiated_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()


def test_the_module_is_part_of_the_public_names() -> None:
    import gradassay

    assert gradassay.numerical is numerical
    assert "numerical" in gradassay.__all__


def test_a_tangent_takes_integers_as_numbers() -> None:
    assert tangent(lambda x: x**3, np.int32(2000))(2000) == 8e9
    np.testing.assert_allclose(tangent(lambda x: x**-2.0, np.array(2))(2.0), 0.25)
