"""Tasks in a process of their own, of which the environment is settled before NumPy is imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from gradassay.one_thread import VARIABLES
from gradassay.sharing import ProcessDied, shared
from gradassay.speed.cells import Outcome, Task, Timing
from gradassay.speed.measuring import counted_in, timed

Progress = Callable[[str, int, int], None]

#: One thread; and memory once had is kept, as giving it back and having it again would be timed now and then.
PINNED = {
    **dict.fromkeys(VARIABLES, "1"),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_THRESHOLD_": str(2**29),
}


def run(tasks: Sequence[Task], progress: Progress | None) -> tuple[dict[Task, Outcome], bool]:
    """Task -> outcome, from a fresh process; and whether it was interrupted, or died."""
    outcomes: dict[Task, Outcome] = {}
    if not tasks:
        return outcomes, False
    try:
        with _environment(PINNED):
            for task, outcome in zip(tasks, shared(perform, tasks, 1, progress), strict=True):
                if outcome is not None:
                    outcomes[task] = outcome
    except (KeyboardInterrupt, ProcessDied):
        return outcomes, True
    return outcomes, False


def perform(task: Task, progress: Progress) -> Outcome:
    """One task, in the process that measures."""
    progress(str(task.cell), 0, 1)
    outcome = timed(task) if isinstance(task, Timing) else counted_in(task)
    progress(str(task.cell), 1, 1)
    return outcome


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Variables for the processes that are begun meanwhile."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
