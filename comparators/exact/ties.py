"""The ties of one evaluation: which decisions compared equal values, and whom each is given to.

Every tie has *contenders* (the equal entries of a maximum's slice, the two operands of a comparison), and each of them
a weight, its part of the cotangent. Weights of a tie that are not negative and sum to 1 make a member of the set.

*Ties that stand alone.* A tie between entries of an argument hands their part of a cotangent out with weights that add
up to 1; a tie between an entry and a constant gives the entry a weight from 0 to 1. If no entry takes part in two of
them, and nothing that was computed from several entries is tied, no weight has an influence on another, and the
gradient of an entry is c + w g with c and g independent of all weights: the set is the product over the ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gradassay.vocabulary import Array

if TYPE_CHECKING:
    from comparators.exact.taped import Taped

#: Label of an entry that is tied with a constant; entries tied with each other have a positive one in common.
ALONE = -1

#: Whom ties are given to: split evenly, all to the first or last contender, or the weight of each contender.
Given = str | Array


class OtherTiesError(ArithmeticError):
    """An evaluation met other ties than the weights were made for: who wins decides what is compared."""


class Ties:
    """The ties of one evaluation in the order in which they were met."""

    def __init__(self, given: Given = "split") -> None:
        self.given = given
        self.even = isinstance(given, str) and given == "split"
        """Whether every tie is split evenly that can be."""
        self.split = False
        """Whether a tie was split evenly; a condition of ``where`` cannot be, and is taken as it compares."""
        self.conditions = False
        """Whether a tie decided a condition, which has no weights but 0 and 1."""
        self._count = 0
        self._of: list[Array] = []
        self._constant: list[Array] = []
        self._labels: dict[int, Array] = {}
        self._used = 0
        self._entangled = False

    def __bool__(self) -> bool:
        return self._count > 0

    @property
    def of(self) -> Array:
        """For each contender, the number of its tie."""
        return np.concatenate([*self._of, np.zeros(0, np.int64)])

    @property
    def constant(self) -> Array:
        """For each contender, whether it is a constant, that no gradient is handed to."""
        return np.concatenate([*self._constant, np.zeros(0, bool)])

    # -- whom a tie is given to ----------------------------------------------------------------------------

    def between_two(self, tied: Array, constants: tuple[bool, bool] = (False, False)) -> Array:
        """Enter a tie of two at each True of ``tied``; (2, ...) weights of the first and of the second operand."""
        n = int(np.count_nonzero(tied))
        weights = np.zeros((2, *np.shape(tied)))
        of, constant = np.zeros((2, n), np.int64), np.zeros((2, n), bool)
        of[:] = np.arange(n)
        constant[:] = np.array(constants)[:, None]
        given = self._enter(of.ravel(), constant.ravel())
        weights[:, tied] = given.reshape(2, n)
        return weights

    def between_entries(self, taken: Array, axis: tuple[int, ...]) -> Array:
        """Enter a tie for each slice along ``axis`` with several ``taken``; weights, 1 where one alone is."""
        tied = np.count_nonzero(taken, axis=axis, keepdims=True) > 1
        numbers = np.broadcast_to((np.cumsum(tied) - 1).reshape(tied.shape), taken.shape)
        weights, contend = taken.astype(np.float64), taken & tied
        of = numbers[contend]
        weights[contend] = self._enter(of, np.zeros(len(of), bool))
        return weights

    def _enter(self, of: Array, constant: Array) -> Array:
        begin = sum(map(len, self._of))
        self._of.append(of + self._count)
        self._constant.append(constant)
        self._count += int(of.max()) + 1
        if not isinstance(self.given, str):
            if begin + len(of) > len(self.given):
                raise OtherTiesError
            return self.given[begin : begin + len(of)]
        if self.even:
            return 1 / np.bincount(of)[of]
        last = self.given == "last"
        winners = np.unique(of[::-1] if last else of, return_index=True)[1]
        weights = np.zeros(len(of))
        weights[len(of) - 1 - winners if last else winners] = 1
        return weights

    # -- which stand alone ---------------------------------------------------------------------------------

    def depends(self) -> None:
        """A tie was entered that others may depend on."""
        self._entangled = True

    def with_constant(self, x: Taped, tied: Array) -> None:
        """Entries of ``x`` equal the constant that they are compared with."""
        if x.origin is None or x.shape != tied.shape:
            self._entangled = True
        else:
            self._label(x.origin, np.where(tied, ALONE, 0))

    def within(self, x: Taped, taken: Array, axis: tuple[int, ...]) -> None:
        """Entries of ``x`` share the maximum of their slice."""
        if x.origin is None:
            self._entangled = True
            return
        count = np.count_nonzero(taken, axis=axis, keepdims=True)
        slices = self._used + 1 + np.arange(count.size).reshape(count.shape)
        self._used += count.size
        self._label(x.origin, np.where(taken & (count > 1), slices, 0))

    def labels(self, arguments: Sequence[Taped]) -> tuple[Array, ...]:
        """The labels of each argument; nothing where ties depend on each other."""
        if self._entangled:
            return ()
        return tuple(self._labels.get(x.serial, np.zeros(x.shape, np.int64)) for x in arguments)

    def _label(self, x: Taped, labels: Array) -> None:
        known = self._labels.get(x.serial, np.zeros(x.shape, np.int64))
        self._entangled |= bool(np.any((known != 0) & (labels != 0)))
        self._labels[x.serial] = known + labels
