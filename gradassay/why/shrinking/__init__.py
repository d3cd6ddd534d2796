"""The smallest scenario that still shows the same: fewer entries first, then simpler parameters, then shorter numbers.

Delta debugging (A. Zeller, R. Hildebrandt, Simplifying and isolating failure-inducing input, IEEE TSE 28(2), 2002),
with the axes of arrays in the place of lines of input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import blake2b

import numpy as np

from gradassay.vocabulary import Array, Definition, Example, Scenario
from gradassay.why.shrinking.axes import groups_of_axes, removals, without_axes
from gradassay.why.shrinking.parameters import simpler_parameters
from gradassay.why.shrinking.parts import arrays_of, entries_of, refusal
from gradassay.why.shrinking.values import halves, rounded_together, simpler_values, whole_spans
from gradassay.why.shrinking.windows import parts_of
from property_tests.strategies import lay_out

#: Calls of ``same`` that one scenario is worth unless told otherwise.
STEPS = 150

#: A call on more entries than so many counts as several.
ENTRIES = 2**12

#: Blocks of one size that may be tried along an axis without any gain; an axis of so many entries is searched whole.
MISSES = 12


def shrink(
    scenario: Scenario,
    same: Callable[[Scenario], bool],
    definition: Definition,
    *,
    steps: int = STEPS,
    at: Example | None = None,
) -> Scenario:
    """The simplest scenario found of which ``same`` is true, in at most ``steps`` calls of it; fewer on large arrays.

    Of a large scenario the part about the entry ``at`` is tried first.

    ``same`` runs the implementation and judges it; an exception inside of it counts as False. Every candidate keeps
    the dtypes and, by ``definition``, the validity: what is accepted stays accepted, what is refused stays refused in
    the same words. An axis loses entries in every array that shares it, and the cotangent follows the primal.
    Deterministic; the scenario itself where nothing simpler shows the same.
    """
    search = _Search(scenario, same, definition, steps)
    search.first(parts_of(scenario, definition, at))
    search.offer(replace(search.best, layout="C"))
    while search.left:
        before = search.best
        _fewer_entries(search)
        for simpler in (simpler_parameters, without_axes):
            while search.affords() and search.first(simpler(search.best, definition)):
                pass
        if search.affords():
            search.first(rounded_together(search.best))
        _simpler_entries(search)
        if search.best is before:
            break
    return _laid_out(search.best) if search.gained else scenario


class _Search:
    """The best scenario so far, what was tried, and how many calls are left."""

    def __init__(
        self, scenario: Scenario, same: Callable[[Scenario], bool], definition: Definition, steps: int
    ) -> None:
        self.best, self.same, self.definition, self.left = scenario, same, definition, steps
        self.refusal = "" if scenario.valid else refusal(scenario, definition)
        self.gained = False
        self._tried = {_key(scenario)}

    def offer(self, candidate: Scenario | None) -> bool:
        """Whether ``candidate`` shows the same; it is the best then."""
        if candidate is None:
            return False
        price = _price(entries_of(candidate))
        if price > self.left:
            return False
        key = _key(candidate)
        if key in self._tried:
            return False
        self._tried.add(key)
        if refusal(candidate, self.definition) != self.refusal:
            return False
        self.left -= price
        try:
            if not self.same(_laid_out(candidate)):
                return False
        except Exception:  # of an implementation, or of a truth on values that no strategy draws
            return False
        self.best, self.gained = candidate, True
        return True

    def affords(self, part: float = 1.0) -> bool:
        """Whether enough calls are left for one on that part of the best."""
        return _price(part * entries_of(self.best)) <= self.left

    def first(self, candidates: Iterable[Scenario | None]) -> bool:
        """Whether one of ``candidates`` shows the same; the first that does is the best then."""
        return any(map(self.offer, candidates))


def _fewer_entries(search: _Search) -> None:
    """Remove blocks of entries along every group of axes of one length, large blocks first."""
    done: set[tuple[object, ...]] = set()
    while search.affords(1 / 2):
        group = next(
            (g for g in groups_of_axes(search.best, search.definition) if (*g.axes, g.length) not in done),
            None,
        )
        if group is None:
            return
        length, block = group.length, group.length // 2
        while block and search.affords(1 - block / length):
            start = misses = 0
            while start < length > 1 and misses < MISSES:
                kept = np.delete(np.arange(length), slice(start, start + block))
                if kept.size and search.first(removals(search.best, group, kept, search.definition)):
                    length = len(kept)
                else:
                    start, misses = start + block, misses + 1
            block = min(block, length) // 2
        done.add((*group.axes, length))


def _simpler_entries(search: _Search) -> None:
    """Simpler numbers for all entries of an array at once, then for halves of it, down to single ones."""
    spans = whole_spans(search.best)
    while spans and search.affords():
        span = spans.pop(0)
        while search.first(simpler_values(search.best, span)):
            if span.size > 1:
                break
        spans += halves(span)


def _laid_out(scenario: Scenario) -> Scenario:
    """The scenario on arrays of its own, so that whoever writes into them changes nothing here."""
    args = tuple(lay_out(x, scenario.layout) for x in scenario.args)
    return replace(scenario, args=args, cotangent=lay_out(scenario.cotangent, scenario.layout))


def _key(scenario: Scenario) -> tuple[object, ...]:
    arrays = arrays_of(scenario)
    return scenario.layout, repr(dict(scenario.params)), tuple((k, *_bits(x)) for k, x in arrays.items())


def _bits(x: Array) -> tuple[object, ...]:
    return x.shape, x.dtype.name, blake2b(x.tobytes(), digest_size=16).digest()


def _price(entries: float) -> int:
    """How many calls one on so many entries counts as."""
    return 1 + int(entries) // ENTRIES
