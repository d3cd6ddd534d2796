"""An operator spoils what it names and no more: signature, primal, and gradients off its condition are the rule's."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from comparators.interface import evaluate_rule
from gradassay.audit_vocabulary import Defect
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Evaluation, Rule, Scenario
from property_tests.strategies import LAYOUTS, draw_scenarios, lay_out
from reference_impls.defects import systematic
from reference_impls.defects.operators import (
    choices,
    conditions,
    formulas,
    precision,
    refusals,
    states,
    structures,
    values,
)
from reference_impls.defects.operators.frame import Operator
from reference_impls.defects.systematic import SYSTEMATIC
from reference_impls.defects.systematic.table import RULES

MODULES = (values, structures, conditions, precision, formulas, choices, states, refusals)

#: Those whose mistake is in the primal, too.
SPOILS_THE_PRIMAL = {
    "naive exp",
    "NaN for empty",
    "over axis 0",
    "swallows errors",
    "clamps labels",
    "get_item_grad: overwritten",
    "get_item_grad: float16 accumulation",
}

#: Those that remember something between calls of a rule or of its pullback.
STATEFUL = {
    "stale residual",
    "wrong when called again",
    "pullback works once",
    "adds up",
    "not deterministic",
}

by_defect = pytest.mark.parametrize("defect", SYSTEMATIC, ids=lambda defect: defect.name)


def operator_of(defect: Defect) -> str:
    """The name of the operator that made it."""
    return defect.name.removeprefix(f"{defect.operation}: ")


@cache
def drawn(operation: str, seed: int = 0) -> list[Scenario]:
    """The scenarios that a verification draws by default."""
    return [
        scenario
        for dtype in ("float64", "float32")
        for scenario in draw_scenarios(OPERATIONS[operation], dtype=dtype, examples=100, seed=seed)
    ]


def bits(evaluation: Evaluation) -> tuple[Any, ...]:
    """All that came back, comparable."""
    parts = (evaluation.primal, *evaluation.gradients)
    arrays = [None if part is None else (part.dtype, part.shape, part.tobytes()) for part in parts]
    return (*arrays, evaluation.error, evaluation.structure, evaluation.impurity)


def evaluated(rule: Rule, scenario: Scenario) -> Evaluation:
    """What came back; the scenario is restored, whatever the rule wrote into it."""
    return evaluate_rule(rule, scenario, twice=True)


def alike(wrong: Rule, right: Rule, scenario: Scenario) -> bool:
    """Whether both give the same bits and both leave alone what they have to."""
    return bits(evaluated(wrong, scenario)) == bits(evaluated(right, scenario))


# ---- the table


def test_names_are_unique_and_each_operation_has_several() -> None:
    names = [defect.name for defect in SYSTEMATIC]
    assert len(set(names)) == len(names) >= 120
    assert set(RULES) == set(OPERATIONS)
    for operation, rule in RULES.items():
        assert rule is OPERATIONS[operation].rule
        assert sum(defect.operation == operation for defect in SYSTEMATIC) >= 5
    assert all(defect.verdict.fails for defect in SYSTEMATIC)


def operators_of(module: ModuleType) -> list[str]:
    """What takes a rule and nothing else."""
    return [
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and list(inspect.signature(value).parameters) == ["rule"]
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_each_operator_is_in_the_table(module: ModuleType) -> None:
    folder = Path(systematic.__file__).parent
    table = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    own = module.__name__.rpartition(".")[2]
    assert operators_of(module)
    assert [name for name in operators_of(module) if f"{own}.{name}" not in table] == []


# ---- what an operator leaves as it was


@by_defect
def test_an_operator_keeps_the_signature(defect: Defect) -> None:
    assert inspect.signature(defect.rule) == inspect.signature(RULES[defect.operation])


@pytest.mark.parametrize(
    "defect",
    [d for d in SYSTEMATIC if not {d.name, operator_of(d)} & SPOILS_THE_PRIMAL],
    ids=lambda defect: defect.name,
)
def test_an_operator_on_gradients_keeps_the_primal(defect: Defect) -> None:
    for scenario in drawn(defect.operation)[::11]:
        wrong, right = (evaluated(rule, scenario) for rule in (defect.rule, RULES[defect.operation]))
        if not wrong.error:
            assert bits(wrong)[0] == bits(right)[0]


@by_defect
def test_a_made_rule_is_not_the_right_one(defect: Defect) -> None:
    assert any(
        not alike(defect.rule, RULES[defect.operation], scenario) for scenario in drawn(defect.operation)
    )


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


# ---- state


@pytest.mark.parametrize(
    "defect", [d for d in SYSTEMATIC if operator_of(d) in STATEFUL], ids=lambda defect: defect.name
)
def test_no_run_shows_in_the_next(defect: Defect) -> None:
    scenarios = [
        draw_scenarios(OPERATIONS[defect.operation], dtype="float32", examples=20, seed=1) for _ in "ab"
    ]
    first, again = ([bits(evaluated(defect.rule, s)) for s in each] for each in scenarios)
    assert first == again


def test_a_second_call_holds_no_array() -> None:
    rule, x = states.second_call(doubled), np.ones(3)
    rule(x)
    held = weakref.ref(x)
    del x
    assert held() is None


def test_a_stale_pullback_holds_one_call() -> None:
    kept: list[weakref.ref[Array]] = []

    def remembering(x: Array) -> Any:
        residual = 2 * x
        kept.append(weakref.ref(residual))
        return residual.copy(), lambda y_bar: residual * y_bar

    rule = states.stale_residual(remembering)
    for _ in range(3):
        rule(np.ones(3))
    assert [each() is None for each in kept] == [True, True, False]
