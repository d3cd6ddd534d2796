"""What finite differences say: estimates of the gradient, and the finding about a pullback."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from comparators.finite_differences.moves import Direction
from gradassay.vocabulary import Array, Verdict


@dataclass(frozen=True, eq=False)
class Estimate:
    """The gradient of one differentiable argument; in direction mode one slope for each direction."""

    value: Array
    """float64, shape of the argument, or (directions,)."""
    error: Array
    """Estimated bound of |value - true|; inf where it cannot tell."""
    reason: str
    """'' or why the first inconclusive entry is inconclusive."""
    reasons: Array
    """The same, entry by entry."""
    scale: Array
    """The slope of a typical output that moves: below it only absolute errors count."""
    width: Array
    """Distance of the two points at which the slope was read."""

    def without(self, line: int, reason: str) -> Estimate:
        """The estimate with one line, counted flat, withdrawn for ``reason``."""
        reasons, error = self.reasons.astype("U64"), self.error.copy()
        reasons.flat[line], error.flat[line] = reason, np.inf
        first = next((str(reason) for reason in reasons.ravel() if reason), "")
        return replace(self, error=error, reason=first, reasons=reasons)


@dataclass(frozen=True, eq=False)
class Differences:
    """What the forward's differences say, beside what the pullback returned."""

    estimates: tuple[Estimate, ...]
    """One for each argument that can be moved; a single one in direction mode."""
    gradients: tuple[Array, ...]
    """What the pullback returned for those arguments, in float64."""
    noise: tuple[Array, ...]
    """The pullback's measured rounding noise, entry by entry."""
    positions: tuple[int, ...]
    """Positions of those arguments."""
    paths: tuple[str, ...]
    """Their gradients' names: ``x_bar[0]``, ..., counted among the differentiable arguments."""
    roundoff: float
    """Unit roundoff of the coarsest dtype among the primal and the gradients."""
    directions: tuple[Direction, ...] = ()
    """Empty in per-entry mode."""
    least: float = 0.0
    """Contribution to ``g`` of a small output, among those that contribute at all."""

    def without(self, line: int, reason: str) -> Differences:
        """The differences with one line, counted through all estimates, withdrawn for ``reason``."""
        estimates = list(self.estimates)
        for k, estimate in enumerate(estimates):
            if line < estimate.value.size:
                estimates[k] = estimate.without(line, reason)
                break
            line -= estimate.value.size
        return replace(self, estimates=tuple(estimates))


@dataclass(frozen=True)
class Finding:
    """One verdict: AGREES, INCONCLUSIVE, WRONG, RAISES or STRUCTURE."""

    verdict: Verdict
    sentence: str
    path: str = ""
    """``x_bar[0]``, ...: where the worst entry is; empty where there is none."""
    index: tuple[int, ...] | None = None
    expected: float | None = None
    got: float | None = None
    error: float | None = None
    """Estimated bound of the error of ``expected``."""
    ratio: float | None = None
    """|got - expected| over what is allowed, at the worst entry that could be told: above 1 it is wrong."""
