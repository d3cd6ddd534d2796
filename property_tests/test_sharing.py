"""Laws of tasks shared out over processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gradassay.engine import compare
from gradassay.replay.witnesses import identify
from gradassay.sharing import ProcessDied, shared

Progress = Callable[[str, int, int], None]


def doubled(task: int, progress: Progress) -> int:
    progress(f"task {task}", 1, 1)
    return 2 * task


def endless(task: int, progress: Progress) -> str:
    """What a measurement does: it tells of each step, and gives what it has when it is interrupted."""
    try:
        for step in range(10_000):
            progress(f"task {task}", step, 10_000)
            time.sleep(0.01)
    except KeyboardInterrupt:
        return f"task {task} so far"
    return "all of it"


def abrupt(task: int, progress: Progress) -> None:
    os._exit(9)


def test_results_come_in_the_order_of_the_tasks_and_progress_counts_all_of_them() -> None:
    heard: list[tuple[str, int, int]] = []
    assert list(shared(doubled, [3, 1, 2], 2, lambda *told: heard.append(told))) == [6, 2, 4]
    assert heard[-1][1:] == (3, 3)


def test_an_interrupt_brings_back_what_was_found_so_far() -> None:
    def interrupt(label: str, done: int, total: int) -> None:
        if done > 3:
            raise KeyboardInterrupt

    results = []
    try:
        for result in shared(endless, [0, 1, 2, 3, 4, 5], 1, interrupt):
            results.append(result)
    except KeyboardInterrupt:
        results.append("interrupted")
    assert results.pop() == "interrupted"
    assert results[0] == "task 0 so far"
    assert results[-1] is None


def test_a_process_that_dies_is_an_error_with_a_remedy() -> None:
    results = shared(abrupt, [1, 2], 2, None)
    assert [next(results), next(results)] == [None, None]
    with pytest.raises(ProcessDied, match="--jobs 1"):
        next(results)


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_processes_do_not_outlive_the_one_that_began_them() -> None:
    code = "import property_tests.test_sharing as t; print(list(t.shared(t.told_pid, [0], 1, None)))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _runs(child):
        time.sleep(0.1)
    assert not _runs(child)


def told_pid(task: int, progress: Progress) -> str:
    print(os.getpid(), flush=True)
    return endless(task, progress)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Ended, and waiting for whoever has to ask."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state == "Z"


def test_two_processes_measure_what_one_does() -> None:
    one, two = (
        compare(["softmax", "get_item"], implementations=["numpy"], examples=20, seed=3, jobs=jobs)
        for jobs in (1, 2)
    )
    assert len(one.rows) == 8
    for a, b in zip(one.rows, two.rows, strict=True):
        bare = [replace(row, discrepancies=(), hardest=None, hardest_by_region={}).__dict__ for row in (a, b)]
        assert bare[0] == bare[1]
        hardest = [None if row.hardest is None else identify(row.hardest) for row in (a, b)]
        assert hardest[0] == hardest[1]
        assert [d.id for d in a.discrepancies] == [d.id for d in b.discrepancies]
    assert [edge.title for edge in one.edges] == [edge.title for edge in two.edges]
