"""Ordinary inputs with what plain NumPy in float64 makes of them, for every operation and kind of parameter."""

# ruff: noqa: D103 - the test that they serve says what each is for
from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Scenario

Case = tuple[Scenario, Array, Array]
"""A scenario, its primal and its gradient."""
RNG = np.random.default_rng(2)


def normal(*shape: int) -> Array:
    return np.asarray(RNG.standard_normal(shape))


def scenario(operation: str, *args: Array, cotangent: Array, **params: Any) -> Scenario:
    return Scenario(operation, args[0].dtype.name, args, params, cotangent)


# ---- plain NumPy, in float64, for ordinary values


def plain_softmax(x: Array, axis: Any) -> Array:
    e = np.exp(x)
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def softmax_case(axis: Any) -> Case:
    x, y_bar = normal(3, 4, 2), normal(3, 4, 2)
    y = plain_softmax(x, axis)
    x_bar = y * (y_bar - (y * y_bar).sum(axis=axis, keepdims=True))
    return scenario("softmax", x, cotangent=y_bar, axis=axis), y, x_bar


def log_softmax_case(axis: Any) -> Case:
    x, y_bar = normal(3, 4, 2), normal(3, 4, 2)
    s = plain_softmax(x, axis)
    x_bar = y_bar - s * y_bar.sum(axis=axis, keepdims=True)
    return scenario("log_softmax", x, cotangent=y_bar, axis=axis), np.log(s), x_bar


def labelled(form: str, samples: tuple[int, ...], classes: int) -> tuple[Array, Array]:
    index = RNG.integers(0, classes, samples)
    soft = plain_softmax(normal(*samples, classes), -1)
    one_hot = np.eye(classes, dtype=np.int64)[index]
    labels = {"index": index, "column": index[..., None], "uint8": index.astype(np.uint8)}
    labels |= {"int32": index.astype(np.int32), "one_hot": one_hot, "soft": soft}
    return np.asarray(labels[form]), np.asarray(soft if form == "soft" else one_hot)


def each_loss(y_bar: Array, samples: tuple[int, ...], reduction: str) -> Array:
    """The cotangent of each sample's loss. Keras' loss of p / sum p adds it to every entry of p_bar."""
    return np.broadcast_to(y_bar / np.prod(samples) if reduction == "mean" else y_bar, samples)[..., None]


def loss_case(operation: str, form: str, samples: tuple[int, ...], reduction: str) -> Case:
    x = normal(*samples, 5)
    p = plain_softmax(x, -1)
    labels, t = labelled(form, samples, 5)
    loss = -(t * np.log(p)).sum(-1)
    y = {"none": loss, "mean": loss.mean(), "sum": loss.sum()}[reduction]
    y_bar = normal(*np.shape(y))
    each = each_loss(y_bar, samples, reduction)
    x_bar = each * (-t / p if operation == "cross_entropy" else p - t)
    given = p if operation == "cross_entropy" else x
    return scenario(operation, given, labels, cotangent=y_bar, reduction=reduction), np.asarray(y), x_bar


def index_case(operation: str, index: Any) -> Case:
    x = normal(4, 3, 5)
    y_bar = normal(*x[index].shape)
    x_bar = np.zeros_like(x)
    np.add.at(x_bar, index, y_bar)
    if operation == "get_item":
        return scenario("get_item", x, cotangent=y_bar, index=index), x[index], x_bar
    return scenario("get_item_grad", y_bar, cotangent=x, index=index, shape=x.shape), x_bar, x[index]


def vector_index_case(operation: str) -> Case:
    index, x, y_bar = np.array([2, 0, 0, 1]), normal(3), normal(4)
    x_bar = np.zeros(3)
    np.add.at(x_bar, index, y_bar)
    if operation == "get_item":
        return scenario("get_item", x, cotangent=y_bar, index=index), x[index], x_bar
    return scenario("get_item_grad", y_bar, cotangent=x, index=index, shape=(3,)), x_bar, x[index]


def elementwise_case(operation: str, x: Array, y: Array, slope: Array, **params: Any) -> Case:
    y_bar = normal(*x.shape)
    return scenario(operation, x, cotangent=y_bar, **params), y, y_bar * slope


def elementwise_cases() -> dict[str, Case]:
    x = normal(3, 4)
    s = 1 / (1 + np.exp(-x))
    cases = {
        "exp": elementwise_case("exp", x, np.exp(x), np.exp(x)),
        "log": elementwise_case("log", np.exp(x), x, np.exp(-x)),
        "relu": elementwise_case("relu", x, np.where(x > 0, x, 0), np.where(x > 0, 1, 0)),
        "sigmoid": elementwise_case("sigmoid", x, s, s * (1 - s)),
        "tanh": elementwise_case("tanh", x, np.tanh(x), 1 - np.tanh(x) ** 2),
    }
    for low, high in ((-0.5, 0.5), (-0.5, None), (None, 0.5), (None, None)):
        y = np.minimum(np.maximum(x, -np.inf if low is None else low), np.inf if high is None else high)
        inside = np.where(x == y, 1, 0)
        cases[f"clip to {low}, {high}"] = elementwise_case("clip", x, y, inside, low=low, high=high)
    return cases


MASK = RNG.random((4, 3)) < 0.5
INDICES = {
    "an integer": 2,
    "integers": (3, 0, 4),
    "nothing": (),
    "slices": (slice(1, 3), slice(None), slice(0, 5, 2)),
    "a negative step": (slice(None, None, -1), slice(2, None, -2)),
    "ellipsis": (Ellipsis, 1),
    "newaxis": (None, 1, Ellipsis, None),
    "rows with duplicates": np.array([0, 0, 3]),
    "a matrix of rows": np.array([[0, 1], [3, 3]]),
    "leading arrays": (np.array([0, 3, 0]), np.array([1, 1, 1])),
    "an array and an integer": (np.array([0, 3, 0]), 1),
    "an array after a slice": (slice(1, 4), np.array([2, 2, 0])),
    "an array after ellipsis": (Ellipsis, np.array([4, 4]), slice(0, 2))[:2],
    "an array between": (None, slice(None), np.array([2, 0]), slice(1, None, 2)),
    "negative entries": np.array([-1, -1, 2]),
    "a mask": MASK,
    "a mask after a slice": (slice(None), np.array([True, False, True])),
    "a mask that selects nothing": np.zeros(4, dtype=bool),
    "no rows": np.zeros(0, dtype=np.int64),
}
CASES = {
    **{f"softmax over {axis}": softmax_case(axis) for axis in (-1, 0, 1, (0, 2), (1,), None)},
    **{f"log_softmax over {axis}": log_softmax_case(axis) for axis in (-1, 0, (0, 1), None)},
    **{
        f"{operation} {form} {samples} {reduction}": loss_case(operation, form, samples, reduction)
        for operation in ("cross_entropy", "softmax_cross_entropy")
        for form in ("index", "column", "uint8", "int32", "one_hot", "soft")
        for samples, reduction in (((4,), "mean"), ((), "none"), ((2, 3), "sum"), ((2, 3), "none"))
    },
    **{
        f"{operation} {kind}": index_case(operation, index)
        for operation in ("get_item", "get_item_grad")
        for kind, index in INDICES.items()
    },
    **{
        f"{operation} of a vector": vector_index_case(operation)
        for operation in ("get_item", "get_item_grad")
    },
    **elementwise_cases(),
}
