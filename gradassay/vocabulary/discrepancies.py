"""A discrepancy: its smallest example, and what its scenarios have in common."""

from __future__ import annotations

from dataclasses import dataclass

from gradassay.vocabulary.edges import EdgeRow
from gradassay.vocabulary.scenarios import Scenario
from gradassay.vocabulary.verdicts import Verdict


@dataclass(frozen=True, eq=False)
class Example:
    """The scenario that shows a discrepancy, and the entry at which it shows."""

    scenario: Scenario
    path: str
    """``y`` or ``x_bar[0]``, ...; empty where the discrepancy has no entry."""
    index: tuple[int, ...] | None
    expected: float | None
    got: float | None
    budget: float | None


@dataclass(frozen=True)
class Condition:
    """What separates the scenarios of a discrepancy from those that pass, and how well it does."""

    words: str
    """``tie along the axis``, ``axis of size 1 and a cotangent below 0``."""
    hits: int
    """Scenarios of the discrepancy that meet it."""
    met: int
    """Scenarios of the discrepancy, and passing ones, that meet it."""
    count: int
    """Scenarios of the discrepancy."""
    judged: int
    """Scenarios of the discrepancy, and passing ones."""

    @property
    def precision(self) -> float:
        """Of the scenarios that meet it, the part that belongs to the discrepancy."""
        return self.hits / self.met

    @property
    def recall(self) -> float:
        """Of the scenarios of the discrepancy, the part that meets it."""
        return self.hits / self.count

    def __str__(self) -> str:
        without, others = self.count - self.hits, self.judged - self.met
        return (
            f"{self.words}: in {self.hits} of {self.met} scenarios with it, in {without} of {others} without"
        )


@dataclass(frozen=True, eq=False)
class Discrepancy:
    """All scenarios of one row that share a verdict and a cause."""

    id: str
    """Stable short name, derived from operation, implementation, dtype, verdict and cause."""
    verdict: Verdict
    cause: str
    dtype: str
    count: int
    example: Example
    """The smallest of them."""
    message: str
    """One paragraph for a person: what, where, expected, got, error, budget."""
    reproduce: str
    """A command or Python lines that show it again."""
    found: str = ""
    """The cause that its example alone shows; ``cause`` may have come out only beside the other scenarios."""
    condition: Condition | None = None
    """What its scenarios have in common and passing ones have not; None where nothing in the vocabulary separates."""
    remarks: tuple[str, ...] = ()
    """What else was found out: broken laws, a convention that fits some of its scenarios, a relation to the truth."""
    beside: EdgeRow | None = None
    """What truth and every implementation return on its example, where ``gradassay explain`` asked them."""
