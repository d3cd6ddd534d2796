"""Laws of the vocabulary of conditions: each tells inputs apart, is true where it should be, and stands on the page."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comparators.exact import Exact
from gradassay.catalogue import OPERATIONS
from gradassay.formats import FORMATS
from gradassay.second_order import pullback_operation
from gradassay.vocabulary import Array, Scenario
from gradassay.why.conditions import ROLES, VOCABULARY, Fact, View, measured
from gradassay.why.conditions.forms import MEMORY
from property_tests.strategies import LAYOUTS, draw_scenarios, lay_out

PAGE = Path(__file__).resolve().parent.parent / "docs" / "causes.md"
BY_WORDS = {item.words: item for item in VOCABULARY}
BESIDE_MEMORY = range(len(VOCABULARY) - len(MEMORY))


@cache
def drawn(operation: str, dtype: str = "float32", examples: int = 200) -> tuple[Scenario, ...]:
    return tuple(draw_scenarios(OPERATIONS[operation], dtype=dtype, examples=examples, seed=0))


def conditions_of(scenario: Scenario, operation: str = "") -> Array:
    return measured(scenario, operation or scenario.operation)


def given(operation: str, *args: Any, **params: Any) -> Scenario:
    """A scenario in float64 whose cotangent is 1 everywhere, in the shape of the primal."""
    arrays = tuple(np.asarray(x) for x in args)
    with np.errstate(all="ignore"):
        shape = np.shape(OPERATIONS[operation].definition(*arrays, **params))
    differentiable = OPERATIONS[operation].differentiable
    return Scenario(operation, "float64", arrays, params, np.ones(shape), differentiable)


def holds(words: str, scenario: Scenario) -> bool:
    fact = BY_WORDS[words]
    assert isinstance(fact, Fact)
    return fact.holds(View(scenario, scenario.operation))


# ---- the table


def test_no_two_conditions_have_the_same_words() -> None:
    words = [*BY_WORDS, *(item.otherwise for item in VOCABULARY if isinstance(item, Fact) and item.otherwise)]
    assert len(BY_WORDS) == len(VOCABULARY)
    assert len(set(words)) == len(words)


def test_every_operation_of_the_catalogue_has_a_role() -> None:
    assert set(ROLES) == set(OPERATIONS)


def on_the_page() -> dict[str, str]:
    """Conditions -> meanings, from the rows of the page's tables."""
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {words.replace(r"\|", "|"): meaning for words, meaning in rows}


def test_the_page_has_every_condition_in_its_order_and_no_other() -> None:
    assert list(on_the_page()) == list(BY_WORDS)


def test_the_page_has_every_negation_beside_its_condition() -> None:
    told = {words: re.findall(r"otherwise `([^`]+)`", meaning) for words, meaning in on_the_page().items()}
    negated = {item.words: item.otherwise for item in VOCABULARY if isinstance(item, Fact)}
    assert told == {words: [negated[words]] if negated.get(words) else [] for words in BY_WORDS}


def test_every_condition_tells_drawn_scenarios_apart() -> None:
    table = np.array(
        [
            conditions_of(scenario)
            for operation in OPERATIONS
            for dtype in FORMATS
            for scenario in drawn(operation, dtype, 40)
        ]
    )
    same = [
        item.words
        for item, column in zip(VOCABULARY, table.T, strict=True)
        if len(np.unique(column[~np.isnan(column)])) < 2
    ]
    assert same == []


# ---- what they mean


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("operation", ["max", "min", "relu"])
def test_there_is_a_tie_where_the_truth_is_a_set(operation: str, dtype: str) -> None:
    words = "an entry at the kink" if operation == "relu" else "tie along the axis"
    exact = Exact(OPERATIONS[operation].definition)
    judged = [scenario for scenario in drawn(operation, dtype) if scenario.valid]
    is_a_set = [bool(next(iter(exact.truths(scenario))).extremes) for scenario in judged]
    assert any(is_a_set)
    assert [holds(words, scenario) for scenario in judged] == is_a_set


@pytest.mark.parametrize("dtype", FORMATS)
def test_an_entry_is_at_a_bound_where_the_truth_of_clip_is_a_set(dtype: str) -> None:
    exact = Exact(OPERATIONS["clip"].definition)
    judged = drawn("clip", dtype)
    is_a_set = [bool(next(iter(exact.truths(scenario))).extremes) for scenario in judged]
    assert any(is_a_set)
    assert [holds("an entry at a bound", scenario) for scenario in judged] == is_a_set


def test_what_a_scenario_meets_does_not_depend_on_memory_unless_it_says_so() -> None:
    for operation in OPERATIONS:
        for scenario in drawn(operation)[::40]:
            found = [
                conditions_of(
                    replace(scenario, args=tuple(lay_out(x, layout) for x in scenario.args), layout=layout)
                )[BESIDE_MEMORY]
                for layout in LAYOUTS
            ]
            for other in found[1:]:
                np.testing.assert_array_equal(other, found[0])


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_pullback_meets_what_its_operation_meets(name: str) -> None:
    """Its arguments are those of the operation, and a cotangent; only numbers of all arguments may differ."""
    pullback = pullback_operation(OPERATIONS[name])
    for scenario in draw_scenarios(pullback, dtype="float32", examples=30, seed=0):
        of_operation = replace(
            scenario, args=scenario.args[:-1], differentiable=scenario.differentiable[:-1], operation=name
        )
        ours, theirs = View(scenario, pullback.name), View(of_operation, name)
        assert ours.role is theirs.role
        np.testing.assert_array_equal(ours.slices, theirs.slices)
        assert np.isfinite(measured(scenario, pullback.name)[BESIDE_MEMORY]).any()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_that_nobody_knows_is_measured_all_the_same(name: str) -> None:
    for scenario in drawn(name)[::5]:
        assert measured(scenario, "a function of the user's").shape == (len(VOCABULARY),)


