"""A finding: the verdict on one evaluation of one scenario, in words and with the entry that shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from gradassay.comparison import Comparison
from gradassay.formats import is_floating
from gradassay.vocabulary import Example, Scenario, Verdict, Worst


@dataclass(frozen=True, eq=False)
class Finding:
    """The verdict on one evaluation of one scenario, and where it shows."""

    verdict: Verdict
    cause: str = ""
    sentence: str = ""
    """What is the matter, for a person; empty when everything agrees."""
    example: Example | None = None
    worst: Worst = field(default_factory=Worst)
    alternative: tuple[str, str] | None = None
    """The alternative definitions, or known mistakes, that primal and gradients are of; one may be empty, if that part
    is of the definition. None where the cause is no name of these."""


def in_words(scenario: Scenario, verdict: Verdict, cause: str, sentence: str) -> Finding:
    """A finding about the scenario as a whole."""
    return Finding(verdict, cause, sentence, Example(scenario, "", None, None, None, None))


def at_entry(scenario: Scenario, verdict: Verdict, cause: str, c: Comparison, worst: Worst) -> Finding:
    """A finding that one entry of one array shows."""
    where = c.path + (str(list(c.index)) if c.index else "")
    if verdict is Verdict.UNDEFINED:
        sentence = f"{where} has no value mathematically; returned {c.got!r}"
    elif verdict is Verdict.NONFINITE or (c.expected is not None and math.isinf(c.expected)):
        sentence = f"{where} is {c.got!r}, where the truth is {c.expected!r}"
    else:
        ratio = f"{c.worst.budget_ratio:.3g} times the budget {c.budget:.3g}" if c.budget is not None else ""
        sentence = f"{where} is {c.got!r}, truth {c.expected!r}, off by {c.error:.3g}: {ratio}"
    example = Example(scenario, c.path, c.index, c.expected, c.got, c.budget)
    return Finding(verdict, cause, sentence, example, worst)


def at_tie(
    scenario: Scenario, verdict: Verdict, cause: str, weights: str, c: Comparison, worst: Worst
) -> Finding:
    """A finding that an entry shows which depends on who wins a tie; ``weights`` are those found, in words."""
    where = c.path + (str(list(c.index)) if c.index else "")
    if verdict is Verdict.SUBGRADIENT:
        chosen = f" ({weights})" if weights else ""
        sentence = f"{where} is {c.got!r} at a tie, a convex combination of the winners' gradients{chosen}"
        sentence += f"; the even split is {c.expected!r}"
    else:
        said = f"{cause}; {weights}" if weights else cause
        sentence = f"{where} is {c.got!r} at a tie, where the even split is {c.expected!r}: {said}"
    example = Example(scenario, c.path, c.index, c.expected, c.got, c.budget)
    return Finding(verdict, cause, sentence, example, worst)


def infinities(scenario: Scenario) -> str:
    """The condition that most often goes with a NaN, in words."""
    floating = [x.astype(np.float64) for x in (*scenario.args, scenario.cotangent) if is_floating(x.dtype)]
    if any(np.isnan(x).any() for x in floating):
        return ", NaN in an argument"
    ends = [
        name
        for value, name in ((np.inf, "+inf"), (-np.inf, "-inf"))
        if any(map(np.any, (x == value for x in floating)))
    ]
    return f", {' and '.join(ends)} in an argument" if ends else ""


def part(path: str) -> str:
    """The array at ``path``, in words."""
    return "the primal" if path == "y" else "the gradient"
