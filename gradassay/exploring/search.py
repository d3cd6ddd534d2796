"""Which scenario to look at next: one in six is drawn anew, the others are changes of what was remarkable so far.

Errors of rounding are a staircase without a slope, so there is nothing to descend; but what is nearly the worst has the
worst near it, more often than a fresh draw is one (docs/witnesses.md has both measured).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import NamedTuple
from zlib import crc32

import numpy as np

from gradassay.exploring.mutations import mutated
from gradassay.replay.witnesses import small_enough
from gradassay.vocabulary import Operation, Scenario
from property_tests.strategies import draw_scenarios

#: Drawn at once: every region of every operation has its share of them.
BATCH = 48
#: One scenario in so many is drawn anew, after the first batch.
FRESH = 6
#: The best that are kept for each aim: the worst may be a dead end.
BEST = 10
#: How many of the changes are changes of the best.
AIMED = 0.9


class Aim(NamedTuple):
    """What is to become as large as can be."""

    implementation: str
    measure: str


class Search:
    """The scenarios of one operation and dtype, a pure function of the seed and of what is told about those before."""

    def __init__(self, operation: Operation, dtype: str, seed: int, known: Sequence[Scenario] = ()) -> None:
        self.operation, self.dtype, self.seed = operation, dtype, seed
        self._known = tuple(known)
        self._rng = np.random.default_rng([seed, crc32(f"{operation.name} {dtype}".encode())])
        self._best: dict[Aim, list[tuple[float, Scenario]]] = {}
        self._behaviours: dict[object, Scenario] = {}

    def scenarios(self) -> Iterator[tuple[Scenario, bool]]:
        """Scenarios without end, and whether each is as it was given or drawn; tell about each before the next."""
        drawn = self._drawn()
        for scenario in self._known:
            yield scenario, True
        for number in count():
            changed = None if number < BATCH or number % FRESH == 0 else self._changed()
            yield (next(drawn), True) if changed is None else (changed, False)

    def tell(self, scenario: Scenario, scores: Mapping[Aim, float], behaviour: object) -> None:
        """How far the scenario got with each aim, and what it shows: what nothing showed before is kept as well."""
        for aim, score in scores.items():
            best = self._best.setdefault(aim, [])
            if score > 0 and (len(best) < BEST or score > best[-1][0]):
                best.append((score, scenario))
                best.sort(key=lambda found: -found[0])
                del best[BEST:]
        self._behaviours.setdefault(behaviour, scenario)

    def _changed(self) -> Scenario | None:
        """A change of one of the best, or of what shows something of its own; its mate is any of these."""
        rng, others = self._rng, list(self._behaviours.values())
        best = [found for found in self._best.values() if found]
        if not others:
            return None
        if best and rng.random() < AIMED:
            chosen = best[rng.integers(len(best))]
            parent = chosen[min(int(rng.geometric(0.5)) - 1, len(chosen) - 1)][1]
        else:
            parent = others[rng.integers(len(others))]
        return mutated(parent, others[rng.integers(len(others))], self.operation.definition, rng)

    def _drawn(self) -> Iterator[Scenario]:
        for batch in count():
            drawn = draw_scenarios(
                self.operation, dtype=self.dtype, examples=BATCH, seed=self.seed + 7919 * batch
            )
            small = [scenario for scenario in drawn if small_enough(scenario)]
            yield from (small[i] for i in self._rng.permutation(len(small)))
