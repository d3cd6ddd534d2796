"""Plans measured together, in this process or in several: one Run of them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from gradassay.plan import Plan, Progress
from gradassay.sharing import ProcessDied, shared
from gradassay.vocabulary import Run, Witness

Done = TypeVar("Done")


def measured(plans: Sequence[Plan], jobs: int, progress: Progress | None) -> Run:
    """Measure ``plans`` one after the other, or each operation of each in one of ``jobs`` processes."""
    runs: list[Run] = []
    interrupted = False
    notes: tuple[str, ...] = ()
    try:
        for run in performed(Plan.alone, plans, jobs, progress):
            runs.append(run)
            if run.interrupted and _here(plans, jobs):
                break
    except KeyboardInterrupt:
        interrupted = True
    except ProcessDied as error:
        interrupted, notes = True, (str(error),)
    return Run(
        tuple(row for run in runs for row in run.rows),
        edges=tuple(edge for run in runs for edge in run.edges),
        replayed=tuple(witness for run in runs for witness in run.replayed),
        missing={name: reason for run in runs for name, reason in run.missing.items()},
        notes=notes,
        interrupted=interrupted or any(run.interrupted for run in runs),
    )


def replayed(plans: Sequence[Plan], jobs: int, progress: Progress | None) -> tuple[Witness, ...]:
    """The witnesses of ``plans`` alone, shared out in the same way."""
    return tuple(witness for part in performed(Plan.replayed, plans, jobs, progress) for witness in part)


def performed(
    work: Callable[[Plan, Progress | None], Done], plans: Sequence[Plan], jobs: int, progress: Progress | None
) -> Iterator[Done]:
    """``work(plan, progress)`` of each plan in this process, or of each of its operations in one of ``jobs``."""
    if not _here(plans, jobs):
        parts = [part for plan in plans for part in plan.by_operation()]
        found = shared(work, parts, min(jobs, len(parts)), progress)
        yield from (done for done in found if done is not None)
        return
    for i, plan in enumerate(plans):
        yield work(plan, progress and _share(progress, i, len(plans)))


def _here(plans: Sequence[Plan], jobs: int) -> bool:
    """Whether one process does it all: frameworks take longer to load than an operation takes to measure."""
    return min(jobs, len({name for plan in plans for name in plan.names})) <= 1


def _share(progress: Progress, before: int, parts: int) -> Progress:
    """Progress of one of several parts of about the same size, as progress of them all."""
    return lambda label, done, total: progress(label, before * total + done, parts * total)
