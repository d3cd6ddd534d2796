"""Tasks in a process of their own, of which the environment is settled before NumPy is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from comparators.adapters import environment
from gradassay.one_thread import VARIABLES
from gradassay.sharing import ProcessDied, shared
from gradassay.speed.cells import Outcome, Refused, Side, Task, Timing, Trouble
from gradassay.speed.measuring import counted_in, timed

Progress = Callable[[str, int, int], None]

#: One thread; and memory once had is kept, as giving it back and having it again would be timed now and then.
PINNED = {
    **dict.fromkeys(VARIABLES, "1"),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_THRESHOLD_": str(2**29),
}


def run(tasks: Sequence[Task], progress: Progress | None) -> tuple[dict[Task, Outcome], bool]:
    """Task -> outcome, from a fresh process; and whether it was interrupted.

    A rule that kills the process is tried by itself in another, to tell which revision it was; it is spared from then
    on, and the other tasks go on.
    """
    outcomes: dict[Task, Outcome] = {}
    deadly: dict[tuple[str, Side], str] = {}
    while waiting := [task for task in tasks if task not in outcomes]:
        found, ended = _in_one_process(waiting, progress)
        outcomes |= found
        if isinstance(ended, KeyboardInterrupt):
            return outcomes, True
        if ended is None:
            break
        guilty = waiting[len(found)]  # one process takes them in turn
        operation = guilty.cell.operation
        for side in (guilty.before, guilty.after):
            alone = replace(guilty, before=side, after=side)
            died = _in_one_process([alone], None)[1]
            if isinstance(died, KeyboardInterrupt):
                return outcomes, True
            if died is not None:
                deadly[operation, side] = f"the process died in {guilty.cell}"
        if not any((operation, side) in deadly for side in (guilty.before, guilty.after)):
            once = f"the process died in {guilty.cell}, where it did not die again"
            outcomes[guilty] = Refused(guilty, None, once, Trouble.DIED)
        for task in tasks:
            before, after = (deadly.get((task.cell.operation, side)) for side in (task.before, task.after))
            if task not in outcomes and (before or after):
                outcomes[task] = Refused(task, before, after, Trouble.DIED)
    return outcomes, False


def _in_one_process(
    tasks: Sequence[Task], progress: Progress | None
) -> tuple[dict[Task, Outcome], BaseException | None]:
    """Task -> outcome as far as it got, and what ended it early: KeyboardInterrupt or ProcessDied."""
    outcomes: dict[Task, Outcome] = {}
    try:
        with environment(**PINNED):  # for the process that is begun meanwhile
            for task, outcome in zip(tasks, shared(perform, tasks, 1, progress), strict=True):
                if outcome is not None:
                    outcomes[task] = outcome
    except (KeyboardInterrupt, ProcessDied) as ended:
        return outcomes, ended
    return outcomes, None


def perform(task: Task, progress: Progress) -> Outcome:
    """One task, in the process that measures."""
    progress(str(task.cell), 0, 1)
    outcome = timed(task) if isinstance(task, Timing) else counted_in(task)
    progress(str(task.cell), 1, 1)
    return outcome
