"""NumPy indices of every kind, filled in from a template and a seed; with a shape that they fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradassay.vocabulary import Array
from property_tests.strategies.regions import MANY
from property_tests.strategies.shapes import SEEDS, Draw, Shape, draw_empty_shape, draw_many, draw_shape
from property_tests.strategies.templates import FREE, TEMPLATES
from property_tests.strategies.values import Rng

_STRATEGIES = {region: st.sampled_from(templates) for region, templates in TEMPLATES.items()}
_ARRAY_SHAPES: st.SearchStrategy[Shape] = st.sampled_from(((3,), (1,), (2,), (5,), (2, 3), (2, 1, 2)))
_SCALAR_INDICES: tuple[Any, ...] = ((), Ellipsis, None, (Ellipsis, None), (None, Ellipsis), (None, None))


@dataclass(frozen=True)
class Selection:
    """An index with the shape that it is meant for."""

    shape: Shape
    index: Any
    selected: Shape
    """Shape of ``x[index]``; of the index before it was spoilt, where ``valid`` is False."""
    valid: bool = True


def draw_selection(draw: Draw, region: str) -> tuple[Selection, Rng]:
    """A shape with an index of that region, and the generator to fill the values in from."""
    special = _SPECIAL.get(region)
    if special is not None:
        shape, index, rng = special(draw)
    else:
        shape, index, rng = _templated(draw, region)
    selected = np.broadcast_to(np.False_, shape)[index].shape
    if region == "invalid":
        return Selection(shape, _spoil(index, shape, rng), selected, valid=False), rng
    return Selection(shape, index, selected), rng


def _templated(draw: Draw, region: str) -> tuple[Shape, Any, Rng]:
    kinds = draw(_STRATEGIES[region]).split()
    shape = draw_shape(draw, least=max(1, sum(kind not in FREE for kind in kinds)))
    broadcast: Shape = draw(_ARRAY_SHAPES) if "array" in kinds else ()
    bare = draw(st.booleans())
    rng = np.random.default_rng(draw(SEEDS))
    if region == "duplicates":
        broadcast = (*broadcast[:-1], broadcast[-1] + 3)
    index = _fill(kinds, shape, broadcast, region, rng)
    return shape, index[0] if bare and len(index) == 1 else index, rng


def _fill(kinds: list[str], shape: Shape, broadcast: Shape, region: str, rng: Rng) -> tuple[Any, ...]:
    """An entry for each kind, left to right; places after an ellipsis count from the last axis."""
    sides = iter(_sides(kinds, shape))
    entries: list[Any] = []
    for kind in kinds:
        if kind in FREE:
            entries.append(FREE[kind])
        elif kind == "masks":
            entries.append(rng.random(shape[: rng.integers(1, len(shape) + 1)]) < 0.5)
        elif kind == "mask":
            mask = rng.random(next(sides)) < 0.5
            broadcast = (int(mask.sum()),)
            entries.append(mask)
        elif kind == "slice":
            entries.append(_slice(rng, next(sides)))
        elif kind == "integer":
            entries.append(int(_positions(rng, next(sides), (), region)))
        else:
            entries.append(_positions(rng, next(sides), broadcast, region))
    return tuple(entries)


def _sides(kinds: list[str], shape: Shape) -> Shape:
    """The side that each kind with an axis of its own selects from."""
    if "ellipsis" not in kinds:
        return shape
    middle = kinds.index("ellipsis")
    before, after = (sum(kind not in FREE for kind in part) for part in (kinds[:middle], kinds[middle:]))
    return (*shape[:before], *shape[len(shape) - after :])


def _positions(rng: Rng, n: int, shape: Shape, region: str) -> Array:
    """Integers in [-n, n); negative ones only for ``negative``, few distinct ones for ``duplicates``."""
    if region == "negative":
        return np.asarray(rng.integers(-n, 0, shape))
    if region == "duplicates":
        return np.asarray(rng.integers(0, n, 2)[rng.integers(0, 2, shape)])
    return np.asarray(rng.integers(-n, n, shape))


def _slice(rng: Rng, n: int) -> slice:
    """Any slice: ends missing, negative or beyond the last entry; any step but 0."""
    step = int(rng.choice((1, 1, 2, 3, -1, -2, -3)))
    first, last = (int(i) for i in np.sort(rng.integers(0, n + 1, 2)))
    # Mostly what is between the two is selected; now and then nothing is.
    start, stop = (first, last + 1) if step > 0 else (last, first - 1)
    stop_or_none = None if stop < 0 else _end(rng, stop, n)
    return slice(_end(rng, start, n), stop_or_none, None if step == 1 and rng.random() < 0.5 else step)


def _end(rng: Rng, end: int, n: int) -> int | None:
    """The same end of a slice, missing or counted from the back now and then."""
    how = rng.random()
    if how < 0.3:
        return None
    return end - n if how < 0.5 and end < n else end


def _empty(draw: Draw) -> tuple[Shape, Any, Rng]:
    """Nothing is selected, or there is nothing to select from."""
    kind = draw(st.sampled_from(("slice", "array", "mask", "matrix", "nothing")))
    shape = draw_empty_shape(draw) if kind == "nothing" else draw_shape(draw)
    rng = np.random.default_rng(draw(SEEDS))
    nothing = np.zeros((0,), dtype=np.int64)
    choices = {
        "slice": slice(shape[0], None) if rng.random() < 0.5 else (Ellipsis, slice(2, 1)),
        "array": nothing if rng.random() < 0.5 else (Ellipsis, nothing),
        "mask": np.zeros(shape[: rng.integers(1, len(shape) + 1)], dtype=bool),
        "matrix": np.zeros((2, 0), dtype=np.int64),
        "nothing": (slice(None), slice(None, None, -1), Ellipsis, nothing)[rng.integers(4)],
    }
    return shape, choices[kind], rng


def _scalar(draw: Draw) -> tuple[Shape, Any, Rng]:
    index = _SCALAR_INDICES[draw(st.integers(0, len(_SCALAR_INDICES) - 1))]
    return (), index, np.random.default_rng(draw(SEEDS))


def _many_duplicates(draw: Draw) -> tuple[Shape, Any, Rng]:
    """Hundreds to 4,096 copies of one entry, at times with a few others among them."""
    shape = draw(st.sampled_from(((3,), (1,), (2, 2))))
    count = draw(st.sampled_from((300, 1000, 2500, 4096)))
    rng = np.random.default_rng(draw(SEEDS))
    index = np.full(count, rng.integers(-shape[0], shape[0]))
    if rng.random() < 0.5:
        index[rng.random(count) < 0.05] = 0
    return shape, index, rng


def _many(draw: Draw) -> tuple[Shape, Any, Rng]:
    """Of tens of thousands of entries all, most, or three; mostly not three, which show little of the cotangent."""
    shape = draw_many(draw)
    kind = draw(st.sampled_from(("array", "mask", "slice", "few")))
    rng = np.random.default_rng(draw(SEEDS))
    n = shape[0]
    choices = {
        "array": rng.permutation(n) - n // 2,
        "mask": rng.random(shape) < 0.9,
        "slice": slice(None, None, -1),
        "few": np.array([-1, n // 2, -1]),
    }
    return shape, choices[kind], rng


_SPECIAL = {"empty": _empty, "scalar": _scalar, "many_duplicates": _many_duplicates, MANY: _many}


def _spoil(index: Any, shape: Shape, rng: Rng) -> Any:
    """The same index with one position out of bounds, or with one place too many."""
    entries = list(index) if isinstance(index, tuple) else [index]
    if rng.random() < 0.2:
        return (*entries, *(0,) * (len(shape) + 1 - len(entries)))
    axis = int(rng.integers(len(entries)))
    n = shape[axis]
    beyond = int(rng.choice((n, n + 5, -n - 1)))
    if isinstance(entries[axis], int):
        entries[axis] = beyond
    else:
        entries[axis].flat[rng.integers(entries[axis].size)] = beyond
    return tuple(entries) if isinstance(index, tuple) else entries[0]
