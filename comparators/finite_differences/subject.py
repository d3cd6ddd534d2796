"""A rule at one scenario, ready to be differentiated, or what stands against it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from comparators.finite_differences.directions import generator_for
from comparators.finite_differences.estimate import DOMAIN
from comparators.finite_differences.findings import Finding
from comparators.finite_differences.functional import Functional, gradients_of, lift, moved_arguments
from comparators.finite_differences.moves import dot
from comparators.finite_differences.noise import measure_noise
from comparators.interface import evaluate_rule
from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Evaluation, Rule, Scenario, Verdict


@dataclass(frozen=True, eq=False)
class Subject:
    """A rule at one scenario, ready to be differentiated."""

    functional: Functional
    evaluation: Evaluation
    rng: np.random.Generator
    noise: float
    """Measured noise of the functional."""
    outputs: Array
    """Measured noise of the outputs."""
    own: tuple[Array, ...]
    """Measured noise of the gradients."""


def unsuitable(scenario: Scenario) -> str | None:
    """None, or why the scenario cannot be differentiated numerically."""
    if not scenario.valid:
        return "the scenario is invalid on purpose"
    if not moved_arguments(scenario):
        return "no argument can be moved"
    floating = [arg for arg in map(np.asarray, scenario.args) if is_floating(arg.dtype)]
    if not all(np.isfinite(lift(arg)).all() for arg in floating):
        return "the arguments are not finite"
    if not np.isfinite(lift(scenario.cotangent)).all():
        return "the cotangent is not finite"
    return None


def prepared(rule: Rule, scenario: Scenario) -> Subject | Finding:
    """The rule's own evaluation in float64, or what stands against comparing it."""
    reason = unsuitable(scenario)
    if reason is not None:
        return Finding(Verdict.INCONCLUSIVE, reason)
    lifted = replace(
        scenario,
        dtype="float64",
        args=tuple(lift(arg) for arg in scenario.args),
        cotangent=lift(scenario.cotangent),
    )
    # The rule is given copies: what it changes in place must not move the point of differentiation.
    copies = tuple(lift(arg) for arg in lifted.args)
    given = replace(lifted, args=copies, cotangent=lift(lifted.cotangent))
    evaluation = evaluate_rule(rule, given)
    finding = _malformed(evaluation, lifted)
    if finding is not None:
        return finding
    assert evaluation.primal is not None  # _malformed has seen to it
    if not np.isfinite(evaluation.primal.astype(np.float64)).all():
        return Finding(Verdict.INCONCLUSIVE, f"{DOMAIN}: the forward is not finite at the arguments")
    with np.errstate(all="ignore"):
        functional = Functional(rule, lifted, evaluation.primal)
        rng = generator_for(lifted)
        outputs, own = measure_noise(
            functional, [np.asarray(rng.uniform(-1, 1, arg.shape)) for arg in functional.moved]
        )
    return Subject(functional, evaluation, rng, dot(functional.weight, outputs), outputs, own)


def _malformed(evaluation: Evaluation, scenario: Scenario) -> Finding | None:
    """What came back cannot be compared at all."""
    if evaluation.error:
        return Finding(Verdict.RAISES, evaluation.error)
    if evaluation.structure:
        return Finding(Verdict.STRUCTURE, evaluation.structure)
    primal = evaluation.primal
    if primal is None or primal.shape != scenario.cotangent.shape:
        shape = None if primal is None else primal.shape
        sentence = f"y.shape={shape}, but the cotangent has {scenario.cotangent.shape}"
        return Finding(Verdict.STRUCTURE, sentence, "y")
    if gradients_of(evaluation, scenario) is None:
        shapes = [None if gradient is None else gradient.shape for gradient in evaluation.gradients]
        wanted = [scenario.args[position].shape for position in scenario.differentiable]
        sentence = f"the gradients have shapes {shapes}, but should have {wanted}"
        return Finding(Verdict.STRUCTURE, sentence, "x_bar")
    return None
