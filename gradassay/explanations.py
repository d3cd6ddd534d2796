"""Why an evaluation fails: the mildest explanation that holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from comparators.exact import Exact
from comparators.interface import Comparator
from gradassay.findings import Finding
from gradassay.formats import is_floating
from gradassay.question import Question, by_path, comparisons_with, hold
from gradassay.vocabulary import Evaluation, Scenario, Truth, Verdict


def explained(
    question: Question, comparator: Comparator, evaluation: Evaluation, finding: Finding
) -> Finding:
    """A failing finding with the mildest explanation that holds."""
    for name, definition in question.conventions.items():
        if _is_convention(question, evaluation, finding, Exact(definition)):
            return replace(finding, verdict=Verdict.CONVENTION, cause=name)
    if question.scenario.layout not in ("C", "read_only") and _passes(question, comparator, _contiguous):
        return replace(finding, verdict=Verdict.IMPURE, cause="depends on the memory layout")
    if finding.verdict is Verdict.WRONG and _by_rounding(question, comparator, finding):
        return replace(finding, verdict=Verdict.IMPRECISE, cause="rounding")
    return finding


def _is_convention(question: Question, evaluation: Evaluation, finding: Finding, exact: Exact) -> bool:
    """Whether the evaluation is the convention's truth, and that is not the definition's anyway."""
    for truth in Question(question.scenario, exact, {}).truths():
        members = [truth, *(replace(truth, gradients=gradients) for gradients in truth.extremes.values())]
        found = [comparisons_with(evaluation, member, question.form) for member in members]
        if all(any(c.structure or c.outside for c in comparisons) for comparisons in found):
            return False
        for member, comparisons in zip(members, found, strict=True):
            if not any(c.structure or c.outside or c.undecided for c in comparisons):
                return _differs(finding, member)
    return False


def _differs(finding: Finding, truth: Truth) -> bool:
    """Where the definition is missed, the convention has a value of its own."""
    example = finding.example
    if example is None or example.index is None or example.expected is None or example.budget is None:
        return False
    enclosure = by_path(truth)[example.path]
    value, radius = float(enclosure.mid[example.index]), float(enclosure.rad[example.index])
    return not math.isnan(value) and not abs(value - example.expected) <= radius + example.budget


def _by_rounding(question: Question, comparator: Comparator, finding: Finding) -> bool:
    """Is the error a rounding error?  Then it goes away where there is more precision.

    Narrow formats: the same implementation on the same inputs in float64 agrees.  In float64 there is mostly
    nothing wider to run: there, an error that leaves half of the digits of the largest entry right (sqrt(u)).
    """
    if question.scenario.dtype != "float64":
        return _passes(question, comparator, _widened)
    example = finding.example
    if example is None or example.expected is None or example.got is None:
        return False
    mid = by_path(next(question.truths()))[example.path].mid
    sizes = [np.abs(np.asarray(a, np.float64)) for a in (mid, question.scenario.cotangent)]
    scale = max(float(np.max(s, initial=0.0, where=np.isfinite(s))) for s in sizes)
    return abs(example.got - example.expected) <= math.sqrt(question.form.u) * scale


def _passes(question: Question, comparator: Comparator, change: Callable[[Scenario], Scenario]) -> bool:
    scenario = change(question.scenario)
    if comparator.supports(scenario) is not None:
        return False
    evaluation = comparator.evaluate(scenario)
    if evaluation.error or evaluation.structure or evaluation.impurity:
        return False
    found = hold(question.related(scenario), evaluation)
    # In a wider format, too, subnormals may be flushed to zero, only lower down.
    flushed = found.verdict is Verdict.IMPRECISE and scenario.dtype != question.scenario.dtype
    return flushed or not found.verdict.fails


def _contiguous(scenario: Scenario) -> Scenario:
    args = tuple(np.array(x, order="C") for x in scenario.args)
    return replace(scenario, args=args, cotangent=np.array(scenario.cotangent, order="C"), layout="C")


def _widened(scenario: Scenario) -> Scenario:
    def widen(x: Any) -> Any:
        return x.astype(np.float64) if is_floating(x.dtype) else x

    args = tuple(widen(x) for x in scenario.args)
    return replace(scenario, dtype="float64", args=args, cotangent=widen(scenario.cotangent))
