"""Sums and matrix products that neither stagnate nor overflow on the way.

A running sum of n equal terms has n rounding errors of one sign. In blocks, and the blocks' sums in blocks again, they
are few. BLAS adds a block, as a product with ones: nothing NumPy has is quicker where the summed axis is not the last.

A partial sum may exceed the largest number where the sum does not, and a product may vanish where a sum of them does
not. Then everything is scaled by powers of two, which is exact, and the result is scaled back.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from gradassay.vocabulary import Array
from reference_impls.rows import RUN, Axis

#: Terms that are added one after the other where they lie apart; ``RUN`` where they are next to each other (in lanes).
BLOCK = 64


def reduced_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The axes that ``axis`` means, from the front and in order; AxisError where there is no such axis."""
    return tuple(sorted(normalize_axis_tuple(range(ndim) if axis is None else axis, ndim)))


def total(x: Array, axes: tuple[int, ...], divisor: int = 1) -> Array:
    """Sum of a contiguous ``x`` over ``axes``, kept with length 1, over ``divisor``; overflows only if that does."""
    y = np.asarray(_sum(x, axes) / x.dtype.type(divisor))
    if np.isfinite(y).all():
        return y
    reach = x.size.bit_length()
    scaled = _sum(np.ldexp(x, -reach), axes) / x.dtype.type(divisor)
    return np.asarray(np.where(np.isfinite(y), y, np.ldexp(scaled, reach)))


def _sum(x: Array, axes: tuple[int, ...]) -> Array:
    """The sum over each run of neighbouring axes at once, from the last run on."""
    shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    left, inner = list(axes), 1
    sizes = list(x.shape)
    while sizes:
        n = 1
        while left and left[-1] == len(sizes) - 1:
            n *= sizes.pop()
            left.pop()
        x = _middle(x.reshape(math.prod(sizes), n, inner))
        while sizes and (not left or left[-1] != len(sizes) - 1):
            inner *= sizes.pop()
    return x.reshape(shape)


def _middle(x: Array) -> Array:
    """Sum over the axis in the middle."""
    outer, n, inner = x.shape
    if n == 1:
        return x
    block = RUN if inner == 1 else BLOCK
    if n <= block:
        return np.asarray(np.einsum("ij->i", x[..., 0]) if inner == 1 else np.einsum("ijk->ik", x))
    whole = n // block * block
    blocks, ones = x[:, :whole].reshape(outer, n // block, block, inner), np.ones(block, x.dtype)
    sums = (blocks[..., 0] @ ones)[..., None] if inner == 1 else ones @ blocks
    rest = _middle(x[:, whole:]).reshape(outer, 1, inner)
    return _middle(np.concatenate([sums, rest], axis=1))


def dot(a: Array, b: Array) -> tuple[Any, int]:
    """Sum of the products of the entries as ``m 2^k``; k is even where a is b, and 0 as long as nothing is lost."""
    a, b = a.reshape(-1), b.reshape(-1)
    m = _dot(a, b)
    info = np.finfo(a.dtype)
    if info.tiny / info.eps * max(1, a.size) <= abs(m) < np.inf:
        return m, 0
    i, j = exponent(a), exponent(b)
    return _dot(np.ldexp(a, -i), np.ldexp(b, -j)), i + j


def norm(x: Array) -> tuple[Any, int]:
    """The root of the sum of the squares as ``m 2^k``."""
    m, k = dot(x, x)
    return np.sqrt(m), k // 2


def direction(x: Array, m: Any, k: int) -> Array:
    """``x / (m 2^k)``; 0 where m is."""
    scaled: Array = np.ldexp(x, -k) if k else x
    return scaled / m if m else np.zeros_like(x)


def _dot(a: Array, b: Array) -> Any:
    """BLAS adds a run in many lanes; einsum has 2 for float64, and equal terms one after the other err alike."""
    whole = a.size // RUN * RUN
    rest = np.dot(a[whole:], b[whole:])
    if not whole:
        return rest
    sums = np.vecdot(a[:whole].reshape(-1, RUN), b[:whole].reshape(-1, RUN))
    return _sum(np.append(sums, rest), (0,))[0]


def exponent(x: Array) -> int:
    """k with max|x| in [2^(k-1), 2^k); 0 where that is 0 or not finite, or where there is none."""
    return int(np.frexp(np.max(np.abs(x), initial=0))[1])


def product(a: Array, b: Array, c: Array | None = None) -> Array:
    """The matrix ``a b``, plus the row ``c``; overflows or vanishes only where the result does."""
    y: Array = a @ b
    if c is not None:
        y += c
    info = np.finfo(y.dtype)
    small = len(b) * info.tiny / info.eps
    size = np.abs(y)
    if not y.size or (size.min() >= small and size.max() < np.inf):
        return y
    i, j = _exponents(a, 1), _exponents(b, 0)
    lost = ~(size < np.inf) | ((size < small) & (i + j < np.log2(small)))
    if not lost.any():
        return y
    scaled = np.ldexp(a, -i) @ np.ldexp(b, -j)
    if c is not None:
        scaled += np.ldexp(c, -(i + j))
    return np.asarray(np.where(lost, np.ldexp(scaled, i + j), y))


def _exponents(x: Array, axis: int) -> Array:
    exponents: Array = np.frexp(np.max(np.abs(x), axis=axis, keepdims=True, initial=0))[1]
    return exponents
