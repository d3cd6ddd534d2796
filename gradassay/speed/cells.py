"""A cell: one operation of one size, one part of its work; what is asked of it, and what came of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gradassay.speed.sequential import MARGIN, MOST_BLOCKS, Finding
from gradassay.speed.work import Work
from gradassay.vocabulary.bench import Ratio

Size = tuple[int, int]

#: Rows and columns of the cells that are timed, and of those whose work is counted.
TIMED: tuple[Size, ...] = ((8, 10), (64, 100), (512, 1000))
COUNTED: tuple[Size, ...] = ((8, 10), (64, 100))
#: A branch for one dtype alone is counted too, which costs next to nothing.
COUNTED_DTYPES = ("float64", "float32", "float16")
BOTH, PULLBACK = "forward and pullback", "pullback"


@dataclass(frozen=True)
class Side:
    """Where rules come from: the catalogue of the Gradassay in ``folder``, or one rule of a module there."""

    folder: Path
    rule: str | None = None
    """``MODULE:RULE``."""
    copy: int = 0
    """The same folder may be loaded several times, under one number each."""


@dataclass(frozen=True)
class Cell:
    """What is measured."""

    operation: str
    like: str
    """The operation of the catalogue whose inputs it takes."""
    size: Size
    part: str
    dtype: str = "float32"

    def __str__(self) -> str:
        return f"{self.operation} {self.size[0]}×{self.size[1]} {self.part}"


@dataclass(frozen=True)
class Timing:
    """One cell to be timed: ``before`` against ``after``."""

    cell: Cell
    before: Side
    after: Side
    margin: float = MARGIN
    planted: tuple[int, int] = (1, 1)
    """Calls of ``before`` and ``after`` that are counted alike: a slow-down of known size."""
    seed: int = 0
    most: int = MOST_BLOCKS
    least: int = 0
    """Blocks that are drawn at least; the test ends when it ends."""


@dataclass(frozen=True)
class Counting:
    """One cell whose work is to be counted; its ``part`` is ``BOTH``."""

    cell: Cell
    before: Side
    after: Side


@dataclass(frozen=True)
class Timed:
    """What came of a timing."""

    task: Timing
    finding: Finding
    ratio: Ratio
    """Time after over time before, by block."""
    before_s: float
    after_s: float
    slowdowns: tuple[float, ...] = field(default=(), repr=False)

    @property
    def blocks(self) -> int:
        return len(self.slowdowns)


@dataclass(frozen=True)
class Counted:
    """What came of a count."""

    task: Counting
    before: Mapping[str, Work]
    """``forward`` and ``pullback`` -> the work of one call."""
    after: Mapping[str, Work]


class Trouble(StrEnum):
    """What kept a cell from being measured."""

    RAISES = "raises"
    UNCOUNTED = "work not counted"
    """It raises where its arrays count, and does not otherwise."""
    WAITS = "not timed"
    """It sleeps, or has other threads work, of which the clock of its own thread says nothing."""
    DIED = "killed its process"


@dataclass(frozen=True)
class Refused:
    """A cell that could not be measured, and why."""

    task: Timing | Counting
    before: str | None
    """What kept the revision before from it; None where it could be measured."""
    after: str | None
    trouble: Trouble = Trouble.RAISES

    @property
    def mended(self) -> bool:
        """Whether the present revision does what the other could not, so that there is nothing to compare with."""
        return self.after is None and self.trouble in (Trouble.RAISES, Trouble.DIED)


Task = Timing | Counting
Outcome = Timed | Counted | Refused
