"""The scalar function that is differentiated: ``g(x) = <y_bar, forward(x)>`` in float64.

A difference ``g(x + h) - g(x)`` is taken output by output and contracted afterwards, so that an output that
does not move contributes exactly nothing, and a bend of one output cannot hide behind that of another.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from comparators.finite_differences.moves import Move, dot
from gradassay.formats import FORMATS, is_floating
from gradassay.vocabulary import Array, Evaluation, Rule, Scenario

#: Roundings that every output is granted at least, in units of its result's dtype; what a forward makes
#: beyond that (cancellation, arithmetic in a lower precision) is measured (``noise.py``).
FORWARD_ROUNDINGS = 2.0
#: Smallest number of float64: what an underflow may cost, in an output or in its product with the cotangent.
ETA = FORMATS["float64"].eta

PLUS, MINUS, STEP_PLUS, STEP_MINUS, BEND, MAGNITUDE, TYPICAL = range(COLUMNS := 7)


def lift(array: Array) -> Array:
    """A copy in float64 (exact for all formats under test); integers and booleans stay what they are."""
    array = np.asarray(array)
    return np.array(array, dtype=np.float64 if is_floating(array.dtype) else array.dtype)


def roundoff(dtype: np.dtype[Any]) -> float:
    """Unit roundoff of a result's dtype; float64's where NumPy computes in float64 anyway."""
    return FORMATS[dtype.name].u if dtype.name in FORMATS else FORMATS["float64"].u


class Functional:
    """``g`` of one lifted scenario; ``primal`` is the forward's value at its arguments."""

    def __init__(self, rule: Rule, scenario: Scenario, primal: Array) -> None:
        self.rule, self.scenario, self.args = rule, scenario, scenario.args
        self.roundoff = roundoff(primal.dtype)
        self.shape = primal.shape
        self.y = np.asarray(primal, dtype=np.float64).ravel()
        self.y_bar = scenario.cotangent.ravel()
        self.weight = np.abs(self.y_bar)
        #: Round-off of outputs as large as one, in ``g``.
        self.absorption = self.roundoff * float(self.weight.sum())
        self.positions = moved_arguments(scenario)
        self.moved = [self.args[position] for position in self.positions]
        self.largest = max(float(np.abs(arg).max(initial=0.0)) for arg in self.moved)

    def forward(self, args: list[Array]) -> Array | None:
        """The primal, flat, in float64; None where the rule refuses the arguments."""
        try:
            y = np.asarray(self.rule(*args, **self.scenario.params)[0])
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException:  # frameworks' errors are not all Exceptions
            return None
        return y.astype(np.float64).ravel() if y.shape == self.shape else None

    def probe(self, move: Move, step: float, out: Array) -> None:
        """Fill ``out`` with the differences at ``x ± step``; NaN where a side is not finite.

        PLUS and MINUS: ``g(x ± h) - g(x)``; STEP_PLUS and STEP_MINUS: the realised ``h`` of each side, so
        that rounding ``x ± h`` is no error; BEND: ``sum |y_bar| |y(x+h) - 2 y + y(x-h)|``; MAGNITUDE: ``sum
        |y_bar y|``; TYPICAL: the mean of ``|y_bar y|`` over the outputs that moved.
        """
        sides = []
        for sign, column in ((1.0, PLUS), (-1.0, MINUS)):
            args, realised = move.shift(self.args, sign * step)
            y = self.forward(args)
            if y is None or not realised:
                continue
            difference = y - self.y
            total = dot(self.y_bar, difference)
            if math.isfinite(total):
                out[column], out[column + STEP_PLUS] = total, abs(realised)
                sides.append((np.abs(y), difference))
        if len(sides) == 2:
            (above, rise), (below, fall) = sides
            out[BEND] = dot(self.weight, np.abs(rise + fall))
            contributions = self.weight * np.maximum(above, below)
            moved = np.logical_or(rise, fall)
        elif sides:
            contributions = self.weight * np.maximum(sides[0][0], np.abs(self.y))
            moved = sides[0][1] != 0
        else:
            return
        out[MAGNITUDE] = contributions.sum()
        out[TYPICAL] = dot(contributions, moved) / max(int(np.count_nonzero(moved)), 1)

    def blur(self, noise: float, magnitude: Array) -> Array:
        """Round-off of one value of ``g`` where ``sum |y_bar y|`` is ``magnitude``; ``noise`` is that at x.

        Rounding grows with what is rounded, so the noise is scaled up with the magnitude (and never down:
        what cancellation makes stays).
        """
        here, magnitude = dot(self.weight, np.abs(self.y)), np.nan_to_num(magnitude)
        growth = np.maximum(magnitude / here, 1.0) if here else 1.0
        underflow = ETA * (self.y.size + float(self.weight.sum()))
        blur: Array = noise * growth + FORWARD_ROUNDINGS * self.roundoff * magnitude + underflow
        return np.where(self.weight.any(), blur, 0.0)


def gradients_of(evaluation: Evaluation, scenario: Scenario) -> tuple[Array, ...] | None:
    """Copies in float64 of the moved arguments' gradients; None where one is missing or has another shape."""
    moved = moved_arguments(scenario)
    pairs = zip(scenario.differentiable, evaluation.gradients, strict=False)
    found = {position: gradient for position, gradient in pairs if gradient is not None}
    if any(i not in found or found[i].shape != scenario.args[i].shape for i in moved):
        return None
    return tuple(np.array(found[i], dtype=np.float64) for i in moved)


def moved_arguments(scenario: Scenario) -> tuple[int, ...]:
    """Positions of the differentiable arguments that can be moved: integers and booleans cannot."""
    return tuple(i for i in scenario.differentiable if is_floating(np.asarray(scenario.args[i]).dtype))
