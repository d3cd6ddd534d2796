"""Ties that stand alone: where they do, the set of gradients is known and not only some of its members.

A tie between entries of an argument hands their part of a cotangent out with weights that add up to 1; a tie between an
entry and a constant gives the entry a weight from 0 to 1. If no entry takes part in two of them, and nothing that was
computed from several entries is tied, no weight has an influence on another, and the gradient of an entry is
c + w g with c and g independent of all weights: the set is the product over the ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gradassay.vocabulary import Array

if TYPE_CHECKING:
    from comparators.exact.tape import Taped

#: Label of an entry that is tied with a constant; entries tied with each other have a positive one in common.
ALONE = -1


class Ties:
    """Which entries of which argument are tied, as labels; 0 where there is no tie."""

    def __init__(self) -> None:
        self.counted = 0
        """How many ties between two values were entered here."""
        self._labels: dict[int, Array] = {}
        self._used = 0
        self._entangled = False

    def with_constant(self, x: Taped, tied: Array) -> None:
        """Entries of ``x`` that equal the constant that they are compared with."""
        self.counted += int(np.count_nonzero(tied))
        if x.origin is None or x.shape != tied.shape:
            self._entangled = True
        else:
            self._enter(x.origin, np.where(tied, ALONE, 0))

    def within(self, x: Taped, taken: Array, axis: tuple[int, ...]) -> None:
        """Entries of ``x`` that share the maximum of their slice."""
        count = np.count_nonzero(taken, axis=axis, keepdims=True)
        self.counted += int(np.sum(np.maximum(count - 1, 0)))
        if x.origin is None:
            self._entangled = True
            return
        slices = self._used + 1 + np.arange(count.size).reshape(count.shape)
        self._used += count.size
        self._enter(x.origin, np.where(taken & (count > 1), slices, 0))

    def labels(self, arguments: Sequence[Taped]) -> tuple[Array, ...]:
        """The labels of each argument; nothing where ties depend on each other."""
        if self._entangled:
            return ()
        return tuple(self._labels.get(x.serial, np.zeros(x.shape, np.int64)) for x in arguments)

    def _enter(self, x: Taped, labels: Array) -> None:
        known = self._labels.get(x.serial, np.zeros(x.shape, np.int64))
        self._entangled |= bool(np.any((known != 0) & (labels != 0)))
        self._labels[x.serial] = known + labels
