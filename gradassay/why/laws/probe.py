"""One implementation at one scenario, asked about changed ones, and what a law may be missed by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from comparators.interface import Comparator
from gradassay.formats import FORMATS, is_floating
from gradassay.vocabulary import Array, Evaluation, Scenario

FLOAT64 = FORMATS["float64"]
#: Roundings that a violation has to exceed: a formula of a few dozen operations makes some tens, and a sum of n terms
#: at most n more of the sum of their absolute values (Higham 2002, section 4.2).
SLACK = 2.0**10

Arrays = tuple[Array, ...]


class Probe:
    """One implementation at one scenario in float64, to be asked about changed ones."""

    def __init__(self, comparator: Comparator, scenario: Scenario) -> None:
        self.comparator = comparator
        self.scenario = replace(
            scenario,
            dtype="float64",
            args=tuple(_lifted(x) for x in scenario.args),
            cotangent=_lifted(scenario.cotangent),
            layout="C",
        )

    @cached_property
    def base(self) -> Arrays | None:
        """Primal and gradients of the scenario itself."""
        return self.at(self.scenario)

    def at(self, scenario: Scenario | None) -> Arrays | None:
        """Primal and gradients; None where an array is missing, of another shape, or not finite."""
        if scenario is None or self.comparator.supports(scenario) is not None:
            return None
        copies = tuple(x.copy() for x in scenario.args)
        given = replace(scenario, args=copies, cotangent=scenario.cotangent.copy())
        evaluation = self.comparator.evaluate(given)
        shapes = [scenario.cotangent.shape, *(scenario.args[i].shape for i in scenario.differentiable)]
        return _finite(evaluation, shapes)

    @property
    def x(self) -> Array:
        """The first argument."""
        return self.scenario.args[0]

    @property
    def y_bar(self) -> Array:
        return self.scenario.cotangent

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that a softmax or a reduction runs over, as the scenario says or leaves out."""
        last = self.scenario.operation in ("softmax", "log_softmax")
        axis = self.scenario.params.get("axis", -1 if last else None)
        if axis is None:
            return tuple(range(self.x.ndim))
        return tuple(int(i) % max(1, self.x.ndim) for i in np.atleast_1d(axis))

    def kept(self, y: Array) -> Array:
        """A result with the reduced axes kept, of length 1."""
        return y.reshape([1 if i in self.axes else n for i, n in enumerate(self.x.shape)])


def _lifted(x: Array) -> Array:
    return np.array(x, dtype=np.float64 if is_floating(x.dtype) else x.dtype, order="C")


def _finite(evaluation: Evaluation, shapes: list[tuple[int, ...]]) -> Arrays | None:
    arrays = (evaluation.primal, *evaluation.gradients)
    if evaluation.error or evaluation.structure or len(arrays) != len(shapes):
        return None
    found = []
    for array, shape in zip(arrays, shapes, strict=True):
        if array is None or array.shape != shape or not np.isfinite(array.astype(np.float64)).all():
            return None
        found.append(array.astype(np.float64))
    return tuple(found)


def bound(scale: Any, terms: int = 1) -> Any:
    """What rounding may violate: SLACK, and two for each term, times u · sum|terms|; and SLACK underflows."""
    return (SLACK + 2 * terms) * FLOAT64.u * np.abs(scale) + SLACK * FLOAT64.eta


def violation(left: Array, right: Array, permitted: Array) -> float | None:
    """The largest difference of two arrays where it exceeds what is permitted; None where it nowhere does."""
    off = np.asarray(np.abs(left - right))
    broken = np.isfinite(off) & (off > permitted)
    return float(np.max(off[broken])) if broken.any() else None


@dataclass(frozen=True)
class Law:
    """A law, and by how much it is broken."""

    name: str
    words: str
    """What is said where it is broken; the violation follows in brackets."""
    broken: Callable[[Probe], float | None]
    """By how much; None where it holds, or does not apply."""
    operations: tuple[str, ...] = ()
    """The operations that obey it; empty for all."""


def first_of(violations: Any) -> float | None:
    """The first violation, if there is one."""
    return next((v for v in violations if v is not None), None)
