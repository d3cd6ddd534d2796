"""The words of an audit: a defect, what a checker of gradients says of one rule, and what came out of all of it.

An audit turns the question round: the rules are known to be wrong (or right), and the checkers are judged. Nothing
here imports anything of the project but its vocabulary, so that defects, checkers and reporters can all speak in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradassay.vocabulary import Rule, Verdict


@dataclass(frozen=True, eq=False)
class Defect:
    """A rule that is wrong on purpose, and what has to be said of it."""

    name: str
    """Unique, in a few words; the audit's tables are sorted by operation and name."""
    operation: str
    """The catalogue's operation that it pretends to implement."""
    rule: Rule
    verdict: Verdict
    """The failing verdict that most of its failing scenarios have to get, by the meaning of the verdicts."""
    mistake: str
    """What is wrong, in one clause: ``the term y <y, y_bar> is missing``."""
    shows: str
    """The condition under which it shows: ``everywhere``, ``where a label repeats``, ``from 33 entries on``."""
    source: str
    """``document 002, SoftmaxLayer``, or ``operator: sign``, or where such a mistake is written down."""


@dataclass(frozen=True)
class Judgement:
    """What a checker says of one rule on one input."""

    rejects: bool | None
    """None where it cannot say: it does not take such an input."""
    reason: str = ""
    """Its own words, in one line."""


@dataclass(frozen=True)
class Sighting:
    """What a checker made of one rule over its inputs."""

    found: bool
    """Whether it rejected the rule where it accepts the correct one."""
    inputs: int
    """How many inputs that took, the one that was rejected among them; all of them where none was."""
    seconds: float
    """The same in time."""
    says: str = ""
    """The reason of the first rejection, or why it could say nothing at all."""
    able: bool = True
    """False where it could say something of no input."""


@dataclass(frozen=True)
class Assayed:
    """One defect before every checker."""

    name: str
    operation: str
    expected: Verdict
    mistake: str
    shows: str
    source: str
    verdicts: Mapping[Verdict, int]
    """Ours: how many scenarios got which verdict; empty where the audit stopped at the first failing one."""
    leading: Verdict | None
    """Ours: the failing verdict that most scenarios got (the worse of two that as many got); None: it survived."""
    sightings: Mapping[str, Sighting]
    """Title of a checker -> what it made of it."""


@dataclass(frozen=True)
class Alarms:
    """Correct rules before one checker."""

    rules: tuple[str, ...]
    """The operations whose correct rule it was given; of ours, their pullbacks' as well."""
    alarmed: tuple[str, ...]
    """Those whose correct rule was rejected at least once."""
    inputs: int
    """Inputs that it could judge, over all rules."""
    rejected: int
    """Of those, how many it rejected."""
    examples: tuple[str, ...] = ()
    """Where ours was rejected: operation, dtype, seed, number of the scenario, and what was said."""


@dataclass(frozen=True)
class Framework:
    """An implementation that is not ours on our scenarios: what fails there has to be proven, or it is our mistake."""

    implementation: str
    scenarios: int
    failing: int
    """Scenarios with a failing verdict."""
    proven: int
    """Of those, how many belong to a discrepancy that is approved, in any dtype, and told in docs/findings.md."""
    unproven: tuple[str, ...] = ()
    """The other discrepancies: operation, dtype, verdict, cause and how many scenarios."""


@dataclass(frozen=True)
class Checker:
    """One column of the audit."""

    name: str
    """``gradassay``, ``torch gradcheck slow``."""
    version: str
    """``torch 2.13.0``."""
    call: str
    """The exact call, as the documentation shows it."""
    inputs: str
    """``our``, or ``documented``: those that its documentation tells a user to give."""

    @property
    def title(self) -> str:
        """What its sightings and alarms are filed under: a checker has one for each of its kinds of inputs."""
        return f"{self.name} ({self.inputs} inputs)"


@dataclass(frozen=True)
class Audit:
    """Everything that one audit found out."""

    checkers: tuple[Checker, ...]
    defects: tuple[Assayed, ...]
    alarms: Mapping[str, Alarms]
    """Title of a checker -> what it said of the correct rules."""
    frameworks: tuple[Framework, ...] = ()
    """Those that were compared; none in a quick audit."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    """Checker that is not installed -> how to get it."""
    seconds: float = 0.0
    interrupted: bool = False


@dataclass(frozen=True)
class Curve:
    """How small a relative error, planted in the gradients of one correct rule, is still found by one checker."""

    operation: str
    dtype: str
    checker: str
    """``gradassay``, or a rival's name."""
    planted: str
    """Where the error is: ``every entry``, or ``one entry``."""
    u: float
    """Unit roundoff of the dtype."""
    inputs: int
    alarms: int
    """On so many of them the checker rejects the correct rule: there it finds nothing."""
    batches: int
    """Independent batches of 100 inputs that were drawn."""
    deltas: tuple[float, ...]
    """The relative errors, a power of two each, the largest first."""
    hits: tuple[int, ...]
    """For each of them, on how many inputs it is found."""
    batches_found: tuple[int, ...]
    """For each of them, in how many batches it is found at least once."""
    probabilities: tuple[float, ...]
    """For each of them, the estimated probability that 100 inputs find it."""
    smallest: float | None
    """The smallest found with probability 0.99 in 100 inputs, by the estimate; None where not even the largest is."""
    interval: tuple[float | None, float | None]
    """Between these the smallest is, at 95 %: what cannot be excluded, and what is proven; None is more than all."""


@dataclass(frozen=True)
class Sensitivity:
    """The curves of operations and dtypes, ours and a rival's."""

    curves: tuple[Curve, ...]
    environment: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    """Rival that is not installed -> how to get it."""
    seconds: float = 0.0
    interrupted: bool = False
