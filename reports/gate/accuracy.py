"""How exact the subjects have to stay (``accuracy.toml``): a bound on two errors of each of their rows.

``budget_ratio`` is the largest |error| / budget.  ``normwise`` is the typical norm-wise error in units of u: the
interquartile mean over the scenarios.  A run with the approved seed has the same scenarios, so unchanged code has the
same errors to the last bit; a bound leaves room for roundings that fall otherwise, and none for a further one
(docs/gate.md has what that finds).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gradassay.vocabulary import Row, Run
from reports.gate.expectations import EVERYTHING, Place, Scope, given, place_of

#: A bound is so much above what was measured: 5 %, the margin of the speed gate.
MARGIN = 1.05


@dataclass(frozen=True)
class Bound:
    """What the errors of one row may be."""

    budget_ratio: float
    normwise: float
    reason: str

    def keeps(self, row: Row) -> bool:
        """Whether ``row`` was shown to be as exact as this."""
        return row.worst.budget_ratio <= self.budget_ratio and row.typical <= self.normwise


@dataclass(frozen=True)
class Accuracy:
    """The content of ``accuracy.toml``."""

    bounds: Mapping[Place, Bound]
    lines: Mapping[Place, int] = field(default_factory=dict, compare=False)
    """Where each of them stands in the file that it was read from."""


def approve(
    run: Run, before: Accuracy, reason: str, *, scope: Scope = EVERYTHING, new_only: bool = False
) -> Accuracy:
    """Accept the errors of the subjects of ``run``: a bound that is kept stays, unless it is too wide by now.

    A bound that is not kept, or wider than what would be written today, is written anew, with ``reason``; with
    ``new_only`` none is.  What lies outside of ``scope`` stays.
    """
    reason = given(reason)
    now = {place_of(row): row for row in rows(run)}
    bounds = {p: b for p, b in before.bounds.items() if p in now or p not in scope or new_only}
    for place, row in now.items():
        old, bound = before.bounds.get(place), bound_of(row, reason)
        if old is None or not new_only:
            bounds[place] = bound if old is None else _renewed(old, row, bound)
    return Accuracy(bounds)


def _renewed(old: Bound, row: Row, new: Bound) -> Bound:
    """``old``, but ``new`` for an error that does not keep it, or is held closer today."""
    ratio_kept = row.worst.budget_ratio <= old.budget_ratio <= new.budget_ratio
    normwise_kept = row.typical <= old.normwise <= new.normwise
    if ratio_kept and normwise_kept:
        return old
    ratio = old.budget_ratio if ratio_kept else new.budget_ratio
    return Bound(ratio, old.normwise if normwise_kept else new.normwise, new.reason)


def bound_of(row: Row, reason: str) -> Bound:
    """The bound that ``row`` asks for; at most the budget itself, unless it fails."""
    worst = row.worst.budget_ratio
    ratio = _up(worst * MARGIN)
    return Bound(min(ratio, 1.0) if worst <= 1 else ratio, _up(row.typical * MARGIN), reason)


def rows(run: Run) -> Iterator[Row]:
    """The rows whose accuracy is held: those of the subjects."""
    return (row for row in run.rows if row.implementation in run.subjects and row.scenarios)


def _up(value: float) -> float:
    """``value`` rounded up to a thousandth: an error that is no more than that of a unit is none."""
    return max(math.ceil(value * 1000), 1) / 1000 if math.isfinite(value) else value
