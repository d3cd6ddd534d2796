"""The entries of one array, as the conditions see them."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from gradassay.vocabulary import Array

LARGEST = float(np.finfo(np.float64).max)


class Entries:
    """The entries of one floating array, in float64, and what is often asked about them."""

    def __init__(self, array: Array) -> None:
        self.values: Array = np.asarray(array, dtype=np.float64).reshape(-1)
        self.size = self.values.size
        ends = (float(self.values.min()), float(self.values.max())) if self.size else (0.0, 0.0)
        self.all_finite = math.isfinite(ends[0]) and math.isfinite(ends[1])
        self._ends = ends

    @cached_property
    def finite(self) -> Array:
        return self.values if self.all_finite else self.values[np.isfinite(self.values)]

    @cached_property
    def nan(self) -> bool:
        return not self.all_finite and bool(np.isnan(self.values).any())

    def holds_infinity(self, sign: float) -> bool:
        return not self.all_finite and bool((self.values == sign * np.inf).any())

    @cached_property
    def low(self) -> float:
        """The smallest finite entry; NaN where there is none."""
        return self._end(0)

    @cached_property
    def high(self) -> float:
        """The largest finite entry; NaN where there is none."""
        return self._end(1)

    @cached_property
    def lowest(self) -> float:
        """The smallest entry; minus infinity is below every number, and counts as the lowest of them."""
        return self._of_all(np.fmin)

    @cached_property
    def highest(self) -> float:
        """The largest entry; infinity is above every number, and counts as the highest of them."""
        return self._of_all(np.fmax)

    def _of_all(self, end: np.ufunc) -> float:
        found = float(end.reduce(self.values)) if self.size else math.nan
        return min(max(found, -LARGEST), LARGEST) if not math.isnan(found) else math.nan

    def _end(self, which: int) -> float:
        if self.all_finite and self.size:
            return self._ends[which]
        return float((np.min, np.max)[which](self.finite)) if self.finite.size else math.nan

    @cached_property
    def magnitudes(self) -> Array:
        return np.abs(self.finite)

    @cached_property
    def largest(self) -> float:
        return max(-self.low, self.high)

    @cached_property
    def smallest(self) -> float:
        """The smallest magnitude of an entry that is finite and not 0; NaN where there is none."""
        return float(self._nonzero.min()) if self._nonzero.size else math.nan

    @cached_property
    def _nonzero(self) -> Array:
        return self.magnitudes[self.magnitudes > 0] if self.zeros else self.magnitudes

    @cached_property
    def zeros(self) -> int:
        return self.size - int(np.count_nonzero(self.values))

    @cached_property
    def negative_zero(self) -> bool:
        return self.zeros > 0 and bool(np.signbit(self.values[self.values == 0]).any())

    @cached_property
    def all_equal(self) -> bool:
        return self.size > 1 and self.all_finite and self._ends[0] == self._ends[1]
