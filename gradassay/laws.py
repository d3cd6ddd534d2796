"""What holds for every pullback whatever the function is: the checks that need no truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from comparators.interface import Comparator
from gradassay.findings import Finding, in_words
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array, Evaluation, Scenario, Verdict


def judge_without_truth(comparator: Comparator, scenario: Scenario) -> Finding:
    """Exceptions, structure, purity, and linearity in the cotangent."""
    evaluation = comparator.evaluate(scenario)
    if evaluation.error:
        return in_words(scenario, Verdict.RAISES, evaluation.error.split(":")[0], evaluation.error)
    sentence = evaluation.structure or _structure(evaluation, scenario)
    if sentence:
        return in_words(
            scenario, Verdict.STRUCTURE, "arity" if evaluation.structure else "shape or dtype", sentence
        )
    if evaluation.impurity:
        return in_words(scenario, Verdict.IMPURE, evaluation.impurity, evaluation.impurity)
    return _doubled(comparator, scenario, evaluation)


def _structure(evaluation: Evaluation, scenario: Scenario) -> str | None:
    """A gradient has its argument's shape and dtype."""
    for i, gradient in zip(scenario.differentiable, evaluation.gradients, strict=True):
        x = scenario.args[i]
        if gradient is None:
            return f"no gradient of argument {i}"
        if gradient.shape != x.shape or gradient.dtype != x.dtype:
            return f"the gradient of argument {i} is {gradient.dtype}{gradient.shape}, the argument {x.dtype}{x.shape}"
    return None


def _doubled(comparator: Comparator, scenario: Scenario, evaluation: Evaluation) -> Finding:
    """Twice the cotangent, twice the gradient: exact in binary arithmetic, so nothing is tolerated but underflow."""
    doubled = comparator.evaluate(
        replace(scenario, cotangent=scenario.cotangent * scenario.cotangent.dtype.type(2))
    )
    form = FORMATS[scenario.dtype]
    for once, twice in zip(evaluation.gradients, doubled.gradients, strict=False):
        if once is not None and twice is not None and not _is_double(once, twice, form.tiny / form.u):
            sentence = "the pullback is not linear: twice the cotangent does not give twice the gradient"
            return in_words(scenario, Verdict.WRONG, "not linear in the cotangent", sentence)
    return Finding(Verdict.AGREES)


def _is_double(once: Array, twice: Array, low: float) -> bool:
    a, b = once.astype(np.float64), twice.astype(np.float64)
    with np.errstate(all="ignore"):
        near_the_edges = ~np.isfinite(a) | ~np.isfinite(b) | (np.abs(a) < low)
        return bool(np.all((b == 2 * a) | near_the_edges))
