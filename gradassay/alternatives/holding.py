"""Whether an evaluation is an alternative, by the alternative's own certified truth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from comparators.exact import Exact
from gradassay.alternatives.candidates import Alternative
from gradassay.comparison import Comparison
from gradassay.formats import FORMATS
from gradassay.question import comparisons_with
from gradassay.vocabulary import Evaluation, Scenario, Truth

#: The arrays of an evaluation that an alternative may explain by themselves.
PARTS = {"primal": slice(0, 1), "gradient": slice(1, None)}

#: Entries up to which Arb is asked about an alternative, of which there are dozens.
ARB = 1_000


def held(
    scenario: Scenario, evaluation: Evaluation, candidate: Alternative, entries: slice = slice(None)
) -> tuple[list[Truth], float]:
    """The members of the alternative's truth that the arrays of the evaluation agree with, and how near one is.

    First as if every decision were taken as the truth takes it; then with the doubts of the budget.
    """
    nearest = math.inf
    for doubts in (False, True):
        for truth in _truths(candidate, scenario, doubts):
            members = [
                truth,
                *(replace(truth, primal=y, gradients=tuple(g)) for y, *g in truth.extremes.values()),
            ]
            good, decided = [], True
            for member in members:
                found = comparisons_with(evaluation, member, FORMATS[scenario.dtype])[entries]
                if found and all(map(agrees, found)):
                    good.append(member)
                decided &= any(c.structure or c.outside for c in found)
                nearest = min(nearest, max((_apart(c) for c in found), default=math.inf))
            if good:
                return good, nearest
            if decided:
                break
    return [], nearest


def _truths(candidate: Alternative, scenario: Scenario, doubts: bool) -> Iterator[Truth]:
    values = Exact(candidate.definition, doubts=doubts, arb=ARB).truths(scenario)
    if candidate.slope is candidate.definition:
        yield from values
        return
    slopes = Exact(candidate.slope, doubts=doubts, arb=ARB).truths(scenario)
    for value, slope in zip(values, slopes, strict=False):
        yield replace(value, gradients=slope.gradients, extremes={})


def agrees(c: Comparison) -> bool:
    """Within the budget, beyond doubt."""
    return not (c.structure or c.outside or c.undecided)


def _apart(c: Comparison) -> float:
    """The largest error, as a part of the largest entry."""
    if c.structure or c.nonfinite or c.scale == 0 < c.error:
        return math.inf
    return c.error / c.scale if c.error else 0.0
