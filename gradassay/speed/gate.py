"""The speed gate: every cell of two revisions timed and its work counted, and what of it is a breach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import TypeGuard

import numpy as np

from gradassay.catalogue import OPERATIONS
from gradassay.environment import environment
from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.speed.cells import (
    BOTH,
    COUNTED,
    COUNTED_DTYPES,
    PULLBACK,
    TIMED,
    Cell,
    Counting,
    Outcome,
    Size,
    Task,
    Timed,
    Timing,
)
from gradassay.speed.judging import judged
from gradassay.speed.preparing import Base, Comparison, comparison
from gradassay.speed.results import SpeedResult
from gradassay.speed.running import PINNED, Progress, run
from gradassay.speed.sequential import MARGIN, MOST_BLOCKS, Finding

#: Cells that are canaries, blocks that tell their noise, and the slow-downs that are planted, as calls (p, q).
UNCHANGED, NOISE_BLOCKS = 6, 30
PLANTED = ((10, 11), (5, 6))
PLANTED_CELLS = 3


def gate(
    revisions: Sequence[str],
    *,
    operations: Sequence[str] = (),
    rule: str | None = None,
    like: str | None = None,
    release: bool = True,
    dtype: str = "float32",
    seed: int = 0,
    sizes: Sequence[Size] = TIMED,
    most: int = MOST_BLOCKS,
    progress: Progress | None = None,
) -> SpeedResult:
    """Hold the speed of the working tree's rules against ``revisions`` and the last release.

    ``operations`` (default: all) of the catalogue, or ``rule`` (``MODULE:RULE``) on the inputs of ``like``. Timed is
    ``dtype`` alone; work is counted in ``COUNTED_DTYPES`` as well.
    UsageError for names that are not known, and as :func:`gradassay.speed.preparing.comparison`.
    """
    began = perf_counter()
    for name in (*operations, *([like] if like else [])):
        if name not in OPERATIONS:
            raise UsageError.unknown("operation", name, tuple(OPERATIONS))
    if dtype not in FORMATS:
        raise UsageError.unknown("dtype", dtype, tuple(FORMATS))
    for size in sizes:
        if min(size) < 1:
            raise UsageError(f"size {size} is not two positive numbers, rows and columns")
    with comparison(revisions, rule, release) as compared:
        wanted = set(operations or (compared.rules if rule is None else [rule]))
        names = [name for name in compared.rules if name in wanted]
        cells = [
            Cell(name, like or name, size, part, dtype)
            for name in names
            for size in sizes
            for part in (BOTH, PULLBACK)
        ]
        canaries = _canaries(compared, cells, seed)
        tasks: list[tuple[Base | None, Task]] = [(None, task) for task in canaries]
        for base in compared.bases:
            tasks += [(base, task) for task in _tasks(compared, base, cells, seed, most)]
        outcomes, interrupted = run([task for _, task in tasks], progress)
        suspects = [] if interrupted else [each.task for each in outcomes.values() if _suspect(each)]
        retries = {replace(task, seed=task.seed + 1): task for task in suspects}
        again, interrupted_again = run(list(retries), progress)
        confirmed = {task: again[retry] for retry, task in retries.items() if retry in again}
        result = judged(compared, tasks, outcomes, confirmed, wanted)
    return replace(
        result,
        interrupted=interrupted or interrupted_again,
        seconds=perf_counter() - began,
        environment={**environment(), **PINNED, "dtype": dtype, "seed": seed},
    )


def _canaries(compared: Comparison, cells: Sequence[Cell], seed: int) -> list[Timing]:
    """The present revision against a second load of itself, in cells that the seed picks."""
    head, second = compared.head, replace(compared.head, copy=1)
    rng = np.random.default_rng(seed)

    def some(count: int) -> list[Cell]:
        return [cells[i] for i in rng.permutation(len(cells))[:count]]

    unchanged = [Timing(cell, head, second, seed=seed, least=NOISE_BLOCKS) for cell in some(UNCHANGED)]
    planted = [
        Timing(cell, head, second, seed=seed, planted=calls)
        for calls in PLANTED
        for cell in some(PLANTED_CELLS)
    ]
    return [*unchanged, *planted]


def _tasks(
    compared: Comparison, base: Base, cells: Sequence[Cell], seed: int, most: int
) -> Iterator[Timing | Counting]:
    for cell in cells:
        if cell.operation in base.operations:
            margin = max(MARGIN, base.approvals.factor(cell.operation) or MARGIN)
            yield Timing(cell, base.side, compared.head, margin, seed=seed, most=most)
            if cell.part == BOTH and cell.size in COUNTED:
                for dtype in dict.fromkeys((cell.dtype, *COUNTED_DTYPES)):
                    yield Counting(replace(cell, dtype=dtype), base.side, compared.head)


def _suspect(outcome: Outcome) -> TypeGuard[Timed]:
    """Whether a fresh process is asked again: a slow-down, or a canary that did not do as it should."""
    if not isinstance(outcome, Timed):
        return False
    if outcome.task.planted == (1, 1):
        return outcome.finding is Finding.SLOWER
    return outcome.finding is not Finding.SLOWER
