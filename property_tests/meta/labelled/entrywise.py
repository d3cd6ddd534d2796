"""Activations and the affine map: what cancels, what is overwritten, what is read in another order."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.labelled.entry import CONVENTION, IMPRECISE, IMPURE, WRONG, Labelled
from reference_impls.activations import relu, sigmoid, tanh
from reference_impls.affine import affine


def one_minus_s(x: Array) -> Any:
    s, _ = sigmoid(x)
    return s, lambda y_bar: y_bar * s * (1 - s)


def cotangent_overwritten(x: Array) -> Any:
    y, _ = relu(x)

    def pullback(y_bar: Array) -> Array:
        y_bar[x <= 0] = 0
        return y_bar

    return y, pullback


def mean_with_the_magnitude(x: Array) -> Any:
    """``(x + |x|) / 2``, differentiated as ``x + |x|``."""
    y, _ = relu(x)
    return y, lambda y_bar: y_bar * (1 + np.sign(x))


def mask_that_ends_below(x: Array) -> Any:
    """A mask by comparison with a table that ends at -12."""
    y, pullback = relu(x)
    return y, lambda y_bar: np.where(x < -12, y_bar, pullback(y_bar))


def memory_order(x: Array) -> Any:
    """Entries in the order in which they lie in memory, given back in that of C."""
    y, pullback = tanh(x.ravel(order="K").reshape(x.shape))
    return y, pullback


def transposed(x: Array, W: Array, b: Array) -> Any:
    y, pullback = affine(x, W.T, b)

    def pull(y_bar: Array) -> Any:
        x_bar, W_bar, b_bar = pullback(y_bar)
        return x_bar, W_bar.T, b_bar

    return y, pull


def added_up_over_calls(x: Array, W: Array, b: Array) -> Any:
    """Gradients are added to what the layer has collected, and nobody sets them back."""
    y, pullback = affine(x, W, b)
    collected = [np.zeros_like(W), np.zeros_like(b)]

    def pull(y_bar: Array) -> Any:
        x_bar, *bars = pullback(y_bar)
        for k, bar in enumerate(bars):
            collected[k] = collected[k] + bar
        return x_bar, *collected

    return y, pull


def _square_layers() -> list[tuple[Array, Array, Array]]:
    rng = np.random.default_rng(0)
    sizes = [(rows, n) for rows in (1, 2, 3) for n in (1, 2, 3, 4)]
    return [(rng.normal(size=(m, n)), rng.normal(size=(n, n)), rng.normal(size=n)) for m, n in sizes]


ENTRIES = (
    Labelled(
        name="s (1 - s)",
        operation="sigmoid",
        source="document 002, SigmoidLayer",
        rule=one_minus_s,
        verdict=IMPRECISE,
        why="1 - s cancels for large x, until nothing is left at 40",
        cause="rounding|cancel",
        condition="above",
    ),
    Labelled(
        name="the caller's cotangent overwritten",
        operation="relu",
        source="document 004, Relu",
        rule=cotangent_overwritten,
        verdict=IMPURE,
        why="it writes zeros into the cotangent that it was given",
        cause="changes the cotangent in place",
        condition="0|negative|below",
        beside=(r"impure \(writes to its input\)",),
    ),
    Labelled(
        name="x + abs(x) without the half",
        operation="relu",
        source="a formula for relu, half differentiated",
        rule=mean_with_the_magnitude,
        verdict=WRONG,
        why="twice the gradient",
        cause=r"factor 2\b",
    ),
    Labelled(
        name="a table that ends at -12",
        operation="relu",
        source="look-up tables and narrow integer types",
        rule=mask_that_ends_below,
        examples=150,
        verdict=WRONG,
        why="the cotangent is let through where x < -12",
        cause="the gradient",
        # Two entries below it have a cotangent of 0, which nobody can see let through.
        condition=r"^min x below -(9|1[0-2])\b",
    ),
    Labelled(
        name="entries in the order of the memory",
        operation="tanh",
        source="extensions that take a pointer and a shape",
        rule=memory_order,
        verdict=IMPURE,
        why="an array in Fortran's order is read as if it were in C's",
        cause="depends on the memory layout",
    ),
    Labelled(
        name="weights one row an output",
        operation="affine",
        source="PyTorch, torch.nn.functional.linear",
        rule=transposed,
        inputs=_square_layers(),
        verdict=CONVENTION,
        why="x Wᵀ + b, which no shape gives away where W is square",
        cause="transposed weights",
    ),
    Labelled(
        name="gradients added up over calls",
        operation="affine",
        source="layers that collect their gradients",
        rule=added_up_over_calls,
        verdict=IMPURE,
        why="the second call of the pullback returns the sum of both",
        cause="called twice gives two answers",
    ),
)
