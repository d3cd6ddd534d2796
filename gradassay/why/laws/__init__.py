"""Laws that a gradient obeys whatever the truth is: which of them an implementation breaks at one scenario.

A law holds an implementation against itself: the same rule on inputs that are scaled, shifted, reversed or taken apart.
The scenario is asked in float64, to which its numbers are lifted exactly, so that what is broken is the formula and not
the rounding of a narrow format. A law is broken where it is violated by more than ``bound`` says, and all numbers that
take part are finite.
"""

from __future__ import annotations

import numpy as np

from comparators.interface import Comparator
from gradassay.vocabulary import Scenario
from gradassay.why.laws.linear import LINEAR
from gradassay.why.laws.probe import Law, Probe
from gradassay.why.laws.sums import SUMS
from gradassay.why.laws.symmetries import SYMMETRIES

LAWS: tuple[Law, ...] = (*LINEAR, *SUMS, *SYMMETRIES)


def broken_laws(comparator: Comparator, scenario: Scenario, operation: str) -> tuple[str, ...]:
    """The laws that ``comparator`` breaks at ``scenario``, each a sentence with the size of the violation."""
    if not scenario.valid or comparator.supports(scenario) is not None:
        return ()
    probe = Probe(comparator, scenario)
    if not all(np.isfinite(x).all() for x in (*probe.scenario.args, probe.y_bar)):
        return ()
    said = []
    with np.errstate(all="ignore"):
        if probe.base is None:
            return ()
        for law in LAWS:
            if law.operations and operation not in law.operations:
                continue
            size = law.broken(probe)
            if size is not None:
                said.append(f"{law.words} ({size:.2g})")
    return tuple(said)
