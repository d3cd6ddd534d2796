"""Arrays and parameters as strict JSON, readable and reversible.

Finite floats are JSON numbers, with their bits beside them in ``float.hex``; NaN and infinities are the
strings ``"nan"``, ``"inf"``, ``"-inf"``. What JSON has no word for is an object with one key:
``{"slice": [0, null, 2]}``, ``{"ellipsis": true}``, ``{"tuple": [...]}``, ``{"list": [...]}``,
``{"mapping": {...}}``, ``{"array": {...}}``, ``{"scalar": {...}}`` (a NumPy scalar), ``{"float": "nan"}``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradassay.formats import FORMATS, is_floating
from gradassay.vocabulary import Array, Scenario

Json = Any


def encode_float(value: float) -> Json:
    """A finite number as it is, anything else by its name."""
    value = float(value)
    return value if math.isfinite(value) else str(value)


def encode_array(array: Array, *, readable: bool = True) -> Json:
    """``{"dtype", "shape", "values": nested lists[, "hex": flat list]}``; hex for floating arrays only.

    With ``readable=False`` floating arrays have no values beside their hex, and a NaN that is not the common one has
    its bits: ``nan:ffc00000``.
    """
    array = np.asarray(array)
    encoded: dict[str, Json] = {"dtype": array.dtype.name, "shape": list(array.shape)}
    if not is_floating(array.dtype):
        return {**encoded, "values": array.tolist()}
    with np.errstate(invalid="ignore"):  # a signalling NaN
        exact = array.astype(np.float64)  # every format under test is a subset of float64
    numbers = [value.hex() for value in exact.ravel().tolist()]
    if readable:
        return {**encoded, "values": _named(exact.tolist()), "hex": numbers}
    exactly = (_nan(x) if text == "nan" else text for x, text in zip(array.flat, numbers, strict=True))
    return {**encoded, "hex": list(exactly)}


def decode_array(encoded: Json) -> Array:
    """Inverse of :func:`encode_array`, bit for bit but for the payload of a NaN where it was made readable."""
    name, shape = encoded["dtype"], tuple(encoded["shape"])
    if "hex" in encoded:
        dtype = FORMATS[name].dtype if name in FORMATS else np.dtype(name)
        numbers = [text.partition(":") for text in encoded["hex"]]
        flat = np.array([float.fromhex(number) for number, _, _ in numbers], dtype=np.float64).astype(dtype)
        for i, (_, _, bits) in enumerate(numbers):
            if bits:
                flat.view(f"u{dtype.itemsize}")[i] = int(bits, 16)
        return flat.reshape(shape)
    return np.array(encoded["values"], dtype=np.dtype(name)).reshape(shape)


def encode_scenario(scenario: Scenario, *, readable: bool = True) -> dict[str, Json]:
    """Arguments, parameters, cotangent, region, layout and whether it is valid; arrays as ``encode_array`` has them."""
    return {
        "args": [encode_array(array, readable=readable) for array in scenario.args],
        "params": encode_params(scenario.params),
        "cotangent": encode_array(scenario.cotangent, readable=readable),
        "region": scenario.region,
        "layout": scenario.layout,
        "valid": scenario.valid,
    }


def encode_params(params: Mapping[str, Any]) -> Json:
    """Keyword parameters, each by :func:`encode_value`."""
    return {name: encode_value(params[name]) for name in sorted(params)}


def decode_params(encoded: Json) -> dict[str, Any]:
    """Inverse of :func:`encode_params`."""
    return {name: decode_value(value) for name, value in encoded.items()}


def encode_value(value: Any) -> Json:
    """One parameter: an axis, an index of any kind, a name."""
    match value:
        case None | bool() | str():
            return value
        case np.ndarray():
            return {"array": encode_array(value)}
        case np.generic():
            return {"scalar": encode_array(np.asarray(value))}
        case int():
            return value
        case float():
            return value if math.isfinite(value) else {"float": str(value)}
        case slice():
            return {"slice": [encode_value(part) for part in (value.start, value.stop, value.step)]}
        case tuple():
            return {"tuple": [encode_value(part) for part in value]}
        case list():
            return {"list": [encode_value(part) for part in value]}
        case Mapping():
            return {"mapping": {str(name): encode_value(part) for name, part in value.items()}}
    return {"ellipsis": True} if value is Ellipsis else {"repr": repr(value)}


def decode_value(encoded: Json) -> Any:
    """Inverse of :func:`encode_value`; ValueError for a parameter that was only written down as its repr."""
    if not isinstance(encoded, dict):
        return encoded
    ((kind, value),) = encoded.items()
    match kind:
        case "array":
            return decode_array(value)
        case "scalar":
            return decode_array(value)[()]
        case "float":
            return float(value)
        case "slice":
            return slice(*(decode_value(part) for part in value))
        case "tuple":
            return tuple(decode_value(part) for part in value)
        case "list":
            return [decode_value(part) for part in value]
        case "mapping":
            return {name: decode_value(part) for name, part in value.items()}
        case "ellipsis":
            return Ellipsis
    raise ValueError(f"a parameter of kind {kind!r} cannot be read back: {value}")


def _named(nested: Any) -> Json:
    return [_named(part) for part in nested] if isinstance(nested, list) else encode_float(nested)


def _nan(value: Any) -> str:
    """``nan``, with its bits where they are not those of the common NaN of its format."""
    bits, common = (np.asarray(x, dtype=value.dtype).tobytes() for x in (value, np.nan))
    return "nan" if bits == common else f"nan:{int.from_bytes(bits, sys.byteorder):0{2 * len(bits)}x}"
