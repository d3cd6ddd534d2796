"""Operators that raise where a value is due, and that return a value where an error is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule
from reference_impls.defects.operators.frame import Operator, forwards


def refuses(what: str, condition: Callable[[Array, Any], bool]) -> Operator:
    """ValueError where ``condition(x, axis)`` holds of the first argument."""

    @forwards
    def operator(rule: Rule, *args: Any, **params: Any) -> Any:
        if condition(np.asarray(args[0]), params.get("axis")):
            raise ValueError(f"{what} is not supported")
        return rule(*args, **params)

    return operator


refuses_vectors = refuses("a vector", lambda x, axis: x.ndim == 1)
refuses_0d = refuses("a 0-d array", lambda x, axis: x.ndim == 0)
refuses_empty = refuses("an empty array", lambda x, axis: x.size == 0)
refuses_negative_axis = refuses("a negative axis", lambda x, axis: isinstance(axis, int) and axis < 0)
refuses_three_axes = refuses("an array of more than two axes", lambda x, axis: x.ndim > 2)


@forwards
def swallows_errors(rule: Rule, *args: Any, **params: Any) -> Any:
    """0 with a gradient of 0 where the rule raises."""
    try:
        return rule(*args, **params)
    except (IndexError, ValueError):
        x = np.asarray(args[0])
        return x.dtype.type(0), lambda y_bar: tuple(
            np.zeros_like(each) for each in (args if len(args) > 2 else (x,))
        )


@forwards
def clamps_labels(rule: Rule, *args: Any, **params: Any) -> Any:
    """Labels that are no class are taken for the nearest that is one."""
    *arrays, labels = args
    classes = np.shape(arrays[-1])[-1]
    indices = np.asarray(labels).dtype.kind in "iu"
    return rule(*arrays, np.clip(labels, 0, classes - 1) if indices and classes else labels, **params)
