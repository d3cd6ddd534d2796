"""The implementation asked again, on inputs that tell one explanation from another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from comparators.interface import Comparator
from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Evaluation, Scenario


def clean(comparator: Comparator, scenario: Scenario) -> Evaluation | None:
    """The evaluation where there is nothing but its numbers to judge."""
    if comparator.supports(scenario) is not None:
        return None
    evaluation = comparator.evaluate(scenario)
    return None if evaluation.error or evaluation.structure or evaluation.impurity else evaluation


def widened(scenario: Scenario) -> Scenario:
    """The same numbers in float64."""

    def widen(x: Array) -> Array:
        return x.astype(np.float64) if is_floating(x.dtype) else x

    with np.errstate(all="ignore"):
        args = tuple(widen(x) for x in scenario.args)
    return replace(scenario, dtype="float64", args=args, cotangent=widen(scenario.cotangent))
