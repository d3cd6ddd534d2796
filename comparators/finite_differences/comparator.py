"""The comparator ``finite_differences``: a rule's own forward, differentiated, against its own pullback.

It knows no definition. Both are evaluated in float64 on the scenario's arguments (cast up, exactly), the
forward around them and the pullback at them, under the scenario's cotangent: ``x_bar`` must be the gradient
of ``g(x) = <y_bar, forward(x)>``. Small inputs are differentiated entry by entry, large ones along random
directions.
"""

from __future__ import annotations

import numpy as np

from comparators.finite_differences.findings import Differences, Finding
from comparators.finite_differences.pinning import confirmed, pinned
from comparators.finite_differences.slopes import differentiate, entries
from comparators.finite_differences.subject import prepared, unsuitable
from gradassay.vocabulary import Rule, Scenario, Verdict


class FiniteDifferences:
    """Differentiates one rule's forward and judges its pullback by that."""

    name = "finite_differences"

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def supports(self, scenario: Scenario) -> str | None:
        """None, or why the scenario cannot be differentiated numerically."""
        return unsuitable(scenario)

    def differentiate(self, scenario: Scenario) -> Differences:
        """The forward's slopes; ValueError where there is nothing to differentiate or nothing to compare."""
        subject = prepared(self.rule, scenario)
        if isinstance(subject, Finding):
            raise ValueError(subject.sentence)
        with np.errstate(all="ignore"):
            return differentiate(subject)

    def judge(self, scenario: Scenario) -> Finding:
        """Whether the pullback is the derivative of the forward, with the numbers."""
        subject = prepared(self.rule, scenario)
        if isinstance(subject, Finding):
            return subject
        with np.errstate(all="ignore"):
            found = differentiate(subject)
            if not found.directions:
                return confirmed(subject, found, entries(subject.functional))[0]
            finding, found, worst = confirmed(subject, found, found.directions)
            if finding.verdict is Verdict.WRONG:
                return pinned(finding, subject, found, worst)
            return finding
