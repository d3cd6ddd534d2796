"""NumPy's elementwise functions that a definition may use, and what each is made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from comparators.exact import operations as op
from comparators.exact.functions.linear import matmul
from comparators.exact.operations import Decision
from comparators.exact.taped import Taped
from gradassay.errors import UnsupportedFunctionError

#: A definition's array of exponents may hold so many different ones.
EXPONENTS = 16


def _power(a: Taped, b: Taped) -> Taped:
    """a ** b: each constant exponent on its own; exp(b log a) where b depends on the arguments."""
    if b.needed or not b.constant:
        return op.exp(op.multiply(b, op.log(a)))
    exponents = b.tape.arithmetic.truth_value(b.ball)
    different = np.unique(exponents)
    if len(different) > EXPONENTS or not np.isfinite(different).all():
        raise UnsupportedFunctionError(
            f"np.power in a definition takes up to {EXPONENTS} different finite exponents"
        )
    shape = np.broadcast_shapes(a.shape, b.shape)
    y = op.broadcast_to(a.tape.lift(1), shape)
    for exponent in different:
        y = op.where(exponents == exponent, op.broadcast_to(_constant_power(a, float(exponent)), shape), y)
    return y


def _constant_power(a: Taped, exponent: float) -> Taped:
    """a ** exponent; its pullback exponent · a ** (exponent - 1) has a value at 0 where the product rule has none."""
    y = _composed_power(Taped(a.tape, a.ball, a.tape.count()), exponent)
    if exponent == 0:
        return y
    factor = a.tape.lift(exponent)
    return a.tape.make(
        y.ball, (a,), lambda g, _: [op.pull(g, op.multiply(factor, _constant_power(a, exponent - 1)))]
    )


def _composed_power(a: Taped, exponent: float) -> Taped:
    if exponent < 0:
        return _composed_power(op.divide(a.tape.lift(1), a), -exponent)
    if exponent == int(exponent):
        return _whole_power(a, int(exponent))
    root = {0.25: op.sqrt(op.sqrt(a)), 0.5: op.sqrt(a), 0.75: op.multiply(op.sqrt(a), op.sqrt(op.sqrt(a)))}
    fraction = exponent % 1
    rest = root[fraction] if fraction in root else op.exp(op.multiply(a.tape.lift(fraction), op.log(a)))
    return op.multiply(_whole_power(a, int(exponent)), rest) if exponent > 1 else rest


def _whole_power(a: Taped, n: int) -> Taped:
    """Repeated squaring: about 2 log2 n multiplications."""
    y, square = None, a
    while n:
        if n % 2:
            y = square if y is None else op.multiply(y, square)
        n //= 2
        square = op.multiply(square, square) if n else square
    return op.broadcast_to(a.tape.lift(1), a.shape) if y is None else y


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
        return Decision(xs[0].tape, ufunc(*taken), np.asarray(doubt))

    return logical


def _test(ufunc: np.ufunc) -> Callable[[Taped], Decision]:
    def test(a: Taped) -> Decision:
        return Decision(a.tape, ufunc(a.tape.arithmetic.truth_value(a.ball)), np.zeros((), bool))

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
