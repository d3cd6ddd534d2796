"""What the speed gate found out, and what of it counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from gradassay.speed.approvals import Approval
from gradassay.speed.cells import Cell, Counted, Refused, Timed
from gradassay.speed.repository import Commit
from gradassay.speed.sequential import BEYOND, MARGIN, Finding


@dataclass(frozen=True)
class Breach:
    """Something that fails the gate."""

    kind: str
    """``slower``, ``more work``, ``vanished``, or a :class:`gradassay.speed.cells.Trouble`."""
    operation: str
    against: Commit
    sentence: str
    cell: Cell | None = None
    trailer: str | None = None
    """The line of a commit message that approves it."""
    place: tuple[str, int] | None = None
    """File, relative to the repository, and line of the rule."""
    first: Timed | None = None
    again: Timed | None = None
    """The same cell in a fresh process."""


@dataclass(frozen=True)
class Canaries:
    """What the gate can see on this machine at this moment."""

    unchanged: tuple[Timed, ...] = ()
    """A revision against a second load of itself."""
    planted: tuple[Timed, ...] = ()
    """The same with a slow-down of known size."""
    retried: int = 0
    """Canaries that misbehaved at first, and were tried once more."""

    #: A slow-down of this size has to be found, or speed was not gated.
    FACTOR = 1.2

    @property
    def trouble(self) -> str | None:
        """Why speed was not gated; None where it was."""
        alarms = [each for each in self.unchanged if each.finding is Finding.SLOWER]
        if alarms:
            return f"unchanged code was called slower, twice: {alarms[0].task.cell}"
        missed = [
            each for each in self.planted if size(each) >= self.FACTOR and each.finding is not Finding.SLOWER
        ]
        if missed:
            return f"a planted slow-down of {size(missed[0]) - 1:+.0%} was not found: {missed[0].task.cell}"
        return None if self.unchanged and self.planted else "no canary could be run"

    @property
    def noise(self) -> float | None:
        """Half of the blocks of unchanged code lie within 1 ± this, in the noisiest cell; None without a cell."""
        quartiles = [abs(float(q)) for low_high in self._quartiles() for q in low_high]
        return math.expm1(max(quartiles)) if quartiles else None

    @property
    def detectable(self) -> float | None:
        """The slow-down that exceeds the margin in three blocks of four, which the test then finds in 99 of 100."""
        lowest = [float(low) for low, _ in self._quartiles()]
        return MARGIN * math.exp(-min(lowest)) - 1 if lowest else None

    def _quartiles(self) -> list[Any]:
        return [np.quantile(each.slowdowns, (1 - BEYOND, BEYOND)) for each in self.unchanged]


def size(planted: Timed) -> float:
    """The factor that was planted."""
    p, q = planted.task.planted
    return q / p


@dataclass(frozen=True)
class SpeedResult:
    """One run of the gate."""

    against: tuple[Commit, ...]
    breaches: tuple[Breach, ...]
    timed: tuple[tuple[Commit, Timed], ...]
    """Every cell, as first measured."""
    counted: tuple[tuple[Commit, Counted], ...]
    canaries: Canaries
    new: tuple[str, ...] = ()
    """Operations that no revision compared with has."""
    unconfirmed: tuple[tuple[Commit, Timed], ...] = ()
    """Slower at first, and not (or not tried) in a fresh process."""
    unmeasured: tuple[tuple[Commit, Refused], ...] = ()
    """Cells that could not be measured, those among them that are breaches left out."""
    approved: tuple[Approval, ...] = ()
    notes: tuple[str, ...] = ()
    """Lines of old messages that look like approvals and are none."""
    interrupted: bool = False
    seconds: float = 0.0
    environment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def inconclusive(self) -> tuple[tuple[Commit, Timed], ...]:
        return tuple(each for each in self.timed if each[1].finding is Finding.INCONCLUSIVE)

    @property
    def passed(self) -> int:
        return sum(each.finding is Finding.PASSED for _, each in self.timed)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists, for JSON."""
        canaries = self.canaries
        return {
            "schema": 1,
            "against": [asdict(each) for each in self.against],
            "gated": canaries.trouble is None,
            "breaches": [_breach(each) for each in self.breaches],
            "rows": [{"against": commit.sha, **_timed(each)} for commit, each in self.timed],
            "unconfirmed": [{"against": commit.sha, **_timed(each)} for commit, each in self.unconfirmed],
            "unmeasured": [
                {
                    "against": commit.sha,
                    **_cell(each.task.cell),
                    "trouble": each.trouble.value,
                    "before": each.before,
                    "after": each.after,
                }
                for commit, each in self.unmeasured
            ],
            "work": [
                {
                    "against": commit.sha,
                    **_cell(each.task.cell),
                    "before": {part: asdict(work) for part, work in each.before.items()},
                    "after": {part: asdict(work) for part, work in each.after.items()},
                }
                for commit, each in self.counted
            ],
            "new": list(self.new),
            "approved": [asdict(each) for each in self.approved],
            "canaries": {
                "trouble": canaries.trouble,
                "noise": canaries.noise,
                "detectable": canaries.detectable,
                "retried": canaries.retried,
                "unchanged": [_timed(each) for each in canaries.unchanged],
                "planted": [{"factor": size(each), **_timed(each)} for each in canaries.planted],
            },
            "notes": list(self.notes),
            "interrupted": self.interrupted,
            "seconds": self.seconds,
            "environment": dict(self.environment),
        }


def _cell(cell: Cell) -> dict[str, Any]:
    return {"operation": cell.operation, "size": list(cell.size), "part": cell.part, "dtype": cell.dtype}


def _timed(each: Timed) -> dict[str, Any]:
    return {
        **_cell(each.task.cell),
        "finding": each.finding.value,
        "margin": each.task.margin,
        "ratio": asdict(each.ratio),
        "blocks": each.blocks,
        "before_s": each.before_s,
        "after_s": each.after_s,
    }


def _breach(each: Breach) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "operation": each.operation,
        "against": each.against.sha,
        "sentence": each.sentence,
        "trailer": each.trailer,
        "file": each.place and each.place[0],
        "line": each.place and each.place[1],
        "first": each.first and _timed(each.first),
        "again": each.again and _timed(each.again),
    }
