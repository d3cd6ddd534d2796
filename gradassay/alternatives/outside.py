"""The alternatives of what no truth decides: an input that is invalid, and a primal of the wrong shape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from comparators.exact import Vjp
from gradassay.alternatives.candidates import Alternative, pairs, singles
from gradassay.alternatives.holding import held
from gradassay.alternatives.probes import Probe
from gradassay.question import Question, by_path
from gradassay.vocabulary import Array, Convention, Definition, Enclosure, Evaluation, Scenario, Truth


def of_invalid(
    scenario: Scenario, evaluation: Evaluation, definition: Definition, conventions: Iterable[Convention]
) -> Alternative | None:
    """The convention that gives an invalid input the value that came back, alone or beside another one."""
    given = replace(scenario, valid=True)
    probe = Probe(given, evaluation, isinstance(definition, Vjp), 0.0)
    invalid = [c for c in conventions if c.on_invalid]
    usual = [c for c in conventions if not c.on_invalid]

    def fits(candidate: Alternative) -> bool:
        look = probe.look(candidate.definition)  # None as long as the input is invalid
        if look is None or look.here.shape != scenario.cotangent.shape or not probe.near_primal(look):
            return False
        found, _ = held(given, evaluation, candidate)
        return any(_nan_alike(evaluation, member) for member in found)

    alone = [candidate for candidate in singles(definition, invalid) if fits(candidate)]
    if alone:
        # The mean over nothing is NaN, and so is what is filled with it: NaN alone does not tell which it was.
        tells = evaluation.primal is not None and not np.isnan(evaluation.primal.astype(np.float64)).all()
        return alone[0] if tells or len(alone) == 1 else None
    return next(filter(fits, pairs(definition, (*invalid, *usual), accepted=True)), None)


def shape_of(question: Question, evaluation: Evaluation) -> str:
    """The convention that the wrong shape and the values of a primal are of; empty where there is none."""
    primal = evaluation.primal
    if question.exact is None or primal is None or primal.shape == question.scenario.cotangent.shape:
        return ""
    probe = Probe(question.scenario, evaluation, False, 0.0)
    for candidate in singles(question.exact.definition, question.conventions):
        look = probe.look(candidate.definition)
        if look is not None and look.here.shape == primal.shape and probe.near_primal(look):
            return candidate.name
    return ""


def _nan_alike(evaluation: Evaluation, truth: Truth) -> bool:
    """Whether NaN came back where the alternative has no value: that it has none is what some conventions say."""
    parts = zip((evaluation.primal, *evaluation.gradients), by_path(truth).values(), strict=True)
    return all(got is None or bool(np.isnan(_at_nan(got, enclosure)).all()) for got, enclosure in parts)


def _at_nan(got: Array, truth: Enclosure) -> Array:
    return got[np.isnan(truth.mid)].astype(np.float64)
