"""Wrong scatters: none, of the mean, into another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.entry import STRUCTURE, WRONG, defect, gradient
from reference_impls.get_item import get_item, get_item_grad

Index = Any


def averages_duplicates(x: Array, *, index: Index) -> Any:
    y, pullback = get_item(x, index=index)
    taken = pullback(np.ones_like(y))
    return y, lambda y_bar: pullback(y_bar) / np.maximum(taken, 1)


def zeros_without_a_dtype(y_bar: Array, *, index: Index, shape: tuple[int, ...]) -> Any:
    x_bar, pullback = get_item_grad(y_bar, index=index, shape=shape)
    return x_bar.astype(np.float64), pullback


DEFECTS = (
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
        "averages duplicates",
        averages_duplicates,
        WRONG,
        mistake="a place gets the mean of its cotangents, not their sum",
        shows="where a place is taken twice",
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
)
