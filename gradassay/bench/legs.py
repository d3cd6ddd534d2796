"""What a bench times: each operation's case of a given size, and each implementation's way to run it.

Arrays become native tensors outside of the timed region, and programs are compiled there. Timed is what a user runs,
until the result is there: the forward alone, and the forward with the pullback, for every differentiable argument.
PyTorch: autograd, which records the forward alone as well. TensorFlow: an eager tape, or both inside one
``tf.function``; a sparse gradient is made dense, since a gradient of the array's own shape is what the others deliver.
JAX: one ``jit`` of the forward, and one of forward and ``jax.vjp``. Arrays, an index among them, are arguments of a
compiled program and not constants in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from comparators import jax as jax_
from comparators import pytorch, tensorflow
from comparators.adapters import Function
from comparators.jax.adapter import exactly, restricted
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array, Operation
from gradassay.vocabulary.bench import OURS

Step = Callable[[], Any]

#: Columns of a weight matrix: as many as the hidden layer of the source documents has.
OUTPUTS = 10


@dataclass(frozen=True, eq=False)
class Case:
    """One operation on one size: arguments, parameters and the cotangent, as NumPy arrays."""

    operation: Operation
    args: tuple[Array, ...]
    params: Mapping[str, Any]
    cotangent: Array

    @property
    def arrays(self) -> dict[str, Array]:
        """The parameters that are arrays."""
        return {name: value for name, value in self.params.items() if isinstance(value, np.ndarray)}

    @property
    def settings(self) -> dict[str, Any]:
        """The parameters that are none."""
        return {name: value for name, value in self.params.items() if not isinstance(value, np.ndarray)}

    @property
    def nbytes(self) -> int:
        """Of all that a call is given."""
        return sum(array.nbytes for array in (*self.args, *self.arrays.values(), self.cotangent))


@dataclass(frozen=True)
class Legs:
    """One implementation of one case, ready to run."""

    forward: Step
    """Gives the primal."""
    both: Step
    """Gives the primal, and the cotangents of the differentiable arguments."""


def make_case(operation: Operation, size: tuple[int, int], dtype: str, rng: np.random.Generator) -> Case:
    """A batch of ``size``: normal values; probabilities are a softmax of them; labels and rows by index.

    Reductions are over rows; weights map the columns to ``OUTPUTS`` and leave the size of a value as it is.
    """
    count, columns = size
    x, t = rng.normal(size=(2, *size))
    rows, labels = rng.integers(0, count, size=count), rng.integers(0, columns, size=count)
    p = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
    layer = x, rng.normal(size=(columns, OUTPUTS)) / np.sqrt(columns), rng.normal(size=OUTPUTS)
    classes = rng.integers(0, OUTPUTS, size=count)
    made: dict[str, tuple[tuple[Array, ...], dict[str, Any]]] = {
        "cross_entropy": ((p, labels), {}),
        "softmax_cross_entropy": ((x, labels), {}),
        "get_item": ((x,), {"index": rows}),
        "get_item_grad": ((x,), {"index": rows, "shape": size}),
        "log": ((p,), {}),
        "clip": ((x,), {"low": -1.0, "high": 1.0}),
        **{name: ((x,), {"axis": -1}) for name in ("sum", "mean", "max", "min")},
        "affine": (layer, {}),
        "mean_squared_error": ((x, t), {}),
        "softmax_regression": ((*layer, classes), {}),
        "sigmoid_classifier": ((*layer, classes), {}),
    }
    given, params = made.get(operation.name, ((x,), {}))
    args = tuple(a.astype(FORMATS[dtype].dtype) if a.dtype.kind == "f" else a for a in given)
    y, _ = operation.rule(*args, **params)
    cotangent = np.asarray(rng.normal(size=y.shape)).astype(FORMATS[dtype].dtype)
    return Case(operation, args, params, cotangent)


def numpy_legs(case: Case) -> Legs:
    """Our rule and its pullback."""
    rule, args, params, y_bar = case.operation.rule, case.args, case.params, case.cotangent

    def both() -> tuple[Any, Any]:
        y, pullback = rule(*args, **params)
        return y, pullback(y_bar)

    return Legs(lambda: rule(*args, **params)[0], both)


def torch_legs(case: Case) -> Legs:
    """PyTorch's function under autograd."""
    import torch

    def native(array: Array) -> Any:
        if array.dtype.kind in "iu":
            return torch.tensor(array)
        return torch.tensor(array.astype(np.float64)).to(getattr(torch, array.dtype.name))

    args, y_bar, arrays = _native(case, native)
    fn = partial(pytorch.COMPARATORS["torch"].functions[case.operation.name], **case.settings, **arrays)
    leaves = [args[i].requires_grad_() for i in case.operation.differentiable]

    def both() -> tuple[Any, Any]:
        y = fn(*args)
        return y, torch.autograd.grad(y, leaves, y_bar)

    return Legs(lambda: fn(*args), both)


