"""Softmax regression, linear regression and the multi-layer perceptron: as programs, and on the hand-written rules.

A program says which operation is applied to what, for whoever runs it; a model is a program with its parameters, run by
the rules of this package. Its loss is a rule as any other, with one cotangent for each parameter::

    softmax regression   L = -(1/N) sum_n log softmax(x W + b)[n, label_n]
    linear regression    L = mean (x W + b - t)^2  [+ strength (||W|| + ||b||)]
    perceptron           L = softmax_cross_entropy(... f(x W1 + b1) W2 + b2 ..., labels)

Shapes: x (N, D), W (D, C), b (C,), labels (N,), t (N, C). Dtypes: those of the parameters. Errors: those of the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradassay.vocabulary import Array
from gradassay.vocabulary.training import ADD, Call, Program
from reference_impls.activations import relu, sigmoid, tanh
from reference_impls.affine import affine
from reference_impls.losses import l2_penalty, mean_squared_error
from reference_impls.models.network import add, run
from reference_impls.models.recorder import Plain, Rules
from reference_impls.softmax_cross_entropy import softmax_cross_entropy

RULES: Rules = {
    "affine": affine,
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softmax_cross_entropy": softmax_cross_entropy,
    "mean_squared_error": mean_squared_error,
    "l2_penalty": l2_penalty,
    ADD: add,
}


def softmax_regression() -> Program:
    """``softmax_cross_entropy(x W + b, labels)``."""
    return Program(
        (Call("z", "affine", ("x", "W", "b")), Call("loss", "softmax_cross_entropy", ("z", "labels"))),
        data=("x", "labels"),
    )


def mlp(activation: str, layers: int = 2) -> Program:
    """Affine layers with an activation between them, then softmax cross entropy."""
    calls = []
    previous = "x"
    for i in range(1, layers + 1):
        calls.append(Call(f"z{i}", "affine", (previous, f"W{i}", f"b{i}")))
        previous = f"a{i}"
        if i < layers:
            calls.append(Call(previous, activation, (f"z{i}",)))
    calls.append(Call("loss", "softmax_cross_entropy", (f"z{layers}", "labels")))
    return Program(tuple(calls), data=("x", "labels"))


def linear_regression(penalty: float | None = None) -> Program:
    """``mean_squared_error(x W + b, t)``, with ``penalty`` also strength (||W|| + ||b||), norms not squared."""
    fit = (Call("y", "affine", ("x", "W", "b")), Call("fit", "mean_squared_error", ("y", "t")))
    if penalty is None:
        return Program((fit[0], Call("loss", "mean_squared_error", ("y", "t"))), data=("x", "t"))
    norms = tuple(Call(f"norm_{w}", "l2_penalty", (w,), {"strength": penalty}) for w in ("W", "b"))
    return Program((*fit, *norms, Call("loss", ADD, ("fit", "norm_W", "norm_b"))), data=("x", "t"))


@dataclass
class Model:
    """A program and the values of its parameters."""

    program: Program
    parameters: Mapping[str, Array]

    def loss(self, x: Array, target: Array) -> tuple[Array, Callable[[Any], dict[str, Array]]]:
        """The loss on inputs and labels (or t), and ``pullback(loss_bar) -> {parameter: cotangent}``."""
        data = dict(zip(self.program.data, (x, target), strict=True))
        return run(self.program, {**data, **self.parameters}, Plain(self.program, RULES))


class SoftmaxRegression(Model):
    """``softmax_cross_entropy(x W + b, labels)``."""

    def __init__(self, W: Array, b: Array) -> None:
        super().__init__(softmax_regression(), {"W": W, "b": b})


class LinearRegression(Model):
    """``mean_squared_error(x W + b, t)``, with ``penalty`` also the norms of W and b times it."""

    def __init__(self, W: Array, b: Array, *, penalty: float | None = None) -> None:
        super().__init__(linear_regression(penalty), {"W": W, "b": b})


class MLP(Model):
    """A perceptron of as many layers as there are pairs (W, b)."""

    def __init__(self, *layers: tuple[Array, Array], activation: str = "sigmoid") -> None:
        parameters: dict[str, Array] = {}
        for i, (W, b) in enumerate(layers, start=1):
            parameters |= {f"W{i}": W, f"b{i}": b}
        super().__init__(mlp(activation, len(layers)), parameters)
