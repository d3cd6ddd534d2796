"""``from_tensorflow``: a TensorFlow function as a rule, eager, on the CPU."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from comparators.adapters import (
    Function,
    Lazy,
    Unconnected,
    convert,
    environment,
    exposing,
    no_gradient,
    select,
    spread,
)
from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Rule

__all__ = ["array_of", "from_tensorflow", "quietly", "tf"]


@contextmanager
def quietly() -> Iterator[None]:
    """Import without a word and without a GPU; a TensorFlow that the caller imported stays as it is.

    Some lines are written by C++ static initialisers before any log level counts, so the file descriptor of
    stderr points nowhere for the length of the import; an import that fails still raises.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    stderr = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        with environment(CUDA_VISIBLE_DEVICES="-1"):
            os.dup2(nowhere, 2)
            import absl.logging
            import tensorflow

            absl.logging.set_verbosity(absl.logging.ERROR)
            tensorflow.get_logger().setLevel("ERROR")
            tensorflow.config.set_visible_devices([], "GPU")  # looks for GPUs now, while none is visible
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = Lazy("tensorflow", quietly)


def from_tensorflow(
    fn: Function, *, differentiable: tuple[int, ...] | None = None, unconnected: Unconnected = no_gradient
) -> Rule:
    """The rule of a TensorFlow function, by a gradient tape.

    ``fn(*tensors, **params)`` returns one tensor. Every floating argument (or only those at the positions
    ``differentiable``) is watched; the pullback returns a cotangent for each argument, None where TensorFlow
    has none (or ``unconnected(argument)``), or the one alone of a single argument. IndexedSlices come back dense.
    Arrays in parameters (an index) become tensors too.
    """

    @exposing(fn)
    def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
        arrays = [np.asarray(array) for array in args]
        wanted = select((is_floating(array.dtype) for array in arrays), differentiable)
        with tf.device("CPU:0"), tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tensors = [tf.constant(array) for array in arrays]
            sources = [tensors[i] for i in wanted]
            tape.watch(sources)
            y = fn(*tensors, **{name: convert(value, tf.constant) for name, value in params.items()})

        def pullback(y_bar: Any) -> Any:
            with tf.device("CPU:0"):
                seed = tf.cast(tf.constant(np.asarray(y_bar)), y.dtype)
                found = tape.gradient(y, sources, output_gradients=seed)
            x_bars = [
                unconnected(args[i]) if x_bar is None else array_of(x_bar)
                for i, x_bar in zip(wanted, found, strict=True)
            ]
            return spread(x_bars, wanted, len(args))

        return array_of(y), pullback

    return rule


def array_of(tensor: Any) -> Array:
    """The tensor, or IndexedSlices, as an array."""
    return np.asarray(tf.convert_to_tensor(tensor).numpy())
