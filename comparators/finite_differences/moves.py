"""Lines through the arguments: along one entry, or along a direction that moves them all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gradassay.vocabulary import Array

#: BLAS spreads longer dot products over threads, which costs more than it saves where cores are shared.
SHORT = 4096


class Move(Protocol):
    """A line through the arguments."""

    def shift(self, args: Sequence[Array], step: float) -> tuple[list[Array], float]:
        """Fresh copies of the arguments moved by ``step``, and the step as it was realised."""
        ...


@dataclass(frozen=True)
class Entry:
    """Entry ``flat`` of argument ``position`` alone."""

    position: int
    flat: int

    def shift(self, args: Sequence[Array], step: float) -> tuple[list[Array], float]:
        moved = [arg.copy() for arg in args]
        old = float(args[self.position].flat[self.flat])
        moved[self.position].flat[self.flat] = new = old + step
        return moved, new - old


@dataclass(frozen=True, eq=False)
class Direction:
    """All entries at once: ``signs[k]`` (±weight, 0 where it stays) moves argument ``positions[k]``."""

    positions: tuple[int, ...]
    signs: tuple[Array, ...]

    def shift(self, args: Sequence[Array], step: float) -> tuple[list[Array], float]:
        moved = [arg.copy() for arg in args]
        for position, sign in zip(self.positions, self.signs, strict=True):
            moved[position] += step * sign
        return moved, step

    def dot(self, gradients: Sequence[Array]) -> float:
        """``<x_bar, v>``."""
        pairs = zip(gradients, self.signs, strict=True)
        terms = [float((gradient * sign).sum()) for gradient, sign in pairs]
        try:
            return math.fsum(terms)
        except (ValueError, OverflowError):  # infinities of both signs, or a sum beyond the largest number
            return sum(terms)


def dot(a: Array, b: Array) -> float:
    """Inner product of two flat arrays, in this thread."""
    return float(a @ b if a.size <= SHORT else (a * b).sum())
