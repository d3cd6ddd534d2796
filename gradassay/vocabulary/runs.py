"""What a run found out, a row for each operation × implementation × dtype."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradassay.vocabulary.discrepancies import Discrepancy
from gradassay.vocabulary.edges import EdgeRow
from gradassay.vocabulary.scenarios import Scenario
from gradassay.vocabulary.verdicts import Verdict
from gradassay.vocabulary.witnesses import Witness


@dataclass(frozen=True)
class Worst:
    """The worst that a row showed among finite comparisons; infinity is possible, NaN is not."""

    budget_ratio: float = 0.0
    """Largest |error| / budget over all entries."""
    ulp: float = 0.0
    """Largest |error| in units in the last place of the true value."""
    normwise: float = 0.0
    """Largest max|error| / max|truth| over one array, in units of the dtype's unit roundoff."""


@dataclass(frozen=True, eq=False)
class Row:
    """One operation × implementation × dtype: one line of the report."""

    operation: str
    implementation: str
    dtype: str
    scenarios: int
    """How many scenarios were judged; skipped ones are not among them."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Reason -> how many."""
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    worst: Worst = field(default_factory=Worst)
    typical: float = 0.0
    """Interquartile mean, over the scenarios, of the largest norm-wise error, in units of the dtype's unit roundoff.

    What a further rounding shifts; the worst of a sample is an accident of the sample (docs/gate.md)."""
    typical_by_region: Mapping[str, float] = field(default_factory=dict)
    """Region -> geometric mean of the same errors over its scenarios, each taken as 1/4 u at least and 64 u at most.

    What only a part of the inputs shows is not in the middle of them all."""
    hardest: Scenario | None = None
    """Of what agrees, the scenario with the largest error in budgets that is small enough to look at."""
    hardest_by_region: Mapping[str, Scenario] = field(default_factory=dict)
    """Region -> its scenario with the largest norm-wise error up to 64 u; a small one, if it has any."""
    discrepancies: tuple[Discrepancy, ...] = ()
    regions: Mapping[str, int] = field(default_factory=dict)
    """Region, or ``layout: NAME`` -> how many scenarios."""
    remarks: tuple[str, ...] = ()
    """What a user of the rule may want to know and nothing fails for: its result shares memory with an argument."""

    @property
    def fails(self) -> bool:
        """Whether any scenario of this row got a failing verdict."""
        return any(count and verdict.fails for verdict, count in self.verdicts.items())


@dataclass(frozen=True, eq=False)
class Run:
    """Everything that one command found out."""

    rows: tuple[Row, ...]
    subjects: tuple[str, ...] = ("numpy",)
    """Implementations that can fail the run; the others' discrepancies are findings."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    """Implementation that could not run -> why, and how to get it."""
    edges: tuple[EdgeRow, ...] = ()
    """Kinks, bounds and infinities, each with what truth and implementations return there."""
    replayed: tuple[Witness, ...] = ()
    """The witnesses that were replayed, with the votes of this run."""
    notes: tuple[str, ...] = ()
    """What a reader has to know, e.g. that only finite differences were held against."""
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        """True when something was measured and no subject failed."""
        return any(row.scenarios for row in self.rows) and not self.failing

    @property
    def failing(self) -> tuple[Row, ...]:
        """The subjects' rows that hold a failing verdict."""
        return tuple(row for row in self.rows if row.implementation in self.subjects and row.fails)
