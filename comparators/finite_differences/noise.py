"""The rounding noise of a forward and of its pullback, measured: no rule says what it computes in.

A smooth function has vanishing third differences on a fine grid; what remains is noise, amplified by sqrt(20).
The idea is that of ECNoise (Moré and Wild, Estimating computational noise, SIAM J. Sci. Comput. 33, 2011).
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
#: differences of a smooth function vanish; it exceeds 2^-24, so that float32 arithmetic inside shows; it is no
#: power of two, so that the points do not all lie on float32's own grid.
SPACING = 1.3e-6
#: Sixteen points give thirteen third differences. A single kink touches three of them, so that the
#: fourth largest is noise; one that merely slips from one float32 to the next now and then touches more.
POINTS, KINKED = 16, 3
#: Noise of up to so many roundings of the result needs no second look.
ORDINARY = 1024.0
#: More noise than float32 makes can be a pole or kinks near by; a second look with relative steps that shows
#: hardly any has found that out. (Noise of float16 hardly shows at this spacing: ``estimate`` sees its stairs.)
SUSPICIOUS = 64 * FORMATS["float32"].u
OTHER_THAN_NOISE = 2.0**-10


def measure_noise(functional: Functional, paces: Sequence[Array]) -> tuple[float, tuple[Array, ...]]:
    """Noise of ``g`` and of each entry of the gradients, about three standard deviations, in one thread.

    ``paces`` say how fast each entry moves; all alike would leave outputs still that depend on differences only.
    """
    levels = [np.abs(array).max(initial=0.0) for array in (functional.y, *functional.moved)]
    noise: list[Array] | None = None
    for floor in (1.0, 0.0):
        scales = [np.maximum(np.abs(arg), floor) for arg in functional.moved]
        steps = tuple(pace * scale for pace, scale in zip(paces, scales, strict=True))
        samples = _sample(functional, Direction(functional.positions, steps))
        if samples is None:
            continue
        new = [_third_differences(column) for column in zip(*samples, strict=True)]
        noise = new if noise is None else [_second_look(a, b) for a, b in zip(noise, new, strict=True)]
        ordinary = ORDINARY * functional.roundoff * dot(functional.weight, np.abs(functional.y))
        if dot(functional.weight, noise[0]) <= ordinary:
            break
    if noise is None:
        return 0.0, tuple(np.zeros_like(arg) for arg in functional.moved)
    primal, *gradients = noise
    return dot(functional.weight, primal), tuple(gradients)
