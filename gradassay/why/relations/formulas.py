"""Known wrong gradients of single operations, as formulas: what is left when one part of the right one is forgotten.

Each is a definition of its own, ``formula(y, y_bar, *args, **params)`` in plain NumPy with y the operation's primal,
and the ``exact`` comparator gives its value and its budget like those of any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.textbook import added_up


@dataclass(frozen=True)
class Formula:
    """A wrong gradient of one operation."""

    name: str
    words: str
    """What the gradient is: ``y y_bar``."""
    value: Callable[..., Any]
    """``value(y, y_bar, *args, **params)``: what a rule with this mistake returns."""
    argument: int = 0
    """Which of the differentiable arguments it is the gradient of."""


def _dot(a: Any, b: Any, axis: Any) -> Any:
    return (a * b).sum(axis=axis, keepdims=True)


def _length(x: Any, axis: Any) -> Any:
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis)
    return max(1, int(np.prod([x.shape[int(i)] for i in axes])))


def _whole(x: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim))


#: ``f`` of a name, for the softmax of any axis.
_SOFTMAX = (
    Formula("the sum term missing", "y y_bar, without - y <y, y_bar>", lambda y, g, x, axis=-1: y * g),
    Formula("the sum term alone", "- y <y, y_bar>", lambda y, g, x, axis=-1: -y * _dot(y, g, axis)),
    Formula("the diagonal of the Jacobian alone", "(y - y²) y_bar", lambda y, g, x, axis=-1: (y - y * y) * g),
    Formula(
        "the diagonal alone, the cotangent ignored", "y - y²", lambda y, g, x, axis=-1: y - y * y + 0 * g
    ),
    Formula(
        "mean in place of the sum",
        "y (y_bar - mean y y_bar)",
        lambda y, g, x, axis=-1: y * (g - _dot(y, g, axis) / _length(x, axis)),
    ),
    Formula(
        "the sum over the whole batch",
        "y (y_bar - sum of y y_bar over all rows)",
        lambda y, g, x, axis=-1: y * (g - _dot(y, g, _whole(x))),
    ),
)
_LOG_SOFTMAX = (
    Formula("the sum term alone", "- p sum y_bar", lambda y, g, x, axis=-1: -np.exp(y) * _dot(1, g, axis)),
    Formula(
        "the diagonal of the Jacobian alone", "(1 - p) y_bar", lambda y, g, x, axis=-1: (1 - np.exp(y)) * g
    ),
    Formula(
        "the diagonal alone, the cotangent ignored", "1 - p", lambda y, g, x, axis=-1: 1 - np.exp(y) + 0 * g
    ),
    Formula(
        "mean in place of the sum",
        "y_bar - p mean y_bar",
        lambda y, g, x, axis=-1: g - np.exp(y) * (_dot(1, g, axis) / _length(x, axis)),
    ),
    Formula(
        "the sum over the whole batch",
        "y_bar - p times the sum of y_bar over all rows",
        lambda y, g, x, axis=-1: g - np.exp(y) * _dot(1, g, _whole(x)),
    ),
    Formula("log p in place of p", "y_bar - y sum y_bar", lambda y, g, x, axis=-1: g - y * _dot(1, g, axis)),
)


def _shares(x: Any, labels: Any) -> Any:
    """The labels as distributions over the last axis of x."""
    if labels.dtype.kind in "iu" and labels.shape in (x.shape[:-1], (*x.shape[:-1], 1)):
        return (labels.reshape((*x.shape[:-1], 1)) == np.arange(x.shape[-1])).astype(np.int64)
    return np.broadcast_to(labels, x.shape)


def _for_each(g: Any, x: Any, reduction: str) -> Any:
    """The cotangent of each sample's loss, with a last axis of 1."""
    samples = max(1, x.size // max(1, x.shape[-1]))
    if reduction == "none":
        return g.reshape((*x.shape[:-1], 1))
    return g / samples if reduction == "mean" else g


def _p(x: Any) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def _every_label(y: Any, g: Any, x: Any, labels: Any, reduction: str = "mean") -> Any:
    t = _shares(x, labels)
    return (_p(x) - t.max(axis=tuple(range(t.ndim - 1)), keepdims=True)) * _for_each(g, x, reduction)


_SOFTMAX_CROSS_ENTROPY = (
    Formula(
        "the labels not subtracted",
        "p, without - t",
        lambda y, g, x, t, reduction="mean": _p(x) * _for_each(g, x, reduction),
    ),
    Formula(
        "the labels alone",
        "- t, without p",
        lambda y, g, x, t, reduction="mean": -_shares(x, t) * _for_each(g, x, reduction),
    ),
    Formula("every label subtracted from every row", "p less 1 at the labels of all samples", _every_label),
)
_CROSS_ENTROPY = (
    Formula(
        "p - t, which is the gradient of the logits",
        "p - t",
        lambda y, g, p, t, reduction="mean": (p - _shares(p, t)) * _for_each(g, p, reduction),
    ),
    Formula(
        "not divided by p",
        "- t",
        lambda y, g, p, t, reduction="mean": (0 * p - _shares(p, t)) * _for_each(g, p, reduction),
    ),
    Formula(
        "the labels ignored",
        "- 1 / p",
        lambda y, g, p, t, reduction="mean": -1 / p * _for_each(g, p, reduction),
    ),
)


def _places(x: Any, index: Any) -> Array:
    """For each entry that the index takes, the place in x that it is taken from."""
    return np.ravel(np.arange(x.size).reshape(x.shape)[index])


def _kept(x: Any, g: Any, index: Any, *, last: bool) -> Any:
    """Of the cotangents of one place, the last or the first."""
    places = _places(x, index)
    _, chosen = np.unique(places[::-1] if last else places, return_index=True)
    if last:
        chosen = places.size - 1 - chosen
    return added_up(np.ravel(g)[chosen], places[chosen], x.size).reshape(x.shape)


def _averaged(x: Any, g: Any, index: Any) -> Any:
    places = _places(x, index)
    times = np.maximum(np.bincount(places, minlength=x.size), 1)
    return (added_up(np.ravel(g), places, x.size) / times).reshape(x.shape)


_GET_ITEM = (
    Formula(
        "overwritten instead of accumulated",
        "the last cotangent of each place, not their sum",
        lambda y, g, x, index: _kept(x, g, index, last=True),
    ),
    Formula(
        "the first of duplicates alone",
        "the first cotangent of each place, not their sum",
        lambda y, g, x, index: _kept(x, g, index, last=False),
    ),
    Formula(
        "duplicates averaged",
        "the mean of the cotangents of each place, not their sum",
        lambda y, g, x, index: _averaged(x, g, index),
    ),
)

#: The same three mistakes of the scatter-add as an operation, where they are the primal's.
PRIMAL_FORMULAS: Mapping[str, tuple[Formula, ...]] = {
    "get_item_grad": (
        Formula(
            "overwritten instead of accumulated",
            "the last of the values of each place, not their sum",
            lambda x, index, shape: _kept(np.empty(shape), x, index, last=True),
        ),
        Formula(
            "the first of duplicates alone",
            "the first of the values of each place, not their sum",
            lambda x, index, shape: _kept(np.empty(shape), x, index, last=False),
        ),
        Formula(
            "duplicates averaged",
            "the mean of the values of each place, not their sum",
            lambda x, index, shape: _averaged(np.empty(shape), x, index),
        ),
    )
}


def _slope(words: str, slope: Callable[[Any, Any], Any]) -> Formula:
    return Formula(f"slope {words}", f"({words}) y_bar", lambda y, g, x, **_: slope(y, x) * g)


_SLOPES = {
    "sigmoid": (
        _slope("1 - y", lambda y, x: 1 - y),
        _slope("y", lambda y, x: y),
        _slope("y (1 + y)", lambda y, x: y * (1 + y)),
        _slope("x (1 - x)", lambda y, x: x * (1 - x)),
    ),
    "tanh": (
        _slope("1 - y", lambda y, x: 1 - y),
        _slope("1 + y²", lambda y, x: 1 + y * y),
        _slope("y²", lambda y, x: y * y),
        _slope("y (1 - y)", lambda y, x: y * (1 - y)),
        _slope("1 - x²", lambda y, x: 1 - x * x),
    ),
    "exp": (_slope("x", lambda y, x: x),),
    "log": (_slope("1 / x²", lambda y, x: 1 / (x * x)), _slope("x", lambda y, x: x)),
    "relu": (_slope("y", lambda y, x: y), _slope("[x > 1]", lambda y, x: (x > 1) + 0.0)),
}

FORMULAS: Mapping[str, tuple[Formula, ...]] = {
    "softmax": _SOFTMAX,
    "log_softmax": _LOG_SOFTMAX,
    "softmax_cross_entropy": _SOFTMAX_CROSS_ENTROPY,
    "cross_entropy": _CROSS_ENTROPY,
    "get_item": _GET_ITEM,
    "l2_penalty": (
        Formula(
            "not divided by the norm",
            "strength w y_bar",
            lambda y, g, w, strength=1.0, squared=False: strength * w * g,
        ),
        Formula(
            "the gradient of the squared norm",
            "2 strength w y_bar",
            lambda y, g, w, strength=1.0, squared=False: 2 * strength * w * g,
        ),
    ),
    "mean_squared_error": (
        Formula("1 in place of the error", "2 y_bar / n", lambda y, g, a, b: 2 * g / a.size + 0 * a),
    ),
    **_SLOPES,
}
