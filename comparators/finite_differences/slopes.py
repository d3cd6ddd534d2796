"""The slopes of a forward: entry by entry where it is small, along random directions where it is large."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from comparators.finite_differences.directions import slopes_along_directions
from comparators.finite_differences.estimate import Lines, slopes_along
from comparators.finite_differences.findings import Differences, Estimate
from comparators.finite_differences.functional import Functional, gradients_of, roundoff
from comparators.finite_differences.judgement import smallest
from comparators.finite_differences.moves import Direction, Entry
from comparators.finite_differences.subject import Subject

#: Entries up to which each is differentiated on its own: 64 entries take about 770 forward calls, 16
#: directions 200.
ENTRIES = 64


def differentiate(subject: Subject) -> Differences:
    """The forward's slopes, entry by entry or along random directions."""
    functional, evaluation, scenario = subject.functional, subject.evaluation, subject.functional.scenario
    gradients = gradients_of(evaluation, scenario)
    assert evaluation.primal is not None  # prepared() has seen to both
    assert gradients is not None
    moved, positions = functional.moved, functional.positions
    directions: tuple[Direction, ...] = ()
    if sum(arg.size for arg in moved) <= ENTRIES:
        moves = entries(functional)
        lines = slopes_along(functional, moves, np.concatenate([arg.ravel() for arg in moved]), subject.noise)
        estimates = split(lines, [arg.shape for arg in moved])
    else:
        directions, lines = slopes_along_directions(functional, subject.rng, subject.noise)
        estimates = split(lines, [(len(directions),)])
    arrays = (evaluation.primal, *(gradient for gradient in evaluation.gradients if gradient is not None))
    return Differences(
        estimates=estimates,
        gradients=gradients,
        noise=subject.own,
        positions=positions,
        paths=tuple(f"x_bar[{scenario.differentiable.index(position)}]" for position in positions),
        roundoff=max(roundoff(array.dtype) for array in arrays),
        directions=directions,
        least=smallest([functional.weight * functional.y]) if directions else 0.0,
    )


def split(lines: Lines, shapes: Sequence[tuple[int, ...]]) -> tuple[Estimate, ...]:
    """The lines in the shapes of the arguments that they belong to."""
    estimates: list[Estimate] = []
    start = 0
    for shape in shapes:
        part = slice(start, start := start + math.prod(shape))
        fields = (lines.value, lines.error, lines.scale, lines.width)
        value, error, scale, width = (field[part].reshape(shape) for field in fields)
        reasons = lines.reason[part].reshape(shape)
        reason = next((str(reason) for reason in reasons.ravel() if reason), "")
        estimates.append(Estimate(value, error, reason, reasons, scale, width))
    return tuple(estimates)


def entries(functional: Functional) -> list[Entry]:
    """One move an entry, in the order in which estimates and gradients are flat."""
    pairs = zip(functional.positions, functional.moved, strict=True)
    return [Entry(position, i) for position, arg in pairs for i in range(arg.size)]
