"""Fewer entries and fewer axes: which axes of which arrays belong together, and what is left without some entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Definition, Scenario
from gradassay.why.shrinking.parts import COTANGENT, Shape, arrays_of, fitted, refusal, settled, with_arrays

#: The name under which the parameter ``shape`` has axes, without any array.
SHAPE = "shape"

#: So many axes of one length are tried in every combination; of more, each alone, in pairs and all.
COMBINED = 6


@dataclass(frozen=True)
class Group:
    """Axes of one length that can lose an entry together."""

    axes: tuple[tuple[str, int], ...]
    """Name of the array, and which axis of it."""
    length: int


def groups_of_axes(scenario: Scenario, definition: Definition) -> Iterator[Group]:
    """The groups that the definition allows to change length, the long axes and the small groups first.

    Whether it does is asked with one entry more, not less: an axis of 1 would be spread over the others.
    """
    by_length: dict[int, list[tuple[str, int]]] = {}
    for name, shape in shapes_of(scenario).items():
        for axis, length in enumerate(shape):
            if length > 1:
                by_length.setdefault(length, []).append((name, axis))
    reason = "" if scenario.valid else refusal(scenario, definition)
    for length, axes in sorted(by_length.items(), reverse=True):
        for chosen in subsets(axes):
            group = Group(chosen, length)
            longer = _taken(scenario, group, np.append(np.arange(length), length - 1))
            settled_longer = settled(longer, definition, fitted)
            if settled_longer is not None and (
                scenario.valid or refusal(settled_longer, definition) == reason
            ):
                yield group


def removals(
    scenario: Scenario, group: Group, kept: Array, definition: Definition
) -> Iterator[Scenario | None]:
    """The scenario with the ``kept`` entries of the group's axes alone.

    Integers that point to entries point to where those are now; if the definition refuses that, they stay.
    """
    fit = partial(_cut, length=group.length, kept=kept)
    cut = _taken(scenario, group, kept)
    moved = settled(_pointing(cut, group, kept), definition, fit)
    if moved is not None and (scenario.valid or refusal(moved, definition) == refusal(scenario, definition)):
        yield moved
    else:
        yield settled(cut, definition, fit)


def without_axes(scenario: Scenario, definition: Definition) -> Iterator[Scenario | None]:
    """The scenario without an axis of one entry: of all arrays that have it, or of some."""
    arrays = shapes_of(scenario)
    for axis in range(max(map(len, arrays.values()), default=0)):
        short = [(name, axis) for name, shape in arrays.items() if shape[axis : axis + 1] == (1,)]
        for chosen in sorted(subsets(short), key=len, reverse=True):
            if _alike_apart(arrays, [name for name, _ in chosen]):
                continue
            for fewer in _with_axis_moved(_taken(scenario, Group(chosen, 1), 0), axis):
                yield settled(fewer, definition, fitted)


def _alike_apart(shapes: dict[str, Shape], chosen: list[str]) -> bool:
    """Whether two arguments of one shape would no longer be of one shape, which may only be right by broadcasting."""
    changed = [shapes[name] for name in chosen]
    return any(shape in changed for name, shape in shapes.items() if name not in chosen)


def _with_axis_moved(scenario: Scenario, removed: int) -> Iterator[Scenario]:
    """Parameters that name an axis behind the one removed name it by its new number."""
    params = {name: _renumbered(value, removed) for name, value in scenario.params.items() if name == "axis"}
    if params != {name: scenario.params[name] for name in params}:
        yield replace(scenario, params={**scenario.params, **params})
    yield scenario


def _renumbered(value: Any, removed: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_renumbered(part, removed) for part in value if part != removed)
    return value - 1 if isinstance(value, int) and value > removed else value


def shapes_of(scenario: Scenario) -> dict[str, Shape]:
    """Shapes of all arrays but the cotangent, which follows; an empty one has nothing to lose."""
    shapes = {name: x.shape for name, x in arrays_of(scenario).items() if name != COTANGENT}
    shape = scenario.params.get(SHAPE)
    return shapes | ({SHAPE: shape} if isinstance(shape, tuple) else {})


def subsets(axes: list[tuple[str, int]]) -> Iterator[tuple[tuple[str, int], ...]]:
    """Axes that may go together, the fewest first."""
    sizes = range(1, len(axes) + 1) if len(axes) <= COMBINED else (1, 2, len(axes))
    for size in sizes:
        yield from combinations(axes, size)


def _taken(scenario: Scenario, group: Group, kept: Array | int) -> Scenario:
    """The entries ``kept`` of each of the group's axes; one number alone takes the axis away."""
    arrays, shape = arrays_of(scenario), list(scenario.params.get(SHAPE, ()))
    changed: dict[str, Array] = {}
    for name, axis in sorted(group.axes, key=lambda pair: -pair[1]):  # the last first: numbers stay right
        if name != SHAPE:
            changed[name] = np.take(changed.get(name, arrays[name]), kept, axis)
        elif isinstance(kept, int):
            del shape[axis]
        else:
            shape[axis] = len(kept)
    params = {**scenario.params, SHAPE: tuple(shape)} if SHAPE in scenario.params else scenario.params
    return with_arrays(replace(scenario, params=params), changed)


def _pointing(scenario: Scenario, group: Group, kept: Array) -> Scenario:
    """Integers that can be indices into the group's axes, of arrays that were not cut: as indices of what was kept."""
    cut = {name for name, _ in group.axes}
    length = group.length
    place = np.zeros(length, np.int64)
    place[kept] = np.arange(len(kept))

    def index(old: Any) -> Any:
        return place[old % length] - len(kept) * (old < 0)

    def moved(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(moved, value))
        pointing = isinstance(value, int | np.integer) and not isinstance(value, bool)
        return type(value)(int(index(int(value)))) if pointing and -length <= value < length else value

    arrays = {
        name: np.asarray(index(x.astype(np.int64)), x.dtype)
        for name, x in arrays_of(scenario).items()
        if name not in cut and x.dtype.kind in "iu" and x.size and -length <= x.min() <= x.max() < length
    }
    params = {name: moved(value) if name == "index" else value for name, value in scenario.params.items()}
    return with_arrays(replace(scenario, params=params), arrays)


def _cut(array: Array, shape: Shape | None, *, length: int, kept: Array) -> Array:
    """A cotangent that keeps the entries that were kept along axes of the length that was cut."""
    if shape is None:
        shape = tuple(len(kept) if n == length else n for n in array.shape)
    if array.ndim == len(shape) and is_floating(array.dtype):
        for axis, now in enumerate(shape):
            if array.shape[axis] == length and now == len(kept):
                array = np.take(array, kept, axis)
    return fitted(array, shape)
