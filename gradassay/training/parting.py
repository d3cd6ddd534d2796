"""Where the losses of two implementations part, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from gradassay.formats import FORMATS
from gradassay.training.judging import ENDS, Judge, exact
from gradassay.training.moved import relative_difference, spread_by_rounding
from gradassay.training.results import Parting
from gradassay.training.setups import Setup
from gradassay.vocabulary import Array, Verdict
from gradassay.vocabulary.training import Values

#: Losses have parted where they differ by more than this, relative to the larger: 1e-12 in float64, and as many unit
#: roundoffs in float32.
PARTED_ROUNDOFFS = 1e-12 / FORMATS["float64"].u

#: ``progress(label, done, total)``
Progress = Callable[[str, int, int], None]


def parted_at(left: Array, right: Array, dtype: str) -> int | None:
    """The first step at which two series of losses have parted; None where they never do."""
    parted = ~(relative_difference(left, right) <= PARTED_ROUNDOFFS * FORMATS[dtype].u)
    return int(np.argmax(parted)) if parted.any() else None


def partings(
    setup: Setup,
    values: Values,
    losses: Mapping[str, Array],
    judges: Mapping[str, Judge],
    dtype: str,
    told: Progress,
) -> tuple[Parting, ...]:
    """Every pair; the reason is looked for where one has parted.

    Two losses that are both no numbers neither agree nor part: from there on there is nothing to compare.
    """
    pairs = {(a, b): _numbers(losses[a], losses[b]) for a, b in combinations(losses, 2)}
    firsts = {(a, b): parted_at(losses[a][:n], losses[b][:n], dtype) for (a, b), n in pairs.items()}
    steps = max((step + 1 for step in firsts.values() if step is not None), default=0)
    label = f"{setup.name}, sound runs"
    spread = spread_by_rounding(setup, values, exact, steps, lambda step: told(label, step, steps))
    found = []
    for (a, b), n in pairs.items():
        difference, step = relative_difference(losses[a][:n], losses[b][:n]), firsts[a, b]
        parting = Parting(a, b, float(np.max(difference, initial=0.0)))
        if step is not None:
            there = replace(
                parting, step=step, difference=float(difference[step]), spread=float(spread[step])
            )
            parting = _with_reason(there, step, {a: judges[a], b: judges[b]})
        elif n < len(losses[a]):
            parting = replace(parting, step=n, difference=np.inf, reason="no numbers")
        found.append(parting)
    return tuple(found)


def _numbers(left: Array, right: Array) -> int:
    """How many steps there are before both losses are NaN or infinite."""
    ended = ~np.isfinite(left) & ~np.isfinite(right)
    return int(np.argmax(ended)) if ended.any() else len(left)


def _with_reason(parting: Parting, step: int, judges: Mapping[str, Judge]) -> Parting:
    """The operation that is most budgets off before the losses part, or rounding that reaches as far, or both."""
    before = [
        (name, fault)
        for name, judge in judges.items()
        for fault in judge.faults.values()
        if fault.step <= step and fault.verdict is not Verdict.IMPURE  # which moves no number here
    ]
    reasons = ["operation"] if before else []
    if parting.spread is not None and parting.spread >= parting.difference:
        reasons.append("rounding")
    culprit = max(before, key=lambda found: (found[1].verdict in ENDS, found[1].ratio), default=None)
    return replace(parting, reason=" or ".join(reasons) or "unexplained", culprit=culprit)
