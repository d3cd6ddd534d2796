"""A case: one scenario, what came back, and what was found; rows are explained from their cases."""

from __future__ import annotations

from dataclasses import dataclass

from gradassay.findings import Finding
from gradassay.question import Question
from gradassay.vocabulary import Evaluation, Scenario


@dataclass(frozen=True, eq=False)
class Case:
    """One judged scenario of a row; evaluation and question are kept where something has to be explained."""

    scenario: Scenario
    finding: Finding
    evaluation: Evaluation | None = None
    question: Question | None = None
    """The scenario with its truths: ``next(question.truths())`` is the cheapest."""
