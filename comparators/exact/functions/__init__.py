"""Which NumPy functions a definition may use, and what each is made of: a file a family, with its table at the end.

``UFUNCS`` and ``FUNCTIONS`` are the whole list; the error for anything else prints it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from comparators.exact.functions.elementwise import UFUNCS
from comparators.exact.functions.linear import PRODUCTS
from comparators.exact.functions.moving import MOVING
from comparators.exact.functions.reductions import REDUCTIONS, UFUNC_REDUCTIONS
from comparators.exact.refusing import refuse
from comparators.exact.tape import Tape
from gradassay.errors import UnsupportedFunctionError

__all__ = ["FUNCTIONS", "UFUNCS", "call_function", "call_ufunc"]

FUNCTIONS = {**REDUCTIONS, **MOVING, **PRODUCTS}


def call_ufunc(
    tape: Tape, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What ``Taped.__array_ufunc__`` does."""
    if kwargs.get("out") is not None or method == "at":
        raise UnsupportedFunctionError(
            f"a definition changed an array in place (np.{ufunc.__name__}); write a = a / b instead of a /= b"
        )
    if method == "reduce" and ufunc in UFUNC_REDUCTIONS:
        axis = kwargs.get("axis", 0)
        return UFUNC_REDUCTIONS[ufunc](inputs[0], axis=axis, keepdims=kwargs.get("keepdims", False))
    if method != "__call__" or ufunc not in UFUNCS:
        raise refuse(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")
    if set(kwargs) - {"dtype", "casting"}:
        raise refuse(f"{ufunc.__name__} with {', '.join(sorted(kwargs))}")
    return UFUNCS[ufunc](*(tape.lift(x) for x in inputs))


def call_function(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``Taped.__array_function__`` does."""
    if func not in FUNCTIONS:
        raise refuse(f"{func.__module__}.{func.__name__}".removeprefix("numpy."))
    return FUNCTIONS[func](*args, **kwargs)
