"""The scenarios of an audit: drawn once for each operation, with the time that it took, and shared by all checkers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cached_property

from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Operation, Scenario
from property_tests.strategies import draw_scenarios

#: What ``gradassay.verify`` takes where nothing else is asked for.
DTYPES = ("float64", "float32")


class Drawn:
    """The scenarios that ``gradassay.verify(rule, like=operation, seed=seed, examples=examples)`` judges."""

    def __init__(self, name: str, *, examples: int, seed: int) -> None:
        self.operation: Operation = OPERATIONS[name]
        self.examples, self.seed = examples, seed

    def with_times(self) -> Iterator[tuple[Scenario, float]]:
        """Each scenario in turn, with the seconds that drawing took until then: a dtype is drawn when it is reached."""
        drawing = 0.0
        for dtype in DTYPES:
            scenarios, seconds = self._of[dtype]
            drawing += seconds
            for scenario in scenarios:
                yield scenario, drawing

    @property
    def all(self) -> list[Scenario]:
        """All of them, in the order in which they are judged."""
        return [scenario for scenario, _ in self.with_times()]

    def of(self, dtype: str) -> list[Scenario]:
        """Those of one dtype."""
        return self._of[dtype][0]

    @cached_property
    def _of(self) -> dict[str, tuple[list[Scenario], float]]:
        drawn = {}
        for dtype in DTYPES:
            began = time.perf_counter()
            scenarios = draw_scenarios(self.operation, dtype=dtype, examples=self.examples, seed=self.seed)
            drawn[dtype] = scenarios, time.perf_counter() - began
        return drawn
