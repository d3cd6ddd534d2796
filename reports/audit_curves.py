"""Sensitivity curves as Markdown tables: the smallest error found, by operation, dtype and checker."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gradassay.vocabulary.audit import Curve, Sensitivity
from reports.numbers import short

OURS = "gradassay"
#: Both checkers are compared in the dtype that the rival is made for.
FINEST = "float64"


def table(sensitivity: Sensitivity) -> str:
    """One table for errors in every entry, and one for errors in one; a cell is a power of two and so many u.

    In brackets is the interval at 95 %, where it is more than one power of two.
    """
    return "\n".join(_lines(sensitivity)) + "\n"


def _lines(sensitivity: Sensitivity) -> Iterator[str]:
    for planted in dict.fromkeys(curve.planted for curve in sensitivity.curves):
        yield f"Smallest relative error in {planted} of a gradient that 100 scenarios find with probability 0.99:"
        yield ""
        yield from _rows([curve for curve in sensitivity.curves if curve.planted == planted])
        yield ""
    for name, remedy in sensitivity.missing.items():
        yield f"Not asked: {name}: {remedy}."
    if sensitivity.interrupted:
        yield "Interrupted: this is what was measured so far."


def _rows(curves: Sequence[Curve]) -> Iterator[str]:
    cells = {(curve.operation, curve.checker, curve.dtype): curve for curve in curves}
    columns = sorted(dict.fromkeys((curve.checker, curve.dtype) for curve in curves), key=_rival)
    rivals = [column for column in columns if _rival(column) and column[1] == FINEST]
    yield _row(
        [
            "operation",
            *(dtype if checker == OURS else f"{checker}: {dtype}" for checker, dtype in columns),
            *(f"ours is finer in {dtype} by" for _, dtype in rivals),
        ]
    )
    yield _row(["---"] * (1 + len(columns) + len(rivals)))
    for operation in dict.fromkeys(curve.operation for curve in curves):
        ours = cells.get((operation, OURS, FINEST))
        yield _row(
            [
                f"`{operation}`",
                *(_cell(cells.get((operation, *column))) for column in columns),
                *(_finer(ours, cells.get((operation, *column))) for column in rivals),
            ]
        )


def _rival(column: tuple[str, str]) -> bool:
    return column[0] != OURS


def _cell(curve: Curve | None) -> str:
    if curve is None:
        return ""
    if curve.alarms == curve.inputs:
        return "rejects the right one"
    said = (
        "none" if curve.smallest is None else f"{power(curve.smallest)} = {short(curve.smallest / curve.u)} u"
    )
    if len(set(curve.interval)) > 1:
        ends = ("none" if end is None else power(end) for end in curve.interval)
        said += f" ({' to '.join(ends)})"
    if curve.alarms:
        said += f"; rejects the right one on {curve.alarms} of {curve.inputs}"
    return said


def _finer(ours: Curve | None, rival: Curve | None) -> str:
    if ours is None or rival is None or ours.smallest is None or rival.smallest is None:
        return ""
    return power(rival.smallest / ours.smallest)


def power(delta: float) -> str:
    """``2^-9``; of powers of two."""
    return f"2^{round(math.log2(delta))}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
