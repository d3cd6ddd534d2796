"""The approved state (``reports/expected.toml``): what was measured, and every known discrepancy with its reason.

The gate holds a run against *intended* statements and not against recorded numbers: a discrepancy is known by
operation, implementation, dtype, verdict and cause. Whatever differs is a breach, in either direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gradassay.errors import UsageError
from gradassay.vocabulary import Row, Run, Verdict

APPROVE = "gradassay approve --reason TEXT"
#: Entries of a run's environment that a framework's rare discrepancies depend on.
PLATFORM = ("simd", "numpy", "torch", "tensorflow", "jax")


class Place(NamedTuple):
    """One row of a run."""

    operation: str
    implementation: str
    dtype: str


class Known(NamedTuple):
    """One discrepancy: where, what and why it happens."""

    place: Place
    verdict: Verdict
    cause: str


@dataclass(frozen=True)
class Expectations:
    """The content of ``expected.toml``."""

    seed: int = 0
    examples: int = 100
    measured: frozenset[Place] = frozenset()
    """Everything that was measured when it was approved."""
    reasons: Mapping[Known, str] | None = None
    """Known discrepancy -> the reason why it was accepted."""
    platform: Mapping[str, str] = field(default_factory=dict)
    """What the last bits of the frameworks depend on: their versions and the processor's vector extensions."""

    @property
    def known(self) -> Mapping[Known, str]:
        """``reasons``, empty when there are none."""
        return self.reasons or {}


def seen(run: Run) -> dict[Known, int]:
    """What has to be expected: failing verdicts and conventions of all implementations, with counts."""
    found: dict[Known, int] = {}
    for row in run.rows:
        place = place_of(row)
        explained: dict[Verdict, int] = {}
        for each in row.discrepancies:
            if _gated(each.verdict):
                known = Known(place, each.verdict, each.cause)
                found[known] = found.get(known, 0) + each.count
                explained[each.verdict] = explained.get(each.verdict, 0) + each.count
        for verdict, number in row.verdicts.items():
            # a verdict without a discrepancy must not slip through
            if _gated(verdict) and number > explained.get(verdict, 0):
                found[Known(place, verdict, "")] = number - explained.get(verdict, 0)
    return found


def platform_of(run: Run) -> dict[str, str]:
    """What the last bits of the frameworks depend on, as far as the run's environment tells."""
    return {name: str(run.environment[name]) for name in PLATFORM if run.environment.get(name)}


def place_of(row: Row) -> Place:
    """Where a row stands."""
    return Place(row.operation, row.implementation, row.dtype)


def measured(run: Run) -> frozenset[Place]:
    """The rows that judged anything."""
    return frozenset(place_of(row) for row in run.rows if row.scenarios)


def absent(run: Run, place: Place) -> str | None:
    """The framework that is not installed here and would be needed for ``place``; None when there is none."""
    name = place.implementation
    return next((lost for lost in run.missing if name == lost or name.startswith(f"{lost}.")), None)


def approve(run: Run, before: Expectations, reason: str, *, seed: int, examples: int) -> Expectations:
    """Accept ``run``: unchanged entries keep their reason, new ones get ``reason``, others go.

    What could not be measured here, because its framework is not installed, stays as it was.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise UsageError("--reason is empty: say in a sentence why the new state is right")
    kept = {known: why for known, why in before.known.items() if absent(run, known.place)}
    now = {known: before.known.get(known, reason) for known in seen(run)}
    places = measured(run) | {place for place in before.measured if absent(run, place)}
    return Expectations(seed, examples, frozenset(places), {**kept, **now}, platform_of(run))


def _gated(verdict: Verdict) -> bool:
    return verdict.fails or verdict is Verdict.CONVENTION
