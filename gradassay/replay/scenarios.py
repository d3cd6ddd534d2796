"""A scenario read back from JSON; ``reports.encoding.encode_scenario`` writes it."""

from __future__ import annotations

from typing import Any

from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Scenario


def decoded(encoded: Any, operation: str, dtype: str, like: str | None) -> Scenario:
    """The scenario of ``operation``, whose differentiable arguments are those of the catalogue's operation ``like``.

    KeyError, TypeError, ValueError for what is no such encoding.
    """
    from property_tests.strategies import lay_out
    from reports.encoding import decode_array, decode_params

    args = tuple(lay_out(decode_array(array), encoded["layout"]) for array in encoded["args"])
    return Scenario(
        operation=operation,
        dtype=dtype,
        args=args,
        params=decode_params(encoded["params"]),
        cotangent=lay_out(decode_array(encoded["cotangent"]), encoded["layout"]),
        differentiable=_differentiable(like or "", args),
        region=encoded["region"],
        layout=encoded["layout"],
        valid=encoded["valid"],
    )


def _differentiable(operation: str, args: tuple[Array, ...]) -> tuple[int, ...]:
    """Those of the catalogue's operation; every floating argument where the catalogue does not know it."""
    from gradassay.catalogue import OPERATIONS
    from gradassay.orders import operation_of

    inner = operation_of(operation)
    if inner in OPERATIONS:
        wanted = OPERATIONS[inner].differentiable
        return tuple(i % len(args) for i in (wanted if inner == operation else (*wanted, -1)))
    return tuple(i for i, x in enumerate(args) if is_floating(x.dtype))
