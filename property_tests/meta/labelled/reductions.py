"""Extrema, sums and means: ties, axes and sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.labelled.entry import RAISES, SUBGRADIENT, WRONG, Labelled
from reference_impls.defects.extrema import knows_no_negative_axis
from reference_impls.extrema import max_, min_
from reference_impls.reductions import mean, sum_

Axis = int | tuple[int, ...] | None


def everything_to_every_winner(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, _ = max_(x, axis=axis, keepdims=keepdims)
    kept = max_(x, axis=axis, keepdims=True)[0]
    return y, lambda y_bar: np.asarray((x == kept) * y_bar.reshape(kept.shape), x.dtype)


def minimum_with_one_sign(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """``-max(-x)``, differentiated as ``max(-x)``."""
    y, pullback = min_(x, axis=axis, keepdims=keepdims)
    return y, lambda y_bar: -pullback(y_bar)


def mean_pulled_back_as_sum(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    y, _ = mean(x, axis=axis, keepdims=keepdims)
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return y, lambda y_bar: np.broadcast_to(y_bar.reshape(kept), x.shape).copy()


def buffer_of_32(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """A gradient whose entries after the 32nd were never written."""
    y, pullback = sum_(x, axis=axis, keepdims=keepdims)

    def pull(y_bar: Array) -> Array:
        x_bar: Array = np.ascontiguousarray(pullback(y_bar))
        x_bar.reshape(-1)[32:] = 0
        return x_bar.reshape(x.shape)

    return y, pull


ENTRIES = (
    Labelled(
        name="amax",
        operation="max",
        source="PyTorch, torch.amax",
        implementation="torch",
        verdict=SUBGRADIENT,
        why="k winners get 1 / k each",
        cause="split|½",
    ),
    Labelled(
        name="max over an axis",
        operation="max",
        source="PyTorch, torch.max(x, dim)",
        implementation="torch.max",
        verdict=SUBGRADIENT,
        why="the first winner gets all",
        cause="all to the first",
        beside=(r"subgradient \(tie: split",),
    ),
    Labelled(
        name="reduce_max",
        operation="max",
        source="TensorFlow, tf.reduce_max",
        implementation="tensorflow",
        verdict=SUBGRADIENT,
        why="k winners get 1 / k each",
        cause="split|½",
        beside=(r"raises \(no exception on an invalid", "convention .*(subnormal|nothing|empty)"),
    ),
    Labelled(
        name="the full cotangent to every winner",
        operation="max",
        source="document 000, Max",
        rule=everything_to_every_winner,
        verdict=WRONG,
        why="the weights of k winners sum to k, where a subgradient's sum to 1",
        cause="weights sum to k",
        condition="tie along the axis",
        separates=True,
    ),
    Labelled(
        name="an axis counted from the end",
        operation="max",
        source="document 000, Max with axis=-1",
        rule=knows_no_negative_axis,
        verdict=RAISES,
        why="the kept shape is sought by axes from the front, so that a cotangent does not fit: a negative axis",
        cause="ValueError",
        condition="negative axis|axis below 0",
    ),
    Labelled(
        name="minus the maximum of minus x, one sign too few",
        operation="min",
        source="a minimum by way of a maximum",
        rule=minimum_with_one_sign,
        verdict=WRONG,
        why="the sign: minus the gradient",
        cause="sign|factor -1",
        beside=(r"wrong \((outside|a weight|weights)",),
    ),
    Labelled(
        name="a mean pulled back as a sum",
        operation="mean",
        source="a loss averaged, a gradient added up",
        rule=mean_pulled_back_as_sum,
        verdict=WRONG,
        why="1 / N is forgotten: the gradient is that of the sum, N times too large",
        cause="^gradient sum, primal not$",
        condition="^axis longer than 1$",
        separates=True,
        # Where a sum is 0 within its budget, or infinite, so is the mean: nothing tells their primals apart.
        beside=(r"wrong \(sum\)",),
    ),
    Labelled(
        name="a buffer of 32 entries",
        operation="sum",
        source="kernels that work in blocks",
        rule=buffer_of_32,
        verdict=WRONG,
        why="entries after the 32nd have a gradient of 0: arrays of more than 32 entries",
        cause="the gradient|some entries 0",
        condition=r"(size|entries).*\b(2[5-9]|3\d|4\d)\b|\b(2[5-9]|3\d|4\d)\b.*(size|entries)",
    ),
)
