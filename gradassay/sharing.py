"""Tasks shared out over processes: results in the order of the tasks, progress as it comes, Ctrl-C heeded.

Processes are spawned and not forked, since frameworks keep threads. A script that uses them has to be guarded by
``if __name__ == "__main__"``.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from threading import Thread
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
#: ``progress(label, done, total)`` of one task.
Progress = Callable[[str, int, int], None]

POLL_S = 0.1


class ProcessDied(Exception):
    """A process was killed from outside, or by its own code."""


_channel: tuple[Any, Any] | None = None


def shared(
    work: Callable[[Task, Progress], Result], tasks: Sequence[Task], jobs: int, progress: Progress | None
) -> Iterator[Result | None]:
    """``work(task, progress)`` of each task in one of ``jobs`` processes, in the order of the tasks.

    ``progress`` is told of all tasks together. On KeyboardInterrupt the tasks under way are interrupted by theirs and
    may still give a result; None stands for those that had not begun, and the interrupt is raised after the last. So is
    ProcessDied where a process ended without a word.
    """
    context = multiprocessing.get_context("spawn")
    told, stop = context.SimpleQueue(), context.Event()
    with ProcessPoolExecutor(jobs, context, initializer=_join, initargs=(told, stop)) as pool:
        futures = [pool.submit(_run, work, i, task) for i, task in enumerate(tasks)]
        interrupt, broken = None, False
        try:
            _watch(futures, told, progress)
        except KeyboardInterrupt as error:
            interrupt = error
            stop.set()
            for future in futures:
                future.cancel()
            _watch(futures, told, None)  # a process whose words nobody takes would wait for ever
        for future in futures:
            try:
                yield None if future.cancelled() else future.result()
            except BrokenProcessPool:
                broken = True
                yield None
    if interrupt is not None:
        raise interrupt
    if broken:
        raise ProcessDied("a process that measured ended abruptly, perhaps for want of memory; try --jobs 1")


def _watch(futures: Sequence[Future[Any]], told: Any, progress: Progress | None) -> None:
    """Pass on what the tasks tell until all are done."""
    done: dict[int, tuple[int, int]] = {}
    waiting: set[Future[Any]] = set(futures)
    while waiting:
        _, waiting = wait(waiting, timeout=POLL_S)
        label = ""
        while not told.empty():
            i, label, *done[i] = told.get()
        if progress is not None:  # also where nothing was told: it may know of an interrupt
            finished = sum(n for n, _ in done.values())
            largest = max((total for _, total in done.values()), default=1)
            progress(label or "measuring", finished, largest * len(futures))


def _join(told: Any, stop: Any) -> None:
    """In a new process: how to tell, and when to stop; Ctrl-C is the parent's to hear."""
    global _channel  # noqa: PLW0603 - a process has one, and its initializer returns nothing
    _channel = told, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """End this process once the one that began it is gone: killed, it could not say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _run(work: Callable[[Task, Progress], Result], number: int, task: Task) -> Result:
    assert _channel is not None
    told, stop = _channel

    def progress(label: str, done: int, total: int) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        told.put((number, label, done, total))

    return work(task, progress)
