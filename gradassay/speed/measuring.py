"""One cell timed, or its work counted: run where nothing else runs."""

from __future__ import annotations

import math
import statistics
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from gradassay.bench_legs import Case, make_case
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.intervals import median_ratio
from gradassay.speed.blocks import Blocks, Step, undisturbed
from gradassay.speed.cells import BOTH, COUNTED, Cell, Counted, Counting, Refused, Side, Size, Timed, Timing
from gradassay.speed.revisions import Revision
from gradassay.speed.sequential import decide
from gradassay.speed.work import Work, counted
from gradassay.vocabulary import Rule


@lru_cache(maxsize=8)
def rules(side: Side) -> Mapping[str, Rule]:
    """Operation -> rule; for a rule of the user's, its own name. Empty where there is no such rule."""
    revision = Revision(side.folder)
    if side.rule is None:
        return {name: each.rule for name, each in revision.load("gradassay.catalogue").OPERATIONS.items()}
    module, _, path = side.rule.partition(":")
    try:
        found: Any = revision.load(module)
    except UsageError as error:
        missing = getattr(error.__cause__, "name", None)  # of a ModuleNotFoundError
        if missing and f"{module}.".startswith(f"{missing}."):
            return {}
        raise
    for part in path.split("."):
        if not hasattr(found, part):
            return {}
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(f"--rule {side.rule}: is not callable in {side.folder}; a rule is a function")
    return {side.rule: found}


@lru_cache(maxsize=4)  # the cells of one operation and size come one after another
def case_of(like: str, size: Size, dtype: str) -> Case:
    """The inputs of a cell, which both revisions are given."""
    rng = np.random.default_rng(zlib.crc32(repr((like, size, dtype)).encode()))
    return make_case(OPERATIONS[like], size, dtype, rng)


def timed(task: Timing) -> Timed | Refused:
    """Time a cell block by block until the test ends."""
    try:
        before, after = (partial(_step, task.cell, side) for side in _ready(task))
    except _RefusalError as error:
        return error.refused
    with undisturbed():
        blocks = Blocks(before, after, np.random.default_rng(task.seed), task.planted)
        decision = decide(blocks, task.margin, task.most)
        slowdowns = *decision.slowdowns, *(blocks() for _ in range(len(decision.slowdowns), task.least))
    ratios = [math.exp(d) for d in slowdowns]
    before_s, after_s = (statistics.median(blocks.times[who]) for who in ("before", "after"))
    interval = median_ratio(ratios, [1.0] * len(ratios))
    return Timed(task, decision.finding, interval, before_s, after_s, slowdowns)


def counted_in(task: Counting) -> Counted | Refused:
    """Count the work of a cell."""
    case = case_of(task.cell.like, task.cell.size, task.cell.dtype)
    try:
        before, after = (
            counted(rules(side)[task.cell.operation], case.args, case.params, case.cotangent)[1]
            for side in _ready(task)
        )
    except _RefusalError as error:
        return error.refused
    return Counted(task, before, after)


def counters(operation: str, sizes: Sequence[Size] = COUNTED) -> dict[Size, dict[str, Work]]:
    """Size -> ``forward`` and ``pullback`` -> the work of the present rule of an operation of the catalogue."""
    cases = {size: case_of(operation, size, "float32") for size in sizes}
    rule = OPERATIONS[operation].rule
    return {size: counted(rule, c.args, c.params, c.cotangent)[1] for size, c in cases.items()}


class _RefusalError(Exception):
    def __init__(self, refused: Refused) -> None:
        super().__init__(refused)
        self.refused = refused


def _ready(task: Timing | Counting) -> tuple[Side, Side]:
    """Both sides, after each has run its rule on the inputs once."""
    before, after = _error(task.cell, task.before), _error(task.cell, task.after)
    if before or after:
        raise _RefusalError(Refused(task, before, after))
    return task.before, task.after


def _error(cell: Cell, side: Side) -> str | None:
    try:
        _step(cell, side, BOTH)()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _step(cell: Cell, side: Side, part: str | None = None) -> Step:
    """What is called of a cell: forward and pullback, or the pullback alone."""
    rule, case = rules(side)[cell.operation], case_of(cell.like, cell.size, cell.dtype)
    args, params, y_bar = case.args, case.params, case.cotangent

    def both() -> object:
        _, pullback = rule(*args, **params)
        return pullback(y_bar)

    if (part or cell.part) == BOTH:
        return both
    _, pullback = rule(*args, **params)
    return lambda: pullback(y_bar)
