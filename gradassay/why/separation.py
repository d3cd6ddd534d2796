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
from functools import cached_property
from itertools import combinations

import numpy as np

from gradassay.vocabulary import Array, Condition, Scenario
from gradassay.why.conditions import View, measured
from gradassay.why.conditions.literals import Literal, literals

#: How probable it may be that a condition is named where failing has nothing to do with any of the vocabulary.
CHANCE = 0.01
#: The share of it that conjunctions of one, two and three literals have: no more than a person can hold in mind.
SHARES = (1 / 2, 1 / 4, 1 / 4)
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


def separate(
    failing: Sequence[Scenario],
    passing: Sequence[Scenario],
    operation: str,
    otherwise: Sequence[Scenario] = (),
) -> Separation | None:
    """The condition that the failing scenarios meet and the passing ones do not, as far as there is one.

    ``operation`` is the name in the catalogue; any other is one of which less is known. None where no condition says
    more than chance. Where no passing scenario tells anything, it is what parts them from those that fail
    ``otherwise``, and where there is none but what could not fail, it is ``every scenario``. The same scenarios in the
    same order give the same condition.
    """
    passing = _telling(failing, passing) or _telling(failing, otherwise)
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


#: Where a mistake can be, and yet not show.
BLIND: tuple[Callable[[Scenario], bool], ...] = (
    lambda scenario: not scenario.valid,
    lambda scenario: all(scenario.args[i].size == 0 for i in scenario.differentiable),
    lambda scenario: scenario.cotangent.size > 0 and not np.any(scenario.cotangent),
)


def _telling(failing: Sequence[Scenario], passing: Sequence[Scenario]) -> Sequence[Scenario]:
    """The passing scenarios without those that pass because nothing can be seen there.

    That is where an exception is right, where there are no entries, and under a cotangent of 0. Each kind stays if a
    failing scenario is of it: this mistake does show there.
    """
    blind = [kind for kind in BLIND if not any(map(kind, failing))]
    return [scenario for scenario in passing if not any(kind(scenario) for kind in blind)]


class _Search:
    """The literals that part the scenarios, of which the first ``count`` fail, and their conjunctions."""

    def __init__(self, table: Array, count: int) -> None:
        self.count, self.judged = count, len(table)
        self.literals, self.kinds = literals(table, count)
        self.met = np.array([literal.met for literal in self.literals], dtype=np.float32).reshape(
            -1, self.judged
        )
        self.hit = self.met[:, :count]

    def best(self) -> tuple[Literal, ...] | None:
        """The literals of the best conjunction; a longer one only if it is better."""
        best: tuple[int, ...] | None = None
        # Saying that every scenario fails is what a condition has to be better than.
        reached = 2 * self.count / (self.judged + self.count)
        for ranked in (self._ones, self._pairs, self._triples):
            if reached == 1 or not self.literals:
                break
            for places, f1 in ranked(reached):
                if self._beyond_chance(places):
                    best, reached = places, f1
                    break
        return None if best is None else tuple(self.literals[i] for i in best)

    def _ones(self, least: float) -> Iterator[tuple[tuple[int, ...], float]]:
        f1 = _f1(self.hit.sum(axis=1), self.met.sum(axis=1), self.count)
        for at in _order(f1, least)[:TRIED]:
            yield (int(at),), float(f1[at])

    def _pairs(self, least: float) -> Iterator[tuple[tuple[int, ...], float]]:
        i, j = np.triu_indices(len(self.literals), k=1)
        f1 = self._f1_of_pairs[i, j]
        for at in _order(f1, least)[:TRIED]:
            yield (int(i[at]), int(j[at])), float(f1[at])

    def _triples(self, least: float) -> Iterator[tuple[tuple[int, ...], float]]:
        i, j = np.triu_indices(len(self.literals), k=1)
        hits = self._hits_of_pairs[i, j].astype(np.float64)
        # No third literal adds hits: with them the best F1 is that of perfect precision.
        within_reach = np.flatnonzero(2 * hits / (hits + self.count) > least)
        beam = within_reach[_order(self._f1_of_pairs[i, j][within_reach], 0.0)[:BEAM]]
        both = self.met[i[beam]] * self.met[j[beam]]
        f1 = _f1(both[:, : self.count] @ self.hit.T, both @ self.met.T, self.count)
        tried = set()
        for at in _order(f1.reshape(-1), least)[: 3 * TRIED]:
            pair, third = divmod(int(at), len(self.literals))
            places = tuple(sorted((int(i[beam[pair]]), int(j[beam[pair]]), third)))
            if places not in tried:
                tried.add(places)
                yield places, float(f1[pair, third])

    @cached_property
    def _hits_of_pairs(self) -> Array:
        return np.asarray(self.hit @ self.hit.T)

    @cached_property
    def _f1_of_pairs(self) -> Array:
        return _f1(self._hits_of_pairs, self.met @ self.met.T, self.count)

    def _beyond_chance(self, places: tuple[int, ...]) -> bool:
        """Whether the conjunction, and each literal of it among the scenarios that meet the others, says something."""
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
        return tail(
            hits=int(np.count_nonzero(met[: self.count])),
            met=int(np.count_nonzero(met)),
            failing=int(np.count_nonzero(among[: self.count])),
            total=int(np.count_nonzero(among)),
        )


def _f1(hits: Array, met: Array, count: int) -> Array:
    return 2 * hits.astype(np.float64) / (met.astype(np.float64) + count)


def _order(f1: Array, least: float) -> Array:
    """Where F1 is above ``least``: the best ``BEAM`` or a few more; of equals the earlier in the vocabulary first."""
    above = np.flatnonzero(f1 > least)
    if len(above) > BEAM:
        above = above[f1[above] >= np.partition(f1[above], -BEAM)[-BEAM]]
    return above[np.argsort(-f1[above], kind="stable")]


def tail(hits: int, met: int, failing: int, total: int) -> float:
    """Probability of ``hits`` or more failing ones among ``met`` of ``total``, of which ``failing`` fail.

    The upper tail of the hypergeometric distribution, from logarithms of factorials.
    """
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])

    def log_choose(n: int, k: Array) -> Array:
        return np.asarray(log_factorial[n] - log_factorial[k] - log_factorial[n - k])

    k = np.arange(max(hits, met + failing - total), min(met, failing) + 1)
    log_p = log_choose(failing, k) + log_choose(total - failing, met - k) - log_choose(total, np.array(met))
    return float(np.exp(log_p).sum())
