"""An operator that names a condition is wrong where it holds, and not in a bit where it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradassay.vocabulary import Array, Scenario
from gradassay.vocabulary.audit import Defect
from property_tests.meta.alike import alike, drawn, operator_of
from property_tests.strategies import LAYOUTS, lay_out
from reference_impls.defects.operators import conditions
from reference_impls.defects.operators.frame import Operator
from reference_impls.defects.systematic import SYSTEMATIC
from reference_impls.defects.systematic.table import RULES


def entries(scenario: Scenario) -> list[Array]:
    return [scenario.args[i] for i in scenario.differentiable]


def negative(index: Any) -> bool:
    """Whether an index has a negative integer, slices aside."""
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [np.asarray(part) for part in parts if part is not None and not isinstance(part, slice)]
    return any(array.dtype.kind == "i" and bool((array < 0).any()) for array in arrays)


def repeats(scenario: Scenario) -> bool:
    """Whether a place is taken twice."""
    shape = scenario.params.get("shape", scenario.args[0].shape)
    places = np.arange(int(np.prod(shape))).reshape(shape)[scenario.params["index"]]
    return len(np.unique(places)) < np.size(places)


#: Operator -> the condition without which it changes nothing.
CONDITIONS: dict[str, Callable[[Scenario], bool]] = {
    "wrong below -12": lambda s: any(bool((x < -12).any()) for x in entries(s)),
    "wrong from 33 entries on": lambda s: s.args[0].size >= 33,
    "nothing after 33 entries": lambda s: s.args[0].size > 33,
    "one position in 10,000": lambda s: any(x.size >= 10_000 for x in entries(s)),
    "zero for many": lambda s: any(x.size > 30_000 for x in entries(s)),
    "not contiguous": lambda s: s.layout in ("F", "strided", "reversed"),
    "negative strides": lambda s: s.layout == "reversed",
    "read in memory order": lambda s: s.layout == "F",
    "NaN for empty": lambda s: any(x.size == 0 for x in (*s.args, s.cotangent)),
    "refuses vectors": lambda s: s.args[0].ndim == 1,
    "refuses 0-d arrays": lambda s: s.args[0].ndim == 0,
    "refuses nothing": lambda s: s.args[0].size == 0,
    "refuses negative axes": lambda s: isinstance(s.params.get("axis"), int) and s.params["axis"] < 0,
    "refuses three axes": lambda s: s.args[0].ndim > 2,
    "swallows errors": lambda s: not s.valid,
    "clamps labels": lambda s: not s.valid,
    "overwritten": lambda s: s.valid and repeats(s),
    "negative index clamped": lambda s: negative(s.params["index"]),
    "float32 in between": lambda s: s.dtype == "float64",
    "float64 always": lambda s: s.dtype == "float32",
    "float32 always": lambda s: s.dtype == "float64",
    "first entry of the cotangent": lambda s: s.cotangent.size > 1,
    "absolute cotangent": lambda s: bool(np.signbit(s.cotangent).any()),
    "transposed": lambda s: any(x.ndim > 1 for x in entries(s)),
    "over axis 0": lambda s: s.args[0].ndim > 1,
    "gradient over another axis": lambda s: s.args[0].ndim > 1,
}

conditional = pytest.mark.parametrize(
    "defect",
    [defect for defect in SYSTEMATIC if operator_of(defect) in CONDITIONS],
    ids=lambda defect: defect.name,
)


def test_every_condition_is_that_of_an_operator() -> None:
    assert set(CONDITIONS) <= set(map(operator_of, SYSTEMATIC))


@conditional
def test_where_its_condition_does_not_hold_an_operator_changes_no_bit(defect: Defect) -> None:
    condition, right = CONDITIONS[operator_of(defect)], RULES[defect.operation]
    elsewhere = [scenario for scenario in drawn(defect.operation)[::3] if not condition(scenario)]
    assert elsewhere
    assert all(alike(defect.rule, right, scenario) for scenario in elsewhere)


# ---- conditions that few scenarios meet


def doubled(x: Array) -> Any:
    return 2 * x, lambda y_bar: 2 * y_bar


def spoiled(operator: Operator, x: Array) -> Array:
    """Where the gradient of ``doubled`` is not 2 any more."""
    return np.asarray(operator(doubled)(x)[1](np.ones_like(x)) != 2)


@pytest.mark.parametrize("size", [9_999, 10_000, 25_000])
def test_one_position_in_ten_thousand_is_one(size: int) -> None:
    wrong = spoiled(conditions.one_position_in_10000, np.zeros(size))
    assert np.flatnonzero(wrong).tolist() == list(range(9_999, size, 10_000))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_value_in_ten_thousand_is_about_one_and_the_same_in_any_layout(dtype: str, layout: str) -> None:
    x = np.random.default_rng(0).standard_normal((1000, 1000)).astype(dtype)
    wrong = spoiled(conditions.one_value_in_10000, lay_out(x, layout))
    assert 50 < wrong.sum() < 200  # 100 expected, with a deviation of 10
    assert np.array_equal(wrong, spoiled(conditions.one_value_in_10000, x))


@pytest.mark.parametrize("size", [30_000, 30_001])
def test_many_are_more_than_thirty_thousand(size: int) -> None:
    assert spoiled(conditions.zero_for_many, np.zeros(size)).all() == (size > 30_000)
