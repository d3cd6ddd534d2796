"""Random definitions: short straight-line programs over everything that a definition may use.

A program is a list of steps; each applies one function of ``STEPS`` to values made before. It is grown together
with its values on plain float64 arrays, so that only steps that fit (shapes, domains, moderate size) are taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradassay.vocabulary import Array, Scenario
from property_tests.exact.oracle import packed, scenario

#: Everything beyond is left to the tests of overflow.
LARGEST = 1e4


def _last(x: Any) -> Any:
    return np.max(x, axis=-1, keepdims=True)


def _softmax(x: Any) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


#: name -> function of one value
UNARY: dict[str, Callable[[Any], Any]] = {
    "-x": lambda x: -x,
    "+x": lambda x: +x,
    "x + 0.3": lambda x: x + 0.3,
    "2 - x": lambda x: 2 - x,
    "3 x": lambda x: 3 * x,
    "x / 7": lambda x: x / 7,
    "1 / (x² + ½)": lambda x: 1 / (x**2 + 0.5),
    "reciprocal": np.reciprocal,
    "x²": np.square,
    "x³": lambda x: x**3,
    "x⁻²": lambda x: x**-2,
    "x⁵": lambda x: np.power(x, 5),
    "sqrt": np.sqrt,
    "|x|^0.5": lambda x: np.abs(x) ** 0.5,
    "|x|^1.7": lambda x: np.abs(x) ** 1.7,
    "2^x": lambda x: 2.0**x,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log(1 + x²)": lambda x: np.log(1 + x * x),
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "abs": np.abs,
    "x sign x": lambda x: x * np.sign(x),
    "relu": lambda x: np.maximum(x, 0),
    "minimum(x, 1)": lambda x: np.minimum(x, 1),
    "where": lambda x: np.where(x > 0.1, x * x, 3 * x),
    "where computed": lambda x: np.where(x / 3 < 0.2, np.tanh(x), x / 2),
    "clip": lambda x: np.clip(x, -1.1, 1.3),
    "sum": np.sum,
    "sum(-1)": lambda x: x.sum(axis=-1),
    "sum(0, keepdims)": lambda x: x.sum(axis=0, keepdims=True),
    "mean": lambda x: x.mean(axis=-1, keepdims=True),
    "max": lambda x: x - _last(x),
    "max()": np.max,
    "min(0)": lambda x: np.min(x, axis=0),
    "prod": lambda x: np.prod(x, axis=-1),
    "softmax": _softmax,
    "log sum exp": lambda x: np.log(np.exp(x).sum(axis=-1)),
    "ravel": np.ravel,
    "reshape": lambda x: x.reshape(-1, 1),
    "transpose": lambda x: x.T,
    "swapaxes": lambda x: np.swapaxes(x, 0, -1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "squeeze": np.squeeze,
    "broadcast_to": lambda x: np.broadcast_to(x, (2, *x.shape)),
    "concatenate": lambda x: np.concatenate([x, 2 * x], axis=-1),
    "stack": lambda x: np.stack([x, -x], axis=0),
    "take": lambda x: np.take(x, [0, 0, -1], axis=-1),
    "take_along_axis": lambda x: np.take_along_axis(x, np.zeros((*x.shape[:-1], 1), int), axis=-1),
    "x[::-1]": lambda x: x[::-1],
    "x[..., 0]": lambda x: x[..., 0],
    "x[[0, 0]]": lambda x: x[[0, 0]],
    "x[None]": lambda x: x[None, ..., :1],
    "einsum one": lambda x: np.einsum("ij->i", x),
    "einsum rows": lambda x: np.einsum("ij,ij->i", x, x),
    "x xᵀ": lambda x: x @ x.T,
    "x·x": lambda x: np.dot(x, x),
}

#: NumPy lets 0-d arrays have an axis -1 in reductions; the tape does not.
NEEDS_AN_AXIS = {
    "sum(-1)",
    "sum(0, keepdims)",
    "mean",
    "max",
    "min(0)",
    "prod",
    "softmax",
    "log sum exp",
    "take",
}
#: They need an axis, or methods of an intermediate value, which the bare numbers of the oracle do not have.
NEEDS_AN_ARRAY = {"softmax", "log sum exp", "take"}
#: Their slope at 0 is no number, or one-sided.
SINGULAR = {"sqrt", "|x|^0.5", "|x|^1.7", "abs", "x sign x", "relu", "log", "reciprocal", "x⁻²", "a / b"}

#: name -> function of two values
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where a < b": lambda a, b: np.where(a < b, a, b * 2),
    "matmul": lambda a, b: a @ b,
    "dot": np.dot,
    "einsum": lambda a, b: np.einsum("ij,kj->ik", a, b),
    "einsum outer": lambda a, b: np.einsum("i,j->ij", a, b),
    "concatenate": lambda a, b: np.concatenate([a, b], axis=0),
}


@dataclass(frozen=True)
class Program:
    """A definition: the steps, each with the positions of its operands among the values so far."""

    steps: tuple[tuple[str, tuple[int, ...]], ...]

    def __call__(self, *args: Any) -> Any:
        values = list(args)
        for name, operands in self.steps:
            inputs = [values[i] for i in operands]
            value = _function(name, operands)(*inputs)
            # NumPy hands out bare entries of object arrays, and bounds of the definition as floats: the oracle's next
            # step needs an array of its own numbers.
            of_objects = any(isinstance(x, np.ndarray) and x.dtype == object for x in inputs)
            values.append(packed(value) if of_objects else value)
        return values[-1]

    def __repr__(self) -> str:
        return "; ".join(f"v{i} = {name} {list(at)}" for i, (name, at) in enumerate(self.steps))


def _function(name: str, operands: tuple[int, ...]) -> Callable[..., Any]:
    table: dict[str, Any] = UNARY if len(operands) == 1 else BINARY
    return table[name]  # type: ignore[no-any-return]


_SHAPES = st.sampled_from([(), (1,), (2,), (3,), (1, 2), (2, 2), (2, 3), (3, 2), (2, 1, 2)])
#: 24 significant bits, so the number is the same in float32 and float64.
_NUMBERS = st.one_of(
    st.floats(2.0**-12, 4, width=32),
    st.floats(-4, -(2.0**-12), width=32),
    st.floats(2.0**-60, 2.0**-12, width=32),
    st.floats(4, 40, width=32),
)


@st.composite
def _arguments(draw: st.DrawFn) -> list[Array]:
    """One or two arrays, no entry equal to another: at a tie there is no one gradient."""
    shapes = draw(st.lists(_SHAPES, min_size=1, max_size=2))
    counts = [int(np.prod(shape, dtype=int)) for shape in shapes]
    entries = draw(st.lists(_NUMBERS, min_size=sum(counts), max_size=sum(counts), unique=True))
    parts = np.split(np.array(entries, np.float64), np.cumsum(counts)[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


@st.composite
def programs(draw: st.DrawFn, dtype: str = "float64", longest: int = 5) -> tuple[Program, Scenario]:
    """A program with arguments and a cotangent for it; entries are distinct and not zero."""
    args = draw(_arguments())
    values, steps = list(args), []
    for _ in range(draw(st.integers(1, longest))):
        table: Any = draw(st.sampled_from([UNARY, UNARY, BINARY]))
        name = draw(st.sampled_from(sorted(table)))
        # Mostly the newest value, so that programs are deep and not wide.
        newest = len(values) - 1
        at = [draw(st.sampled_from([newest, newest, *range(newest + 1)]))]
        at += [draw(st.integers(0, newest))] if table is BINARY else []
        step = name, tuple(at)
        value = _moderate(Program((step,)), values)
        if value is not None:
            steps.append(step)
            values.append(value)
    steps = steps or [("x + 0.3", (0,))]
    program = Program(tuple(steps))
    shape = np.shape(program(*args))
    y_bar = np.random.default_rng(draw(st.integers(0, 2**20))).normal(size=shape).astype(np.float32)
    return program, scenario(*args, y_bar=y_bar, dtype=dtype)


def _moderate(step: Program, values: list[Any]) -> Any:
    """The value of one more step; None where it does not fit or leaves the moderate range."""
    ((name, at),) = step.steps
    if name in NEEDS_AN_ARRAY and not np.ndim(values[at[0]]):
        return None
    if name in {"x·x", "dot"} and max(np.ndim(values[i]) for i in at) > 2:
        return None  # np.dot of stacks is no matmul; see test_functions
    if name in SINGULAR and not np.all(values[at[-1]]):
        return None
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(_function(name, at)(*(values[i] for i in at)))
    except (ValueError, IndexError):
        return None
    small_enough = value.size <= 24 and bool(np.all(np.abs(value) < LARGEST))
    return value if small_enough and value.dtype == np.float64 else None
