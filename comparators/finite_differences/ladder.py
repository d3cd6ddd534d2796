"""From differences on a ladder of steps to a slope with an error estimate: arrays only, no function calls.

Every array has shape (lines, rungs); rung ``k`` has half the step of rung ``k - 1``. NaN marks what is not
known. Extrapolation to step 0 after Richardson and Ridders (Accurate computation of F'(x) and F'(x) F''(x),
Adv. Eng. Software 4, 1982); unlike theirs, the error estimate also holds round-off and a bend that does not
vanish with the step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradassay.vocabulary import Array

#: Columns of the tableau: six steps with a ratio of 2 span a factor of 32; a seventh column would only
#: amplify round-off.
COLUMNS = 6
#: Movements below so many round-offs say nothing.
STAIR = 64.0
#: Halving the step leaves a smooth function at least this fraction of its movement, unless it is flatter
#: than x^3.
SHRINKAGE = 1 / 8


@dataclass(frozen=True, eq=False)
class Slopes:
    """The best estimate of every line; each field has shape (lines,)."""

    value: Array
    error: Array
    """Estimated bound of the whole error; inf where there is none."""
    roundoff: Array
    """The part of ``error`` that round-off makes."""
    bend: Array
    """The part of ``error`` from one-sided slopes that differ."""
    magnitude: Array
    """``sum |y_bar y|`` on the rung that was chosen."""
    typical: Array
    """The mean of ``|y_bar y|`` over the outputs that moved there."""
    width: Array
    """Distance of the two points of the chosen rung, or of the only one from x."""
    flat: Array
    """No output moved at the chosen rung."""
    moving: Array
    """Both sides move at some rung, by more than STAIR round-offs."""
    farthest: Array
    """The farthest that a side moved."""
    staircase: Array
    """Both sides move at some rung and neither at a finer one where they still should: the forward rounds."""

    def updated(self, lines: Array, new: Slopes) -> Slopes:
        """These slopes with ``new`` in the place of ``lines``."""
        fields = {name: field.copy() for name, field in vars(self).items()}
        for name, field in fields.items():
            field[lines] = getattr(new, name)
        return Slopes(**fields)


def climb(rungs: Array, blur: Array) -> Slopes:
    """The best slope of every line; ``rungs``, shape (lines, rungs, 7), is as ``Functional.probe`` fills it.

    ``blur``, shape (lines, rungs), is the round-off of one value of the functional there.
    """
    plus, minus, step_plus, step_minus, bend, magnitude, typical = np.moveaxis(rungs, -1, 0)
    width = step_plus + step_minus
    central = _extrapolate((plus - minus) / width, 2 * blur / width, 2 * bend / width)
    # One-sided slopes only where the other side leaves the domain: at a kink they would both look smooth.
    edge = np.isnan(minus[:, -1:]) | np.isnan(plus[:, -1:])
    above = _extrapolate(np.where(edge, plus / step_plus, np.nan), 2 * blur / step_plus)
    below = _extrapolate(np.where(edge, -minus / step_minus, np.nan), 2 * blur / step_minus)
    if edge.any():
        central = [np.concatenate(three, axis=1) for three in zip(above, below, central, strict=True)]
    value, error, part, jump = central
    index, lines = _most_trusted(value, error), np.arange(len(value))
    chosen = index % magnitude.shape[1]
    flat, sides = (plus == 0) & (minus == 0), np.nan_to_num(np.abs([plus, minus]))
    both = np.logical_or.accumulate((sides > STAIR * blur).all(axis=0), axis=1)
    halvings = SHRINKAGE ** np.arange(plus.shape[1])
    left = np.maximum.accumulate(np.where(both, sides.max(axis=0), 0) / halvings, axis=1) * halvings
    return Slopes(
        value=value[lines, index],
        error=error[lines, index],
        roundoff=part[lines, index],
        bend=jump[lines, index],
        magnitude=magnitude[lines, chosen],
        typical=typical[lines, chosen],
        width=(np.nan_to_num(step_plus) + np.nan_to_num(step_minus))[lines, chosen],
        flat=flat[lines, chosen],
        moving=both[:, -1],
        farthest=np.fmax.reduce(np.fmax(np.abs(plus), np.abs(minus)), axis=1),
        staircase=(flat & (left > STAIR * blur)).any(axis=1),
    )


def _extrapolate(slope: Array, blur: Array, bend: Array | None = None) -> list[Array]:
    """The best tableau entry that ends on each rung: value, error, its round-off part, its bend part.

    Central differences (``bend`` given) have an error in even powers of the step, their bend
    ``sum |y_bar| |second difference| / h`` in odd ones; one-sided differences have an error in all powers. An
    entry's truncation is taken to be its distance from both entries that it was made of, an estimate of
    *their* error and so on the safe side.
    """
    best = [np.zeros_like(slope), np.full_like(slope, np.inf), np.zeros_like(slope), np.zeros_like(slope)]
    for column in range(1, min(COLUMNS, slope.shape[1])):
        power = 2.0 ** (column if bend is None else 2 * column)
        finer, coarser = slope[:, 1:], slope[:, :-1]
        slope = finer + (finer - coarser) / (power - 1)
        blur = (power * blur[:, 1:] + blur[:, :-1]) / (power - 1)
        truncation = np.maximum(np.abs(slope - finer), np.abs(slope - coarser))
        jump = np.zeros_like(slope)
        if bend is not None:
            bend = bend[:, 1:] + (bend[:, 1:] - bend[:, :-1]) / (power / 2 - 1)
            jump = np.abs(bend) / 2  # the one-sided slopes are this far from their mean
        error = truncation + blur + jump
        better = error < best[1][:, column:]
        for kept, new in zip(best, (slope, error, blur, jump), strict=True):
            kept[:, column:] = np.where(better, new, kept[:, column:])
    return best


def _most_trusted(value: Array, error: Array) -> Array:
    """Of each line the rung with the smallest error, among those that no finer rung contradicts.

    Coarse rungs can agree by accident (the step is a period of the function) or see a kink that is not at x.
    """
    gap = np.abs(value[:, :, None] - value[:, None, :])
    room = error[:, :, None] + error[:, None, :]
    finer = np.triu(np.ones(value.shape[1:] * 2, dtype=bool), 1)
    contradicted = (finer & ~(gap <= room)).any(axis=2)
    index: Array = np.where(contradicted, np.inf, error).argmin(axis=1)
    return index
