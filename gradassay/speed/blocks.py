"""One block: short legs of either revision in turn, in the order ABBA or BAAB, on the clock of this thread alone.

A drift of the machine that is linear over four legs cancels in ½ ln (b₁ b₂ / a₁ a₂); of ten such fours it takes the
median. Together they are as long as legs of 1 ms would be, but what disturbs one of them disturbs no other: the clock
of a thread does not run while others have the processor, yet a virtual machine corrects it in lumps for the time that
its host took, and whoever comes back finds cold caches. On two cores with six processes, half of the blocks of
unchanged code then lie within 0.3 % where those of four legs of 1 ms lie within 6 %.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter_ns, thread_time_ns

import numpy as np

Step = Callable[[], object]
#: Makes what one leg calls, outside of the time that is taken: what it keeps lies elsewhere in memory each time.
Make = Callable[[], Step]

#: Shortest time that one leg takes; shorter calls are repeated within it.
LEG_S = 1e-4
#: Fours of legs in a block: fewer where the legs are so long that those of a revision would exceed this together.
MOST_FOURS, FEWEST_FOURS, BLOCK_S = 10, 3, 0.01
#: Calls that a function is given first, as the interpreter specialises what is called often, but no longer than this.
WARM_UP, WARM_UP_S = 16, 0.02
#: A call waits that takes so many times as long by the clock on the wall as by that of its thread, at its best.
WAITING = 3.0
#: Time on the wall after which no further call is made to warm up, or to tell whether calls wait.
WAITING_S = 0.2


@dataclass
class Blocks:
    """Draws blocks of ``before`` and ``after``; ``times`` keeps the seconds of every leg, for one call."""

    before: Make
    after: Make
    rng: np.random.Generator
    planted: tuple[int, int] = (1, 1)
    """(p, q): for p calls of ``before``, ``after`` is called q times and counted p times: slower by exactly q / p."""
    clock: Callable[[], int] = thread_time_ns
    wall: Callable[[], int] = perf_counter_ns
    times: dict[str, list[float]] = field(default_factory=lambda: {"before": [], "after": []})

    def __post_init__(self) -> None:
        per_call = self._warm(self.before())
        self._warm(self.after())
        p, q = self.planted
        turns = max(1, math.ceil(LEG_S / max(per_call, 1e-7) / p))
        self._calls, self._calls_after = turns * p, turns * q
        fitting = int(BLOCK_S / (per_call * self._calls))
        self._fours = max(FEWEST_FOURS, min(MOST_FOURS, fitting))

    def __call__(self) -> float:
        """The slow-down of one block, ln (after / before)."""
        return statistics.median(self._four() for _ in range(self._fours))

    def _four(self) -> float:
        first, second = (False, True) if self.rng.random() < 0.5 else (True, False)
        legs = [(who, self._leg(who)) for who in (first, second, second, first)]
        return 0.5 * math.log(math.prod(time if is_after else 1 / time for is_after, time in legs))

    def _leg(self, is_after: bool) -> float:
        make, calls = (self.after, self._calls_after) if is_after else (self.before, self._calls)
        seconds = self._seconds(make(), calls) / self._calls
        self.times["after" if is_after else "before"].append(seconds)
        return seconds

    def _warm(self, step: Step) -> float:
        """Seconds of the quickest of the first calls."""
        began = self.wall()
        times = [self._seconds(step, 1)]
        while len(times) < WARM_UP and sum(times) < WARM_UP_S and (self.wall() - began) * 1e-9 < WAITING_S:
            times.append(self._seconds(step, 1))
        return min(times)

    def _seconds(self, step: Step, calls: int) -> float:
        began = self.clock()
        for _ in range(calls):
            step()
        return max(self.clock() - began, 1) * 1e-9


def _pauses() -> int | None:
    """Times that this thread has given up the processor of itself; None where the system does not say."""
    try:
        from resource import RUSAGE_THREAD, getrusage
    except ImportError:  # but for Linux
        return None
    return getrusage(RUSAGE_THREAD).ru_nvcsw


def waits(
    make: Make,
    clock: Callable[[], int] = thread_time_ns,
    wall: Callable[[], int] = perf_counter_ns,
    pauses: Callable[[], int | None] = _pauses,
) -> str | None:
    """Why a function cannot be timed by the clock of its thread: it sleeps, or others work for it.

    ``pauses`` counts how often the thread gave up the processor of itself, where the system tells: a thread that only
    loses it to others is late as well, and does not wait.
    """
    step = make()
    best_thread = best_wall = math.inf
    began, paused = wall(), pauses()
    for calls in range(1, WARM_UP + 1):
        thread_was, wall_was = clock(), wall()
        step()
        best_thread = min(best_thread, max(clock() - thread_was, 1))
        best_wall = min(best_wall, max(wall() - wall_was, 1))
        now = pauses()
        if best_wall <= WAITING * best_thread or not (now is None or paused is None or now - paused >= calls):
            return None
        if (wall() - began) * 1e-9 > WAITING_S:
            break
    return f"it waits: {best_wall * 1e-6:.3g} ms go by in a call, and its thread works for {best_thread * 1e-6:.3g} ms"
