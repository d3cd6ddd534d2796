"""Simpler parameters: the default, or what is shorter to write; an index with fewer and plainer parts."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from comparators.exact import Vjp
from gradassay.vocabulary import Definition, Scenario
from gradassay.why.shrinking.parts import fitted, settled


def simpler_parameters(scenario: Scenario, definition: Definition) -> Iterator[Scenario | None]:
    """The scenario with one parameter simpler.

    A default is written out and not left away: whoever implements the operation may have another one.
    """
    defaults = _defaults(definition)
    for name, value in sorted(scenario.params.items()):
        if isinstance(value, np.ndarray) or name == "shape":
            continue
        is_default = name in defaults and _alike(value, defaults[name])
        options = [] if is_default else [defaults[name]] if name in defaults else []
        for simpler in [*options, *(() if is_default else _simpler(value))]:
            params = {**scenario.params, name: simpler}
            yield settled(replace(scenario, params=params), definition, fitted)


def _simpler(value: Any) -> Iterator[Any]:
    """What is simpler than ``value``, the simplest first."""
    match value:
        case bool() | str() | None:
            return
        case int():
            options: tuple[Any, ...] = (0, 1, -1)
        case float():
            options = (0.0, 1.0, -1.0, 2.0, float(round(value)) if np.isfinite(value) else 0.0)
            options += tuple(float(f"{value:.{digits}g}") for digits in (1, 2, 3))
        case slice():
            options = (slice(None), slice(0, 1), slice(0, 2), slice(None, None, value.step))
        case tuple():
            yield from _fewer_or_plainer(value)
            return
        case _:
            return
    yield from (option for option in options if _weight(option) < _weight(value))


def _fewer_or_plainer(parts: tuple[Any, ...]) -> Iterator[Any]:
    if len(parts) == 1:
        yield parts[0]
    for i in range(len(parts)):
        if len(parts) > 1:
            yield parts[:i] + parts[i + 1 :]
    for i, part in enumerate(parts):
        yield from ((*parts[:i], plainer, *parts[i + 1 :]) for plainer in _simpler(part))


def _weight(value: Any) -> tuple[int, str]:
    return len(repr(value)), repr(value)


def _defaults(definition: Definition) -> Mapping[str, Any]:
    while isinstance(definition, Vjp):
        definition = definition.definition
    try:
        parameters = inspect.signature(definition).parameters.values()
    except (TypeError, ValueError):  # a builtin
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _alike(value: Any, other: Any) -> bool:
    return type(value) is type(other) and repr(value) == repr(other)
