"""One cell timed, or its work counted: run where nothing else runs."""

from __future__ import annotations

import math
import statistics
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from time import perf_counter
from typing import Any

import numpy as np

from gradassay.bench.collection import no_collection
from gradassay.bench.legs import Case, make_case
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.intervals import median_ratio
from gradassay.speed.blocks import Blocks, Step, waits
from gradassay.speed.cells import (
    BOTH,
    COUNTED,
    Cell,
    Counted,
    Counting,
    Refused,
    Side,
    Size,
    Timed,
    Timing,
    Trouble,
)
from gradassay.speed.counting import counted
from gradassay.speed.revisions import Revision
from gradassay.speed.sequential import decide
from gradassay.speed.work import Work
from gradassay.vocabulary import Rule

#: Time on the wall after which no further block of a cell is drawn: a call that waits now and then is not recognised.
LONGEST_S = 60.0


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
    # a forward that waits is run before each leg of a pullback, which then finds cold caches
    old, new = (waits(partial(step, part=BOTH)) or waits(step) for step in (before, after))
    if old or new:
        return Refused(task, old, new, Trouble.WAITS)
    with no_collection():
        blocks = Blocks(before, after, np.random.default_rng(task.seed), task.planted)
        began = perf_counter()

        def late() -> bool:
            return perf_counter() - began > LONGEST_S

        decision = decide(blocks, task.margin, task.most, late)
        slowdowns = [*decision.slowdowns]
        while len(slowdowns) < task.least and not late():
            slowdowns.append(blocks())
    ratios = [math.exp(d) for d in slowdowns]
    before_s, after_s = (statistics.median(blocks.times[who]) for who in ("before", "after"))
    interval = median_ratio(ratios, [1.0] * len(ratios))
    return Timed(task, decision.finding, interval, before_s, after_s, tuple(slowdowns))


def counted_in(task: Counting) -> Counted | Refused:
    """Count the work of a cell, where both revisions stand arrays that count."""
    try:
        before, after = (_work(task.cell, side) for side in _ready(task))
    except _RefusalError as error:
        return error.refused
    if isinstance(before, str) or isinstance(after, str):
        old, new = (each if isinstance(each, str) else None for each in (before, after))
        return Refused(task, old, new, Trouble.UNCOUNTED)
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
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _work(cell: Cell, side: Side) -> dict[str, Work] | str:
    """The work of either part, or the error of a rule that wants no array but a plain one."""
    case = case_of(cell.like, cell.size, cell.dtype)
    try:
        return counted(rules(side)[cell.operation], case.args, case.params, case.cotangent)[1]
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"


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
