"""NumPy's reductions that a definition may use, and what each is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from comparators.exact import operations as op
from comparators.exact.refusing import refuse
from comparators.exact.taped import Taped

Axis = int | tuple[int, ...] | None


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

#: What ``ufunc.reduce`` is.
UFUNC_REDUCTIONS = {np.add: _sum, np.maximum: _max, np.minimum: _min, np.multiply: _prod}

REDUCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: _sum,
    np.mean: _reduction(_mean),
    np.var: _reduction(_variance),
    np.std: _reduction(lambda a, axes: op.sqrt(_variance(a, axes))),
    np.max: _max,
    np.amax: _max,
    np.min: _min,
    np.amin: _min,
    np.prod: _prod,
}
