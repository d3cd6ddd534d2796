"""What the rules of elementwise functions share: dtypes, layouts, and blocks that fit in the cache.

A rule is written for one block of entries, flat and in the dtype to compute in. ``entrywise`` makes of it a rule for
arrays of any shape: block after block goes through all of its passes before the next one is read from memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.exponents import is_faint, marked
from reference_impls.rows import result_dtype, working_dtype

#: Returns the cotangent of the only argument, or one for each of several.
Pullback = Callable[[Any], Any]

#: Entries of a block: the half-dozen arrays that a formula has in hand stay within the second-level cache.
BLOCK = 1 << 15


def entrywise(rule: Callable[..., tuple[Array, Callable[[Array], Any]]]) -> Callable[..., Any]:
    """Decorator: a rule on one block of entries becomes one on arrays of any shape, layout and dtype.

    All arrays have the shape of the first, which gives the dtype of every result: 16-bit formats are computed in
    float32 and rounded once, integers in float64. Results are fresh and C-contiguous. ``rule`` may write into its
    arguments and keep them; what its pullback is given it has to leave alone. Floating-point warnings are silenced.
    ValueError for an array of another shape.
    """

    @wraps(rule)
    def over_blocks(*arrays: Any, **params: Any) -> tuple[Array, Pullback]:
        first = np.asarray(arrays[0])
        shape, inner, outer = first.shape, working_dtype(first.dtype), result_dtype(first.dtype)

        def flat(value: Any) -> Array:
            array = np.asarray(value)
            if array.shape != shape:
                raise ValueError(f"an array has shape {array.shape}, where the first argument's is {shape}")
            return array.reshape(-1)

        def collected(count: int, evaluate: Callable[[int, slice], Any]) -> list[Array]:
            results = [np.empty(first.size, outer) for _ in range(count)]
            with np.errstate(all="ignore"):
                for i, block in enumerate(_blocks(first.size)):
                    parts = evaluate(i, block)
                    for result, part in zip(results, parts if count > 1 else (parts,), strict=True):
                        result[block] = part
            return [result.reshape(shape) for result in results]

        given, pullbacks = [flat(array) for array in arrays], []

        def forward(_: int, block: slice) -> Array:
            # A copy, as the caller may write into the arguments before the pullback is called.
            y, pullback = rule(*(array[block].astype(inner) for array in given), **params)
            pullbacks.append(pullback)
            return y

        def pullback(y_bar: Any) -> Any:
            cotangents = flat(y_bar)
            found = collected(
                len(arrays), lambda i, block: pullbacks[i](cotangents[block].astype(inner, copy=False))
            )
            return found[0] if len(found) == 1 else tuple(found)

        return collected(1, forward)[0], marked(pullback, any(map(is_faint, pullbacks)))

    return over_blocks


def _blocks(size: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, size, BLOCK))


def zero_where(cut: Array, values: Array) -> Array:
    """0 where ``cut``, else ``values``, by their bits: no branch to guess, and no 0 times infinity."""
    if values.itemsize > 8:  # there are no integers as long as a long double
        return np.where(cut, 0, values)
    integer = np.dtype(f"i{values.itemsize}")
    # True - 1 = 0 has no bit, False - 1 = -1 has all of them.
    bits: Array = values.view(integer) & (cut.view(np.int8) - np.int8(1))
    return bits.view(values.dtype)


def chosen(here: Array, values: Array, otherwise: Array) -> Array:
    """``np.where`` for numbers of which none is -0: quicker where no branch can be guessed."""
    result = zero_where(~here, values)
    result += zero_where(here, otherwise)
    return result
