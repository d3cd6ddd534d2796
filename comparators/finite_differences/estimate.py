"""Slopes of a functional along many lines, each with its error or the reason why it cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from comparators.finite_differences.functional import COLUMNS as PROBED
from comparators.finite_differences.functional import MAGNITUDE, Functional
from comparators.finite_differences.ladder import COLUMNS, STAIR, Slopes, climb
from comparators.finite_differences.moves import Move
from gradassay.vocabulary import Array

#: First step over the scale of the argument: large, so that round-off is small, and short of a whole unit,
#: where most functions bend. Six bits, so that x ± step is exact, but no power of two: a function's period
#: might be one.
FIRST_STEP = 35 / 256
#: Rungs taken at a time, and how often more are taken for a line that is not settled: 4 · 6 halvings reach
#: a step of 2^-26, below which a forward's rounding (a few 2^-53) is no longer small against SMALL.
RUNGS, WINDOWS = COLUMNS, 4
#: An estimate is small enough to tell when its error is below this fraction of what matters: the slope
#: itself, or the mean of |y_bar y|, of those outputs that move, over the argument's scale: the slope that such
#: an output typically has. An output that stays still, however large, makes no error small.
SMALL = 1e-6
#: A slope this small beside that of ordinary outputs, of 1 or of the others' magnitude, counts as absolutely small.
FAINT = 1e-2
#: An estimate this good is not worth more steps.
SETTLED = 1e-9
#: One more step, no power of two below the others, has to confirm an estimate to three digits: steps that a
#: function's period or the quanta of a coarse arithmetic divide can agree by accident, but not with this one.
CONFIRMING_STEP = 25 / 256 / 2**18
CONFIRMED = 1e-3
#: Below this magnitude the absolute ladder may never have come near x; a relative one starts over.
RELATIVE_BELOW = 2.0**-20

KINK = "kink"
DOMAIN = "leaves the domain"
STAIRCASE = "the forward is a staircase"
NOISY = "the forward's rounding hides the slope"
LARGE = "estimate not small"


@dataclass(frozen=True, eq=False)
class Lines:
    """One slope a line; each field has shape (lines,)."""

    value: Array
    error: Array
    scale: Array
    """The slope that a typical one of its outputs would have, below which only an absolute error counts."""
    reason: Array
    """'' or why the line is inconclusive."""
    flat: Array
    """The value is 0 because nothing moved."""
    width: Array
    """Distance of the two points of the chosen rung."""
    moving: Array
    """With larger steps, both sides moved."""


def scale_of(x: Array) -> Array:
    """The powers of two next below ``|x|``; 0 for 0."""
    return np.where(x == 0, 0.0, np.ldexp(0.5, np.frexp(x)[1]))


def slopes_along(functional: Functional, moves: Sequence[Move], x: Array, noise: float) -> Lines:
    """Slopes of ``functional`` along ``moves``; ``x`` are their entries' values, from which the steps' scale comes."""
    own = scale_of(x)
    unit = np.maximum(own, 1.0)
    lines = _climb(functional, moves, unit, unit, noise)
    again = np.flatnonzero((lines.reason != "") & (own > 0) & (own < RELATIVE_BELOW))
    if not again.size:
        return lines
    finer = _climb(functional, [moves[i] for i in again.tolist()], own[again], unit[again], noise)
    stairs = finer.flat & lines.moving[again]
    better = ((finer.reason == "") | (finer.error < lines.error[again])) & ~stairs
    fields = {name: field.copy() for name, field in vars(lines).items()}
    for name, field in fields.items():
        field[again[better]] = getattr(finer, name)[better]
    return Lines(**fields)


def _climb(functional: Functional, moves: Sequence[Move], steps: Array, unit: Array, noise: float) -> Lines:
    """Slopes with steps in units of ``steps``; a typical output's slope is reckoned over ``unit``."""
    rungs = np.full((len(moves), RUNGS * WINDOWS, PROBED), np.nan)
    confirming = np.full((len(moves), PROBED), np.nan)
    pending = np.arange(len(moves))
    found = None
    scale = np.zeros(len(moves))
    count, ones = max(functional.y.size, 1), functional.weight.mean() if functional.y.size else 0.0
    for window in range(WINDOWS):
        reached = RUNGS * (window + 1)
        for line in pending.tolist():
            for k in range(reached - RUNGS, reached):
                functional.probe(moves[line], FIRST_STEP * steps[line] / 2**k, rungs[line, k])
        some = rungs[pending, :reached]
        new = climb(some, functional.blur(noise, some[..., MAGNITUDE]))
        found = new if found is None else found.updated(pending, new)
        scale = np.maximum(
            np.nan_to_num(found.typical), FAINT * np.minimum(np.nan_to_num(found.magnitude) / count, ones)
        )
        scale /= unit
        # What the next step's round-off alone exceeds is as good as it gets. A bend never stops the search:
        # it may be a kink beside x, which finer steps leave behind.
        next_blur = functional.blur(noise, found.magnitude) * 2**reached / (FIRST_STEP * steps)
        settled = found.error <= SETTLED * np.maximum(np.abs(found.value), scale)
        pending = np.flatnonzero(~settled & ~(next_blur > found.error))
        if not pending.size:
            break
    assert found is not None  # WINDOWS > 0
    # What hardly moves may have been absorbed on the way, by the arguments or by a step's worth of them: a loss
    # that is 0 is 1e-30 in truth, and no noise tells of it.
    absorbed = functional.absorption * np.maximum(steps, functional.largest)
    still = found.flat | (found.farthest <= STAIR * functional.absorption * np.minimum(steps, 1.0))
    absorbed = np.where(still, 2 * absorbed / found.width, 0.0)
    scale = np.where(still, np.maximum(scale, ones), scale)
    found = replace(found, error=found.error + absorbed, roundoff=found.roundoff + absorbed)
    lines = _conclude(found, scale, np.isnan(rungs[..., :2]).all(axis=(1, 2)))
    for line in np.flatnonzero(lines.reason == "").tolist():
        functional.probe(moves[line], CONFIRMING_STEP * steps[line], confirming[line])
    return _confirm(lines, confirming, rungs[:, 0], functional.blur(noise, confirming[:, MAGNITUDE]))


