"""Wrong scatters: of duplicates, of negative indices, in another dtype, order or shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.entry import NONFINITE, STRUCTURE, WRONG, defect, gradient
from reference_impls.get_item import get_item, get_item_grad

Index = Any


def textbook_get_item(x: Array, *, index: Index) -> Any:
    """The textbook's scatter without a mistake."""

    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros_like(x)
        np.add.at(x_bar, index, y_bar)
        return x_bar

    return np.array(x[index]), pullback


def scattered(x: Array, index: Index, scatter: Callable[[Array, Index, Array], Any], dtype: Any) -> Any:
    """get_item, with ``scatter(zeros, index, y_bar)`` for its pullback."""

    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros(x.shape, dtype)
        scatter(x_bar, index, y_bar)
        return x_bar

    return np.array(x[index]), pullback


def overwrites_duplicates(x: Array, *, index: Index) -> Any:
    return scattered(x, index, np.ndarray.__setitem__, x.dtype)


def scatters_into_float64(x: Array, *, index: Index) -> Any:
    return scattered(x, index, np.add.at, np.float64)


def clamps_negative_indices(x: Array, *, index: Index) -> Any:
    def clamped(part: Index) -> Index:
        if isinstance(part, tuple):
            return tuple(map(clamped, part))
        integers = isinstance(part, int) or (isinstance(part, np.ndarray) and part.dtype.kind == "i")
        return np.maximum(part, 0) if integers else part

    return scattered(x, index, lambda x_bar, at, y_bar: np.add.at(x_bar, clamped(at), y_bar), x.dtype)


def zeros_without_a_dtype(y_bar: Array, *, index: Index, shape: tuple[int, ...]) -> Any:
    x_bar, pullback = get_item_grad(y_bar, index=index, shape=shape)
    return x_bar.astype(np.float64), pullback


def keeps_the_last_of_duplicates(y_bar: Array, *, index: Index, shape: tuple[int, ...]) -> Any:
    _, pullback = get_item_grad(y_bar, index=index, shape=shape)
    x_bar = np.zeros(shape, y_bar.dtype)
    x_bar[index] = y_bar
    return x_bar, pullback


DEFECTS = (
    defect(
        "get_item",
        "overwrites duplicates",
        overwrites_duplicates,
        WRONG,
        mistake="x_bar[index] = y_bar keeps one of the cotangents of a place",
        shows="where a place is taken twice",
        source='document 000, GetItemGrad: "same work"',
    ),
    defect(
        "get_item",
        "scatters into float64",
        scatters_into_float64,
        STRUCTURE,
        mistake="np.zeros without a dtype is in float64",
        shows="in float32",
        source="document 000, GetItemGrad.forward",
    ),
    defect(
        "get_item",
        "clamps negative indices",
        clamps_negative_indices,
        WRONG,
        mistake="the cotangent of a negative index goes to the first place",
        shows="where an index is negative",
    ),
    defect(
        "get_item",
        "shifts by one",
        gradient(get_item, lambda x_bar, y_bar, x: np.roll(x_bar, 1)),
        WRONG,
        mistake="each cotangent goes to the place behind its own",
        shows="where there is more than one place, and not all get the same",
    ),
    defect(
        "get_item",
        "reverses its gradient",
        gradient(get_item, lambda x_bar, y_bar, x: np.flip(x_bar).copy()),
        WRONG,
        mistake="places are counted from the end",
        shows="where there is more than one place, and not all get the same",
    ),
    defect(
        "get_item",
        "keeps the shape of what was selected",
        gradient(get_item, lambda x_bar, y_bar, x: y_bar.copy()),
        STRUCTURE,
        mistake="the cotangent comes back as it came, without a scatter",
        shows="where the selection has another shape",
    ),
    defect(
        "get_item",
        "NaN where nothing was selected",
        gradient(get_item, lambda x_bar, y_bar, x: x_bar if y_bar.size else np.full_like(x, np.nan)),
        NONFINITE,
        mistake="a mean over no cotangents in the place of their sum",
        shows="where the selection is empty, and the array is not",
    ),
    defect(
        "get_item_grad",
        "zeros without a dtype",
        zeros_without_a_dtype,
        STRUCTURE,
        mistake="np.zeros without a dtype is in float64",
        shows="in float32",
        source="document 000, GetItemGrad",
    ),
    defect(
        "get_item_grad",
        "keeps the last of duplicates",
        keeps_the_last_of_duplicates,
        WRONG,
        mistake="x_bar[index] = y_bar keeps one of the cotangents of a place",
        shows="where a place is taken twice",
        source='document 000, GetItemGrad: "same work"',
    ),
)
