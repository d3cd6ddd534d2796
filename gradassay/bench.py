"""How fast our rules are: each beside PyTorch and TensorFlow, in one process, one thread, turn by turn.

A machine that others use as well is never twice the same, so every round runs every implementation once, in
random order, and a ratio is taken within a round. Of the rounds' ratios the median is reported, between two
order statistics that enclose the true median with a stated confidence whatever the distribution is
(David and Nagaraja 2003, Order Statistics, 7.1).
"""

from __future__ import annotations

import gc
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from gradassay.bench_legs import LEGS, Legs, Step, make_case, single_threaded
from gradassay.catalogue import OPERATIONS
from gradassay.environment import environment
from gradassay.errors import UsageError
from gradassay.formats import FORMATS

SIZES = ((8, 10), (64, 100), (512, 1000), (4096, 1000))

#: Shortest time that one turn of one implementation takes; shorter calls are repeated within the turn.
TURN_S = 1e-3

#: Rounds of one operation at one size, unless asked for: as many as fit, within these bounds.
ROUNDS_S, FEWEST_ROUNDS, MOST_ROUNDS = 1.2, 11, 41


@dataclass(frozen=True)
class Timing:
    """Medians over the rounds, for one call."""

    forward_s: float
    total_s: float
    """Forward and pullback."""


@dataclass(frozen=True)
class Ratio:
    """Our time over another's, forward and pullback: below 1 ours is quicker."""

    median: float
    low: float
    high: float
    confidence: float
    """Probability that the true median lies within ``low`` and ``high``."""


@dataclass(frozen=True)
class BenchRow:
    """One operation at one size."""

    operation: str
    dtype: str
    size: tuple[int, int]
    rounds: int
    seconds: Mapping[str, Timing]
    """Implementation -> its times; ``numpy`` is ours."""
    ratios: Mapping[str, Ratio]
    """Implementation other than ours -> our time over its time."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Implementation that could not run this case -> why."""


@dataclass(frozen=True)
class BenchResult:
    """Everything that one bench found out."""

    rows: list[BenchRow]
    environment: dict[str, Any]
    """That of every run, and ``threads``: what was pinned to how many, ``dtype`` and ``seed``."""
    missing: dict[str, str] = field(default_factory=dict)
    """Implementation that is not installed -> why it could not be loaded."""
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists, for JSON."""
        return {"schema": 1, **asdict(self)}


def bench(
    operations: Sequence[str] | None = None,
    sizes: Sequence[tuple[int, int]] = SIZES,
    dtype: str = "float32",
    repeats: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> BenchResult:
    """Time ``operations`` (all of the catalogue) at ``sizes`` (rows, columns), ``repeats`` rounds each.

    ``progress(done, total, label)`` is called before each row and at the end. UsageError for an unknown
    operation or dtype, a size without entries, or fewer than one round.
    """
    _check(operations, sizes, dtype, repeats)
    began = perf_counter()
    cells = [(name, size) for name in operations or OPERATIONS for size in sizes]
    rng = np.random.default_rng(seed)
    rows = []
    with single_threaded() as (threads, missing):
        present = [name for name in LEGS if name not in missing]
        for done, (name, size) in enumerate(cells):
            if progress:
                progress(done, len(cells), f"{name} {size[0]}×{size[1]}")
            rows.append(_row(name, size, dtype, repeats, present, rng))
    if progress:
        progress(len(cells), len(cells), "")
    about = {**environment(), "threads": threads, "dtype": dtype, "seed": seed}
    return BenchResult(rows, about, missing, perf_counter() - began)


def _check(
    operations: Sequence[str] | None, sizes: Sequence[tuple[int, int]], dtype: str, repeats: int | None
) -> None:
    for name in operations or ():
        if name not in OPERATIONS:
            raise UsageError.unknown("operation", name, tuple(OPERATIONS))
    if dtype not in FORMATS:
        raise UsageError.unknown("dtype", dtype, tuple(FORMATS))
    for size in sizes:
        if len(size) != 2 or min(size) < 1:
            raise UsageError(f"size {size!r} is not two positive numbers, rows and columns")
    if repeats is not None and repeats < 1:
        raise UsageError(f"repeats has to be at least 1, not {repeats}")


def _row(
    name: str,
    size: tuple[int, int],
    dtype: str,
    repeats: int | None,
    implementations: Sequence[str],
    rng: np.random.Generator,
) -> BenchRow:
    case = make_case(OPERATIONS[name], size, dtype, rng)
    legs: dict[str, Legs] = {}
    failed: dict[str, str] = {}
    for implementation in implementations:
        try:
            ready = LEGS[implementation](case)
            ready.forward(), ready.both()
            legs[implementation] = ready
        except Exception as error:
            if implementation == "numpy":
                raise
            failed[implementation] = f"{type(error).__name__}: {error}"
    steps = {(who, kind): getattr(ready, kind) for who, ready in legs.items() for kind in ("forward", "both")}
    times = _rounds(steps, repeats, rng)
    seconds = {
        who: Timing(statistics.median(times[who, "forward"]), statistics.median(times[who, "both"]))
        for who in legs
    }
    ratios = {who: _ratio(times["numpy", "both"], times[who, "both"]) for who in legs if who != "numpy"}
    rounds = len(times["numpy", "both"])
    return BenchRow(name, dtype, (size[0], size[1]), rounds, seconds, ratios, failed)


def _rounds(
    steps: Mapping[tuple[str, str], Step], repeats: int | None, rng: np.random.Generator
) -> dict[tuple[str, str], list[float]]:
    """Seconds per call of every step in every round; the first round finds out how often to call each."""
    once = {key: min(_seconds(step, 1) for _ in range(3)) for key, step in steps.items()}
    calls = {key: max(1, math.ceil(TURN_S / max(lasting, 1e-7))) for key, lasting in once.items()}
    if repeats is None:
        round_s = sum(once[key] * calls[key] for key in steps)
        repeats = min(MOST_ROUNDS, max(FEWEST_ROUNDS, int(ROUNDS_S / round_s)))
    times: dict[tuple[str, str], list[float]] = {key: [] for key in steps}
    keys = list(steps)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(repeats):
            for at in rng.permutation(len(keys)):
                key = keys[at]
                times[key].append(_seconds(steps[key], calls[key]) / calls[key])
    finally:
        if collecting:
            gc.enable()
    return times


def _seconds(step: Step, calls: int) -> float:
    began = perf_counter()
    for _ in range(calls):
        step()
    return perf_counter() - began


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Median of the paired ratios, between order statistics for 95 percent (or the extremes, if too few)."""
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    n = len(ratios)
    rank, outside = 1, 2.0 ** (1 - n)  # P(the median is below the smallest or above the largest of n)
    while (more := outside + 2 * math.comb(n, rank) * 2.0**-n) <= 0.05:
        rank, outside = rank + 1, more
    return Ratio(statistics.median(ratios), ratios[rank - 1], ratios[n - rank], 1 - outside)
