"""NumPy's elementwise functions that a definition may use, and what each is made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from comparators.exact import operations as op
from comparators.exact.linear import matmul
from comparators.exact.operations import Decision
from comparators.exact.tape import Taped


def _power(a: Taped, b: Taped) -> Taped:
    if not b.needed and b.size == 1:
        exponent = float(np.ravel(b.tape.arithmetic.truth_value(b.ball))[0])
        if exponent == 0.5:
            return op.sqrt(a)
        if exponent == int(exponent) and abs(exponent) <= 64:
            y = _whole_power(a, abs(int(exponent)))
            return 1 / y if exponent < 0 else y
    return op.exp(op.multiply(b, op.log(a)))


def _whole_power(a: Taped, n: int) -> Taped:
    if n == 0:
        return op.broadcast_to(a.tape.lift(1), a.shape)
    half = _whole_power(a, n // 2) if n > 1 else None
    square = op.multiply(half, half) if half is not None else None
    if square is None:
        return a
    return op.multiply(square, a) if n % 2 else square


def minimum(a: Taped, b: Taped) -> Taped:
    """The smaller: -max(-a, -b)."""
    return op.negative(op.maximum(op.negative(a), op.negative(b)))


def _comparison(ufunc: np.ufunc) -> Callable[[Taped, Taped], Decision]:
    return lambda a, b: op.compare(ufunc, a, b)


def _logical(ufunc: np.ufunc) -> Callable[..., Decision]:
    def logical(*xs: Taped) -> Decision:
        taken = [
            x.taken if isinstance(x, Decision) else x.tape.arithmetic.truth_value(x.ball) != 0 for x in xs
        ]
        doubt = np.logical_or.reduce([np.asarray(getattr(x, "doubt", False)).any() for x in xs])
        return Decision(xs[0].tape, ufunc(*taken), np.asarray(doubt), np.zeros((), bool))

    return logical


def _test(ufunc: np.ufunc) -> Callable[[Taped], Decision]:
    def test(a: Taped) -> Decision:
        return Decision(
            a.tape, ufunc(a.tape.arithmetic.truth_value(a.ball)), np.zeros((), bool), np.zeros((), bool)
        )

    return test


UFUNCS: dict[np.ufunc, Callable[..., Taped]] = {
    np.add: op.add,
    np.subtract: op.subtract,
    np.multiply: op.multiply,
    np.divide: op.divide,
    np.negative: op.negative,
    np.positive: lambda a: a,
    np.power: _power,
    np.square: lambda a: op.multiply(a, a),
    np.reciprocal: lambda a: op.divide(a.tape.lift(1), a),
    np.sqrt: op.sqrt,
    np.exp: op.exp,
    np.exp2: lambda a: op.exp(op.multiply(a, op.log(a.tape.lift(2)))),
    np.expm1: op.expm1,
    np.log: op.log,
    np.log2: lambda a: op.divide(op.log(a), op.log(a.tape.lift(2))),
    np.log10: lambda a: op.divide(op.log(a), op.log(a.tape.lift(10))),
    np.log1p: op.log1p,
    np.logaddexp: lambda a, b: op.log(op.add(op.exp(a), op.exp(b))),
    np.tanh: op.tanh,
    np.sinh: lambda a: (op.exp(a) - op.exp(-a)) / 2,
    np.cosh: lambda a: (op.exp(a) + op.exp(-a)) / 2,
    np.absolute: op.absolute,
    np.fabs: op.absolute,
    np.sign: op.sign,
    np.maximum: op.maximum,
    np.minimum: minimum,
    np.matmul: matmul,
    **{
        ufunc: _comparison(ufunc)
        for ufunc in (np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal)
    },
    **{ufunc: _logical(ufunc) for ufunc in (np.logical_and, np.logical_or, np.logical_not)},
    **{ufunc: _logical(ufunc) for ufunc in (np.bitwise_and, np.bitwise_or, np.invert)},
    **{ufunc: _test(ufunc) for ufunc in (np.isnan, np.isfinite, np.isinf)},
}
