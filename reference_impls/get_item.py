"""get_item, y = x[index], and its backward get_item_grad as an operation of its own.

Write k for a position in y and j(k) for the place in x that the index takes it from. Then y_k = x_j(k), so::

    x_bar_j = sum over k with j(k) = j of y_bar_k

Places taken several times collect every cotangent, places never taken get 0: that is the scatter-add called
``get_item_grad``. It is linear, and so is its pullback: the cotangent of y_bar_k is that of x_bar_j(k), which
is get_item again. Hence the double backward comes for free.

``x_bar[index] = y_bar`` is the same only where no place is taken twice: an assignment keeps the last one.

index: an int, slice of any step, Ellipsis, None, integer array, boolean mask, or a tuple of these.
Shapes: y has that of x[index], never a view of x; x_bar has that of x. Dtypes: those of the first argument;
16-bit formats collect in wider ones and are rounded once. Errors: NumPy's IndexError.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Edge, Operation
from property_tests.strategies import (
    GET_ITEM_GRAD_REGIONS,
    GET_ITEM_REGIONS,
    get_item_drafts,
    get_item_grad_drafts,
)
from reference_impls.conventions.indexing import GET_ITEM_CONVENTIONS, GET_ITEM_GRAD_CONVENTIONS
from reference_impls.rows import LONG_ROW, working_dtype
from reference_impls.textbook import added_up


def get_item_definition(x: Any, *, index: Any) -> Any:
    """``x[index]``."""
    return x[index]


def get_item_grad_definition(y_bar: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
    """``x_bar_j = sum_k [place_k = j] y_bar_k``."""
    size = math.prod(shape)
    place = np.arange(size).reshape(shape)[index]
    return added_up(np.ravel(y_bar), np.ravel(place), size).reshape(shape)


def get_item(x: Any, *, index: Any) -> tuple[Array, Callable[[Any], Array]]:
    """``y = x[index]``; the pullback scatters."""
    x = np.asarray(x)
    return gather(x, index), lambda y_bar: scatter_add(y_bar, index, x.shape, x.dtype)


def get_item_grad(y_bar: Any, *, index: Any, shape: tuple[int, ...]) -> tuple[Array, Callable[[Any], Array]]:
    """``x_bar``, zero but for the cotangents collected at ``index``; the pullback gathers."""
    y_bar = np.asarray(y_bar)
    x_bar = scatter_add(y_bar, index, shape, y_bar.dtype)
    return x_bar, lambda x_bar_bar: gather(np.asarray(x_bar_bar), index).astype(y_bar.dtype, copy=False)


def get_item_pullback(
    x: Any, y_bar: Any, *, index: Any
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    """get_item_grad, with x for its shape alone; linear in y_bar, so its own pullback is get_item."""
    x = np.asarray(x)
    x_bar, pullback = get_item_grad(y_bar, index=index, shape=x.shape)
    return x_bar, lambda x_bar_bar: (np.zeros_like(x, order="C"), pullback(x_bar_bar))


def get_item_grad_pullback(
    y_bar: Any, x_bar_bar: Any, *, index: Any, shape: tuple[int, ...]
) -> tuple[Array, Callable[[Any], tuple[Array, Array]]]:
    """get_item of the cotangent: the pullback of a pullback, whose own is get_item_grad again."""
    y_bar_bar, pullback = get_item(np.asarray(x_bar_bar), index=index)
    return y_bar_bar, lambda g: (np.zeros_like(y_bar, order="C"), pullback(g))


def gather(x: Array, index: Any) -> Array:
    """``x[index]`` as an array of its own: a copy where NumPy would give a view or a scalar."""
    y = np.asarray(x[index], dtype=x.dtype)
    return y.copy() if np.may_share_memory(x, y) else y


def scatter_add(y_bar: Any, index: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Zeros of ``shape`` with ``y_bar`` added at ``index``, as often as the index names a place."""
    if not may_repeat(index):
        x_bar = np.zeros(shape, dtype)
        x_bar[index] = y_bar
        return x_bar
    y_bar = np.asarray(y_bar)
    with np.errstate(all="ignore"):
        if takes_rows(index) and math.prod(shape[1:]) >= LONG_ROW:
            return add_rows(y_bar, index, shape).astype(dtype, copy=False)
        return add_entries(y_bar, index, shape).astype(dtype, copy=False)


def may_repeat(index: Any) -> bool:
    """Whether ``index`` can name a place twice, as only an array of several integers can."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(np.size(part) > 1 and np.asarray(part).dtype != bool for part in parts)


def takes_rows(index: Any) -> bool:
    """Whether ``index`` is one array of integers, so that it takes whole rows along the first axis."""
    return not isinstance(index, tuple) and np.asarray(index).dtype.kind in "iu"


def add_rows(y_bar: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Row after row: each is one vectorised addition to memory that lies together."""
    x_bar = np.zeros(shape, working_dtype(y_bar.dtype))
    for row, cotangent in zip(np.ravel(index).tolist(), y_bar.reshape(-1, *shape[1:]), strict=True):
        collected = x_bar[row]  # a view
        collected += cotangent
    return x_bar


def add_entries(y_bar: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Entry after entry, by counting each place with weights; bincount adds in float64."""
    size = math.prod(shape)
    places = np.arange(size).reshape(shape)[index]
    weights = np.broadcast_to(y_bar, places.shape).ravel().astype(np.float64, copy=False)
    return np.bincount(places.ravel(), weights, minlength=size).reshape(shape)


GET_ITEM = Operation(
    name="get_item",
    definition=get_item_definition,
    rule=get_item,
    regions=GET_ITEM_REGIONS,
    drafts=get_item_drafts,
    conventions=GET_ITEM_CONVENTIONS,
    pullback_rule=get_item_pullback,
    edges=(
        Edge("duplicates", "one place twice", ([1.0, 2.0, 3.0],), {"index": np.array([0, 0, 1])}),
        Edge("negative", "the last place twice", ([1.0, 2.0, 3.0],), {"index": np.array([-1, 2])}),
        Edge("empty", "no place", ([1.0, 2.0],), {"index": np.zeros(0, int)}),
    ),
    source="NumPy reference, Indexing on ndarrays",
)

GET_ITEM_GRAD = Operation(
    name="get_item_grad",
    definition=get_item_grad_definition,
    rule=get_item_grad,
    regions=GET_ITEM_GRAD_REGIONS,
    drafts=get_item_grad_drafts,
    conventions=GET_ITEM_GRAD_CONVENTIONS,
    pullback_rule=get_item_grad_pullback,
    edges=(
        Edge(
            "duplicates", "one place twice", ([1.0, 2.0, 4.0],), {"index": np.array([0, 0, 1]), "shape": (2,)}
        ),
    ),
    source="adjoint of get_item; NumPy reference, numpy.ufunc.at",
)