def _confirm(lines: Lines, confirming: Array, coarsest: Array, blur: Array) -> Lines:
    """Withdraw what the confirming step contradicts by more than its round-off, its truncation and CONFIRMED."""
    slope, width = _central(confirming)
    wide_slope, wide = _central(coarsest)
    # Truncation goes with the square of the step; the coarsest rung shows how large it is there.
    truncation = np.nan_to_num(np.abs(wide_slope - lines.value) * (width / wide) ** 2)
    room = lines.error + 2 * blur / width + truncation + CONFIRMED * np.abs(lines.value) + SMALL * lines.scale
    contradicted = (lines.reason == "") & ~(np.abs(slope - lines.value) <= room)
    reason = np.where(contradicted, np.where(slope == 0, STAIRCASE, LARGE), lines.reason)
    return replace(lines, error=np.where(contradicted, np.inf, lines.error), reason=reason)


def _central(rung: Array) -> tuple[Array, Array]:
    """The difference quotient of every line, one-sided where one side is unknown, and its width."""
    plus, minus, step_plus, step_minus, *_ = np.nan_to_num(rung).T
    width = step_plus + step_minus
    return (plus - minus) / width, width


def _conclude(found: Slopes, scale: Array, outside: Array) -> Lines:
    """Name what stands against each estimate."""
    error = np.where(found.staircase | outside, np.inf, found.error)
    known = error <= SMALL * np.maximum(np.abs(found.value), scale)
    reason = np.select(
        [
            outside | np.isinf(found.error),
            found.staircase,
            known,
            found.bend >= found.error / 2,
            found.roundoff >= found.error / 2,
        ],
        [DOMAIN, STAIRCASE, "", KINK, NOISY],
        default=LARGE,
    )
    value = np.where(outside, np.nan, found.value)
    return Lines(value, error, scale, reason, found.flat, found.width, found.moving)
