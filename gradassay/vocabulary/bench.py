"""The words of a bench: what was timed, and what came out of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

#: Ours; every other implementation is held against it.
OURS = "numpy"


@dataclass(frozen=True)
class Ratio:
    """One time over another, taken round by round: below 1 the first is quicker."""

    median: float
    low: float
    high: float
    confidence: float
    """Probability that the true median lies within ``low`` and ``high``."""


@dataclass(frozen=True)
class Timing:
    """One implementation of one case, one call: medians over the rounds, in the bench's clock."""

    forward_s: float
    """The forward alone."""
    pullback_s: float
    """The pullback's part of ``total_s``: the difference of the two, taken within each round; may be negative."""
    total_s: float
    """Forward and pullback."""
    peak_bytes: int | None = None
    """Memory that one call of forward and pullback needs at its peak beyond its arguments; None: unknown."""
    of_copy: float | None = None
    """Share of the memory-copy limit: 1 is as fast as a copy of the bytes that have to be moved."""


@dataclass(frozen=True)
class BenchRow:
    """One operation at one size."""

    operation: str
    dtype: str
    size: tuple[int, int]
    """Rows and columns of the main argument."""
    rounds: int
    seconds: Mapping[str, Timing]
    """Implementation -> its times; ``numpy`` is ours."""
    ratios: Mapping[str, Ratio]
    """Implementation other than ours -> our time over its time, forward and pullback together."""
    forward_ratios: Mapping[str, Ratio] = field(default_factory=dict)
    """The same of the forward alone."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Implementation that could not run this case -> why."""
    moved_bytes: int = 0
    """Least that has to be moved: arguments and cotangent read once, primal and gradients written once."""
    copy_s: float = math.nan
    """Median time in which a plain copy moves as many bytes."""

    @property
    def entries(self) -> int:
        """Of the main argument."""
        return math.prod(self.size)


@dataclass(frozen=True)
class BenchResult:
    """Everything that one bench found out."""

    rows: list[BenchRow]
    environment: dict[str, Any]
    """That of every run, ``dtype`` and ``seed``; ``clock``: what the seconds are; ``threads``: what was pinned to how
    many; ``cores_used``: how many each implementation kept busy, processor time over time on the wall."""
    missing: dict[str, str] = field(default_factory=dict)
    """Implementation that is not installed -> why it could not be loaded."""
    seconds: float = 0.0
    interrupted: bool = False
    """Whether Ctrl-C ended it: the rows are those finished before."""

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> BenchResult:
        """Read what ``to_dict`` gave, after JSON as well."""
        rows = [
            BenchRow(
                **{
                    **row,
                    "size": tuple(row["size"]),
                    "seconds": {who: Timing(**timing) for who, timing in row["seconds"].items()},
                    "ratios": {who: Ratio(**ratio) for who, ratio in row["ratios"].items()},
                    "forward_ratios": {who: Ratio(**ratio) for who, ratio in row["forward_ratios"].items()},
                }
            )
            for row in found["rows"]
        ]
        known = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in found.items() if key in known} | {"rows": rows})
