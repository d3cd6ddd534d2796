"""What laws of made rules share: the scenarios that they are held on, and whether two rules give the same bits."""

from __future__ import annotations

from functools import cache
from typing import Any

from comparators.interface import evaluate_rule
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Evaluation, Rule, Scenario
from gradassay.vocabulary.audit import Defect
from property_tests.strategies import draw_scenarios


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
