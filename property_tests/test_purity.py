"""What results share with what a rule was given is remarked, and nothing is changed on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Rule
from gradassay.why.purity import remarks_of
from property_tests.strategies.layouts import lay_out
from property_tests.strategies.scenarios import draw_scenarios


def view_of_its_argument(x: Array, *, index: Any) -> Any:
    return x[index], OPERATIONS["get_item"].rule(x, index=index)[1]


def hands_its_cotangent_on(x: Array) -> Any:
    return x.copy(), lambda y_bar: y_bar


def keeps_its_gradient(x: Array) -> Any:
    x_bar = np.exp(x)
    return x_bar, lambda y_bar: x_bar


def reads_by_memory(x: Array) -> Any:
    return np.exp(
        x
    ), lambda y_bar: y_bar * (np.exp(x) if x.flags.c_contiguous else np.exp2(x * np.log2(np.e)))


@pytest.mark.parametrize(
    ("operation", "rule", "remark"),
    [
        ("get_item", view_of_its_argument, "the primal shares memory with argument 0"),
        ("exp", hands_its_cotangent_on, "the gradient shares memory with the cotangent"),
        ("exp", keeps_its_gradient, "the gradient shares memory with the primal"),
        ("exp", keeps_its_gradient, "writing to the primal changes what the pullback returns"),
        ("exp", keeps_its_gradient, "writing to the gradient changes what the pullback returns next"),
        ("exp", reads_by_memory, "other bits from the same values in another memory layout"),
        ("softmax", OPERATIONS["softmax"].rule, "writing to the primal changes what the pullback returns"),
    ],
)
def test_what_results_share_is_remarked_and_nothing_is_changed(
    operation: str, rule: Rule, remark: str
) -> None:
    said: set[str] = set()
    for scenario in draw_scenarios(OPERATIONS[operation], dtype="float64", examples=30, seed=0):
        arrays: Sequence[Array] = (*scenario.args, scenario.cotangent)
        before = [lay_out(array, "C") for array in arrays]
        said |= {sentence.split(" (")[0] for sentence in remarks_of(rule, scenario)}
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, arrays, strict=True))
    assert remark in said


def test_a_rule_that_raises_gets_no_remark() -> None:
    def raising(x: Array) -> Any:
        raise RuntimeError

    (scenario,) = draw_scenarios(OPERATIONS["exp"], dtype="float64", examples=1, seed=0)
    assert remarks_of(raising, scenario) == ()


def test_a_rule_that_sorts_its_index_changes_a_parameter() -> None:
    def sorting(x: Array, *, index: Any) -> Any:
        y, pullback = OPERATIONS["get_item"].rule(x, index=index)
        if isinstance(index, np.ndarray) and index.dtype.kind in "iu":
            index[...] = np.sort(index, axis=None)[::-1].reshape(index.shape)
        return y, pullback

    comparator = RuleComparator("planted", sorting)
    drawn = draw_scenarios(OPERATIONS["get_item"], dtype="float64", examples=60, seed=0)
    assert "changes a parameter in place" in {comparator.evaluate(scenario).impurity for scenario in drawn}