SOFT, HARD = np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[1.0, 0.0], [0.0, 1.0]])
X = np.array([[1.0, 2.0], [3.0, 0.5]])

#: Condition -> a scenario that meets it, and one beside it that does not.
NEIGHBOURS: dict[str, tuple[Scenario, Scenario]] = {
    "tie along the axis": (given("max", [[1.0, 1.0]], axis=1), given("max", [[1.0, 1.0]], axis=0)),
    "near-tie along the axis": (given("max", [1.0, 1.0005]), given("max", [1.0, 1.002])),
    "ties in several slices": (given("min", np.zeros((2, 2)), axis=1), given("min", np.zeros((2, 2)))),
    "crossed bounds": (given("clip", X, low=1.0, high=-1.0), given("clip", X, low=-1.0, high=1.0)),
    "a missing bound": (given("clip", X, low=1.0, high=None), given("clip", X, low=1.0, high=2.0)),
    "probability 0 of a label": (given("cross_entropy", HARD, [0, 0]), given("cross_entropy", HARD, [0, 1])),
    "a probability of 0": (given("cross_entropy", HARD, [0, 1]), given("cross_entropy", SOFT, [0, 1])),
    "probabilities not summing to 1": (
        given("cross_entropy", SOFT * 1.001, [0, 1]),
        given("cross_entropy", SOFT, [0, 1]),
    ),
    "labels of shape (N, 1)": (
        given("softmax_cross_entropy", X, [[0], [1]]),
        given("softmax_cross_entropy", X, [0, 1]),
    ),
    "one-hot labels": (given("softmax_cross_entropy", X, HARD), given("softmax_cross_entropy", X, SOFT)),
    "labels not summing to 1": (
        given("softmax_cross_entropy", X, SOFT * 1.1),
        given("softmax_cross_entropy", X, SOFT),
    ),
    "-inf at a label": (
        given("softmax_cross_entropy", [[0.0, -np.inf]], [1]),
        given("softmax_cross_entropy", [[0.0, -np.inf]], [0]),
    ),
    "duplicate indices": (
        given("get_item", [1.0, 2.0], index=[0, -2]),
        given("get_item", [1.0, 2.0], index=[0, 1]),
    ),
    "arrays apart in the index": (
        given("get_item", np.zeros((2, 3, 2)), index=(0, slice(None), [0, 1])),
        given("get_item", np.zeros((2, 3, 2)), index=(0, [0, 1])),
    ),
    "boolean mask": (
        given("get_item", X, index=np.array([True, False])),
        given("get_item", X, index=np.array([1, 0])),
    ),
    "NaN in the second argument": (
        given("mean_squared_error", [1.0], [np.nan]),
        given("mean_squared_error", [np.nan], [1.0]),
    ),
    "a slice of -inf alone": (
        given("softmax", [[-np.inf, -np.inf]], axis=1),
        given("softmax", [[-np.inf, -np.inf], [0.0, 0.0]], axis=0),
    ),
    "exp(x) overflows": (given("exp", [709.8]), given("exp", [709.7])),
    "exp(-x) overflows": (given("sigmoid", [-709.8]), given("sigmoid", [-709.7])),
    "a slice far below the largest entry": (
        given("softmax", [[0.0, 1.0], [1000.0, 1000.0]]),
        given("softmax", [[0.0, 1000.0], [1000.0, 0.0]]),
    ),
    "exp(x - max x) underflows": (given("softmax", [0.0, 709.0]), given("softmax", [708.0, 709.0])),
    "a sum of magnitudes overflows": (
        given("mean", [[1e308], [-1e308]], axis=0),
        given("mean", [[1e308], [-1e308]], axis=1),
    ),
    "subnormal entry": (given("relu", [5e-324]), given("relu", [0.0, 2.3e-308])),
    "-0 in an argument": (given("relu", [-0.0]), given("relu", [0.0])),
    "axis of size 1": (given("softmax", np.zeros((3, 1))), given("softmax", np.zeros((3, 1)), axis=0)),
    "a batch of more than one": (given("max", X, axis=1), given("max", X)),
    "axis other than the last": (given("sum", X, axis=0), given("sum", X, axis=-1)),
    "reduction mean": (
        given("cross_entropy", SOFT, [0, 1]),
        given("cross_entropy", SOFT, [0, 1], reduction="sum"),
    ),
}


@pytest.mark.parametrize("words", NEIGHBOURS)
def test_a_condition_holds_here_and_not_beside(words: str) -> None:
    here, beside = NEIGHBOURS[words]
    assert holds(words, here)
    assert not holds(words, beside)


def test_a_tie_that_no_cotangent_reaches_is_none() -> None:
    scenario = given("max", [[1.0, 1.0], [1.0, 2.0]], axis=1)
    assert holds("tie along the axis", scenario)
    assert not holds("tie along the axis", replace(scenario, cotangent=np.array([0.0, 1.0])))
