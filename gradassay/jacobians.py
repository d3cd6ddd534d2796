"""The full Jacobian of a rule, one pullback call for each entry of the primal.

With ``y = f(x)`` and a cotangent that is 1 at entry k and 0 elsewhere, the pullback returns row k::

    J[k, j] = d y_k / d x_j          shape: y.shape + x.shape
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradassay.errors import UsageError, types_of
from gradassay.vocabulary import Array, Rule

Parts = tuple[Array | None, ...]


def jacobian(rule: Rule, *args: Any, **params: Any) -> Any:
    """``d y / d x`` of ``y, pullback = rule(*args, **params)``.

    One array of shape ``y.shape + x.shape`` for a single argument. For several a tuple with one entry each, None
    for arguments that have no gradient; a pullback that returns fewer cotangents than there are arguments leaves
    out the last ones. The dtype is that of the gradients. 0-dimensional and empty arrays have Jacobians, too.

    ``UsageError`` where the rule is no function or returns no pair, or its pullback too many cotangents, one of
    another shape than its argument, or None for one entry of y and an array for the next.
    """
    if not callable(rule):
        raise UsageError(f"the rule is {rule!r}; a rule is a function that returns (primal, pullback)")
    name = getattr(rule, "__name__", "the rule")
    arrays = tuple(np.asarray(x) for x in args)
    y, pullback = _called(name, rule(*arrays, **params))
    rows = [_row(name, pullback(y_bar), arrays) for y_bar in _one_hot(y)]
    columns = zip(*rows, strict=True)
    jacobians = tuple(
        _stacked(f"{name}'s gradient of argument {i}", column, y.shape) for i, column in enumerate(columns)
    )
    return jacobians[0] if len(arrays) == 1 else jacobians


def _called(name: str, returned: Any) -> tuple[Array, Callable[[Any], Any]]:
    if isinstance(returned, tuple) and len(returned) == 2 and callable(returned[1]):
        return np.asarray(returned[0]), returned[1]
    raise UsageError(f"{name} is no rule: it returned {types_of(returned)} instead of (primal, pullback)")


def _one_hot(y: Array) -> Iterator[Array]:
    """A fresh cotangent for each entry, since a pullback might change it.

    An empty y has no entries; its empty cotangent still says which arguments have gradients.
    """
    for k in range(max(y.size, 1)):
        y_bar = np.zeros_like(y, order="C")
        y_bar.reshape(-1)[k : k + 1] = 1
        yield y_bar


def _row(name: str, pulled: Any, arrays: tuple[Array, ...]) -> Parts:
    parts = pulled if isinstance(pulled, tuple) else (pulled,)
    if len(parts) > len(arrays):
        counts = f"{len(parts)} cotangents for {len(arrays)} argument{'s' * (len(arrays) != 1)}"
        raise UsageError(f"{name}'s pullback returned {counts}")
    padded = (*parts, *[None] * (len(arrays) - len(parts)))
    # Copies, since a pullback might fill the same array again.
    row = tuple(None if part is None else np.array(part) for part in padded)
    for i, (part, x) in enumerate(zip(row, arrays, strict=True)):
        if part is not None and part.shape != x.shape:
            raise UsageError(
                f"{name}'s pullback returned shape {part.shape} for argument {i} of shape {x.shape}"
            )
    return row


def _stacked(what: str, column: Parts, shape: tuple[int, ...]) -> Array | None:
    rows = [part for part in column if part is not None]
    if not rows:
        return None
    if len(rows) < len(column):
        raise UsageError(f"{what} is None for one entry of the primal and an array for another")
    count = int(np.prod(shape, dtype=np.int64))
    return np.stack(rows)[:count].reshape(shape + rows[0].shape)
