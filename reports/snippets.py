"""A scenario as Python to copy: the same arrays bit for bit, and the call that shows the discrepancy.

Floats are the shortest decimals that give the same bits in their dtype; where the hexadecimal form is shorter still
(2^-30 is ``0x1p-30``), that is written. Only the payload of a NaN is lost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradassay.formats import FORMATS, is_floating
from gradassay.orders import operation_of, order_of
from gradassay.vocabulary import Array, Example, Scenario
from reports.numbers import apart

#: First parts of the names of implementations that ``comparators.registry`` loads.
FRAMEWORKS = ("torch", "tensorflow", "jax")

#: How the statement that lays ``{x}`` out goes on; ``property_tests.strategies.lay_out`` makes the same.
LAYOUTS: Mapping[str, str] = {
    "F": "{x} = np.asfortranarray({x})",
    "strided": (
        "{x} = np.stack([{x}, np.ones_like({x})], axis=-1)"
        ".reshape(*{x}.shape[:-1], 2 * {x}.shape[-1])[..., ::2]"
    ),
    "reversed": "{x} = np.flip(np.flip({x}).copy())",
    "read_only": "{x}.flags.writeable = False",
}


def snippet(example: Example, operation: str, implementation: str, rule: str | None = None) -> str:
    """Python that rebuilds the example's arrays, runs the implementation on them and prints what comes back.

    ``rule`` is ``module:name`` of a rule that the caller wrote, where ``implementation`` is none of the catalogue's.
    """
    scenario = example.scenario
    call = _call(scenario, operation, implementation, rule)
    imports = {line for line in call if line.startswith(("import ", "from "))} | {"import numpy as np"}
    call = [line for line in call if line not in imports]
    lines = [
        *scenario_source(scenario),
        "",
        *call,
        *_printed(example, by_rule=not call[-1].startswith("found = ")),
    ]
    if any("ml_dtypes." in line for line in lines):
        imports.add("import ml_dtypes")
    return "\n".join([*sorted(imports, key=lambda line: (line[0] == "f", line)), "", *lines, ""])


def names_of(scenario: Scenario) -> list[str]:
    """The arguments' names: ``x`` of one alone, else ``x0``, ``x1``, ..."""
    count = len(scenario.args)
    return ["x"] if count == 1 else [f"x{i}" for i in range(count)]


def scenario_source(scenario: Scenario) -> list[str]:
    """Lines that define the arguments and ``y_bar``, in their memory layout."""
    arrays = dict(zip(names_of(scenario), scenario.args, strict=True))
    if scenario.valid:
        arrays["y_bar"] = scenario.cotangent
    lines = []
    for name, array in arrays.items():
        lines.append(f"{name} = {array_source(array)}")
        if scenario.layout in LAYOUTS and (array.ndim or scenario.layout == "read_only"):
            lines.append(LAYOUTS[scenario.layout].format(x=name))
    return lines


def call_source(scenario: Scenario, function: str) -> str:
    """``function(x, axis=-1)``."""
    params = [f"{name}={value_source(value)}" for name, value in sorted(scenario.params.items())]
    return f"{function}({', '.join([*names_of(scenario), *params])})"


def array_source(array: Array) -> str:
    """An expression for the array in C order: values, shape and dtype bit for bit."""
    array = np.asarray(array)
    kind = dtype_source(array.dtype)
    dtype = "" if array.dtype in (np.float64, np.bool_) else f", dtype={kind}"
    if not array.size:
        return f"np.zeros({array.shape}, dtype={kind})"
    texts = [_entry(value) for value in array.ravel()]
    if array.size > 2 and len(set(texts)) == 1:
        return f"np.full({array.shape}, {texts[0]}{dtype})"
    return f"np.array({_nested(texts, array.shape)}{dtype})"


