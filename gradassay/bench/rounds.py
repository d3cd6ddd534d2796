"""Turns taken in rounds, the copy among them, and what a row makes of the times.

Taken is the processor's time of all threads together. On one thread and an idle machine that is the time on the wall;
on a machine that others use as well it leaves out what they had of it, and an implementation that could not be pinned
to one thread gains nothing by that.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import get_clock_info, perf_counter, process_time
from typing import Any

import numpy as np

from gradassay.bench.collection import no_collection
from gradassay.bench.legs import Case, Step
from gradassay.intervals import median_ratio
from gradassay.vocabulary.bench import OURS, BenchRow, Timing

#: Shortest time that one turn of one implementation takes; shorter calls are repeated within the turn.
TURN_S = 1e-3

#: Rounds of one operation at one size, unless asked for: as many as fit, within these bounds.
ROUNDS_S, FEWEST_ROUNDS, MOST_ROUNDS = 1.2, 15, 41

COPY = "copy"

#: Where the processor's time is not told finely enough (Windows: 16 ms) it is the time on the wall.
CLOCK, CLOCK_NAME = (
    (process_time, "processor time, all threads together")
    if get_clock_info("process_time").resolution <= TURN_S / 100
    else (perf_counter, "time on the wall")
)

#: (implementation, "forward" or "both") -> seconds of one call, in each round; the copy has "both" alone.
Times = dict[tuple[str, str], list[float]]


@dataclass
class Load:
    """Seconds that an implementation took on the clock, and on all cores together."""

    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)

    def add(self, who: str, wall_s: float, cpu_s: float) -> None:
        """Count one turn."""
        self.wall_s[who] = self.wall_s.get(who, 0.0) + wall_s
        self.cpu_s[who] = self.cpu_s.get(who, 0.0) + cpu_s

    def cores_used(self) -> dict[str, float]:
        """How many cores each kept busy: 1 at most on one thread, less where the machine was shared."""
        return {who: round(self.cpu_s[who] / wall_s, 3) for who, wall_s in self.wall_s.items()}


def moved_bytes(case: Case, y: Any, x_bars: Any) -> int:
    """Bytes read and written at least: arguments (an index too) and cotangent; primal and gradients."""
    found = x_bars if isinstance(x_bars, tuple) else (x_bars,)
    return case.nbytes + sum(int(array.nbytes) for array in (y, *found) if array is not None)


def copying(moved: int) -> Step:
    """A copy that reads and writes ``moved`` bytes in all."""
    source = np.ones(max(1, moved // 2), np.uint8)
    target = np.empty_like(source)
    return lambda: np.copyto(target, source)


def summarise(
    operation: str,
    dtype: str,
    size: tuple[int, int],
    times: Times,
    moved: int,
    peaks: Mapping[str, int | None],
    failed: Mapping[str, str],
) -> BenchRow:
    """The row of these times: medians over the rounds, of what was taken within each."""
    copies = times[COPY, "both"]
    seconds = {
        who: Timing(
            forward_s=statistics.median(times[who, "forward"]),
            pullback_s=statistics.median(
                both - forward
                for both, forward in zip(times[who, "both"], times[who, "forward"], strict=True)
            ),
            total_s=statistics.median(times[who, "both"]),
            peak_bytes=peak,
            of_copy=median_ratio(copies, times[who, "both"]).median,
        )
        for who, peak in peaks.items()
    }
    ratios, forward_ratios = (
        {who: median_ratio(times[OURS, kind], times[who, kind]) for who in seconds if who != OURS}
        for kind in ("both", "forward")
    )
    return BenchRow(
        operation, dtype, size, len(copies), seconds, ratios, forward_ratios, failed, moved, statistics.median(copies)
    )  # fmt: skip


def take_turns(
    steps: Mapping[tuple[str, str], Step], rounds: int | None, rng: np.random.Generator, load: Load
) -> Times:
    """Seconds per call of every step in every round; trial calls find out how often to call each."""
    once = {key: min(_seconds(step, 1)[0] for _ in range(3)) for key, step in steps.items()}
    calls = {key: max(1, math.ceil(TURN_S / max(lasting, 1e-7))) for key, lasting in once.items()}
    if rounds is None:
        round_s = sum(once[key] * calls[key] for key in steps)
        rounds = min(MOST_ROUNDS, max(FEWEST_ROUNDS, int(ROUNDS_S / round_s)))
    times: Times = {key: [] for key in steps}
    keys = list(steps)
    with no_collection():
        for _ in range(rounds):
            for at in rng.permutation(len(keys)):
                key = keys[at]
                taken_s, wall_s, cpu_s = _seconds(steps[key], calls[key])
                load.add(key[0], wall_s, cpu_s)
                times[key].append(taken_s / calls[key])
    return times


def _seconds(step: Step, calls: int) -> tuple[float, float, float]:
    """What ``CLOCK`` says, and the time on the wall and of the processor around it."""
    cpu, wall = process_time(), perf_counter()
    began = CLOCK()
    for _ in range(calls):
        step()
    taken_s = CLOCK() - began
    return taken_s, perf_counter() - wall, process_time() - cpu
