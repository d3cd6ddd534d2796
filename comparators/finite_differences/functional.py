"""The scalar function that is differentiated: ``g(x) = <y_bar, forward(x)>`` in float64.

A difference ``g(x + h) - g(x)`` is taken output by output and contracted afterwards, so that an output that
does not move contributes exactly nothing, and a bend of one output cannot hide behind that of another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from comparators.finite_differences.moves import Direction, Move, dot
from comparators.interface import evaluate_rule
from gradassay.formats import FORMATS, is_floating
from gradassay.vocabulary import Array, Evaluation, Rule, Scenario

#: Roundings that every output is granted at least, in units of its result's dtype; what a forward makes
#: beyond that (cancellation, arithmetic in a lower precision) is measured by ``Functional.noise``.
FORWARD_ROUNDINGS = 2.0
#: Spacing of the points at which noise is measured, relative to max(1, |x|). Its cube is below the unit
#: roundoff of float64, so third differences of a smooth function vanish; it exceeds 2^-24, so that float32
#: arithmetic inside shows; it is no power of two, so that the points do not all lie on float32's own grid.
NOISE_SPACING = 1.3e-6
#: Ten points give seven third differences, of which a single kink touches three: the median ignores it.
NOISE_POINTS = 10
#: Noise of up to so many roundings of the result needs no second look.
ORDINARY_NOISE = 1024.0
#: A second look that shows this much less has found out that the first one met something else than noise;
#: one of about the same size is just another draw of it.
OTHER_THAN_NOISE = 2.0**-10

PLUS, MINUS, STEP_PLUS, STEP_MINUS, BEND, MAGNITUDE = range(6)


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
        self.positions = moved_arguments(scenario)
        self.moved = [self.args[position] for position in self.positions]

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
        |y_bar y|``.
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
            out[MAGNITUDE] = dot(self.weight, np.maximum(above, below))
        elif sides:
            out[MAGNITUDE] = dot(self.weight, np.maximum(sides[0][0], np.abs(self.y)))

    def blur(self, noise: float, magnitude: Array) -> Array:
        """Round-off of one value of ``g`` where ``sum |y_bar y|`` is ``magnitude``; ``noise`` is that at the arguments.

        Rounding grows with what is rounded, so the noise is scaled up with the magnitude (and never down:
        what cancellation makes stays).
        """
        here = dot(self.weight, np.abs(self.y))
        growth = np.maximum(np.nan_to_num(magnitude) / here, 1.0) if here else 1.0
        blur: Array = noise * growth + FORWARD_ROUNDINGS * self.roundoff * np.nan_to_num(magnitude)
        return blur

    def noise(self, paces: Sequence[Array]) -> tuple[float, tuple[Array, ...]]:
        """Measured rounding noise of ``g`` (beyond ``FORWARD_ROUNDINGS``) and of each gradient's entries.

        A smooth function has vanishing third differences on a fine grid; what remains is noise, amplified
        by sqrt(20), so that their median is about three standard deviations (the idea of ECNoise:
        Moré and Wild, Estimating computational noise, SIAM J. Sci. Comput. 33, 2011). ``paces`` say how fast
        each entry moves; all alike would leave outputs still that only depend on differences.
        """
        still = [np.zeros_like(self.y), *(np.zeros_like(arg) for arg in self.moved)]
        noise = None
        # Absolute steps first; relative ones too where those leave the domain, or show more than
        # rounding explains (they may have met a pole or many kinks).
        for floor in (1.0, 0.0):
            scales = [np.maximum(np.abs(arg), floor) for arg in self.moved]
            steps = tuple(pace * scale for pace, scale in zip(paces, scales, strict=True))
            samples = self._sample(Direction(self.positions, steps))
            if samples is None:
                continue
            new = [_third_differences(column) for column in zip(*samples, strict=True)]
            old = new if noise is None else noise
            noise = [np.where(b < OTHER_THAN_NOISE * a, b, a) for a, b in zip(old, new, strict=True)]
            if dot(self.weight, noise[0]) <= ORDINARY_NOISE * self.roundoff * dot(
                self.weight, np.abs(self.y)
            ):
                break
        primal, *gradients = still if noise is None else noise
        return dot(self.weight, primal), tuple(gradients)

    def _sample(self, move: Direction) -> list[list[Array]] | None:
        """Primal (flat) and gradients at ``NOISE_POINTS`` points; None where one is out of the domain."""
        samples = []
        for k in range(NOISE_POINTS):
            args, _ = move.shift(self.args, k * NOISE_SPACING)
            at = replace(self.scenario, args=tuple(args), cotangent=self.scenario.cotangent.copy())
            evaluation = evaluate_rule(self.rule, at)
            gradients = gradients_of(evaluation, at)
            primal = evaluation.primal
            if primal is None or gradients is None or not np.isfinite(primal).all():
                return None
            samples.append([primal.astype(np.float64).ravel(), *gradients])
        return samples


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


def _third_differences(column: Sequence[Array]) -> Array:
    spread = np.abs(np.diff(np.stack(column), n=3, axis=0))
    # A gradient may be infinite or NaN near the point: that is no noise to be forgiven.
    noise: Array = np.nan_to_num(np.median(spread, axis=0), nan=0.0, posinf=0.0)
    return noise
