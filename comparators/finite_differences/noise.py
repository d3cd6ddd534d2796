"""The rounding noise of a forward and of its pullback, measured: no rule says what it computes in.

A smooth function has vanishing third differences on a fine grid; what remains is noise, amplified by
sqrt(20). The idea is that of ECNoise (Moré and Wild, Estimating computational noise, SIAM J. Sci. Comput. 33,
2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from comparators.finite_differences.functional import Functional, gradients_of
from comparators.finite_differences.moves import Direction, dot
from comparators.interface import evaluate_rule
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array

#: Spacing of the points, relative to max(1, |x|). Its cube is below the unit roundoff of float64, so third
#: differences of a smooth function vanish; it exceeds 2^-24, so that float32 arithmetic inside shows; it is
#: no power of two, so that the points do not all lie on float32's own grid.
SPACING = 1.3e-6
#: Sixteen points give thirteen third differences. A single kink touches three of them, so that the
#: fourth largest is noise; one that merely slips from one float32 to the next now and then touches more.
POINTS, KINKED = 16, 3
#: Noise of up to so many roundings of the result needs no second look.
ORDINARY = 1024.0
#: More than ordinary noise can be a pole or kinks near by, which a second look with relative steps exposes
#: when it shows hardly any. None at all may be luck in float32 arithmetic, where steps of almost a whole
#: number of its quanta leave no noise: it counts only against more than float32 makes.
SUSPICIOUS = 64 * FORMATS["float32"].u
OTHER_THAN_NOISE = 2.0**-10


def measure_noise(functional: Functional, paces: Sequence[Array]) -> tuple[Array, tuple[Array, ...]]:
    """Noise of each output (flat) and of each entry of the gradients, about three standard deviations.

    ``paces`` say how fast each entry moves; all alike would leave outputs still that depend on differences
    only.
    """
    noise: list[Array] | None = None
    for floor in (1.0, 0.0):
        scales = [np.maximum(np.abs(arg), floor) for arg in functional.moved]
        steps = tuple(pace * scale for pace, scale in zip(paces, scales, strict=True))
        samples = _sample(functional, Direction(functional.positions, steps))
        if samples is None:
            continue
        new = [_third_differences(column) for column in zip(*samples, strict=True)]
        if noise is None:
            noise = new
        else:
            noise = [_second_look(a, b, np.abs(at)) for a, b, at in zip(noise, new, samples[0], strict=True)]
        ordinary = ORDINARY * functional.roundoff * dot(functional.weight, np.abs(functional.y))
        if dot(functional.weight, noise[0]) <= ordinary:
            break
    if noise is None:
        return np.zeros_like(functional.y), tuple(np.zeros_like(arg) for arg in functional.moved)
    primal, *gradients = noise
    return primal, tuple(gradients)


def _second_look(first: Array, second: Array, level: Array) -> Array:
    """The second measurement where it exposes the first; elsewhere it is just another draw of the same noise."""
    exposed = (second < OTHER_THAN_NOISE * first) & ((second > 0) | (first > SUSPICIOUS * level))
    return np.where(exposed, second, first)


def _sample(functional: Functional, move: Direction) -> list[list[Array]] | None:
    """Primal (flat) and gradients at ``POINTS`` points; None where one is out of the domain."""
    samples = []
    for k in range(POINTS):
        args, _ = move.shift(functional.args, k * SPACING)
        cotangent = functional.scenario.cotangent.copy()
        at = replace(functional.scenario, args=tuple(args), cotangent=cotangent)
        evaluation = evaluate_rule(functional.rule, at)
        gradients, primal = gradients_of(evaluation, at), evaluation.primal
        if primal is None or gradients is None or not np.isfinite(primal).all():
            return None
        samples.append([primal.astype(np.float64).ravel(), *gradients])
    return samples


def _third_differences(column: Sequence[Array]) -> Array:
    spread = np.abs(np.diff(np.stack(column), n=3, axis=0))
    typical = np.partition(spread, -KINKED - 1, axis=0)[-KINKED - 1]
    # A gradient may be infinite or NaN near the point: that is no noise to be forgiven.
    noise: Array = np.where(np.isfinite(typical), typical, 0.0)
    return noise
