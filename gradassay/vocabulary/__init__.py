"""The words of the project, as frozen dataclasses: everything else speaks in these.

Data flows one way: scenario -> rule -> evaluation -> comparison -> verdict -> row -> run -> report.
Nothing here imports anything that measures, so every layer may import it. The words of a comparison are all imported
from here; an audit, a bench, a training and a history have words of their own, each in the module of that name.
"""

from __future__ import annotations

from gradassay.vocabulary.discrepancies import Condition, Discrepancy, Example
from gradassay.vocabulary.edges import Answer, Edge, EdgeRow
from gradassay.vocabulary.operations import Convention, Definition, Operation, Rule
from gradassay.vocabulary.runs import Row, Run, Worst
from gradassay.vocabulary.scenarios import Array, Draft, Scenario
from gradassay.vocabulary.truth import Enclosure, Evaluation, Truth, Winners
from gradassay.vocabulary.verdicts import Verdict
from gradassay.vocabulary.witnesses import Vote, Witness

__all__ = [
    "Answer",
    "Array",
    "Condition",
    "Convention",
    "Definition",
    "Discrepancy",
    "Draft",
    "Edge",
    "EdgeRow",
    "Enclosure",
    "Evaluation",
    "Example",
    "Operation",
    "Row",
    "Rule",
    "Run",
    "Scenario",
    "Truth",
    "Verdict",
    "Vote",
    "Winners",
    "Witness",
    "Worst",
]
