"""What truth and every implementation return at an operation's edges: kinks, bounds, zeros and infinities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from comparators.exact import Exact
from comparators.interface import Comparator
from gradassay.formats import is_floating
from gradassay.question import Question
from gradassay.verdicts import judge_evaluation
from gradassay.vocabulary import Answer, Array, Draft, Edge, EdgeRow, Enclosure, Operation, Scenario, Truth
from property_tests.strategies.scenarios import primal_shape, shape_given
from property_tests.strategies.second_order import INVALID

DTYPE = "float64"


def edge_rows(operation: Operation, comparators: Sequence[Comparator]) -> tuple[EdgeRow, ...]:
    """Everybody's answer at each edge of ``operation``, in float64; who cannot express it is left out."""
    return tuple(
        answered(edge.title, edge_scenario(operation, edge), operation, comparators)
        for edge in operation.edges
    )


def edge_scenario(operation: Operation, edge: Edge) -> Scenario:
    """The edge as a scenario in float64."""
    given = [np.asarray(value) for value in edge.args]
    wanted = tuple(i % len(given) for i in operation.differentiable)
    args = tuple(
        x.astype(np.float64) if i in wanted or is_floating(x.dtype) else x for i, x in enumerate(given)
    )
    draft = Draft(args, edge.params, valid=edge.region != INVALID)
    with np.errstate(all="ignore"):
        shape = primal_shape(operation.definition, draft) if draft.valid else shape_given(operation, draft)
    cotangent = np.broadcast_to(
        np.asarray(edge.cotangent, np.float64), (0,) if shape is None else shape
    ).copy()
    return Scenario(
        operation.name, DTYPE, args, edge.params, cotangent, wanted, region=edge.region, valid=draft.valid
    )


def answered(
    title: str, scenario: Scenario, operation: Operation, comparators: Sequence[Comparator]
) -> EdgeRow:
    """Everybody's answer on one scenario; who cannot express it is left out."""
    question = Question(scenario, Exact(operation.definition), operation.conventions)
    truth = next(question.truths(), None)
    answers = [
        _answer(question, comparator) for comparator in comparators if not comparator.supports(scenario)
    ]
    extremes = truth.extremes if truth else {}
    others = {winner: tuple(map(_mid, x_bars)) for winner, (_, *x_bars) in extremes.items()}
    return EdgeRow(title, scenario, (_truth(scenario, truth), *answers), others)


def _truth(scenario: Scenario, truth: Truth | None) -> Answer:
    if truth is None:
        return Answer("truth", error="an error" if not scenario.valid else "could not be certified")
    return Answer("truth", _mid(truth.primal), tuple(map(_mid, truth.gradients)))


def _mid(enclosure: Enclosure) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(enclosure.mid.astype(np.float64))


def _answer(question: Question, comparator: Comparator) -> Answer:
    got = comparator.evaluate(question.scenario)
    finding = judge_evaluation(question, comparator, got)
    return Answer(
        comparator.name, got.primal, got.gradients, got.error, verdict=finding.verdict, cause=finding.cause
    )
