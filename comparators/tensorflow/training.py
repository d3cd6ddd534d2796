"""TensorFlow as a trainer: a gradient tape through the program, and two ways to update.

``tensorflow`` updates by the published formulas, written in TensorFlow's own operations on variables.
``tensorflow.keras`` updates by ``keras.optimizers``, which hold the rate in float32 unless Keras' ``floatx`` is
float64, and whose Adam adds epsilon before it corrects the bias.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from comparators import training
from comparators.adapters import Native
from comparators.tensorflow import COMPARATORS
from comparators.tensorflow.adapter import array_of, tf
from gradassay.vocabulary.training import (
    Optimizer,
    Program,
    Recorded,
    Step,
    Trainer,
    Values,
    update_record,
)

#: ``update(cotangents)`` changes the variables and ``state``: the optimizer's moments, m then v.
Update = Callable[[Sequence[Native]], None]


def steps(
    program: Program,
    values: Values,
    optimizer: Optimizer,
    recorded: Recorded,
    *,
    updates: Callable[[list[Native], Optimizer], tuple[Update, list[list[Native]]]],
) -> Iterator[Step]:
    """A tape, asked for the cotangent of every intermediate too, then the update."""
    functions = COMPARATORS["tensorflow"].functions
    with tf.device("CPU:0"):
        data = {name: tf.constant(values[name]) for name in program.data}
        variables = [tf.Variable(values[name]) for name in program.parameters]
        update, state = updates(variables, optimizer)
    step = 0
    while True:
        with tf.device("CPU:0"):
            w = [tf.convert_to_tensor(variable) for variable in variables]
            named = dict(zip(program.parameters, w, strict=True))
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(w)
                ran = training.forward(program, data | named, functions, tf.identity)
            loss = ran[-1].result
            if recorded(step):
                found = tape.gradient(loss, training.sources(program, ran, w))
                made = training.records(program, ran, found, array_of)
            else:
                found, made = tape.gradient(loss, w), []
            w_bars = [tf.convert_to_tensor(w_bar) for w_bar in found[-len(w) :]]
            before = [_arrays(w), *map(_arrays, state), _arrays(w_bars)] if made else []
            update(w_bars)
            if made:
                after = [_arrays(variables), *map(_arrays, state)]
                made.append(update_record(optimizer, step, before, after))
        yield Step(float(loss), tuple(made))
        step += 1


def _arrays(tensors: Sequence[Native]) -> list[Any]:
    return [array_of(x).copy() for x in tensors]


def by_formula(variables: list[Native], optimizer: Optimizer) -> tuple[Update, list[list[Native]]]:
    """SGD and Adam as published, on variables."""
    params = optimizer.params
    if optimizer.name == "sgd":

        def descend(w_bars: Sequence[Native]) -> None:
            for w, w_bar in zip(variables, w_bars, strict=True):
                w.assign_sub(params["rate"] * w_bar)

        return descend, []
    m, v = ([tf.Variable(tf.zeros_like(w)) for w in variables] for _ in range(2))
    beta1, beta2 = params["beta1"], params["beta2"]
    count = 0

    def adapt(w_bars: Sequence[Native]) -> None:
        nonlocal count
        count += 1
        for w, w_bar, first, second in zip(variables, w_bars, m, v, strict=True):
            first.assign(beta1 * first + (1 - beta1) * w_bar)
            second.assign(beta2 * second + (1 - beta2) * tf.square(w_bar))
            root = tf.sqrt(second / (1 - beta2**count)) + params["epsilon"]
            w.assign_sub(params["rate"] * (first / (1 - beta1**count)) / root)

    return adapt, [m, v]


def by_keras(variables: list[Native], optimizer: Optimizer) -> tuple[Update, list[list[Native]]]:
    """The optimizer of that name in ``keras.optimizers``."""
    import keras

    params = dict(optimizer.params)
    rate = params.pop("rate")
    if optimizer.name == "sgd":
        made = keras.optimizers.SGD(rate)
    else:
        made = keras.optimizers.Adam(
            rate, beta_1=params["beta1"], beta_2=params["beta2"], epsilon=params["epsilon"]
        )
    made.build(variables)
    kinds = ("momentum", "velocity") if optimizer.name == "adam" else ()
    state = [[x for x in made.variables if x.name.endswith(kind)] for kind in kinds]

    def update(w_bars: Sequence[Native]) -> None:
        made.apply(w_bars, variables)

    return update, state


TRAINERS: Mapping[str, Trainer] = {
    "tensorflow": partial(steps, updates=by_formula),
    "tensorflow.keras": partial(steps, updates=by_keras),
}
