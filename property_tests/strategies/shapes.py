"""Shapes and axes: what the arguments look like before any value is chosen.

A shape is drawn from a table ordered by size, so that one choice decides it and shrinking walks towards the
smallest. Helpers take the ``draw`` of an enclosing composite strategy, as nesting composites is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations, product
from math import prod
from typing import Any

from hypothesis import strategies as st

from property_tests.strategies.regions import MANY

Shape = tuple[int, ...]
Draw = Callable[[st.SearchStrategy[Any]], Any]

#: Without a preference towards small values, which Hypothesis gives to integers of more than 24 bits.
SEEDS = st.integers(0, 2**24 - 1)

_LARGEST_SIDE = {1: 9, 2: 5, 3: 4, 4: 3}
_LARGE: dict[int, tuple[Shape, ...]] = {
    1: ((17,), (64,), (257,)),
    2: ((8, 10), (16, 10), (5, 64), (3, 100), (130, 2)),
    3: ((3, 4, 17), (5, 6, 7), (2, 16, 9)),
    4: ((2, 3, 5, 7), (3, 3, 4, 5)),
}

#: More entries than 2^15, and few shapes, since JAX compiles each anew.
MANY_SHAPES: tuple[Shape, ...] = ((40_000,), (200, 200), (20, 40, 50))
_MANY_SHAPES = st.sampled_from(MANY_SHAPES)
#: Those for labels: classes are last.
_MANY_ROWS: st.SearchStrategy[Shape] = st.sampled_from(((2000, 20), (200, 200), (20, 40, 50)))


@cache
def table(ndim: int) -> tuple[Shape, ...]:
    """Every shape of that many dimensions that may be drawn, the smallest first; no side is 0."""
    if ndim == 0:
        return ((),)
    sides = range(2, _LARGEST_SIDE[ndim] + 1)
    small = list(product(sides, repeat=ndim))
    # A side of 1 is where broadcasting mistakes hide; one in each position is enough.
    thin = [(*shape[:i], 1, *shape[i + 1 :]) for shape in small[:: ndim**2] for i in range(ndim)]
    return tuple(sorted({*small, *thin, *_LARGE[ndim]}, key=lambda shape: (prod(shape), shape)))


@cache
def _shapes(ndim: int, least_last: int) -> st.SearchStrategy[Shape]:
    return st.sampled_from([shape for shape in table(ndim) if shape[-1:] >= (least_last,)])


@cache
def _ndims(least: int, most: int) -> st.SearchStrategy[int]:
    # Matrices come first and twice: they are what most rules are written for.
    return st.sampled_from([ndim for ndim in (2, 1, 2, 3, 4) if least <= ndim <= most])


def draw_shape(draw: Draw, *, least: int = 1, most: int = 4, least_last: int = 1) -> Shape:
    """A shape of ``least`` to ``most`` dimensions whose last side is at least ``least_last``."""
    shape: Shape = draw(_shapes(draw(_ndims(least, most)), least_last))
    return shape


def draw_empty_shape(draw: Draw, *, most: int = 4, keep_last: bool = False) -> Shape:
    """A shape with a side of 0, anywhere, or anywhere but last."""
    shape = draw_shape(draw, most=most, least_last=2)
    if keep_last and len(shape) == 1:
        return (0, *shape)
    i = draw(st.integers(0, len(shape) - 1 - keep_last))
    return (*shape[:i], 0, *shape[i + 1 :])


def draw_many(draw: Draw, *, rows: bool = False) -> Shape:
    """A shape of tens of thousands of entries; with ``rows``, of hundreds of rows at least."""
    shape: Shape = draw(_MANY_ROWS if rows else _MANY_SHAPES)
    return shape


def shape_in(draw: Draw, region: str) -> Shape:
    """A shape as the region wants it: none, with a side of 0, of many entries, or any."""
    if region == "scalar":
        return ()
    if region == MANY:
        return draw_many(draw)
    return draw_empty_shape(draw) if region == "empty" else draw_shape(draw)


_AXIS_KINDS = st.sampled_from(("default", "int", "int", "several", "all"))


@cache
def _axis_choices(kind: str, ndim: int) -> st.SearchStrategy[int | tuple[int, ...]]:
    if kind == "int":
        return st.sampled_from([*range(-1, -ndim - 1, -1), *range(ndim)])
    several = [axes for n in range(1, ndim + 1) for axes in combinations(range(ndim), n)]
    negative = [tuple(axis - ndim for axis in reversed(axes)) for axes in several]
    return st.sampled_from([*several, *negative])


def draw_axis(draw: Draw, ndim: int) -> dict[str, Any]:
    """The parameters that name an axis: none at all (the default, -1), an int, several, or None for all.

    Rules that have no such parameter are given the scenarios with the default.
    """
    if ndim == 0:
        return {"axis": draw(st.sampled_from((None, ())))}
    kind = draw(_AXIS_KINDS)
    if kind == "default":
        return {}
    return {"axis": None if kind == "all" else draw(_axis_choices(kind, ndim))}


def axes_of(params: dict[str, Any], ndim: int) -> tuple[int, ...]:
    """The axes that ``params`` means, each counted from the front."""
    axis: int | Sequence[int] | None = params.get("axis", -1)
    if axis is None:
        return tuple(range(ndim))
    return tuple(i % ndim for i in ((axis,) if isinstance(axis, int) else axis))
