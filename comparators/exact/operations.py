"""The primitives of the tape: what each means on balls, and its pullback in terms of the others.

In a pullback, g is the cotangent and y the result.  ``pull`` and ``pull_div`` multiply a cotangent: where it is
zero by structure (a branch that was not taken, an entry that was not selected) the product is zero even if the factor
is infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from comparators.exact.tape import Pullback, Tape, Taped
from gradassay.vocabulary import Array


def unbroadcast(g: Taped, shape: tuple[int, ...]) -> Taped:
    """The pullback of broadcasting: sum over what was repeated."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    repeated = tuple(i for i in range(g.ndim) if i < extra or shape[i - extra] == 1 != g.shape[i])
    return reshape(total(g, repeated), shape)


def _binary(name: str, rule: Callable[..., Sequence[Taped]]) -> Callable[[Taped, Taped], Taped]:
    def operation(a: Taped, b: Taped) -> Taped:
        def pullback(g: Taped, y: Taped) -> Sequence[Taped | None]:
            parts = rule(g, y, a, b)
            return [unbroadcast(part, x.shape) for part, x in zip(parts, (a, b), strict=True)]

        return a.tape.make(getattr(a.tape.arithmetic, name)(a.ball, b.ball), (a, b), pullback)

    return operation


def _unary(name: str, rule: Callable[[Taped, Taped, Taped], Taped]) -> Callable[[Taped], Taped]:
    def operation(a: Taped) -> Taped:
        ball = getattr(a.tape.arithmetic, name)(a.ball)
        return a.tape.make(ball, (a,), lambda g, y: [rule(g, y, a)])

    return operation


Binary = Callable[[Taped, Taped], Taped]
Unary = Callable[[Taped], Taped]

add: Binary = _binary("add", lambda g, y, a, b: (g, g))
subtract: Binary = _binary("sub", lambda g, y, a, b: (g, negative(g)))
multiply: Binary = _binary("mul", lambda g, y, a, b: (pull(g, b), pull(g, a)))
pull: Binary = _binary("pull", lambda g, y, a, b: (pull(g, b), pull(g, a)))
divide: Binary = _binary("div", lambda g, y, a, b: _pull_quotient(pull_div(g, b), y))
pull_div: Binary = _binary("pull_div", lambda g, y, a, b: _pull_quotient(pull_div(g, b), y))

_negated: Unary = _unary("neg", lambda g, y, a: negative(g))


def negative(a: Taped) -> Taped:
    """-a, entry for entry what a is."""
    y = _negated(a)
    y.origin = a.origin
    return y


exp: Unary = _unary("exp", lambda g, y, a: pull(g, y))
expm1: Unary = _unary("expm1", lambda g, y, a: pull(g, exp(a)))
log: Unary = _unary("log", lambda g, y, a: pull_div(_defined(g, y), a))
log1p: Unary = _unary("log1p", lambda g, y, a: pull_div(_defined(g, y), a + 1))
sqrt: Unary = _unary("sqrt", lambda g, y, a: pull_div(g, y + y))
# 1 - tanh^2 cancels in the tails; 1 / cosh^2 does not.
tanh: Unary = _unary("tanh", lambda g, y, a: pull(g, 4 / _square(exp(a) + exp(-a))))


def _square(a: Taped) -> Taped:
    return multiply(a, a)


def _defined(g: Taped, y: Taped) -> Taped:
    """``g``, NaN where ``y`` is: log has no slope where it has no value, though 1 / x has one."""
    undefined = np.isnan(y.tape.arithmetic.truth_value(y.ball))
    # A factor and no branch, which would have the slope 0 in the second derivative.
    return pull(g, y.tape.lift(np.where(undefined, np.nan, 1))) if undefined.any() else g


def _pull_quotient(a_bar: Taped, y: Taped) -> tuple[Taped, Taped]:
    return a_bar, negative(pull(a_bar, y))


# -- decisions -------------------------------------------------------------------------------------------


class Decision(Taped):
    """The result of a comparison: branches exactly, and knows where the budget may branch otherwise."""

    __slots__ = ("doubt", "taken")

    def __init__(self, tape: Tape, taken: Array, doubt: Array) -> None:
        taken, doubt = np.asarray(taken), np.asarray(doubt)
        super().__init__(tape, tape.arithmetic.mask(taken, doubt), tape.count())
        self.taken, self.doubt = taken, doubt

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(bool)


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


# -- reductions ------------------------------------------------------------------------------------------


def total(a: Taped, axis: tuple[int, ...]) -> Taped:
    """Sum over ``axis`` (non-negative, sorted), kept with length 1."""
    ball = a.tape.arithmetic.sum(a.ball, axis)
    return a.tape.make(ball, (a,), lambda g, y: [broadcast_to(g, a.shape)])


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


def bilinear(a: Taped, b: Taped, f: Callable[..., Array], n: int, pullback: Callable[..., Any]) -> Taped:
    """``f(a, b)`` linear in each, every entry a sum of ``n`` products."""
    return a.tape.make(a.tape.arithmetic.matmul(a.ball, b.ball, f, n), (a, b), pullback)


# -- moving entries --------------------------------------------------------------------------------------


def restructure(a: Taped, f: Callable[[Array], Array], back: Callable[[Taped], Taped]) -> Taped:
    """``f`` moves entries without computing; ``back`` pulls a cotangent back."""
    return a.tape.make(a.tape.arithmetic.restructure(a.ball, f), (a,), lambda g, y: [back(g)])


def reshape(a: Taped, shape: tuple[int, ...]) -> Taped:
    """The entries in C order in another shape; one length may be -1."""
    return restructure(a, lambda x: x.reshape(shape), lambda g: reshape(g, a.shape))


def transpose(a: Taped, axes: Sequence[int]) -> Taped:
    """Axis i of the result is axis axes[i]."""
    return restructure(a, lambda x: x.transpose(axes), lambda g: transpose(g, np.argsort(axes).tolist()))


def broadcast_to(a: Taped, shape: tuple[int, ...]) -> Taped:
    """Repeat along new axes and axes of length 1."""
    return restructure(a, lambda x: np.broadcast_to(x, shape), lambda g: unbroadcast(g, a.shape))


def getitem(a: Taped, index: Any) -> Taped:
    """a[index] for any NumPy index."""
    index = _plain(index)
    return restructure(a, lambda x: x[index], lambda g: scatter(g, index, a.shape))


def scatter(g: Taped, index: Any, shape: tuple[int, ...]) -> Taped:
    """Zeros with ``g`` added at ``index``: the pullback of getitem, and getitem is its own."""
    ball = g.tape.arithmetic.scatter(g.ball, index, shape)
    return g.tape.make(ball, (g,), lambda h, y: [getitem(h, index)])


def _plain(index: Any) -> Any:
    """A decision indexes by the branch it takes."""
    if isinstance(index, tuple):
        return tuple(_plain(part) for part in index)
    return index.taken if isinstance(index, Decision) else index


def join(
    parts: Sequence[Taped], f: Callable[[list[Array]], Array], split: Callable[[Taped], list[Taped]]
) -> Taped:
    """``f`` concatenates or stacks; ``split`` takes the cotangent apart again."""
    tape = parts[0].tape
    return tape.make(tape.arithmetic.join([p.ball for p in parts], f), tuple(parts), lambda g, y: split(g))
