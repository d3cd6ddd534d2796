"""Of elementwise operations: a wrong slope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradassay.why.relations.formulas.formula import Formula


def _slope(words: str, slope: Callable[[Any, Any], Any]) -> Formula:
    return Formula(f"slope {words}", f"({words}) y_bar", lambda y, g, x, **_: slope(y, x) * g)


FORMULAS: Mapping[str, tuple[Formula, ...]] = {
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
