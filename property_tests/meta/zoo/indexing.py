"""Wrong gradients of get_item and its adjoint."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.zoo.table import (
    NONFINITE,
    STRUCTURE,
    WRONG,
    planted,
    right,
)

# -- get_item --------------------------------------------------------------------------------------------------


def textbook_get_item(x: Array, *, index: Any) -> Any:
    """Without a mistake."""

    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros_like(x)
        np.add.at(x_bar, index, y_bar)
        return x_bar

    return np.array(x[index]), pullback


@planted("get_item", WRONG)
def overwrites_duplicates(x: Array, *, index: Any) -> Any:
    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros_like(x)
        x_bar[index] = y_bar
        return x_bar

    return np.array(x[index]), pullback


@planted("get_item", STRUCTURE)
def scatters_into_float64(x: Array, *, index: Any) -> Any:
    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros(x.shape)
        np.add.at(x_bar, index, y_bar)
        return x_bar

    return np.array(x[index]), pullback


@planted("get_item", WRONG)
def shifts_by_one(x: Array, *, index: Any) -> Any:
    y, pullback = right("get_item", x, index=index)
    return y, lambda y_bar: np.roll(pullback(y_bar), 1)


@planted("get_item", STRUCTURE)
def transposes_its_gradient(x: Array, *, index: Any) -> Any:
    y, pullback = right("get_item", x, index=index)
    return y, lambda y_bar: pullback(y_bar).T


@planted("get_item", WRONG)
def reverses_its_gradient(x: Array, *, index: Any) -> Any:
    y, pullback = right("get_item", x, index=index)
    return y, lambda y_bar: np.flip(pullback(y_bar)).copy()


@planted("get_item", STRUCTURE)
def keeps_the_shape_of_what_was_selected(x: Array, *, index: Any) -> Any:
    y, _ = right("get_item", x, index=index)
    return y, lambda y_bar: y_bar.copy()


@planted("get_item", NONFINITE)
def nan_where_nothing_was_selected(x: Array, *, index: Any) -> Any:
    y, pullback = right("get_item", x, index=index)
    return y, lambda y_bar: pullback(y_bar) if y_bar.size else np.full_like(x, np.nan)


@planted("get_item_grad", WRONG)
def keeps_the_last_of_duplicates(y_bar: Array, *, index: Any, shape: tuple[int, ...]) -> Any:
    _, pullback = right("get_item_grad", y_bar, index=index, shape=shape)
    x_bar = np.zeros(shape, y_bar.dtype)
    x_bar[index] = y_bar
    return x_bar, pullback
