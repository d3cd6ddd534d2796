"""Products: matmul and einsum, with pullbacks that are einsums again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from comparators.exact import operations as op
from comparators.exact.taped import Taped, lifted
from gradassay.errors import UnsupportedFunctionError

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def matmul(a: Taped, b: Taped) -> Taped:
    """np.matmul with its rules for vectors and stacks."""
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError("matmul: an operand is 0-d")
    if a.ndim == 1 or b.ndim == 1:
        wide = matmul(
            op.reshape(a, (1, -1)) if a.ndim == 1 else a, op.reshape(b, (-1, 1)) if b.ndim == 1 else b
        )
        shape = wide.shape[:-2] + wide.shape[-2:-1] * (a.ndim > 1) + wide.shape[-1:] * (b.ndim > 1)
        return op.reshape(wide, shape)

    def pullback(g: Taped, y: Taped) -> Sequence[Taped | None]:
        a_bar, b_bar = matmul(g, _last_swapped(b)), matmul(_last_swapped(a), g)
        return op.unbroadcast(a_bar, a.shape), op.unbroadcast(b_bar, b.shape)

    return op.bilinear(a, b, np.matmul, a.shape[-1], pullback)


def dot(a: Taped, b: Taped) -> Taped:
    """np.dot: a product with a number, matmul up to two axes, beyond that all rows with all columns."""
    if a.ndim == 0 or b.ndim == 0:
        return op.multiply(a, b)
    if b.ndim == 1 or max(a.ndim, b.ndim) <= 2:
        return matmul(a, b)
    left, right = _LETTERS[: a.ndim - 1], _LETTERS[a.ndim : a.ndim + b.ndim - 1]
    summed = _LETTERS[a.ndim - 1]
    return einsum(f"{left}{summed},{right[:-1]}{summed}{right[-1]}->{left}{right}", a, b)


def _last_swapped(a: Taped) -> Taped:
    return op.transpose(a, (*range(a.ndim - 2), a.ndim - 1, a.ndim - 2))


def einsum(subscripts: str, *operands: Taped) -> Taped:
    """np.einsum of one or two operands, no index twice in one operand."""
    inputs, output = _parse(subscripts)
    if (
        len(operands) != len(inputs)
        or len(operands) > 2
        or any(len(set(t)) != len(t) for t in (*inputs, output))
    ):
        raise UnsupportedFunctionError(
            f"np.einsum({subscripts!r}) in a definition: supported are one or two operands with distinct letters each"
        )
    if len(operands) == 1:
        inputs, operands = [inputs[0], ""], (*operands, operands[0].tape.lift(1))
    (left, right), (a, b) = inputs, operands
    sizes: dict[str, int] = {}
    for letters, x in ((left, a), (right, b)):
        for i, n in zip(letters, x.shape, strict=True):
            sizes[i] = n if sizes.get(i, 1) == 1 else sizes[i]
    # An index of length 1 is repeated to the other operand's length, as in NumPy.
    a, b = (op.broadcast_to(x, tuple(sizes[i] for i in letters)) for letters, x in ((left, a), (right, b)))
    summed = set(left + right) - set(output)

    def pullback(g: Taped, y: Taped) -> Sequence[Taped | None]:
        return [
            _pull_operand(g, output, other, letters, x.shape)
            for letters, x, other in ((left, a, (right, b)), (right, b, (left, a)))
        ]

    n = int(np.prod([sizes[i] for i in summed], dtype=np.int64))
    return op.bilinear(
        a, b, lambda p, q: np.asarray(np.einsum(f"{left},{right}->{output}", p, q)), n, pullback
    )


def _pull_operand(
    g: Taped, output: str, other: tuple[str, Taped], letters: str, shape: tuple[int, ...]
) -> Taped:
    """Contract g with the other operand; an index that only this operand had is repeated."""
    present = "".join(i for i in letters if i in output + other[0])
    x_bar = einsum(f"{output},{other[0]}->{present}", g, other[1])
    kept = tuple(n if i in present else 1 for i, n in zip(letters, shape, strict=True))
    return op.broadcast_to(op.reshape(x_bar, kept), shape)


def _parse(subscripts: str) -> tuple[list[str], str]:
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    if not arrow:
        letters = "".join(inputs)
        output = "".join(sorted(i for i in set(letters) if letters.count(i) == 1))
    if not set(left + output) <= set(_LETTERS + _LETTERS.upper() + ","):
        raise UnsupportedFunctionError(
            f"np.einsum({subscripts!r}) in a definition: write every index as a letter"
        )
    return inputs, output


PRODUCTS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.dot: lambda a, b: dot(*lifted(a, b)),
    np.einsum: lambda subscripts, *xs, **_: einsum(subscripts, *lifted(*xs)),
}
