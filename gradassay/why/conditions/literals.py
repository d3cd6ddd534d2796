"""Literals, the parts of a conjunction: facts, their negations, and quantities held against a threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from gradassay.vocabulary import Array
from gradassay.why.conditions import VOCABULARY, Quantity, View
from gradassay.why.conditions.facts import Fact

#: Thresholds of a quantity that are tried each way, evenly over the failing scenarios, the first and the last included.
CUTS = 16


class Literal(NamedTuple):
    """One part of a conjunction."""

    words: str
    holds: Callable[[View], bool]
    met: Array
    """Which of the judged scenarios meet it."""
    cuts: int
    """Among how many of its kind it was chosen: 1 for a fact."""


def literals(table: Array, count: int) -> tuple[list[Literal], int]:
    """The literals that part the scenarios, and of how many conditions they are.

    Facts come in the order of the vocabulary, then negations, then quantities, which are freer to fit. Of several that
    hold for the same scenarios the first stays.
    """
    facts: list[Literal] = []
    quantities: list[Literal] = []
    negations: list[Literal] = []
    for item, column in zip(VOCABULARY, table.T, strict=True):
        if isinstance(item, Quantity):
            quantities += _cuts(item, column, count)
            continue
        met = column == 1
        facts.append(Literal(item.words, item.holds, met, 1))
        if item.otherwise:
            negations.append(Literal(item.otherwise, _not(item), ~met, 1))
    distinct: dict[bytes, Literal] = {}
    for literal in (*facts, *negations, *quantities):
        if 0 < np.count_nonzero(literal.met) < len(table):
            distinct.setdefault(literal.met.tobytes(), literal)
    kept = list(distinct.values())
    of_facts = sum(literal.cuts == 1 for literal in kept)
    of_quantities = len({literal.words.rpartition(" ")[0] for literal in kept if literal.cuts > 1})
    return kept, of_facts + of_quantities


def _not(fact: Fact) -> Callable[[View], bool]:
    return lambda view: not fact.holds(view)


def _cuts(quantity: Quantity, column: Array, count: int) -> Iterator[Literal]:
    """The quantity above and below thresholds, each as close to failing scenarios as keeps its decimals few."""
    values = np.unique(column[np.isfinite(column)])
    failing = np.unique(column[:count][np.isfinite(column[:count])])
    if len(values) < 2 or not failing.size:
        return
    tried = failing[np.unique(np.linspace(0, len(failing) - 1, CUTS).astype(int))]
    for inside in tried:
        at = int(np.searchsorted(values, inside))
        if quantity.above and at > 0:
            yield _cut(quantity, column, values[at - 1], inside, above=True, cuts=len(values) - 1)
        if quantity.below and at < len(values) - 1:
            yield _cut(quantity, column, inside, values[at + 1], above=False, cuts=len(values) - 1)


def _cut(quantity: Quantity, column: Array, low: float, high: float, *, above: bool, cuts: int) -> Literal:
    """The quantity above, or below, a short decimal that parts ``low`` from ``high``."""
    if above:
        threshold = short_decimal(float(low), float(high))
        words, met = f"{quantity.words} above {_in_short(threshold)}", column > threshold
        return Literal(words, lambda view: quantity.value(view) > threshold, met, cuts)
    threshold = 0.0 - short_decimal(-float(high), -float(low))  # which is 0, never -0
    words, met = f"{quantity.words} below {_in_short(threshold)}", column < threshold
    return Literal(words, lambda view: quantity.value(view) < threshold, met, cuts)


def _in_short(decimal: float) -> str:
    return repr(decimal).removesuffix(".0").replace("e-0", "e-")


def short_decimal(low: float, high: float) -> float:
    """The decimal of the fewest digits in [low, high), the nearest to the middle that rounding finds.

    The middle is the geometric mean where both have one sign, as values are of many magnitudes.
    """
    if low <= 0 < high:
        return 0.0
    if low.is_integer() and high == low + 1:
        return low
    geometric = math.copysign(math.sqrt(abs(low)) * math.sqrt(abs(high)), high)
    for digits in range(17):
        for near in (geometric, low / 2 + high / 2, low):
            rounded = float(f"{near:.{digits}e}")
            if low <= rounded < high:
                return rounded
    return low
