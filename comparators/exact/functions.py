"""Which NumPy functions a definition may use, and what each is made of.

``UFUNCS`` and ``FUNCTIONS`` are the whole list; ``supported()`` prints it in the error for anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from comparators.exact import operations as op
from comparators.exact.elementwise import UFUNCS, minimum
from comparators.exact.linear import dot, einsum
from comparators.exact.operations import Decision
from comparators.exact.tape import Tape, Taped
from gradassay.errors import UnsupportedFunctionError

Axis = int | tuple[int, ...] | None


def supported() -> str:
    """The names of everything that a definition may use."""
    names = {ufunc.__name__ for ufunc in UFUNCS} | {function.__name__ for function in FUNCTIONS}
    return ", ".join(sorted(names))


def call_ufunc(
    tape: Tape, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What ``Taped.__array_ufunc__`` does."""
    if kwargs.get("out") is not None or method == "at":
        raise UnsupportedFunctionError(
            f"a definition changed an array in place (np.{ufunc.__name__}); write a = a / b instead of a /= b"
        )
    if method == "reduce" and ufunc in _REDUCTIONS:
        axis = kwargs.get("axis", 0)
        return _REDUCTIONS[ufunc](inputs[0], axis=axis, keepdims=kwargs.get("keepdims", False))
    if method != "__call__" or ufunc not in UFUNCS:
        raise refuse(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")
    if set(kwargs) - {"dtype", "casting"}:
        raise refuse(f"{ufunc.__name__} with {', '.join(sorted(kwargs))}")
    return UFUNCS[ufunc](*(tape.lift(x) for x in inputs))


def call_function(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``Taped.__array_function__`` does."""
    if func not in FUNCTIONS:
        raise refuse(f"{func.__module__}.{func.__name__}".removeprefix("numpy."))
    return FUNCTIONS[func](*args, **kwargs)


def refuse(name: str) -> UnsupportedFunctionError:
    """The error for a function that the tape does not know."""
    return UnsupportedFunctionError(f"a definition may not use np.{name}; supported are: {supported()}")


def _lift(*xs: Any) -> tuple[Taped, ...]:
    tape = next(x.tape for x in xs if isinstance(x, Taped))
    return tuple(tape.lift(x) for x in xs)


# -- reductions ------------------------------------------------------------------------------------------


def _axes(a: Taped, axis: Axis) -> tuple[int, ...]:
    if axis is None or (a.ndim == 0 and axis in (0, -1)):  # NumPy reduces a number over its last axis, too
        return tuple(range(a.ndim))
    return tuple(sorted(normalize_axis_tuple(axis, a.ndim)))


def _reduction(kernel: Callable[[Taped, tuple[int, ...]], Taped]) -> Callable[..., Taped]:
    def reduce(
        a: Taped, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: Any = False, **rest: Any
    ) -> Taped:
        if out is not None or any(value is not np._NoValue for value in rest.values()):
            raise refuse(f"reduction with {'out' if out is not None else ', '.join(rest)}")
        axes = _axes(a, axis)
        y = kernel(a, axes)
        if keepdims is not np._NoValue and keepdims:
            return y
        return op.reshape(y, tuple(n for i, n in enumerate(a.shape) if i not in axes))

    return reduce


def _smallest(a: Taped, axes: tuple[int, ...]) -> Taped:
    return op.negative(op.largest(op.negative(a), axes))


def _product(a: Taped, axes: tuple[int, ...]) -> Taped:
    """One factor after the other: no division, so zeros are no trouble."""
    kept = tuple(i for i in range(a.ndim) if i not in axes)
    lines = op.reshape(op.transpose(a, (*axes, *kept)), (-1, *(a.shape[i] for i in kept)))
    y = op.broadcast_to(a.tape.lift(1), lines.shape[1:])
    for i in range(lines.shape[0]):
        y = op.multiply(y, lines[i])
    return op.reshape(y, tuple(1 if i in axes else n for i, n in enumerate(a.shape)))


def _mean(a: Taped, axes: tuple[int, ...]) -> Taped:
    return op.divide(op.total(a, axes), a.tape.lift(int(np.prod([a.shape[i] for i in axes], dtype=np.int64))))


def _variance(a: Taped, axes: tuple[int, ...]) -> Taped:
    centred = op.subtract(a, _mean(a, axes))
    return _mean(op.multiply(centred, centred), axes)


_sum, _max, _min, _prod = (_reduction(kernel) for kernel in (op.total, op.largest, _smallest, _product))
_REDUCTIONS = {np.add: _sum, np.maximum: _max, np.minimum: _min, np.multiply: _prod}


# -- selecting and moving --------------------------------------------------------------------------------


def _where(condition: Any, a: Any, b: Any) -> Taped:
    if isinstance(condition, Taped) and not isinstance(condition, Decision):
        condition = op.compare(np.not_equal, *_lift(condition, 0))
    return op.where(condition, *_lift(a, b, condition)[:2])


def _clip(a: Any, a_min: Any = None, a_max: Any = None, **kwargs: Any) -> Taped:
    low, high = kwargs.get("min", a_min), kwargs.get("max", a_max)
    (y,) = _lift(a)
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


def _expand_dims(a: Taped, axis: Axis) -> Taped:
    return op.reshape(a, np.expand_dims(np.broadcast_to(0, a.shape), axis).shape)  # type: ignore[arg-type]


def _squeeze(a: Taped, axis: Axis = None) -> Taped:
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
    return op.scatter(_lift(weights)[0], places, (max(int(places.max(initial=-1)) + 1, minlength),))


def _concatenate(arrays: Any, axis: int | None = 0, **_: Any) -> Taped:
    parts = _lift(*arrays)
    if axis is None:
        parts, axis = tuple(op.reshape(part, (-1,)) for part in parts), 0
    axis = normalize_axis_index(axis, parts[0].ndim)
    ends = np.cumsum([part.shape[axis] for part in parts]).tolist()
    cuts = [
        (slice(None),) * axis + (slice(e - part.shape[axis], e),) for e, part in zip(ends, parts, strict=True)
    ]
    return op.join(parts, lambda xs: np.concatenate(xs, axis), lambda g: [op.getitem(g, cut) for cut in cuts])


def _stack(arrays: Any, axis: int = 0, **_: Any) -> Taped:
    return _concatenate([_expand_dims(part, axis) for part in _lift(*arrays)], axis)


def _broadcast_to(a: Taped, shape: Any, **_: Any) -> Taped:
    return op.broadcast_to(a, (shape,) if isinstance(shape, int) else tuple(shape))


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Functions that only look at the shape."""
    return lambda a, *args, **kwargs: function(np.broadcast_to(np.float64(0), a.shape), *args, **kwargs)


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: _sum,
    np.mean: _reduction(_mean),
    np.var: _reduction(_variance),
    np.std: _reduction(lambda a, axes: op.sqrt(_variance(a, axes))),
    np.max: _max,
    np.amax: _max,
    np.min: _min,
    np.amin: _min,
    np.prod: _prod,
    np.where: _where,
    np.clip: _clip,
    np.dot: lambda a, b: dot(*_lift(a, b)),
    np.einsum: lambda subscripts, *xs, **_: einsum(subscripts, *_lift(*xs)),
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
