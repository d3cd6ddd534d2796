"""NumPy indices of every kind, written as a sequence of kinds, one a place, and filled in from a seed.

A kind is ``integer``, ``slice``, ``array`` (integers), ``mask`` (boolean, one axis), ``newaxis`` or
``ellipsis``. Index arrays of one index broadcast together; beside a mask they take its number of True entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradassay.vocabulary import Array
from property_tests.strategies.shapes import SEEDS, Draw, Shape, draw_empty_shape, draw_shape
from property_tests.strategies.values import Rng

_KINDS_OF_REGION = {
    "ordinary": ("slice", "integer", "array", "mask"),
    "values": ("slice", "integer", "array"),
    "integers": ("integer",),
    "slices": ("slice",),
    "ellipsis": ("slice", "integer"),
    "newaxis": ("slice", "integer"),
    "integer_arrays": ("array",),
    "duplicates": ("array",),
    "negative": ("integer", "array"),
    "mixtures": ("array", "slice", "integer", "mask"),
    "invalid": ("integer", "array"),
}
_KINDS = {region: st.sampled_from(kinds) for region, kinds in _KINDS_OF_REGION.items()}
_EXTRA = st.sampled_from(("none", "none", "ellipsis", "newaxis"))
_ARRAY_SHAPES = st.sampled_from(((3,), (1,), (2,), (5,), (2, 3), (2, 1, 2)))
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
        shape, index, rng = _general(draw, region)
    selected = np.broadcast_to(np.False_, shape)[index].shape
    if region == "invalid":
        return Selection(shape, _spoil(index, shape, rng), selected, valid=False), rng
    return Selection(shape, index, selected), rng


def _general(draw: Draw, region: str) -> tuple[Shape, Any, Rng]:
    shape = draw_shape(draw)
    kinds = [draw(_KINDS[region]) for _ in range(draw(st.integers(1, len(shape))))]
    if region == "mixtures":
        # Something advanced first and something basic after it, so that both are there.
        kinds = [draw(st.sampled_from(("array", "mask", "integer"))), *kinds]
        kinds = kinds[: len(shape)] if len(shape) > 1 else [kinds[0], "newaxis"]
        if len(shape) > 1:
            kinds[1] = draw(st.sampled_from(("slice", "integer", "slice")))
        kinds += ["array"] if 2 <= len(kinds) < len(shape) else []
        # x[0, :, [0, 1]]: an integer is advanced only where an array or a mask is.
        if not {"array", "mask"} & set(kinds):
            kinds[-1 if len(kinds) > 2 else 0] = "array"
    extra = region if region in ("ellipsis", "newaxis") else "none"
    extra = draw(_EXTRA) if region in ("ordinary", "mixtures") else extra
    if extra != "none":
        kinds.insert(draw(st.integers(0, len(kinds))), extra)
        if extra == "ellipsis" and draw(st.booleans()):
            kinds = ["ellipsis"] if region == "ellipsis" else kinds
    broadcast: Shape = draw(_ARRAY_SHAPES) if "array" in kinds else ()
    bare = draw(st.booleans())
    rng = np.random.default_rng(draw(SEEDS))
    if region == "duplicates":
        broadcast = (*broadcast[:-1], broadcast[-1] + 3)
    index = _fill(kinds, shape, broadcast, region, rng)
    return shape, index[0] if bare and len(index) == 1 else index, rng


def _fill(kinds: list[str], shape: Shape, broadcast: Shape, region: str, rng: Rng) -> tuple[Any, ...]:
    """Values for the kinds, left to right; places after an ellipsis count from the last axis."""
    if kinds.count("mask") > 1:
        first = kinds.index("mask")
        kinds = [*kinds[: first + 1], *("slice" if kind == "mask" else kind for kind in kinds[first + 1 :])]
    consuming = [kind for kind in kinds if kind not in ("newaxis", "ellipsis")]
    sides = iter(_sides(kinds, shape, len(consuming)))
    entries: list[Any] = []
    arrays: list[tuple[int, int]] = []
    for kind in kinds:
        if kind == "newaxis":
            entries.append(None)
        elif kind == "ellipsis":
            entries.append(Ellipsis)
        else:
            n = next(sides)
            if kind == "integer":
                entries.append(int(_positions(rng, n, (), region)))
            elif kind == "slice":
                entries.append(_slice(rng, n))
            elif kind == "mask":
                mask = rng.random(n) < 0.5
                broadcast = (int(mask.sum()),)
                entries.append(mask)
            else:
                arrays.append((len(entries), n))
                entries.append(None)
    for position, n in arrays:
        entries[position] = _positions(rng, n, broadcast, region)
    return tuple(entries)


def _sides(kinds: list[str], shape: Shape, consumed: int) -> list[int]:
    if "ellipsis" not in kinds:
        return list(shape[:consumed])
    before = sum(kind != "newaxis" for kind in kinds[: kinds.index("ellipsis")])
    after = consumed - before
    return [*shape[:before], *shape[len(shape) - after :]]


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
    ends = [start, None if stop < 0 else stop]
    for i in range(2):
        if rng.random() < 0.3:
            ends[i] = None
        elif ends[i] is not None and rng.random() < 0.3:
            ends[i] -= n if ends[i] < n else 0
    return slice(ends[0], ends[1], None if step == 1 and rng.random() < 0.5 else step)


def _masks(draw: Draw) -> tuple[Shape, Any, Rng]:
    """A mask of the whole shape or of its leading axes, or one mask for one axis."""
    shape = draw_shape(draw)
    covered = draw(st.integers(1, len(shape)))
    alone = draw(st.booleans())
    rng = np.random.default_rng(draw(SEEDS))
    if alone:
        return shape, rng.random(shape[:covered]) < 0.5, rng
    return shape, (slice(None),) * (covered - 1) + (rng.random(shape[covered - 1]) < 0.5,), rng


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
        "nothing": (slice(None), slice(None, None, -1), Ellipsis, nothing, np.zeros(shape, dtype=bool))[rng.integers(5)],
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


_SPECIAL = {"boolean_masks": _masks, "empty": _empty, "scalar": _scalar, "many_duplicates": _many_duplicates}


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
