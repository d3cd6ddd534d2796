"""A reduction as a fold over slices: how an array is laid out so that its first axis runs over what is reduced."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Slices:
    """Transposed to ``order`` and reshaped to ``shape``, the first axis holds the slices."""

    order: list[int]
    shape: list[int]
    kept: list[int]
    """The shape of the result with the reduced axes kept."""

    @classmethod
    def along(cls, axis: Any, shape: tuple[int, ...]) -> Slices:
        """Slices along ``axis``: an int, several, none (``()``) or all (``None``)."""
        ndim = len(shape)
        axes = [int(i) % ndim for i in np.ravel(range(ndim) if axis is None else axis)]
        others = [i for i in range(ndim) if i not in axes]
        length = math.prod(shape[i] for i in axes)
        kept = [1 if i in axes else n for i, n in enumerate(shape)]
        return cls([*axes, *others], [length, *(shape[i] for i in others)], kept)
