"""How fast our rules are: each beside PyTorch, TensorFlow and JAX, in one process, one thread, turn by turn.

A machine that others use as well is never twice the same, so every round runs every implementation once, in
random order, and a ratio is taken within a round. Of the rounds' ratios the median is reported, with its interval
(:mod:`gradassay.intervals`).

A copy takes its turn too, as the limit: arguments and cotangent have to be read and the primal and the gradients to
be written, each at least once. ``np.copyto`` of half as many bytes reads and writes as many in all, into memory that
it does not have to ask for. The share of that limit is its time over an implementation's: 1 is as fast as a copy.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np

from gradassay.bench.legs import LEGS, Case, Legs, framework_of, make_case
from gradassay.bench.memory import beyond, footprint
from gradassay.bench.rounds import CLOCK_NAME, COPY, Load, copying, moved_bytes, summarise, take_turns
from gradassay.bench.threads import single_threaded
from gradassay.catalogue import OPERATIONS
from gradassay.environment import environment
from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.vocabulary.bench import OURS, BenchResult, BenchRow

SIZES = ((8, 10), (64, 100), (512, 1000), (4096, 1000))

#: At this size a call's memory is that of the interpreter and the libraries.
TINY = 8, 10

#: Arrays of the main argument's size, in float64, that a row may hold at a time, counted generously: each
#: implementation has its arguments, cotangent, primal and gradients, and those that it needs on the way.
ARRAYS_HELD = 60


def bench(
    operations: Sequence[str] | None = None,
    sizes: Sequence[tuple[int, int]] = SIZES,
    dtype: str = "float32",
    rounds: int | None = None,
    seed: int = 0,
    implementations: Sequence[str] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> BenchResult:
    """Time ``operations`` (all of the catalogue) at ``sizes`` (rows, columns), ``rounds`` rounds each.

    Ours always takes part; of the others ``implementations`` (all that are installed). ``progress(done, total,
    label)`` is called around each row. KeyboardInterrupt ends it with the rows finished so far. UsageError for an
    unknown operation, implementation or dtype, a size without entries or beyond memory, or fewer than one round.
    """
    _check(operations, sizes, dtype, rounds, implementations)
    began = perf_counter()
    cells = [(name, (size[0], size[1])) for name in operations or OPERATIONS for size in sizes]
    asked = [name for name in LEGS if name == OURS or implementations is None or name in implementations]
    frameworks = list(dict.fromkeys(framework_of(name) for name in asked if name != OURS))
    tell = progress or (lambda done, total, label: None)
    rows: list[BenchRow] = []
    about: dict[str, Any] = {
        **environment(),
        "threads": {},
        "dtype": dtype,
        "seed": seed,
        "clock": CLOCK_NAME,
    }
    lacking: dict[str, str] = {}
    load, interrupted = Load(), False
    try:
        with single_threaded(frameworks) as (about["threads"], absent):
            lacking |= {who: absent[framework_of(who)] for who in asked if framework_of(who) in absent}
            present = [name for name in asked if name not in lacking]
            for done, (name, size) in enumerate(cells):
                tell(done, len(cells), f"{name} {size[0]}×{size[1]}")
                row = _row(name, size, dtype, rounds, present, seed, load)
                tell(done + 1, len(cells), "")  # an interrupt that was lost on the way is raised here
                rows.append(row)
    except KeyboardInterrupt:
        interrupted = True
    about["cores_used"] = load.cores_used()
    return BenchResult(rows, about, lacking, perf_counter() - began, interrupted)


def _check(
    operations: Sequence[str] | None,
    sizes: Sequence[tuple[int, int]],
    dtype: str,
    rounds: int | None,
    implementations: Sequence[str] | None,
) -> None:
    for kind, names, known in (
        ("operation", operations, OPERATIONS),
        ("implementation", implementations, LEGS),
        ("dtype", [dtype], FORMATS),
    ):
        for name in names or ():
            if name not in known:
                raise UsageError.unknown(kind, name, tuple(known))
    for size in sizes:
        if len(size) != 2 or min(size) < 1:
            raise UsageError(f"size {size!r} is not two positive numbers, rows and columns")
        needed, there = math.prod(size) * 8 * ARRAYS_HELD, _memory()
        if there is not None and needed > there:
            raise UsageError(
                f"size {size[0]}×{size[1]} may take {needed / 2**30:,.0f} GiB and this machine has "
                f"{there / 2**30:,.0f} GiB; take a smaller one"
            )
    if rounds is not None and rounds < 1:
        raise UsageError(f"rounds has to be at least 1, not {rounds}")


def _memory() -> int | None:
    """Bytes of this machine's memory, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _row(
    name: str,
    size: tuple[int, int],
    dtype: str,
    rounds: int | None,
    implementations: Sequence[str],
    seed: int,
    load: Load,
) -> BenchRow:
    rng = np.random.default_rng(seed)
    case = make_case(OPERATIONS[name], size, dtype, rng)
    legs: dict[str, Legs] = {}
    failed: dict[str, str] = {}
    for implementation in implementations:
        try:
            ready = LEGS[implementation](case)
            ready.forward(), ready.both()
            legs[implementation] = ready
        except Exception as error:
            if implementation == OURS:
                raise
            failed[implementation] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    moved = moved_bytes(case, *legs[OURS].both())
    steps = {(who, kind): getattr(ready, kind) for who, ready in legs.items() for kind in ("forward", "both")}
    times = take_turns({**steps, (COPY, "both"): copying(moved)}, rounds, rng, load)
    peaks = {who: _peak(who, ready, case, dtype) for who, ready in legs.items()}
    return summarise(name, dtype, size, times, moved, peaks, failed)


def _peak(implementation: str, legs: Legs, case: Case, dtype: str) -> int | None:
    """Memory of forward and pullback beyond the arguments."""
    found = footprint(legs.both)
    return (
        None
        if found is None
        else beyond(found, case.nbytes, _own(implementation, case.operation.name, dtype))
    )


@cache
def _own(implementation: str, operation: str, dtype: str) -> int:
    """Bytes that a call touches where its arrays are next to nothing: the interpreter's and the library's own."""
    tiny = make_case(OPERATIONS[operation], TINY, dtype, np.random.default_rng(0))
    call = LEGS[implementation](tiny).both
    call()
    found = footprint(call)
    return 0 if found is None else max(0, found.touched - tiny.nbytes)
