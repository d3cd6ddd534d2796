"""Small programs full of ties, and all their gradients: forward mode with a choice of winner for each tie.

Nothing of the tape takes part: an entry is a number with its slopes, and a tie asks who wins. Values are small integers
that are only compared, negated and moved before the end, so that every tie is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from gradassay.vocabulary import Array

N = 3
#: So many choices of winners are tried; beyond, a program is not drawn.
MOST = 64

#: One entry: its value and its slopes by the N arguments.
Entry = tuple[float, Array]
#: ``choose(k)``: which of k winners.
Choose = Callable[[int], int]

#: name -> the step in NumPy, on a vector of N entries.
STEPS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "abs": np.abs,
    "clip": lambda x: np.clip(x, -1, 1),
    "ends": lambda x: np.stack([np.max(x), np.min(x), x[0]]),
    "pairs": lambda x: np.maximum(x, x[::-1]),
    "roll": lambda x: np.concatenate([x[1:], -x[:1]]),
}


def largest(entries: list[Entry], choose: Choose) -> Entry:
    """The largest entry; a tie asks who it is."""
    top = max(value for value, _ in entries)
    winners = [entry for entry in entries if entry[0] == top]
    return winners[choose(len(winners))] if len(winners) > 1 else winners[0]


def minus(entry: Entry) -> Entry:
    """The negative, with its slopes."""
    return -entry[0], -entry[1]


def constant(value: float) -> Entry:
    """A number without slopes."""
    return value, np.zeros(N)


def stepped(name: str, x: list[Entry], choose: Choose) -> list[Entry]:
    """The step ``name`` on entries with slopes."""
    if name == "relu":
        return [largest([entry, constant(0)], choose) for entry in x]
    if name == "abs":
        return [largest([entry, minus(entry)], choose) for entry in x]
    if name == "clip":
        low = [largest([entry, constant(-1)], choose) for entry in x]
        return [minus(largest([minus(entry), constant(-1)], choose)) for entry in low]
    if name == "ends":
        return [largest(x, choose), minus(largest([minus(entry) for entry in x], choose)), x[0]]
    if name == "pairs":
        return [largest([a, b], choose) for a, b in zip(x, reversed(x), strict=True)]
    return [*x[1:], minus(x[0])]


class Program:
    """Steps one after the other, and the sum of their last entries with coefficients."""

    def __init__(self, steps: list[str], coefficients: list[int]) -> None:
        self.steps, self.coefficients = steps, np.array(coefficients, float)

    def __call__(self, x: Any) -> Any:
        for name in self.steps:
            x = STEPS[name](x)
        return (x * self.coefficients).sum()

    def __repr__(self) -> str:
        return f"{' | '.join(self.steps)} | {self.coefficients}"

    def gradients(self, x: Array) -> Array:
        """The gradient of every choice of winners, a row each."""
        sizes: list[int] = []
        self._gradient(x, lambda k: (sizes.append(k), 0)[1])  # type: ignore[func-returns-value]
        assume(np.prod(sizes, dtype=float) <= MOST)
        choices: Iterator[tuple[int, ...]] = product(*(range(k) for k in sizes))
        return np.array([self._gradient(x, _in_order(choice)) for choice in choices])

    def _gradient(self, x: Array, choose: Choose) -> Array:
        entries = [(float(value), slope) for value, slope in zip(x, np.eye(N), strict=True)]
        for name in self.steps:
            entries = stepped(name, entries, choose)
        return np.asarray(self.coefficients @ np.array([slope for _, slope in entries]))


def _in_order(choice: tuple[int, ...]) -> Choose:
    left = iter(choice)
    return lambda k: next(left)


@st.composite
def programs(draw: st.DrawFn) -> tuple[Program, Array, Array]:
    """A program, its argument, and its gradients, at least two of which differ."""
    steps = draw(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=3))
    coefficients = draw(st.lists(st.integers(-3, 3), min_size=N, max_size=N))
    program = Program(steps, coefficients)
    x = np.array(draw(st.lists(st.integers(-1, 1), min_size=N, max_size=N)), float)
    gradients = program.gradients(x)
    assume(np.ptp(gradients, axis=0).any())
    return program, x, gradients
