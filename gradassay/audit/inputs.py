"""The inputs that the documentation of other checkers tells a user to give: a few plain ones, the same for all.

Double precision and memory of their own (gradcheck), random arrays (autograd), away from kinks, small enough for a
numerical Jacobian: float64 standard normal arrays of 4 × 5, uniform ones between 1/2 and 2 where values have to be
positive, such rows divided by their sum where they are probabilities, labels and rows by index; each with a
standard normal cotangent. Kinks and ties have probability 0. Labels, parameters and whatever else has no gradient
are closed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Operation, Scenario

#: Rows and columns, and the classes that weights map the columns to.
ROWS, COLUMNS, CLASSES = 4, 5, 3

Rng = np.random.Generator
Args = tuple[Array, ...]


def documented(operation: Operation, *, seed: int = 0) -> tuple[Scenario, ...]:
    """One scenario for each of a few choices of parameters, the same for the same seed, in region ``documented``."""
    rng = np.random.default_rng([seed, *operation.name.encode()])
    made = []
    for choice in _PARAMS.get(operation.name, ({},) * 3):
        params = choice(rng) if callable(choice) else dict(choice)
        args = _ARGS.get(operation.name, _matrix)(rng, params)
        y = operation.definition(*args, **params)
        made.append(
            Scenario(
                operation=operation.name,
                dtype="float64",
                args=args,
                params=params,
                cotangent=np.asarray(rng.standard_normal(np.shape(y))),
                differentiable=tuple(i % len(args) for i in operation.differentiable),
                region="documented",
            )
        )
    return tuple(made)


def _normal(rng: Rng, *shape: int) -> Array:
    return np.asarray(rng.standard_normal(shape))


def _matrix(rng: Rng, params: Mapping[str, Any]) -> Args:
    return (_normal(rng, ROWS, COLUMNS),)


def _positive(rng: Rng, params: Mapping[str, Any]) -> Args:
    return (rng.uniform(0.5, 2.0, (ROWS, COLUMNS)),)


def _probabilities(rng: Rng, params: Mapping[str, Any]) -> Args:
    (p,) = _positive(rng, params)
    return p / p.sum(axis=-1, keepdims=True), rng.integers(COLUMNS, size=ROWS)


def _logits(rng: Rng, params: Mapping[str, Any]) -> Args:
    return _normal(rng, ROWS, COLUMNS), rng.integers(COLUMNS, size=ROWS)


def _pair(rng: Rng, params: Mapping[str, Any]) -> Args:
    return _normal(rng, ROWS, COLUMNS), _normal(rng, ROWS, COLUMNS)


def _layer(rng: Rng, params: Mapping[str, Any]) -> Args:
    return _normal(rng, ROWS, COLUMNS), _normal(rng, COLUMNS, CLASSES), _normal(rng, CLASSES)


def _classifier(rng: Rng, params: Mapping[str, Any]) -> Args:
    return *_layer(rng, params), rng.integers(CLASSES, size=ROWS)


def _taken(rng: Rng, params: Mapping[str, Any]) -> Args:
    return (_normal(rng, *np.empty(params["shape"])[params["index"]].shape),)


#: What is no single matrix.
_ARGS: Mapping[str, Callable[[Rng, Mapping[str, Any]], Args]] = {
    "log": _positive,
    "cross_entropy": _probabilities,
    "softmax_cross_entropy": _logits,
    "get_item_grad": _taken,
    "affine": _layer,
    "mean_squared_error": _pair,
    "softmax_regression": _classifier,
    "sigmoid_classifier": _classifier,
}

_Choice = Mapping[str, Any] | Callable[[Rng], dict[str, Any]]
_AXES: tuple[_Choice, ...] = ({}, {"axis": -1}, {"axis": 0})
_REDUCED: tuple[_Choice, ...] = ({}, {"axis": -1}, {"axis": 0}, {"axis": -1, "keepdims": True})
_REDUCTIONS: tuple[_Choice, ...] = tuple({"reduction": name} for name in ("mean", "sum", "none"))
_INDICES: tuple[Callable[[Rng], Any], ...] = (
    lambda rng: 1,
    lambda rng: (slice(1, None), slice(None, None, 2)),
    lambda rng: rng.integers(ROWS, size=ROWS),
)


def _of_shape(index: Callable[[Rng], Any]) -> Callable[[Rng], dict[str, Any]]:
    return lambda rng: {"index": index(rng), "shape": (ROWS, COLUMNS)}


def _by(index: Callable[[Rng], Any]) -> Callable[[Rng], dict[str, Any]]:
    return lambda rng: {"index": index(rng)}


#: Operations with parameters; the others get three draws without any.
_PARAMS: Mapping[str, Sequence[_Choice]] = {
    "softmax": _AXES,
    "log_softmax": _AXES,
    "cross_entropy": _REDUCTIONS,
    "softmax_cross_entropy": _REDUCTIONS,
    "get_item": tuple(map(_by, _INDICES)),
    "get_item_grad": tuple(map(_of_shape, _INDICES)),
    **dict.fromkeys(("sum", "mean", "max", "min"), _REDUCED),
    "clip": ({"low": -1.0, "high": 1.0}, {"low": 0.0}, {"high": 0.5}),
    "l2_penalty": ({}, {"strength": 0.1}, {"squared": True}),
    "softmax_regression": _REDUCTIONS,
    "sigmoid_classifier": _REDUCTIONS,
}
