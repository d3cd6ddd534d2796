"""TensorFlow's second derivatives: a tape in a tape, and a forward accumulator around a tape.

Both are rules of a function's pullback: ``rule(*args, y_bar) -> x_bar``, one vector where there are several
gradients. What does not depend on an argument has the gradient 0; TensorFlow says None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from comparators.adapters import Function, Native, convert, exposing
from comparators.tensorflow.adapter import array_of, from_tensorflow, tf
from gradassay.vocabulary import Array, Rule


def tape_in_tape(fn: Function, *, differentiable: tuple[int, ...]) -> Rule:
    """The pullback of ``fn``, itself differentiated by an outer tape."""
    wanted = differentiable[:-1]

    @exposing(fn)
    def pullback(*tensors: Native, **params: Any) -> Native:
        *inputs, y_bar = tensors
        return _joined(_pulled(fn, inputs, wanted, params, y_bar)[1])

    return from_tensorflow(pullback, differentiable=differentiable, unconnected=np.zeros_like)


def forward_over_tape(fn: Function, *, differentiable: tuple[int, ...]) -> Rule:
    """The pullback of ``fn``, itself differentiated by a forward accumulator in the direction of its cotangent."""
    wanted = differentiable[:-1]

    @exposing(fn)
    def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
        with tf.device("CPU:0"):
            *inputs, y_bar = (tf.constant(np.asarray(array)) for array in args)
            params = {name: convert(value, tf.constant) for name, value in params.items()}
            _, x_bars = _pulled(fn, inputs, wanted, params, y_bar)

        def pullback(x_bar_bar: Any) -> Any:
            with tf.device("CPU:0"):
                sources = [inputs[i] for i in wanted]
                parts = tf.split(tf.reshape(tf.constant(x_bar_bar), [-1]), [tf.size(x) for x in sources])
                dots = [tf.reshape(part, x.shape) for part, x in zip(parts, sources, strict=True)]
                with tf.autodiff.ForwardAccumulator(sources, dots) as forward:
                    y, found = _pulled(fn, inputs, wanted, params, y_bar)
                zero = tf.UnconnectedGradients.ZERO
                return tuple(array_of(forward.jvp(z, unconnected_gradients=zero)) for z in (*found, y))

        return array_of(_joined(x_bars)), pullback

    return rule


def _pulled(
    fn: Function, inputs: list[Native], wanted: tuple[int, ...], params: dict[str, Any], y_bar: Native
) -> tuple[Native, list[Native]]:
    sources = [inputs[i] for i in wanted]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(sources)
        y = fn(*inputs, **params)
    found = tape.gradient(
        y,
        sources,
        output_gradients=tf.cast(y_bar, y.dtype),
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    return y, [tf.convert_to_tensor(x_bar) for x_bar in found]


def _joined(x_bars: list[Native]) -> Native:
    return x_bars[0] if len(x_bars) == 1 else tf.concat([tf.reshape(x_bar, [-1]) for x_bar in x_bars], 0)
