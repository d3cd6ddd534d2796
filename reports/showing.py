"""Scenarios in one line, as a person would type them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Discrepancy, Example
from reports.numbers import apart, short

#: Entries that are shown before an array is abridged.
ENTRIES = 24


def show_array(array: Array) -> str:
    """``float32[2, 3] [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]``; exact, but abridged and rounded beyond 24 entries."""
    array = np.asarray(array)
    whole = array.size <= ENTRIES
    rounded = is_floating(array.dtype) and not whole
    formatter: Any = {"all": lambda entry: short(float(entry), 6) if rounded else str(entry)}
    text = np.array2string(
        array,
        threshold=ENTRIES,
        edgeitems=1 if array.ndim > 1 else 3,
        separator=", ",
        max_line_width=10**6,
        formatter=formatter,
    )
    return f"{array.dtype.name}{list(array.shape)} {' '.join(text.split())}"


def show_value(value: Any) -> str:
    """A parameter; arrays inside an index are written out like lists."""
    match value:
        case np.ndarray():
            return show_array(value)
        case np.generic():
            return str(value)
        case tuple():
            inner = ", ".join(show_value(part) for part in value)
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case list():
            return f"[{', '.join(show_value(part) for part in value)}]"
        case slice():
            parts = (value.start, value.stop, value.step)
            return f"slice({', '.join(show_value(part) for part in parts)})"
    return "..." if value is Ellipsis else repr(value)


def show_scenario(example: Example) -> list[tuple[str, str]]:
    """(name, value) of arguments, parameters and cotangent."""
    scenario = example.scenario
    names = ["x"] if len(scenario.args) == 1 else [f"args[{i}]" for i in range(len(scenario.args))]
    pairs = [(name, show_array(array)) for name, array in zip(names, scenario.args, strict=True)]
    pairs += [(name, show_value(value)) for name, value in sorted(scenario.params.items())]
    if scenario.valid:
        pairs.append(("y_bar", show_array(scenario.cotangent)))
    if scenario.layout != "C":
        pairs.append(("layout", scenario.layout))
    return pairs


def show_entry(example: Example) -> str | None:
    """``x_bar[0][1, 2]: expected 0.1, got 0.2, budget 1e-17``; None where no single entry shows it."""
    if example.expected is None and example.got is None:
        return None
    where = example.path + ("" if not example.index else f"[{', '.join(str(int(i)) for i in example.index)}]")
    expected, got = apart(example.expected, example.got)
    return f"{where}: expected {expected}, got {got}, budget {short(example.budget)}"


def reasons(found: Discrepancy) -> list[str]:
    """What its scenarios have in common, and what else was found out, one sentence each."""
    condition = [] if found.condition is None else [f"where: {found.condition}"]
    return condition + list(found.remarks)
