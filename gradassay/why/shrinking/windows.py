"""A small part of a large scenario, about the entry that is shown: what is wrong there needs no more of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradassay.vocabulary import Definition, Example, Scenario
from gradassay.why.shrinking.axes import Group, removals, shapes_of, subsets
from gradassay.why.shrinking.parts import entries_of

#: Where the entry that is shown lies along an axis of an array, or along the axes of one length.
Positions = dict[tuple[str, int] | int, int]

#: Entries from which on a scenario is large: each run of it takes as long as hundreds of the usual ones.
LARGE = 2**14
#: Entries that a part has at most; the smallest first.
PARTS = (64, 2**12)
#: Entries that are left of each long axis, as many as a part may have. One would be spread over other axes.
WIDTHS = (2**10, 2**8, 2**6, 2**4, 2**2, 2)


def parts_of(scenario: Scenario, definition: Definition, at: Example | None = None) -> Iterator[Scenario]:
    """Parts of a large scenario that ``definition`` accepts, the smallest first; none of another."""
    if entries_of(scenario) <= LARGE or not scenario.valid:
        return
    positions = {} if at is None or at.index is None else _positions(scenario, at.path, at.index)
    narrowed = []
    for width in WIDTHS:
        scenario = _narrowed(scenario, definition, width, positions)
        narrowed.append(scenario)
    for entries in PARTS:
        yield from [part for part in narrowed if entries_of(part) <= entries][:1]


def _positions(scenario: Scenario, path: str, index: tuple[int, ...]) -> Positions:
    """Where an entry lies: along an axis of its argument, or, in the primal, along any axis of that length."""
    if path == "y":
        return dict(zip(scenario.cotangent.shape, index, strict=True))
    number = int(path.partition("[")[2].rstrip("]") or 0)
    name = str(scenario.differentiable[number])
    return {(name, axis): i for axis, i in enumerate(index)}


def _narrowed(scenario: Scenario, definition: Definition, width: int, positions: Positions) -> Scenario:
    """The scenario with ``width`` entries along each longer axis, as far as the definition accepts that.

    ``positions`` follow.
    """
    stuck: set[int] = set()
    while True:
        longer: dict[int, list[tuple[str, int]]] = {}
        for name, shape in shapes_of(scenario).items():
            for axis, length in enumerate(shape):
                if length > width and length not in stuck:
                    longer.setdefault(length, []).append((name, axis))
        if not longer:
            return scenario
        length = max(longer)
        for chosen in subsets(longer[length]):
            middle = next((positions[axis] for axis in (*chosen, length) if axis in positions), 0)
            start = min(max(middle - width // 2, 0), length - width)
            kept = np.arange(start, start + width)
            cut = next(removals(scenario, Group(chosen, length), kept, definition))
            # What is scattered by an index is given its length again.
            if cut is not None and _extent(cut) < _extent(scenario):
                scenario = cut
                positions |= dict.fromkeys((*chosen, width), middle - start)
                break
        else:
            stuck.add(length)


def _extent(scenario: Scenario) -> int:
    """The lengths of all axes together, that of the parameter ``shape`` among them."""
    return sum(map(sum, shapes_of(scenario).values()))
