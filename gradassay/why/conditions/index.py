"""The parts of a NumPy index, as the conditions see them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradassay.vocabulary import Array


class Index:
    """An index into an array of ``shape``: its parts, and the places that it takes; none where it is refused."""

    def __init__(self, index: Any, shape: tuple[int, ...]) -> None:
        self.parts: tuple[Any, ...] = index if isinstance(index, tuple) else (index,)
        self.slices = [part for part in self.parts if isinstance(part, slice)]
        self.selecting = [not isinstance(part, slice | type(None) | type(Ellipsis)) for part in self.parts]
        arrays = [np.asarray(part) for part, own in zip(self.parts, self.selecting, strict=True) if own]
        self.integers = [array for array in arrays if array.dtype.kind in "iu"]
        self.masks = [array for array in arrays if array.dtype.kind == "b"]
        self.refused = False
        self.places: Array = np.zeros(0, np.int64)
        try:
            self.places = np.ravel(np.arange(math.prod(shape)).reshape(shape)[index])
        except (IndexError, ValueError, TypeError):
            self.refused = True

    def holds(self, part: object) -> bool:
        return any(own is part for own in self.parts)

    @property
    def copies(self) -> int:
        """How often the place is taken that is taken most often."""
        return int(np.bincount(self.places).max()) if self.places.size else 0

    @property
    def negative(self) -> bool:
        return any((array < 0).any() for array in self.integers)

    @property
    def scalar(self) -> bool:
        return any(array.ndim == 0 for array in self.integers)

    @property
    def array(self) -> bool:
        return any(array.ndim > 0 for array in self.integers)

    @property
    def backwards(self) -> bool:
        return any(part.step is not None and part.step < 0 for part in self.slices)

    @property
    def apart(self) -> bool:
        """Whether something stands between two integers or arrays, so that NumPy puts the axes of arrays first."""
        taken = np.flatnonzero(self.selecting)
        return (self.array or bool(self.masks)) and bool((np.diff(taken) > 1).any())
