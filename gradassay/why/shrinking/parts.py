"""The arrays of a scenario under names, and a scenario put together again from other ones.

Arguments are ``0``, ``1``, ...; arrays inside the parameter ``index`` are ``index.0``, ...; ``y_bar`` is the cotangent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from comparators.exact import Vjp
from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Definition, Scenario

Shape = tuple[int, ...]
#: ``fit(array, shape)``: the array made to have that shape, or one that goes with the other arrays where that is None.
Fit = Callable[[Array, Shape | None], Array]

COTANGENT = "y_bar"


def arrays_of(scenario: Scenario) -> dict[str, Array]:
    """Every array of the scenario by its name."""
    named = {str(i): x for i, x in enumerate(scenario.args)}
    for name, value in scenario.params.items():
        for i, part in enumerate(_parts(value)):
            if isinstance(part, np.ndarray):
                named[f"{name}.{i}"] = part
    return named | {COTANGENT: scenario.cotangent}


def with_arrays(scenario: Scenario, arrays: Mapping[str, Array]) -> Scenario:
    """The scenario with other arrays under some of those names."""

    def parameter(name: str, value: Any) -> Any:
        parts = [arrays.get(f"{name}.{i}", part) for i, part in enumerate(_parts(value))]
        return tuple(parts) if isinstance(value, tuple) else parts[0]

    return replace(
        scenario,
        args=tuple(arrays.get(str(i), x) for i, x in enumerate(scenario.args)),
        params={name: parameter(name, value) for name, value in scenario.params.items()},
        cotangent=arrays.get(COTANGENT, scenario.cotangent),
    )


def entries_of(scenario: Scenario) -> int:
    """How many entries its arrays have together."""
    return sum(x.size for x in arrays_of(scenario).values())


def _parts(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def settled(scenario: Scenario, definition: Definition, fit: Fit) -> Scenario | None:
    """The scenario with cotangents of the shapes that its other arrays ask for; None where the definition refuses."""
    if (
        not scenario.valid
    ):  # its cotangent is for a convention that has a value there, and whose shape is not known
        return replace(scenario, cotangent=fit(scenario.cotangent, None))
    try:
        args, shape = _settled(definition, scenario.args, scenario.params, fit)
    except Exception:  # definitions of the caller's raise what they like
        return None
    return replace(scenario, args=args, cotangent=fit(scenario.cotangent, shape))


def refusal(scenario: Scenario, definition: Definition) -> str:
    """Why the definition refuses the scenario, without any number; empty where it accepts it."""
    try:
        _settled(definition, scenario.args, scenario.params, lambda x, shape: x)
    except Exception as error:
        return f"{type(error).__name__} {re.sub('[0-9]+', '', str(error))}"
    return ""


def fitted(array: Array, shape: Shape | None) -> Array:
    """The first entries along each axis, repeated where that is too few."""
    if shape is None or array.shape == shape:
        return array
    if array.ndim != len(shape) or 0 in array.shape:
        return np.resize(array, shape) if array.size else np.ones(shape, array.dtype)
    for axis, length in enumerate(shape):
        array = np.take(array, np.arange(length) % array.shape[axis], axis)
    return array


def _settled(
    definition: Definition, args: Sequence[Array], params: Mapping[str, Any], fit: Fit
) -> tuple[tuple[Array, ...], Shape]:
    """The arguments, those that are cotangents fitted to what they are cotangents of; and the primal's shape."""
    if isinstance(definition, Vjp):
        inner, shape = _settled(definition.definition, args[:-1], params, fit)
        shapes = [inner[i].shape for i in definition.wanted]
        return (*inner, fit(args[-1], shape)), shapes[0] if len(shapes) == 1 else (
            sum(map(math.prod, shapes)),
        )
    if {
        "index",
        "shape",
    } <= params.keys():  # the first argument belongs to what the index takes from such an array
        taken = np.broadcast_to(np.int8(0), params["shape"])[params["index"]].shape
        args = fit(args[0], taken), *args[1:]
    wide = (x.astype(np.float32) if is_floating(x.dtype) and x.itemsize < 4 else x for x in args)
    with np.errstate(all="ignore"):
        return tuple(args), np.shape(definition(*wide, **params))
