"""What failing scenarios have in common that passing ones have not: the shortest conjunction of conditions.

Candidates are conjunctions of one to three literals: a fact of the vocabulary, its negation where that has a name, or a
quantity above or below a threshold. The best has the largest F1 = 2 hits / (met + failing), the harmonic mean of
precision and recall.

Among thousands of candidates some separate by accident. If failing scenarios were drawn blindly, the hits among the
``met`` would be hypergeometric; the chance of as many, times the number of candidates of that length (Bonferroni), has
to stay below ``CHANCE``. The same is asked of each literal among the scenarios that meet the others, so that a longer
conjunction is taken only if every part of it says more than chance would.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from gradassay.vocabulary import Array, Condition, Scenario
from gradassay.why.conditions import VOCABULARY, Fact, Quantity, View, measured

#: How probable it may be that a condition is named where failing has nothing to do with any of the vocabulary.
CHANCE = 0.01
#: The share of it that conjunctions of one, two and three literals have: no more than a person can hold in mind.
SHARES = (1 / 2, 1 / 4, 1 / 4)
#: Thresholds of a quantity that are tried each way, evenly over the failing scenarios, the first and the last included.
CUTS = 16
#: Pairs that are tried for a third literal, the best first.
BEAM = 1000
#: Candidates of one length that are held against chance, the best first.
TRIED = 20

EVERY = "every scenario"


@dataclass(frozen=True, eq=False)
class Separation:
    """A condition, and whether other scenarios meet it."""

    condition: Condition
    holds: Callable[[Scenario], bool]


class _Literal(NamedTuple):
    """One part of a conjunction."""

    words: str
    holds: Callable[[View], bool]
    met: Array
    """Which of the judged scenarios meet it."""
    cuts: int
    """Among how many of its kind it was chosen: 1 for a fact."""


def separate(failing: Sequence[Scenario], passing: Sequence[Scenario], operation: str) -> Separation | None:
    """The condition that the failing scenarios meet and the passing ones do not, as far as there is one.

    ``operation`` is the name in the catalogue; any other is one of which less is known. None where no condition says
    more than chance. Where nothing passes, it is ``every scenario``. The same scenarios in the same order give the
    same condition.
    """
    count, judged = len(failing), len(failing) + len(passing)
    if not failing:
        return None
    if not passing:
        return Separation(Condition(EVERY, count, count, count, count), lambda scenario: True)
    table = np.stack([measured(scenario, operation) for scenario in (*failing, *passing)])
    search = _Search(table, count)
    parts = search.best()
    if parts is None:
        return None
    met = np.logical_and.reduce([part.met for part in parts])
    condition = Condition(
        " and ".join(part.words for part in parts),
        hits=int(np.count_nonzero(met[:count])),
        met=int(np.count_nonzero(met)),
        count=count,
        judged=judged,
    )

    def holds(scenario: Scenario) -> bool:
        view = View(scenario, operation)
        return all(part.holds(view) for part in parts)

    return Separation(condition, holds)


class _Search:
    """The literals that part the scenarios, of which the first ``count`` fail, and their conjunctions."""

    def __init__(self, table: Array, count: int) -> None:
        self.count, self.judged = count, len(table)
        self.literals, self.kinds = _literals(table, count)
        self.met = np.array([literal.met for literal in self.literals], dtype=np.float32)
        self.hit = self.met[:, :count]

    def best(self) -> tuple[_Literal, ...] | None:
        """The literals of the best conjunction; a longer one only if it is better."""
        best: tuple[int, ...] | None = None
        # Saying that every scenario fails is what a condition has to be better than.
        reached = 2 * self.count / (self.judged + self.count)
        for ranked in (self._ones, self._pairs, self._triples):
            if reached == 1 or not self.literals:
                break
            for places, f1 in ranked():
                if f1 <= reached:
                    break
                if self._beyond_chance(places):
                    best, reached = places, f1
                    break
        return None if best is None else tuple(self.literals[i] for i in best)

    def _ones(self) -> Iterator[tuple[tuple[int, ...], float]]:
        f1 = _f1(self.hit.sum(axis=1), self.met.sum(axis=1), self.count)
        places = np.arange(len(self.literals)).reshape(-1, 1)
        return _ranked(f1, places)

    def _pair_table(self) -> tuple[Array, Array]:
        i, j = np.triu_indices(len(self.literals), k=1)
        f1 = _f1(self.hit @ self.hit.T, self.met @ self.met.T, self.count)[i, j]
        return f1, np.stack([i, j], axis=1)

    def _pairs(self) -> Iterator[tuple[tuple[int, ...], float]]:
        return _ranked(*self._pair_table())

    def _triples(self) -> Iterator[tuple[tuple[int, ...], float]]:
        f1, pairs = self._pair_table()
        pairs = pairs[np.argsort(-f1, kind="stable")[:BEAM]]
        both = self.met[pairs[:, 0]] * self.met[pairs[:, 1]]
        f1 = _f1(both[:, : self.count] @ self.hit.T, both @ self.met.T, self.count)
        kept = np.argsort(-f1, axis=None, kind="stable")[: 10 * TRIED]
        pair, third = np.unravel_index(kept, f1.shape)
        places, first = np.unique(
            np.sort(np.column_stack([pairs[pair], third]), axis=1), axis=0, return_index=True
        )
        return _ranked(f1.reshape(-1)[kept][first], places)

    def _beyond_chance(self, places: tuple[int, ...]) -> bool:
        """Whether the conjunction, and each literal of it among the scenarios that meet the others, says something."""
        if len(set(places)) < len(places):
            return False
        cuts = [self.literals[i].cuts for i in places]
        everything = np.ones(self.judged, dtype=bool)
        met = self._all(places)
        candidates = math.prod(cuts) * self.kinds ** len(places)
        if self._chance(met, everything) * candidates > CHANCE * SHARES[len(places) - 1]:
            return False
        return all(
            self._chance(met, self._all(others)) * own * self.kinds <= CHANCE
            for own, others in zip(cuts[::-1], combinations(places, len(places) - 1), strict=True)
        )

    def _all(self, places: Sequence[int]) -> Array:
        return np.asarray((self.met[list(places)] == 1).all(axis=0))

    def _chance(self, met: Array, among: Array) -> float:
        """How probable as many hits were, if as many of ``among`` failed as do, but blindly chosen ones."""
        return _tail(
            hits=int(np.count_nonzero(met[: self.count])),
            met=int(np.count_nonzero(met)),
            failing=int(np.count_nonzero(among[: self.count])),
            total=int(np.count_nonzero(among)),
        )


def _f1(hits: Array, met: Array, count: int) -> Array:
    return 2 * hits.astype(np.float64) / (met.astype(np.float64) + count)


def _ranked(f1: Array, places: Array) -> Iterator[tuple[tuple[int, ...], float]]:
    """The best candidates, the earlier in the vocabulary the first among equals."""
    order = np.argsort(-f1, kind="stable")[:TRIED]
    return ((tuple(int(i) for i in places[at]), float(f1[at])) for at in order)


def _tail(hits: int, met: int, failing: int, total: int) -> float:
    """Probability of ``hits`` or more failing ones among ``met`` of ``total``, of which ``failing`` fail.

    The upper tail of the hypergeometric distribution, from logarithms of factorials.
    """
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])

    def log_choose(n: int, k: Array) -> Array:
        return np.asarray(log_factorial[n] - log_factorial[k] - log_factorial[n - k])

    k = np.arange(max(hits, met + failing - total), min(met, failing) + 1)
    log_p = log_choose(failing, k) + log_choose(total - failing, met - k) - log_choose(total, np.array(met))
    return float(np.exp(log_p).sum())


def _literals(table: Array, count: int) -> tuple[list[_Literal], int]:
    """The literals that part the scenarios, and of how many conditions they are.

    Facts come in the order of the vocabulary, then negations, then quantities, which are freer to fit. Of several that
    hold for the same scenarios the first stays.
    """
    facts: list[_Literal] = []
    quantities: list[_Literal] = []
    negations: list[_Literal] = []
    for item, column in zip(VOCABULARY, table.T, strict=True):
        if isinstance(item, Quantity):
            quantities += _cuts(item, column, count)
            continue
        met = column == 1
        facts.append(_Literal(item.words, item.holds, met, 1))
        if item.otherwise:
            negations.append(_Literal(item.otherwise, _not(item), ~met, 1))
    distinct: dict[bytes, _Literal] = {}
    for literal in (*facts, *negations, *quantities):
        if 0 < np.count_nonzero(literal.met) < len(table):
            distinct.setdefault(literal.met.tobytes(), literal)
    kept = list(distinct.values())
    of_facts = sum(literal.cuts == 1 for literal in kept)
    of_quantities = len({literal.words.rpartition(" ")[0] for literal in kept if literal.cuts > 1})
    return kept, of_facts + of_quantities


def _not(fact: Fact) -> Callable[[View], bool]:
    return lambda view: not fact.holds(view)


def _cuts(quantity: Quantity, column: Array, count: int) -> Iterator[_Literal]:
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


def _cut(quantity: Quantity, column: Array, low: float, high: float, *, above: bool, cuts: int) -> _Literal:
    """The quantity above, or below, a short decimal that parts ``low`` from ``high``."""
    if above:
        threshold = short_decimal(float(low), float(high))
        words, met = f"{quantity.words} above {_in_short(threshold)}", column > threshold
        return _Literal(words, lambda view: quantity.value(view) > threshold, met, cuts)
    threshold = -short_decimal(-float(high), -float(low))
    words, met = f"{quantity.words} below {_in_short(threshold)}", column < threshold
    return _Literal(words, lambda view: quantity.value(view) < threshold, met, cuts)


def _in_short(decimal: float) -> str:
    return repr(decimal).removesuffix(".0")


def short_decimal(low: float, high: float) -> float:
    """The decimal of the fewest digits in [low, high), the nearest to the middle that rounding finds.

    The middle is the geometric mean where both have one sign, as values are of many magnitudes.
    """
    if low <= 0 < high:
        return 0.0
    geometric = math.copysign(math.sqrt(abs(low)) * math.sqrt(abs(high)), high)
    for digits in range(17):
        for near in (geometric, low / 2 + high / 2, low):
            rounded = float(f"{near:.{digits}e}")
            if low <= rounded < high:
                return rounded
    return low