def value_source(value: Any) -> str:
    """An expression for a parameter: a number, a name, an index of any kind."""
    match value:
        case np.ndarray():
            return array_source(value)
        case np.generic():
            return f"{dtype_source(value.dtype)}({_entry(value)})"
        case float():
            return _entry(np.float64(value))
        case tuple():
            inner = ", ".join(map(value_source, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case list():
            return f"[{', '.join(map(value_source, value))}]"
        case Mapping():
            return "{" + ", ".join(f"{k!r}: {value_source(v)}" for k, v in value.items()) + "}"
        case slice():
            return f"slice({', '.join(map(value_source, _ends(value)))})"
    return "..." if value is Ellipsis else repr(value)


def dtype_source(dtype: np.dtype[Any]) -> str:
    """``np.float32``, ``ml_dtypes.bfloat16``."""
    if dtype == FORMATS["bfloat16"].dtype:
        return "ml_dtypes.bfloat16"
    return f"np.{dtype.name}_" if dtype == np.bool_ else f"np.{dtype.name}"


def float_source(value: float, dtype: np.dtype[Any] = FORMATS["float64"].dtype) -> str:
    """The shortest expression whose value has the same bits in ``dtype``."""
    if not math.isfinite(value):
        return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    with np.errstate(all="ignore"):
        exact = np.array(value, dtype)
        decimal = next(text for text in _decimals(value) if np.array(float(text), dtype) == exact)
    mantissa, exponent = value.hex().split("p")
    hexadecimal = f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}p{exponent}"
    return decimal if len(decimal) <= len(hexadecimal) else f"float.fromhex({hexadecimal!r})"


def _decimals(value: float) -> Any:
    """Texts of more and more digits, of which the last has all bits of a float64."""
    for digits in range(1, 18):
        text = repr(float(f"{value:.{digits}g}"))
        yield text.replace("e+", "e").replace("e-0", "e-")


def _entry(value: Any) -> str:
    return float_source(float(value), value.dtype) if is_floating(value.dtype) else str(value)


def _nested(texts: list[str], shape: tuple[int, ...]) -> str:
    """The texts as nested lists of that shape."""
    if not shape:
        return texts[0]
    step = math.prod(shape[1:])
    parts = (_nested(texts[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0]))
    return f"[{', '.join(parts)}]"


def _ends(value: slice) -> tuple[Any, ...]:
    """What ``slice`` has to be given."""
    if value.step is not None:
        return value.start, value.stop, value.step
    return (value.stop,) if value.start is None else (value.start, value.stop)


def _call(scenario: Scenario, operation: str, implementation: str, rule: str | None) -> list[str]:
    second = operation.startswith("grad(")
    if implementation.partition(".")[0] in FRAMEWORKS or (second and rule is None):
        return _evaluated(scenario, operation, implementation)
    if rule is not None:
        module, _, name = rule.partition(":")
        first, _, rest = name.partition(".")
        lines, function = [f"from {module} import {first}"], f"{first}.{rest}" if rest else first
    elif implementation in ("numpy", "finite_differences"):
        lines, function = ["import gradassay"], f'gradassay.operations()["{operation}"].rule'
    else:
        lines, function = [f"# {implementation} is the rule that was verified"], implementation
    lines.append(f"y, pullback = {call_source(scenario, function)}")
    return [*lines, "x_bar = pullback(y_bar)"] if scenario.valid else lines


def _evaluated(scenario: Scenario, operation: str, implementation: str) -> list[str]:
    """What the report ran: the framework's adapter on the scenario."""
    params = ", ".join(f'"{name}": {value_source(v)}' for name, v in sorted(scenario.params.items()))
    args = ", ".join(names_of(scenario)) + ("," if len(scenario.args) == 1 else "")
    order = ", order=2" if order_of(operation) == 2 else ""
    lines = ["from comparators.registry import load", "from gradassay.vocabulary import Scenario"]
    rules = ""
    if implementation == "numpy":
        lines.append("from gradassay.catalogue import OPERATIONS")
        lines.append("from gradassay.second_order import pullback_operation")
        rules = f', rules={{"{operation}": pullback_operation(OPERATIONS["{operation_of(operation)}"]).rule}}'
    y_bar = "y_bar" if scenario.valid else "np.zeros(0)"
    valid = "" if scenario.valid else ", valid=False"
    return [
        *lines,
        f'scenario = Scenario("{operation}", "{scenario.dtype}", ({args}), {{{params}}}, {y_bar}, '
        f"{scenario.differentiable}{valid})",
        f'found = load("{implementation}"{rules}{order}).evaluate(scenario)',
    ]


def _printed(example: Example, *, by_rule: bool) -> list[str]:
    """Print what shows it, with what it has to be beside it."""
    wanted = ""
    if example.path and example.expected is not None:
        index = "" if not example.index else f"[{', '.join(map(str, example.index))}]"
        expected, got = apart(example.expected, example.got)
        wanted = f"  # {example.path}{index}: expected {expected}"
        wanted += "" if example.got is None else f", got {got}"
    if by_rule:
        parts = "y, x_bar" if example.scenario.valid else "y"
    else:
        parts = "found.error or (found.primal, found.gradients)"
    return [f"print({parts}){wanted}"]
