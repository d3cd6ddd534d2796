"""What a bench times: each operation's case of a given size, and each implementation's way to run it.

Arrays become native tensors outside of the timed region. Timed is what a user runs: the forward alone, and
the forward with the pullback, for every differentiable argument (PyTorch: autograd; TensorFlow: an eager tape, a
sparse gradient made dense, since a gradient of the array's own shape is what the others deliver).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from comparators import pytorch, tensorflow
from comparators.adapters import convert
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array, Operation

Step = Callable[[], object]

#: Columns of a weight matrix: as many as the hidden layer of the source documents has.
OUTPUTS = 10


@dataclass(frozen=True, eq=False)
class Case:
    """One operation on one size: arguments, parameters and the cotangent, as NumPy arrays."""

    operation: Operation
    args: tuple[Array, ...]
    params: Mapping[str, Any]
    cotangent: Array


@dataclass(frozen=True)
class Legs:
    """One implementation of one case, ready to run."""

    forward: Step
    both: Step
    """Forward and pullback."""


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

    def both() -> object:
        _, pullback = rule(*args, **params)
        return pullback(y_bar)

    return Legs(lambda: rule(*args, **params)[0], both)


def torch_legs(case: Case) -> Legs:
    """PyTorch's function under autograd."""
    import torch

    def native(array: Array) -> Any:
        if array.dtype.kind in "iu":
            return torch.tensor(array)
        return torch.tensor(array.astype(np.float64)).to(getattr(torch, array.dtype.name))

    fn, params = pytorch.COMPARATORS["torch"].functions[case.operation.name], _native(case.params, native)
    args, y_bar = [native(array) for array in case.args], native(case.cotangent)
    leaves = [args[i].requires_grad_() for i in case.operation.differentiable]
    return Legs(
        lambda: fn(*args, **params),
        lambda: torch.autograd.grad(fn(*args, **params), leaves, y_bar),
    )


def tensorflow_legs(case: Case) -> Legs:
    """TensorFlow's function under an eager tape."""
    import tensorflow as tf

    fn, params = (
        tensorflow.COMPARATORS["tensorflow"].functions[case.operation.name],
        _native(case.params, tf.constant),
    )
    args, y_bar = [tf.constant(array) for array in case.args], tf.constant(case.cotangent)
    sources = [args[i] for i in case.operation.differentiable]

    def both() -> object:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            y = fn(*args, **params)
        return [tf.convert_to_tensor(g) for g in tape.gradient(y, sources, output_gradients=y_bar)]

    return Legs(lambda: fn(*args, **params), both)


def _native(params: Mapping[str, Any], native: Callable[[Array], Any]) -> dict[str, Any]:
    return {name: convert(value, native) for name, value in params.items()}


#: Implementation -> how it is made ready; ours first, it is what the others are held against.
LEGS: Mapping[str, Callable[[Case], Legs]] = {
    "numpy": numpy_legs,
    "torch": torch_legs,
    "tensorflow": tensorflow_legs,
}


@contextmanager
def single_threaded() -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Load what is installed and pin it to one thread; yields what was pinned, and what is missing and why."""
    pinned: dict[str, str] = {}
    missing: dict[str, str] = {}
    undo: list[Callable[[], object]] = []
    for name, pin in (("BLAS and OpenMP", _pin_blas), ("torch", _pin_torch), ("tensorflow", _pin_tensorflow)):
        try:
            pinned[name], restore = pin()
            undo.append(restore)
        except (ImportError, OSError) as error:
            (missing if name in LEGS else pinned)[name] = f"not installed ({error})"
    try:
        yield pinned, missing
    finally:
        for restore in reversed(undo):
            restore()


def _pin_torch() -> tuple[str, Callable[[], object]]:
    pytorch.torch.load()  # type: ignore[attr-defined]
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    return "1 thread", lambda: torch.set_num_threads(before)


def _pin_tensorflow() -> tuple[str, Callable[[], object]]:
    tensorflow.tf.load()  # type: ignore[attr-defined]
    import tensorflow as tf

    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(1)
        threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # its first operation has run, after which it takes no more settings
        count = threading.get_intra_op_parallelism_threads() or "all"
        return f"not pinned: it ran before the bench did, on {count} threads", lambda: None
    return "1 thread, for the rest of this process", lambda: None


def _pin_blas() -> tuple[str, Callable[[], object]]:
    if importlib.util.find_spec("threadpoolctl") is None:
        return "not pinned: threadpoolctl is not installed", lambda: None
    threadpoolctl: Any = importlib.import_module("threadpoolctl")  # it has no type hints
    limits = threadpoolctl.threadpool_limits(limits=1)
    return "1 thread", limits.restore_original_limits