def tensorflow_legs(case: Case, compiled: Callable[[Function], Function] = lambda fn: fn) -> Legs:
    """TensorFlow's function under a tape; ``compiled`` makes a program of the forward, and of both together."""
    import tensorflow as tf

    args, y_bar, arrays = _native(case, tf.constant)
    fn = partial(tensorflow.COMPARATORS["tensorflow"].functions[case.operation.name], **case.settings)

    def forward_and_pullback(y_bar: Any, *args: Any, **arrays: Any) -> tuple[Any, Any]:
        sources = [args[i] for i in case.operation.differentiable]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            y = fn(*args, **arrays)
        return y, [tf.convert_to_tensor(g) for g in tape.gradient(y, sources, output_gradients=y_bar)]

    forward, both = compiled(fn), compiled(forward_and_pullback)
    return Legs(lambda: forward(*args, **arrays), lambda: both(y_bar, *args, **arrays))


def tensorflow_function_legs(case: Case) -> Legs:
    """The same, traced."""
    import tensorflow as tf

    return tensorflow_legs(case, partial(tf.function, autograph=False))


def jax_legs(case: Case) -> Legs:
    """JAX's function, compiled; a compiled program keeps its 64 bits wherever it is called."""
    with exactly():
        import jax
        import jax.numpy as jnp

        args, y_bar, arrays = _native(case, jnp.array)
        fn = partial(jax_.COMPARATORS["jax"].functions[case.operation.name], **case.settings)
        wanted = list(case.operation.differentiable)

        def forward_and_pullback(y_bar: Any, *args: Any, **arrays: Any) -> tuple[Any, Any]:
            y, pullback = jax.vjp(restricted(fn, list(args), wanted, arrays), *(args[i] for i in wanted))
            return y, pullback(y_bar)

        forward = jax.jit(fn).lower(*args, **arrays).compile()
        both = jax.jit(forward_and_pullback).lower(y_bar, *args, **arrays).compile()
        done = jax.block_until_ready
    return Legs(lambda: done(forward(*args, **arrays)), lambda: done(both(y_bar, *args, **arrays)))


def _native(case: Case, native: Callable[[Array], Any]) -> tuple[list[Any], Any, dict[str, Any]]:
    """Arguments, cotangent, and the parameters that are arrays."""
    arrays = {name: native(array) for name, array in case.arrays.items()}
    return [native(array) for array in case.args], native(case.cotangent), arrays


#: Implementation -> how it is made ready; ours first, it is what the others are held against.
LEGS: Mapping[str, Callable[[Case], Legs]] = {
    OURS: numpy_legs,
    "torch": torch_legs,
    "tensorflow": tensorflow_legs,
    "tensorflow.function": tensorflow_function_legs,
    "jax": jax_legs,
}


def framework_of(implementation: str) -> str:
    """The package that it needs: ``tensorflow`` of ``tensorflow.function``."""
    return implementation.partition(".")[0]
