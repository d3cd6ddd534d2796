"""NumPy's functions that select and move entries, or only look at the shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from comparators.exact import operations as op
from comparators.exact.functions.elementwise import minimum
from comparators.exact.operations import Decision
from comparators.exact.refusing import refuse
from comparators.exact.taped import Taped, lifted


def _where(condition: Any, a: Any, b: Any) -> Taped:
    if isinstance(condition, Taped) and not isinstance(condition, Decision):
        condition = op.compare(np.not_equal, *lifted(condition, 0))
    return op.where(condition, *lifted(a, b, condition)[:2])


def _clip(a: Any, a_min: Any = None, a_max: Any = None, **kwargs: Any) -> Taped:
    low, high = kwargs.get("min", a_min), kwargs.get("max", a_max)
    (y,) = lifted(a)
    y = y if low is None else op.maximum(y, y.tape.lift(low))
    return y if high is None else minimum(y, y.tape.lift(high))


def _reshape(a: Taped, shape: Any, order: str = "C", **_: Any) -> Taped:
    if order != "C":
        raise refuse(f"reshape with order={order!r}")
    return op.reshape(a, shape)


def _transpose(a: Taped, axes: Any = None) -> Taped:
    return op.transpose(a, tuple(range(a.ndim))[::-1] if axes is None else normalize_axis_tuple(axes, a.ndim))


def _swapped(a: Taped, axis1: int, axis2: int) -> list[int]:
    axes = list(range(a.ndim))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return axes


def _moveaxis(a: Taped, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Taped:
    moved, places = normalize_axis_tuple(source, a.ndim), normalize_axis_tuple(destination, a.ndim)
    axes = [i for i in range(a.ndim) if i not in moved]
    for place, axis in sorted(zip(places, moved, strict=True)):
        axes.insert(place, axis)
    return op.transpose(a, axes)


def _expand_dims(a: Taped, axis: int | tuple[int, ...] | None) -> Taped:
    return op.reshape(a, np.expand_dims(np.broadcast_to(0, a.shape), axis).shape)  # type: ignore[arg-type]


def _squeeze(a: Taped, axis: int | tuple[int, ...] | None = None) -> Taped:
    return op.reshape(a, np.squeeze(np.broadcast_to(0, a.shape), axis).shape)


def _take(a: Taped, indices: Any, axis: int | None = None, **_: Any) -> Taped:
    if axis is None:
        return op.getitem(op.reshape(a, (-1,)), np.asarray(indices))
    return op.getitem(a, (slice(None),) * normalize_axis_index(axis, a.ndim) + (np.asarray(indices),))


def _take_along_axis(a: Taped, indices: Any, axis: int = -1) -> Taped:
    axis = normalize_axis_index(axis, a.ndim)
    grid = np.ogrid[tuple(slice(n) for n in indices.shape)]
    return op.getitem(a, tuple(np.asarray(indices) if i == axis else grid[i] for i in range(a.ndim)))


def _bincount(x: Any, weights: Any = None, minlength: int = 0) -> Taped:
    """Each weight added at its place."""
    if isinstance(x, Taped):
        raise refuse("bincount of places that depend on an argument")
    places = np.asarray(x)
    return op.scatter(lifted(weights)[0], places, (max(int(places.max(initial=-1)) + 1, minlength),))


def _concatenate(arrays: Any, axis: int | None = 0, **_: Any) -> Taped:
    parts = lifted(*arrays)
    if axis is None:
        parts, axis = tuple(op.reshape(part, (-1,)) for part in parts), 0
    axis = normalize_axis_index(axis, parts[0].ndim)
    ends = np.cumsum([part.shape[axis] for part in parts]).tolist()
    cuts = [
        (slice(None),) * axis + (slice(e - part.shape[axis], e),) for e, part in zip(ends, parts, strict=True)
    ]
    return op.join(parts, lambda xs: np.concatenate(xs, axis), lambda g: [op.getitem(g, cut) for cut in cuts])


def _stack(arrays: Any, axis: int = 0, **_: Any) -> Taped:
    return _concatenate([_expand_dims(part, axis) for part in lifted(*arrays)], axis)


def _broadcast_to(a: Taped, shape: Any, **_: Any) -> Taped:
    return op.broadcast_to(a, (shape,) if isinstance(shape, int) else tuple(shape))


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Functions that only look at the shape."""
    return lambda a, *args, **kwargs: function(np.broadcast_to(np.float64(0), a.shape), *args, **kwargs)


MOVING: dict[Callable[..., Any], Callable[..., Any]] = {
    np.where: _where,
    np.clip: _clip,
    np.reshape: _reshape,
    np.ravel: lambda a, order="C", **_: _reshape(a, (-1,), order),
    np.transpose: _transpose,
    np.swapaxes: lambda a, i, j: op.transpose(a, _swapped(a, i, j)),
    np.moveaxis: _moveaxis,
    np.expand_dims: _expand_dims,
    np.squeeze: _squeeze,
    np.broadcast_to: _broadcast_to,
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.take: _take,
    np.take_along_axis: _take_along_axis,
    np.bincount: _bincount,
    np.zeros_like: _plain(np.zeros_like),
    np.ones_like: _plain(np.ones_like),
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a: a.size,
}
