"""An operator spoils what it names and no more: signature and primal are the rule's, and no run shows in the next."""

from __future__ import annotations

import inspect
import weakref
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array
from gradassay.vocabulary.audit import Defect
from property_tests.meta.alike import alike, bits, drawn, evaluated, operator_of
from property_tests.strategies import draw_scenarios
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


def doubled(x: Array) -> Any:
    return 2 * x, lambda y_bar: 2 * y_bar


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
