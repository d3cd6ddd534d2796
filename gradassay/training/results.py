"""What a training run found out: trajectories, how far their losses part, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradassay.training.setups import Setup
from gradassay.vocabulary import Array, Scenario, Verdict


@dataclass(frozen=True, eq=False)
class Fault:
    """An operation whose result is not what its inputs allow, where it first is so."""

    step: int
    """Counted from 0."""
    operation: str
    result: str
    """Name of what it computes in the program."""
    verdict: Verdict | None
    """That of ``compare``; None for an error in float32, which more precision might show to be one of rounding."""
    part: str
    """``the primal``, ``the gradient``, or what is wrong about the structure."""
    convention: str
    """The named alternative definition that it equals, if any."""
    sentence: str
    """Which entry, both values, error and budget."""
    ratio: float
    """Error over budget there."""
    count: int
    """How many times the operation was so, among those judged."""
    scenario: Scenario
    """The inputs, to try it again."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One implementation's training."""

    implementation: str
    losses: Array
    """Before each update, in float64."""
    judged: int
    """Operations that were held against truth."""
    undecided: int
    """Those among them that could be shown neither inside nor outside their budget."""
    worst: float
    """Largest error over budget among the operations within."""
    faults: tuple[Fault, ...] = ()
    """The first of each operation and part, by step."""

    @property
    def fault(self) -> Fault | None:
        """The first of all."""
        return self.faults[0] if self.faults else None


@dataclass(frozen=True, eq=False)
class Parting:
    """Two implementations, and how far their losses are apart."""

    left: str
    right: str
    largest: float
    """Largest relative difference over all steps at which one of them is a number."""
    step: int | None = None
    """The first step at which the losses have parted; None where they never do."""
    difference: float = 0.0
    """The relative difference at that step."""
    spread: float | None = None
    """How far sound runs had parted by then; None where it was not asked."""
    reason: str = ""
    """``operation``, ``rounding``, ``operation or rounding`` (a fault came before, and rounding alone reaches as far),
    ``unexplained`` or ``no numbers`` (both NaN or infinite); else empty."""
    culprit: tuple[str, Fault] | None = None
    """Where an operation is the reason or may be: the implementation, and its fault that is most budgets off."""


@dataclass(frozen=True, eq=False)
class Training:
    """Everything that was found out about one set-up."""

    setup: Setup
    steps: int
    seed: int
    dtype: str
    trajectories: tuple[Trajectory, ...]
    partings: tuple[Parting, ...]
    every: int = 1
    """Operations were judged at every step that is a multiple of this, and before every parting."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Implementation that could not run -> why, and how to get it."""
    seconds: float = 0.0
    subject: str = "numpy"

    @property
    def ok(self) -> bool:
        """True when our own operations all kept to their budgets, and every parting has a reason."""
        ours = (t for t in self.trajectories if t.implementation == self.subject)
        return all(t.fault is None for t in ours) and all(p.reason != "unexplained" for p in self.partings)
