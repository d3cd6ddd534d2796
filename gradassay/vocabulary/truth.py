"""What one implementation returned on a scenario, and what the mathematics says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gradassay.vocabulary.scenarios import Array


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one implementation returned on one scenario."""

    primal: Array | None = None
    gradients: tuple[Array | None, ...] = ()
    """One for each differentiable argument."""
    error: str | None = None
    """``"ValueError: labels ..."`` when the rule or its pullback raised."""
    structure: str | None = None
    """A sentence when what came back is not (array, callable) or has the wrong arity."""
    impurity: str | None = None
    """A sentence when arguments or cotangent were changed, or two identical calls differ."""


@dataclass(frozen=True, eq=False)
class Enclosure:
    """Certified truth of one array: every entry of the true value lies in ``mid ± rad``.

    ``mid`` is float64 (or long double where float64 would lose the difference that matters);
    NaN where the mathematics has no value, ``±inf`` where the true value is infinite.
    ``budget`` is the permitted absolute error, entry by entry; it is never negative and may be infinite.
    """

    mid: Array
    rad: Array
    budget: Array


@dataclass(frozen=True, eq=False)
class Winners:
    """The ties of a definition at one scenario, and what it is worth for any choice of their winners.

    Each tie has contenders (equal entries of a maximum, two operands of a comparison), and each of them a weight.
    Weights of a tie that are not negative and sum to 1 make a member of the set.
    """

    ties: Array
    """For each contender, in the order in which the definition met them, the number of its tie, from 0."""
    constant: Array
    """For each contender, whether it is a constant, that no gradient is handed to."""
    conditions: bool
    """Whether a tie decided a condition (``where``, a mask): its weights can only be 0 and 1."""
    convex: bool
    """Whether members with mixed weights lie between those with single winners. Those of a pullback need not: a weight
    may be multiplied by itself there."""
    value: Callable[[Array], tuple[Enclosure, ...] | None]
    """Primal and gradients with a weight for each contender; None where other ties are met, or it is not certified."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What the mathematics says about one scenario."""

    primal: Enclosure
    gradients: tuple[Enclosure, ...]
    """One for each differentiable argument."""
    reach: float = 1.0
    """What an underflow on the way to the primal may be multiplied with: 1, or 1 + max|y_bar| of a pullback."""
    cotangent_max: float = 0.0
    """The same for a gradient, less 1: max|y_bar|."""
    beyond: bool = False
    """An argument is infinite and part of the result has no value: NaN for the rest of it is no discrepancy."""
    extremes: Mapping[str, tuple[Enclosure, ...]] = field(default_factory=dict)
    """At a kink, primal and gradients with other winners of the tie (first, last); empty where all agree."""
    winners: Winners | None = None
    """The ties, where there were any: what it takes to enumerate the set."""
    alone: tuple[Array, ...] = ()
    """Where no tie has an influence on another, for each gradient a label of every entry: 0 is not tied, -1 is tied
    with a constant, and entries of one positive label are tied with each other. Else empty."""
    split: bool = True
    """Whether ``gradients`` split a tie evenly, or take the branch that the definition's comparison takes."""
    arithmetic: str = "float64"
    """The arithmetic it was computed in: float64, longdouble or arb-<bits>."""
