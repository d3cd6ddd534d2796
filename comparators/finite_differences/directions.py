"""Signed random directions: all entries at once, for a fixed number of forward calls.

A direction ``v`` has the entries ±w, signs independent and fair, w a power of two (the argument's scale), and
``<x_bar, v>`` is held against the slope of ``g`` along it. How likely does a wrong pullback slip through? Let
the errors of its entries, times their w, be ``e_1 ... e_k``; the direction shows ``sum ±e_i``, which is
missed if it falls in the open interval ``(-r, r)``, r being the resolution.
- One error, ``|e_1| >= r``: never missed, for nothing can cancel it.
- All ``|e_i| >= r``: at most ``C(k, k // 2) / 2^k`` of the sign patterns fall in an open interval of length 2r
  (Erdős, On a lemma of Littlewood and Offord, Bull. Amer. Math. Soc. 51, 1945); two equal errors reach its 1/2.
- Any errors, just one of them ``>= r``: turning that one's sign moves the sum by at least 2r, so of each pair of
  patterns at most one is missed: 1/2.
So m independent directions miss an error of size r or more with probability at most ``2^-m``.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from comparators.finite_differences.estimate import Lines, scale_of, slopes_along
from comparators.finite_differences.functional import Functional
from comparators.finite_differences.moves import Direction
from gradassay.vocabulary import Array, Scenario

#: 2^-16 is 1.5e-5: a run of a thousand faulty scenarios misses one with a probability of at most 1.5 %.
DIRECTIONS = 16


def generator_for(scenario: Scenario) -> np.random.Generator:
    """Random numbers that depend on the scenario alone."""
    digest = blake2b(digest_size=16)
    for array in (*scenario.args, scenario.cotangent):
        digest.update(repr((array.shape, array.dtype.name)).encode())
        digest.update(array.tobytes())
    return np.random.default_rng(int.from_bytes(digest.digest(), "big"))


def slopes_along_directions(
    functional: Functional, rng: np.random.Generator, noise: float
) -> tuple[tuple[Direction, ...], Lines]:
    """``DIRECTIONS`` directions with the slopes of ``functional`` along them.

    Weights are the entries' scales, at least 1. Where that leaves the domain or meets a kink, the weights
    are the entries' own magnitudes: small steps for small entries, none for zeros.
    """
    moved = functional.moved
    signs = [[rng.integers(0, 2, arg.shape) * 2.0 - 1.0 for arg in moved] for _ in range(DIRECTIONS)]
    scales = [scale_of(arg) for arg in moved]
    tries = []
    for floor in (1.0, 0.0):
        weights = [np.maximum(scale, floor) for scale in scales]
        directions = tuple(
            Direction(functional.positions, tuple(s * w for s, w in zip(some, weights, strict=True)))
            for some in signs
        )
        tries.append((directions, slopes_along(functional, directions, np.ones(DIRECTIONS), noise)))
        if not tries[-1][1].reason.any():
            break
    return min(tries, key=lambda found: int((found[1].reason != "").sum()))


def locate(
    functional: Functional, direction: Direction, gradients: Sequence[Array], noise: float
) -> list[int]:
    """The entry, counted through all moved arguments, that a wrong direction leads to; none if the trail is lost.

    Halving: the errors of both halves add up to that of the whole, so that the larger is at least half of it.
    """
    low, high = 0, sum(gradient.size for gradient in gradients)
    while high - low > 1:
        middle = (low + high) // 2
        halves = [_restricted(direction, low, middle), _restricted(direction, middle, high)]
        lines = slopes_along(functional, halves, np.ones(2), noise)
        errors = [
            abs(half.dot(gradients) - value) for half, value in zip(halves, lines.value.tolist(), strict=True)
        ]
        if not np.isfinite(errors).all():
            return []
        low, high = (low, middle) if errors[0] >= errors[1] else (middle, high)
    return [low]


def _restricted(direction: Direction, low: int, high: int) -> Direction:
    """The direction with all entries but those in ``[low, high)`` at rest."""
    flat = np.concatenate([sign.ravel() for sign in direction.signs])
    kept = np.zeros_like(flat)
    kept[low:high] = flat[low:high]
    parts = np.split(kept, np.cumsum([sign.size for sign in direction.signs])[:-1])
    shaped = zip(parts, direction.signs, strict=True)
    return Direction(direction.positions, tuple(part.reshape(sign.shape) for part, sign in shaped))
