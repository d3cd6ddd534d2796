"""get_item, with gradients that lose something."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.labelled.entry import IMPRECISE, STRUCTURE, WRONG, Labelled


def zeros_without_a_dtype(x: Array, *, index: Any) -> Any:
    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros(x.shape)
        np.add.at(x_bar, index, y_bar)
        return x_bar

    return np.array(x[index]), pullback


def assigned_instead_of_added(x: Array, *, index: Any) -> Any:
    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros_like(x)
        x_bar[index] = y_bar
        return x_bar

    return np.array(x[index]), pullback


def negative_indices_are_the_first(x: Array, *, index: Any) -> Any:
    """The scatter clamps indices at 0 where it should count from the end."""

    def clamped(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(map(clamped, part))
        integers = isinstance(part, int) or (isinstance(part, np.ndarray) and part.dtype.kind == "i")
        return np.maximum(part, 0) if integers else part

    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros_like(x)
        np.add.at(x_bar, clamped(index), y_bar)
        return x_bar

    return np.array(x[index]), pullback


def buffer_in_float32(x: Array, *, index: Any) -> Any:
    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros(x.shape, np.float32)
        np.add.at(x_bar, index, y_bar)
        return x_bar.astype(x.dtype)

    return np.array(x[index]), pullback


ENTRIES = (
    Labelled(
        name="np.zeros without a dtype",
        operation="get_item",
        source="document 000, GetItemGrad",
        rule=zeros_without_a_dtype,
        dtype="float32",
        verdict=STRUCTURE,
        why="a gradient in float64 for an argument in float32",
        cause="dtype float64 instead of float32",
    ),
    Labelled(
        name="x_bar[index] = y_bar",
        operation="get_item",
        source='document 000, "same work"',
        rule=assigned_instead_of_added,
        verdict=WRONG,
        why="a place that is taken twice keeps one of its cotangents: duplicate indices",
        cause="the gradient|duplicate|overwritten",
        condition="duplicate",
    ),
    Labelled(
        name="a scatter that knows no negative indices",
        operation="get_item",
        source="kernels that clamp an index at 0",
        rule=negative_indices_are_the_first,
        verdict=WRONG,
        why="the cotangent of a negative index goes to the first place",
        cause="the gradient",
        condition="negative ind",
    ),
    Labelled(
        name="a gradient collected in float32",
        operation="get_item",
        source="a buffer in the default dtype of a framework",
        rule=buffer_in_float32,
        verdict=IMPRECISE,
        why="the cotangents are right and were rounded to float32: computed in float32",
        cause="computed in float32",
    ),
    Labelled(
        name="4,096 duplicates added up in float16",
        operation="get_item_grad",
        source="index_put with accumulate=True of PyTorch",
        implementation="torch",
        dtype="float16",
        examples=2000,
        verdict=IMPRECISE,
        why="a running sum in float16 stops growing at 2048: many duplicates of one index",
        cause="rounding|stagnat",
        condition="duplicate|copies of one index|size",
        beside=(r"raises \(RuntimeError\)", r"wrong \(", r"structure \(shape"),
    ),
)
