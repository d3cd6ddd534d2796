"""Whether an error is one of rounding: then it goes away where there is more precision."""

from __future__ import annotations

import math

import numpy as np

from comparators.interface import Comparator
from gradassay.explanations.again import clean, widened
from gradassay.findings import Finding
from gradassay.formats import FORMATS
from gradassay.question import Question, hold, path_names
from gradassay.vocabulary import Evaluation, Example

#: An error that comes of rounding shrinks by the ratio of the unit roundoffs, 2^29 and more; one that does not come of
#: it stays.  Anything between tells them apart.
SHRINKS = 64


def by_rounding(question: Question, comparator: Comparator, finding: Finding) -> bool:
    """Is the error a rounding error?  Then it goes away where there is more precision.

    Narrow formats: what the same implementation computes from the same inputs in float64 agrees once it is rounded, or
    is at least ``SHRINKS`` times closer, or no more than cancelled there, too (1 - s of a far tail).
    """
    if question.scenario.dtype != "float64":
        return _better_when_widened(question, comparator, finding)
    return small_as_rounding(question, finding)


def small_as_rounding(question: Question, finding: Finding) -> bool:
    """Whether an error in float64, where there is mostly nothing wider to run, is as small as rounding leaves it.

    It is where half of the digits are right that the budget leaves (sqrt(u) times what the budget is u times), or where
    it is a few roundoffs of the cotangent (cancelled), or a few of the smallest normal number (terms were flushed).
    """
    example = finding.example
    if example is None or example.expected is None or example.got is None:
        return False
    error, budget = abs(example.got - example.expected), example.budget or 0.0
    return error < math.inf and error <= max(
        math.sqrt(question.form.u) * budget / question.form.u,
        _cancelled(question, example),
        64 * question.form.tiny * next(question.truths()).reach,
    )


def _cancelled(question: Question, example: Example) -> float:
    """The error that cancellation leaves in float64: a few roundoffs of the value or of the cotangent."""
    assert example.expected is not None
    u, truth = float(FORMATS["float64"].u), next(question.truths())
    # A primal has a cotangent among its arguments at order 2 alone.
    cotangent = truth.reach - 1 if example.path == "y" else truth.cotangent_max
    return 64.0 * u * max(abs(float(example.expected)), float(cotangent))


def _better_when_widened(question: Question, comparator: Comparator, finding: Finding) -> bool:
    narrow = question.form.dtype
    wide = clean(comparator, widened(question.scenario))
    if wide is None or wide.primal is None:
        return False
    with np.errstate(all="ignore"):
        gradients = tuple(None if g is None else g.astype(narrow) for g in wide.gradients)
        rounded = Evaluation(wide.primal.astype(narrow), gradients)
    return not hold(question, rounded).verdict.fails or _shrinks(question, finding, wide)


def _shrinks(question: Question, finding: Finding, wide: Evaluation) -> bool:
    """Whether the error that the finding shows is much smaller in the wide evaluation, or what cancels even there."""
    example = finding.example
    if example is None or example.index is None or example.expected is None or example.got is None:
        return False
    names = path_names(len(wide.gradients))
    array = dict(zip(names, (wide.primal, *wide.gradients), strict=True))[example.path]
    if array is None or array.ndim != len(example.index):
        return False
    error = abs(float(array[example.index]) - example.expected)
    shrunk = error * SHRINKS <= abs(example.got - example.expected) < math.inf
    return shrunk or (error < math.inf and error <= _cancelled(question, example))


def nearer_than_truth(finding: Finding, wide: Evaluation) -> bool:
    """Whether what was returned is nearer to what more precision returns than to the truth of the definition."""
    example = finding.example
    if example is None or example.index is None or example.expected is None or example.got is None:
        return False
    names = path_names(len(wide.gradients))
    array = dict(zip(names, (wide.primal, *wide.gradients), strict=True))[example.path]
    return array is not None and bool(
        abs(example.got - float(array[example.index])) < abs(example.got - example.expected)
    )
