"""How an array lies in memory, without any change of its values."""

from __future__ import annotations

import numpy as np

from gradassay.vocabulary import Array

LAYOUTS: tuple[str, ...] = ("C", "F", "strided", "reversed", "read_only")


def lay_out(array: Array, layout: str) -> Array:
    """A copy of ``array`` with equal values, shape and dtype, in the memory layout named.

    ``C`` and ``F`` are the contiguous orders, ``strided`` leaves a gap after every entry of the last axis,
    ``reversed`` has negative strides along every axis, ``read_only`` is C without the permission to write.
    A 0-d array has no strides, so that only ``read_only`` makes a difference there.
    Raises ValueError for a layout that is not among ``LAYOUTS``.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r} is not one of {', '.join(LAYOUTS)}")
    if layout == "strided" and array.ndim:
        # The gaps hold ones: whoever overlooks the stride reads wrong values, not the right ones twice.
        wide = np.ones((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if layout == "reversed" and array.ndim:
        backwards = (slice(None, None, -1),) * array.ndim
        return np.array(array[backwards], order="C")[backwards]
    copy = np.array(array, order="F" if layout == "F" else "C")
    copy.flags.writeable = layout != "read_only"
    return copy
