"""What a comparison on the tape gives back."""

from __future__ import annotations

from typing import Any

import numpy as np

from comparators.exact.tape import Tape
from comparators.exact.taped import Taped
from gradassay.vocabulary import Array


class Decision(Taped):
    """The result of a comparison: branches exactly, and knows where the budget may branch otherwise."""

    __slots__ = ("doubt", "taken")

    def __init__(self, tape: Tape, taken: Array, doubt: Array) -> None:
        taken, doubt = np.asarray(taken), np.asarray(doubt)
        super().__init__(tape, tape.arithmetic.mask(taken, doubt), tape.count())
        self.taken, self.doubt = taken, doubt

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(bool)
