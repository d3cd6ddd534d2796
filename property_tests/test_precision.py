"""What was computed in a narrower format is told by its digits, and by nothing less."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradassay
from gradassay.catalogue import OPERATIONS
from gradassay.precision import digits
from gradassay.vocabulary import Array, Rule


def rounding(dtype: Any) -> Rule:
    def rule(x: Array) -> Any:
        y, pullback = OPERATIONS["tanh"].rule(x)
        return y, lambda y_bar: pullback(y_bar).astype(dtype).astype(x.dtype)

    return rule


@pytest.mark.parametrize(
    ("value", "count"), [(1.0, 1), (0.375, 2), (0.1, 52), (float(np.float32(0.1)), 24), (-3.0, 2)]
)
def test_digits_are_those_from_the_first_to_the_last_that_is_not_0(value: float, count: int) -> None:
    assert digits(np.array([value])).tolist() == [count]


def test_only_different_finite_numbers_count() -> None:
    assert digits(np.array([0.0, np.inf, np.nan, 5.0, -5.0, 2.0])).tolist() == [1, 3]


@pytest.mark.parametrize(("dtype", "under"), [(np.float32, "float64"), (np.float16, "float32")])
def test_a_narrower_result_is_named(dtype: Any, under: str) -> None:
    points = [(np.linspace(0.1, 2.0, 40),)]
    (found,) = gradassay.verify(rounding(dtype), like="tanh", inputs=points, dtypes=(under,)).discrepancies
    assert (found.verdict, found.cause) == ("imprecise", f"computed in {np.dtype(dtype).name}")


def test_a_wrong_result_of_few_digits_is_wrong() -> None:
    def halves(x: Array) -> Any:
        y, pullback = OPERATIONS["tanh"].rule(x)
        return y, lambda y_bar: np.round(pullback(y_bar) * 2) / 2

    points = [(np.linspace(0.1, 2.0, 40),)]
    found = gradassay.verify(halves, like="tanh", inputs=points, dtypes=("float64",)).discrepancies
    assert [each.verdict for each in found] == ["wrong"]
