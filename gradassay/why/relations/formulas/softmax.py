"""Of softmax and log_softmax; y is their primal, in the words of log_softmax p is exp y."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradassay.why.relations.formulas.formula import Formula


def _dot(a: Any, b: Any, axis: Any) -> Any:
    return (a * b).sum(axis=axis, keepdims=True)


def _length(x: Any, axis: Any) -> Any:
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis)
    return max(1, int(np.prod([x.shape[int(i)] for i in axes])))


def _whole(x: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim))


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

FORMULAS: Mapping[str, tuple[Formula, ...]] = {"softmax": _SOFTMAX, "log_softmax": _LOG_SOFTMAX}
