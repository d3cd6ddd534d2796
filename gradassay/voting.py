"""A witness replayed: what every implementation does on it now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from comparators.exact import Exact
from comparators.interface import Comparator
from gradassay.environment import fingerprint
from gradassay.findings import Finding
from gradassay.formats import FORMATS
from gradassay.judging import AgainstTruth
from gradassay.question import comparisons_with
from gradassay.vocabulary import Example, Operation, Scenario, Verdict, Vote, Witness

#: Verdicts whose error says how well the implementation did, and may not grow.
MEASURED = (Verdict.AGREES, Verdict.SUBGRADIENT, Verdict.CONVENTION, Verdict.IMPRECISE)

#: Causes of a tie that is given to its winners as the truth gives it.
OF_THE_TRUTH = ("tie: split", "tie: as the definition compares")


def vote(witness: Witness, operation: Operation, comparators: Sequence[Comparator]) -> Witness:
    """``witness`` with the votes of ``comparators``; who cannot express its scenario has none.

    Each judges it by itself: a cause that comes out only beside other scenarios is none of a witness.
    """
    votes: dict[str, Vote] = {}
    question = None
    for comparator in comparators:
        judge = AgainstTruth(comparator, operation.definition, operation.conventions)
        question = question or judge.question(witness.scenario)
        case = judge(witness.scenario, question)
        if not isinstance(case, str):
            votes[comparator.name] = _vote(comparator.name, case.finding)
    return replace(witness, votes=votes)


def _another_member(finding: Finding) -> bool:
    """Whether the gradient is another member of the set than the one that errors are measured from."""
    return finding.verdict is Verdict.SUBGRADIENT and finding.cause not in OF_THE_TRUTH


def worst_entry(scenario: Scenario, operation: Operation, comparator: Comparator) -> Example | None:
    """The entry with the largest error in budgets; None where that cannot be told."""
    truths = list(Exact(operation.definition).truths(scenario))
    evaluation = comparator.evaluate(scenario)
    if not truths or evaluation.error or evaluation.structure:
        return None
    comparisons = comparisons_with(evaluation, truths[-1], FORMATS[scenario.dtype])
    worst = max(comparisons, key=lambda c: c.worst.budget_ratio)
    return Example(scenario, worst.path, worst.index, worst.expected, worst.got, worst.budget)


def _vote(implementation: str, finding: Finding) -> Vote:
    error = finding.worst.normwise
    counts = finding.verdict in MEASURED and math.isfinite(error) and not _another_member(finding)
    return Vote(finding.verdict, finding.cause, {fingerprint(implementation): error} if counts else {})
