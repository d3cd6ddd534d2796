"""A second opinion on a slope that speaks against a pullback, asked for before the pullback is called wrong.

The ladder sees steps from 0.14 to 1e-8 that are halves of each other. A forward that oscillates below them, or
changes within a tiny ``|x|``, shows them a slope of their own, with a small error: an alias. The steps taken here
begin where the estimate was read and shrink by an irrational ratio to the spacing of float64 around x.
"""

from __future__ import annotations

import math

import numpy as np

from comparators.finite_differences.functional import Functional
from comparators.finite_differences.moves import Move, dot
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array

#: No two steps are in the ratio of whole numbers, so that no period divides them all.
RATIO = 1 / math.e
#: The finest step over what is moved: four quanta, so that it can still be taken.
FINEST, FLOAT64 = 2.0**-50, FORMATS["float64"].u
#: Slopes at single steps are held against the estimate with this much of the noise, which is known to an order of
#: magnitude only, being measured from a dozen differences; and with so many roundings of each output.
ROOM, ROUNDINGS = 64.0, 16.0
#: The slopes must be nearer to the estimate than this part of its distance from the pullback, for one that is as
#: near to the pullback speaks for that; and nearer than three digits where the pullback is far off.
NEARER, DIGITS = 1 / 4, 1e-3
#: Noise beyond so many roundings of the outputs is not taken for rounding.
ORDINARY = 64.0
#: What is seen at the coarsest steps alone may be an alias: above such noise an entry's error has to stand out down
#: to this part of them. A direction's, with the noise of all entries, need not, since it is led back to an entry.
REACH = 1e-3
#: And an entry's error has to be more than this part of the slope: fine steps, where oscillations
#: would show, do not resolve less.
MINUTE = 1e-7
#: So many of the finest steps have to leave all outputs still before noise counts as that of a coarse arithmetic.
STILL = 8

CONTRADICTED = "finer steps contradict the estimate"
UNSEEN = "the error does not stand out at fine steps"
ROUGH = "the forward is rough at every step"


def refute(
    functional: Functional,
    move: Move,
    own: float,
    estimate: tuple[float, float, float],
    got: float,
    noise: Array,
    direction: bool = False,
) -> str:
    """'' where finer steps confirm the estimate, else what stands against it.

    ``own`` is the scale of the moved entry, ``estimate`` value, error and width,
    ``got`` what the pullback says, ``noise`` that of every output.

    Slopes are judged by the rounding of those outputs alone that ever move: another adds nothing to them.
    Noise beyond ordinary rounding is either a coarse arithmetic's, which stands still between its quanta, or it is
    an oscillation that the estimate knows nothing of, and whose slope may be anything.
    """
    value, error, width = estimate
    near = DIGITS * abs(value)
    if math.isfinite(got):
        near = min(near, NEARER * abs(got - value))
    bias: float | None = None
    still, rough, seen = 0, False, width
    affected, level = np.zeros(functional.y.shape, dtype=bool), np.abs(functional.y)
    for step in _steps(width / 2, own):
        slope, span, moved, largest = _slope(functional, move, step)
        if not span:
            continue
        affected, level = affected | moved, np.maximum(level, largest)
        weight = functional.weight[affected]
        rounding = functional.roundoff * dot(weight, largest[affected])
        jitter = dot(weight, noise[affected])
        # The noise was measured over a stretch that is longer than the finest steps (outputs may be 0 at x only), at
        # points that were rounded to float64.
        common = functional.roundoff * dot(weight, level[affected]) + abs(value) * FLOAT64 * max(own, 1.0)
        rough = rough or jitter > ORDINARY * common
        still = 0 if moved.any() else still + 1
        apart = abs(slope - value)
        if bias is None:  # what is left of the truncation shrinks at least with the step
            bias, first = apart, span
        room = error + (ROOM * jitter + ROUNDINGS * rounding) / span + bias * span / first
        if not apart <= room + near:
            return CONTRADICTED
        if not room >= abs(got - value):
            seen = min(seen, span)
    if not direction and (abs(got - value) < MINUTE * abs(value) or (rough and seen > REACH * width)):
        return UNSEEN
    return ROUGH if rough and still < STILL else ""


def _steps(first: float, own: float) -> list[float]:
    """From ``first`` down, and through the scale ``own`` of the entry to the spacing of float64 around it."""
    count = math.ceil(math.log(FINEST) / math.log(RATIO))
    wide = [first * RATIO**k for k in range(count)]
    near = [own / 4 * RATIO**k for k in range(count)]
    floor = FINEST * own
    return sorted((s for s in {*wide, *near} if floor <= s <= first and s), reverse=True)


def _slope(functional: Functional, move: Move, step: float) -> tuple[float, float, Array, Array]:
    """The difference quotient, its width (0 where it is unknown), which outputs moved, and their magnitudes."""
    total, span = 0.0, 0.0
    moved, largest = np.zeros(functional.y.shape, dtype=bool), np.abs(functional.y)
    for signed in (step, -step):
        args, realised = move.shift(functional.args, signed)
        y = functional.forward(args)
        if y is None or not realised or not np.isfinite(y).all():
            continue
        difference = y - functional.y
        total += math.copysign(1.0, realised) * dot(functional.y_bar, difference)
        span += abs(realised)
        moved |= difference != 0
        largest = np.maximum(largest, np.abs(y))
    return (total / span if span else math.nan), span, moved, largest
