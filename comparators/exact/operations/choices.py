"""Choices: comparisons, and what depends on one. Where two equal values are compared, that is a tie."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from comparators.exact.operations.arithmetic import negative, pull
from comparators.exact.operations.decision import Decision
from comparators.exact.operations.moving import unbroadcast
from comparators.exact.taped import Pullback, Taped
from gradassay.vocabulary import Array


def compare(f: np.ufunc, a: Taped, b: Taped) -> Decision:
    """``f`` is one of NumPy's six comparisons.  An ordering of equal values is a tie."""
    taken, doubt = a.tape.arithmetic.compare(f, a.ball, b.ball)
    if f not in (np.equal, np.not_equal):
        tie = _tie(a, b)
        if tie.any():
            a.tape.ties.conditions = True
            a.tape.ties.depends()
            first, _ = a.tape.ties.between_two(tie)
            if not a.tape.ties.even:
                taken = np.where(tie, first > 0, taken)
    return Decision(a.tape, taken, doubt)


def _tie(a: Taped, b: Taped) -> Array:
    """Where a decision on ``a`` and ``b`` hands out a cotangent, and they are equal."""
    if not (a.needed or b.needed):
        return np.zeros((), bool)
    return np.asarray(a.tape.arithmetic.compare(np.equal, a.ball, b.ball)[0])


def where(condition: Any, a: Taped, b: Taped) -> Taped:
    """a where ``condition`` (plain booleans or a ``Decision``), else b."""
    if isinstance(condition, Decision):
        taken, doubt = condition.taken, condition.doubt
    else:
        taken, doubt = np.asarray(condition, bool), np.zeros((), bool)
    return _select(taken, doubt, a, b)


def _select(taken: Array, doubt: Array, a: Taped, b: Taped) -> Taped:
    y = a.tape.arithmetic.select(taken, doubt, a.ball, b.ball)
    return a.tape.make(y, (a, b), _branches(taken, doubt, a, b))


def _branches(taken: Array, doubt: Array, a: Taped, b: Taped) -> Pullback:
    """The pullback of a choice: the cotangent to the branch that was taken."""

    def pullback(g: Taped, y: Taped) -> Sequence[Taped | None]:
        zero = g.tape.lift(0)
        return (
            unbroadcast(_select(taken, doubt, g, zero), a.shape),
            unbroadcast(_select(taken, doubt, zero, g), b.shape),
        )

    return pullback


def absolute(a: Taped) -> Taped:
    """|a|; at 0 a tie of the slopes 1 and -1."""

    @cache  # a pullback may be called again by a second backward pass, and the tie is one
    def slope() -> Taped:
        tie = _tie(a, a.tape.lift(0))
        if tie.any():
            a.tape.ties.with_constant(a, tie)
        return _signs(a, tie)

    return a.tape.make(a.tape.arithmetic.abs(a.ball), (a,), lambda g, y: [pull(g, slope())])


def sign(a: Taped) -> Taped:
    """-1, 0 or 1; at 0 a tie."""
    tie = _tie(a, a.tape.lift(0))
    if tie.any():
        a.tape.ties.conditions = True
        a.tape.ties.depends()
    return _signs(a, tie)


def _signs(a: Taped, tie: Array) -> Taped:
    """The signs of ``a``; where it is 0 that is the middle, and it may be given to either side."""
    zero, one = a.tape.lift(0), a.tape.lift(1)
    above, either = a.tape.arithmetic.compare(np.greater, a.ball, zero.ball)
    below, doubt = a.tape.arithmetic.compare(np.less, a.ball, zero.ball)
    y = _select(above, either, one, _select(below, doubt, negative(one), zero))
    if not tie.any():
        return y
    up, down = a.tape.ties.between_two(tie)
    return _select(tie, np.zeros((), bool), a.tape.lift(up - down), y)


def maximum(a: Taped, b: Taped) -> Taped:
    """The larger, NaN if either is; at a tie each operand gets its weight of the cotangent.

    It is the cotangent that is split, not the value: that of an argument stays exact, so that the next comparison with
    it is certain. Where an operand is NaN nothing was compared, and there is no gradient either.
    """
    arithmetic, ties = a.tape.arithmetic, a.tape.ties
    taken, doubt = arithmetic.compare(np.greater, a.ball, b.ball)
    a_nan, b_nan = (np.isnan(arithmetic.truth_value(x.ball)) for x in (a, b))
    tie, unknown = _tie(a, b), a_nan | b_nan
    taken = taken | a_nan
    only = None if a.needed and b.needed else a if a.needed else b
    y = arithmetic.select(taken, doubt, a.ball, b.ball)
    if not (tie.any() or unknown.any()):
        return _of_origin(only, a.tape.make(y, (a, b), _branches(taken, doubt, a, b)))
    weights = np.stack([taken, ~taken]).astype(np.float64)
    if tie.any():
        ties.split |= ties.even
        weights = np.where(tie, ties.between_two(tie, (not a.needed, not b.needed)), weights)
        if only is None:
            ties.depends()
        else:
            ties.with_constant(only, tie)
    weights = np.where(unknown, np.nan, weights)

    def pullback(g: Taped, y: Taped) -> Sequence[Taped | None]:
        return [
            unbroadcast(_weighed(g, weight, doubt), x.shape)
            for x, weight in zip((a, b), weights, strict=True)
        ]

    return _of_origin(only, a.tape.make(y, (a, b), pullback))


def _weighed(g: Taped, weight: Array, doubt: Array) -> Taped:
    """``g`` times ``weight``; where that is 0 nothing is handed out, though ``g`` were infinite."""
    given = weight != 0
    part = g if np.all(weight[given] == 1) else pull(g, g.tape.lift(np.where(given, weight, 1)))
    return _select(given, doubt, part, g.tape.lift(0))


def _of_origin(x: Taped | None, y: Taped) -> Taped:
    """``y``, made of the entries of ``x`` and of constants, entry for entry if it has the shape of ``x``."""
    if x is not None and x.shape == y.shape:
        y.origin = x.origin
    return y


def largest(a: Taped, axis: tuple[int, ...]) -> Taped:
    """Maximum over ``axis``, kept with length 1."""
    tape, y = a.tape, a.tape.arithmetic.max(a.ball, axis)
    if not a.needed:
        return tape.make(y, (a,), lambda g, y: [None])
    taken, doubt = tape.arithmetic.winners(a.ball, axis)
    weights = taken.astype(np.float64)
    if np.any(np.count_nonzero(taken, axis=axis) > 1):
        tape.ties.split |= tape.ties.even
        tape.ties.within(a, taken, axis)
        weights = tape.ties.between_entries(taken, axis)
    # NaN is no maximum, and where it is the answer nothing won.
    nothing = np.where(np.any(taken, axis=axis, keepdims=True), 0, np.nan)
    won = weights != 0

    def pullback(g: Taped, y: Taped) -> Sequence[Taped | None]:
        # Where the budget may choose another winner, the weight may be anything from 0 to 1.
        shares = _select(won, doubt, g.tape.lift(np.where(won, weights, 1)), g.tape.lift(nothing))
        return [pull(g, shares)]

    return tape.make(y, (a,), pullback)
