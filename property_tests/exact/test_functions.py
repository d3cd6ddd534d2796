"""What a definition may use: every function of the tables has NumPy's value; anything else is refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradassay
from comparators.exact import Exact
from comparators.exact.functions import FUNCTIONS, UFUNCS
from comparators.exact.refusing import supported
from comparators.exact.tape import Tape
from property_tests.exact.oracle import scenario, truth_in

X = np.array([[0.5, -1.25, 2.0], [3.0, 0.75, -0.5]])
P = np.abs(X) + 0.125
B = np.array([[1.5, -1.25, -2.0], [0.25, 1.0, 4.0]])

#: A call of each function, on ``x`` = X or ``p`` = P > 0.
Call = Callable[..., Any]
UFUNC_CALLS: dict[np.ufunc, Call] = {
    np.add: lambda x, p: np.add(x, B),
    np.subtract: lambda x, p: np.subtract(B[0], x),
    np.multiply: np.multiply,
    np.divide: np.divide,
    np.negative: lambda x, p: np.negative(x),
    np.positive: lambda x, p: np.positive(x),
    np.power: lambda x, p: np.power(p, x),
    np.square: lambda x, p: np.square(x),
    np.reciprocal: lambda x, p: np.reciprocal(x),
    np.sqrt: lambda x, p: np.sqrt(p),
    np.exp: lambda x, p: np.exp(x),
    np.exp2: lambda x, p: np.exp2(x),
    np.expm1: lambda x, p: np.expm1(x),
    np.log: lambda x, p: np.log(p),
    np.log2: lambda x, p: np.log2(p),
    np.log10: lambda x, p: np.log10(p),
    np.log1p: lambda x, p: np.log1p(p),
    np.logaddexp: np.logaddexp,
    np.tanh: lambda x, p: np.tanh(x),
    np.sinh: lambda x, p: np.sinh(x),
    np.cosh: lambda x, p: np.cosh(x),
    np.absolute: lambda x, p: np.absolute(x),
    np.fabs: lambda x, p: np.fabs(x),
    np.sign: lambda x, p: np.sign(x),
    np.maximum: lambda x, p: np.maximum(x, B),
    np.minimum: lambda x, p: np.minimum(x, 0.6),
    np.matmul: lambda x, p: np.matmul(x, p.T),
    np.greater: lambda x, p: np.where(np.greater(x, 0.5), x, -x),
    np.greater_equal: lambda x, p: np.where(np.greater_equal(x, 0.5), x, -x),
    np.less: lambda x, p: np.where(np.less(x, p), x, -x),
    np.less_equal: lambda x, p: np.where(np.less_equal(x, 0.5), x, -x),
    np.equal: lambda x, p: np.where(np.equal(x, 0.5), x, -x),
    np.not_equal: lambda x, p: np.where(np.not_equal(x, 0.5), x, -x),
    np.logical_and: lambda x, p: np.where(np.logical_and(x > 0, p > 1), x, -x),
    np.logical_or: lambda x, p: np.where(np.logical_or(x > 0, p > 1), x, -x),
    np.logical_not: lambda x, p: np.where(np.logical_not(x > 0), x, -x),
    np.bitwise_and: lambda x, p: np.where((x > 0) & (p > 1), x, -x),
    np.bitwise_or: lambda x, p: np.where((x > 0) | (p > 1), x, -x),
    np.invert: lambda x, p: np.where(~(x > 0), x, -x),
    np.isnan: lambda x, p: np.where(np.isnan(x), 0, x),
    np.isfinite: lambda x, p: np.where(np.isfinite(x), x, 0),
    np.isinf: lambda x, p: np.where(np.isinf(x), 0, x),
}
FUNCTION_CALLS: dict[Any, Call] = {
    np.sum: lambda x, p: np.sum(x, axis=(0, 1), keepdims=True),
    np.mean: lambda x, p: np.mean(x, axis=-1),
    np.var: lambda x, p: np.var(x, axis=-1),
    np.std: lambda x, p: np.std(p * x, axis=-1),
    np.max: lambda x, p: np.max(x, axis=0),
    np.amax: lambda x, p: np.amax(x, axis=1, keepdims=True),
    np.min: lambda x, p: np.min(x, axis=1),
    np.amin: lambda x, p: np.amin(x, axis=0),
    np.prod: lambda x, p: np.prod(x, axis=0),
    np.where: lambda x, p: np.where(x > p - 0.2, x, 2.0),
    np.clip: lambda x, p: np.clip(x, -1, 1) + np.clip(x, None, 0.25) + x.clip(0.625),
    np.dot: lambda x, p: np.dot(x, p.T) + np.dot(x[0], p[0]) + np.dot(2.0, x[0, 0]),
    np.einsum: lambda x, p: np.einsum("ij,kj->ik", x, p),
    np.reshape: lambda x, p: np.reshape(x, (3, -1)),
    np.ravel: lambda x, p: np.ravel(x),
    np.transpose: lambda x, p: np.transpose(x[None], (2, 0, 1)) @ np.transpose(x[None])[:1],
    np.swapaxes: lambda x, p: np.swapaxes(x[None], 0, -1),
    np.moveaxis: lambda x, p: np.moveaxis(x[None], (0, 1), (2, 0)),
    np.expand_dims: lambda x, p: np.expand_dims(x, (0, -1)),
    np.squeeze: lambda x, p: np.squeeze(x[None], 0) + np.squeeze(x[:, None]),
    np.broadcast_to: lambda x, p: np.broadcast_to(x[0], (2, 3)),
    np.concatenate: lambda x, p: np.concatenate([np.concatenate([x, B], axis=1), np.concatenate([p, x], 1)]),
    np.stack: lambda x, p: np.stack([x, p], axis=-1),
    np.take: lambda x, p: np.take(x, [[2, 0], [0, 0]], axis=1).sum() + np.take(x, [5, 0]),
    np.take_along_axis: lambda x, p: np.take_along_axis(x, np.array([[2, 0], [1, 1]]), axis=1),
    np.bincount: lambda x, p: (
        np.bincount([2, 0, 2, 5, 0, 0], np.ravel(x)) + np.bincount([1] * 6, p.ravel(), 6)
    ),
    np.zeros_like: lambda x, p: x + np.zeros_like(x),
    np.ones_like: lambda x, p: x + np.ones_like(x),
    np.shape: lambda x, p: x * np.shape(x)[1],
    np.ndim: lambda x, p: x * np.ndim(x),
    np.size: lambda x, p: x * np.size(x),
}
CALLS = {f.__name__: call for f, call in (UFUNC_CALLS | FUNCTION_CALLS).items()}
MORE_CALLS: dict[str, Call] = {
    "sum of everything": lambda x, p: np.sum(x),
    "sum of a negative axis, kept": lambda x, p: x.sum(axis=-2, keepdims=True),
    "np.add.reduce": lambda x, p: np.add.reduce(x) + np.maximum.reduce(x) + np.minimum.reduce(x),
    "np.multiply.reduce": lambda x, p: np.multiply.reduce(x, axis=1),
    "operators": lambda x, p: (2 - x) / p + x**2 - 3 * -x + abs(x) - (+p),
    "reflected operators": lambda x, p: 1 / p + 2.0**x + (B @ x.T)[:, :1],
    "methods": lambda x, p: x.reshape(3, 2).T.ravel() + x.transpose(1, 0).swapaxes(0, 1).reshape(-1),
    "x @ v, v @ x, v @ v": lambda x, p: (x @ p[0]).sum() + p[:, 0] @ x + p[0] @ p[0],
    "stacks of matrices": lambda x, p: np.matmul(np.stack([x, p]), np.stack([p.T, x.T])),
    "einsum of one operand": lambda x, p: np.einsum("ij->j", x) + np.einsum("ij->", x),
    "einsum, implicit": lambda x, p: np.einsum("ij,jk", x, p.T),
    "basic indexing": lambda x, p: x[1, ::-2] + x[..., None, 1:][0, 0] + x[-1][None][0, :2],
    "fancy indexing": lambda x, p: x[[0, 1, 1], [0, 0, 2]] + x[:, [2, 1, 1]][0],
    "a boolean mask": lambda x, p: x[B > 0] + x[0, 0],
    "a mask of its own": lambda x, p: x[x > 0],
    "iteration": lambda x, p: sum(row for row in x) + len(x),
    "max of builtins": lambda x, p: max(x[0, 0], x[0, 1]) * p,
    "numbers of NumPy": lambda x, p: np.float32(2.5) * x + np.int64(3) * p - np.bool_(True),
    "concatenate, axis None": lambda x, p: np.concatenate([x, p], axis=None),
    "a decision as a number": lambda x, p: (x > 0) * x + (x > 1),
}


def test_every_supported_function_has_a_case() -> None:
    assert set(UFUNC_CALLS) == set(UFUNCS)
    assert set(FUNCTION_CALLS) == set(FUNCTIONS)


@pytest.mark.parametrize("arithmetic", ["longdouble", "arb-128"])
@pytest.mark.parametrize("name", [*CALLS, *MORE_CALLS])
def test_a_supported_function_has_the_value_that_plain_numpy_gives_it(name: str, arithmetic: str) -> None:
    call = CALLS.get(name) or MORE_CALLS[name]
    expected = call(X, P)
    given = scenario(X, P, y_bar=np.ones(np.shape(expected)))
    truth = truth_in(arithmetic, call, given)
    assert truth is not None
    assert truth.primal.mid.shape == np.shape(expected)
    allowance = 64 * np.finfo(np.float64).eps * np.maximum(np.abs(expected), 1)
    np.testing.assert_array_less(np.abs(truth.primal.mid - expected), allowance + truth.primal.rad)


def test_dot_of_stacks_of_matrices_is_not_matmul() -> None:
    stacks = np.arange(8.0).reshape(2, 2, 2)
    expected = np.dot(stacks, stacks)
    assert expected.shape == (2, 2, 2, 2)
    truth = truth_in("longdouble", lambda x: np.dot(x, x), scenario(stacks, y_bar=expected))
    assert truth is not None
    np.testing.assert_array_equal(truth.primal.mid.astype(float), expected)


def assigned(x: Any) -> Any:
    x[0] = 1
    return x


def divided_in_place(x: Any) -> Any:
    x /= 2
    return x


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "np.sort": (np.sort, "sort"),
    "np.linalg.inv": (np.linalg.inv, "inv"),
    "np.linalg.norm": (np.linalg.norm, "norm"),
    "np.median": (np.median, "median"),
    "np.cumsum": (np.cumsum, "cumsum"),
    "x.cumsum": (lambda x: x.cumsum(), "cumsum"),
    "np.sin": (np.sin, "sin"),
    "np.tensordot": (lambda x: np.tensordot(x, x), "tensordot"),
    "np.vstack": (lambda x: np.vstack([x, x]), "vstack"),
    "np.all": (lambda x: np.all(x > 0), "all"),
    "x // 1": (lambda x: x // 1, "floor_divide"),
    "x % 1": (lambda x: x % 1, "remainder"),
    "np.multiply.outer": (lambda x: np.multiply.outer(x, x), "multiply.outer"),
    "np.subtract.reduce": (np.subtract.reduce, "subtract.reduce"),
    "np.max(initial)": (lambda x: np.max(x, initial=0), "initial"),
    "np.sum(where)": (lambda x: np.sum(x, where=B > 0), "where"),
    "np.exp(where)": (lambda x: np.exp(x, where=B > 0), "where"),
    "np.reshape in Fortran's order": (lambda x: np.reshape(x, (3, 2), order="F"), "order"),
}
IN_OTHER_WORDS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "x[0] = 1": (assigned, "x[i] = "),
    "x /= 2": (divided_in_place, "divide"),
    "np.exp(x, out=x)": (lambda x: np.exp(x, out=x), "exp"),
    "np.add.at": (lambda x: np.add.at(x, [0], 1), "add"),
    "float(x)": (lambda x: float(x[0, 0]), "float"),
    "math.exp": (lambda x: math.exp(x[0, 0]), "math"),
    "np.asarray": (np.asarray, "np.asarray"),
    "np.array of entries": (lambda x: np.array([x[0, 0], x[1, 1]]), "np.asarray"),
    "an imaginary constant": (lambda x: x * 1j, "complex"),
    "einsum with a repeated letter": (lambda x: np.einsum("ii->i", x[:2, :2]), "ii->i"),
    "einsum of three operands": (lambda x: np.einsum("ij,ij,ij->i", x, x, x), "ij,ij,ij->i"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_unsupported_function_is_named_and_the_supported_ones_are_listed(name: str) -> None:
    definition, word = REFUSED[name]
    with pytest.raises(gradassay.UnsupportedFunctionError) as refused:
        Exact(definition).evaluate(scenario(X))
    message = str(refused.value)
    assert word in message.partition("supported are")[0]
    assert "supported are: " + supported() in message


@pytest.mark.parametrize("name", IN_OTHER_WORDS)
def test_what_cannot_be_taped_is_refused_in_words_that_say_what_it_was(name: str) -> None:
    definition, word = IN_OTHER_WORDS[name]
    with pytest.raises(gradassay.UnsupportedFunctionError) as refused:
        Exact(definition).evaluate(scenario(X))
    assert word in str(refused.value)


def into_a_buffer(x: Any) -> Any:
    buffer = np.zeros(2)
    buffer[0] = x[0, 0]
    return buffer


UNCLEAR: dict[str, Callable[[Any], Any]] = {
    "x.cumprod()": lambda x: x.cumprod(),
    "x.argsort()": lambda x: x.argsort(),
    "x.flatten()": lambda x: x.flatten(),
    "x.argmax()": lambda x: x.argmax(),
    "x.item()": lambda x: x[0, 0].item(),
    "(x > 0).all()": lambda x: (x > 0).all(),
    "round(x)": lambda x: round(x[0, 0]),
    "range(x)": lambda x: range(x[0, 0]),
    "np.ravel in Fortran's order": lambda x: np.ravel(x, order="F"),
    "x.astype(int)": lambda x: x.astype(int),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_an_unsupported_method_is_refused_like_a_function(name: str) -> None:
    shape = np.shape(np.ravel(X)) if "ravel" in name else X.shape if "astype" in name else ()
    with pytest.raises(gradassay.UnsupportedFunctionError):
        Exact(UNCLEAR[name]).evaluate(scenario(X, y_bar=np.ones(shape)))


def test_an_entry_put_into_a_plain_buffer_is_refused_like_a_function() -> None:
    try:
        Exact(into_a_buffer).evaluate(scenario(X, y_bar=np.ones(2)))
    except gradassay.UnsupportedFunctionError:
        return


def test_the_error_is_a_usage_error() -> None:
    assert issubclass(gradassay.UnsupportedFunctionError, gradassay.UsageError)
    with pytest.raises(gradassay.UsageError, match=r"np\.sort"):
        gradassay.verify(lambda x: (np.sort(x), lambda g: g), definition=np.sort, inputs=[(X,)])


def test_a_definition_sees_an_array_of_real_numbers() -> None:
    from comparators.exact.midrad import MidRad
    from gradassay.formats import FORMATS

    x = Tape(MidRad(FORMATS["float16"], np.float64)).leaf(X.astype(np.float16), differentiable=True)
    assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
    assert x.copy() is x
    assert "shape=(2, 3)" in repr(x)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x > 0)
    with pytest.raises(TypeError, match="0-d"):
        len(x[0, 0])
