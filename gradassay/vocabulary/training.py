"""The words of training: a program of operations, an optimizer, and what one step of it did, operation by operation.

A model is a straight-line program over names. Every implementation runs the same program, its own way, and writes
down for each operation what went in and what came out: a scenario and an evaluation, as everywhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Evaluation, Scenario

#: The operation that adds its arguments: terms of a loss, and cotangents of a name that is used more than once.
ADD = "add"


@dataclass(frozen=True)
class Call:
    """One line of a program: ``result = operation(*args, **params)``."""

    result: str
    operation: str
    args: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """Operations in order; the last result is the loss, a number."""

    calls: tuple[Call, ...]
    data: tuple[str, ...]
    """Names of the inputs that nobody differentiates: ``x``, ``labels``."""

    @property
    def loss(self) -> str:
        """Name of the last result."""
        return self.calls[-1].result

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names that are neither data nor a result, in the order of their first use."""
        known = {*self.data, *(call.result for call in self.calls)}
        return tuple(dict.fromkeys(name for call in self.calls for name in call.args if name not in known))

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Names with a gradient that several arguments refer to: their cotangent is a sum."""
        uses = Counter(name for call in self.calls for name in call.args if name not in self.data)
        return tuple(name for name, count in uses.items() if count > 1)

    def differentiable(self, call: Call) -> tuple[int, ...]:
        """Positions of the arguments of a call that have a gradient."""
        return tuple(i for i, name in enumerate(call.args) if name not in self.data)


@dataclass(frozen=True)
class Optimizer:
    """``sgd`` or ``adam``, and its hyper-parameters by name."""

    name: str
    params: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Record:
    """What one operation of one step was given and what it returned."""

    result: str
    """Name of what it computes, as the program has it."""
    scenario: Scenario
    evaluation: Evaluation


@dataclass(frozen=True, eq=False)
class Step:
    """One step of one implementation."""

    loss: float
    """The loss before the update."""
    records: tuple[Record, ...] = ()
    """What was run, pullbacks with their operation; empty where not asked for, unless the step is the last."""


Values = Mapping[str, Array]
#: ``recorded(step)``: whether the records of that step are wanted; steps count from 0.
Recorded = Callable[[int], bool]


class Trainer(Protocol):
    """Runs a program step by step from given values, never changing them; ends only where a rule fails."""

    def __call__(
        self, program: Program, values: Values, optimizer: Optimizer, recorded: Recorded
    ) -> Iterator[Step]: ...


def call_record(
    program: Program,
    call: Call,
    args: Sequence[Array],
    primal: Array,
    cotangent: Array,
    gradients: Sequence[Array | None],
    impurity: str | None = None,
) -> Record:
    """Record one call; ``gradients`` are those of its differentiable arguments, in order.

    The dtype under test is that of the arguments, here as below: a result of another dtype is a finding.
    """
    scenario = Scenario(
        call.operation,
        _dtype(args),
        tuple(args),
        call.params,
        cotangent,
        differentiable=program.differentiable(call),
    )
    return Record(call.result, scenario, Evaluation(primal, tuple(gradients), impurity=impurity))


def failed_record(
    result: str, operation: str, args: Sequence[Array], params: Mapping[str, Any], evaluation: Evaluation
) -> Record:
    """Record an operation that did not get as far as its gradients; one with a primal was being pulled back."""
    y = evaluation.primal
    cotangent = np.zeros(() if y is None else y.shape, _dtype(args))
    scenario = Scenario(operation, _dtype(args), tuple(args), params, cotangent, differentiable=())
    return Record(result, scenario, evaluation)


def sum_record(name: str, terms: Sequence[Array], total: Array, impurity: str | None = None) -> Record:
    """Record the sum of the cotangents of a name that is used more than once."""
    scenario = Scenario(ADD, _dtype(terms), tuple(terms), {}, np.zeros_like(terms[0]), differentiable=())
    return Record(f"{name}_bar", scenario, Evaluation(total, impurity=impurity))


def update_record(
    optimizer: Optimizer,
    step: int,
    before: Sequence[Sequence[Array]],
    after: Sequence[Sequence[Array]],
    impurity: str | None = None,
) -> Record:
    """Record one update of all parameters, end to end as one vector: entry by entry it is one operation.

    ``before`` holds the arguments (parameters and state, then cotangents), ``after`` the results, each a sequence of
    one array a parameter; several results are stacked. ``step`` counts from 0.
    """
    args = tuple(_end_to_end(arrays) for arrays in before)
    results = [_end_to_end(arrays) for arrays in after]
    primal = results[0] if len(results) == 1 else np.stack(results)
    params = dict(optimizer.params)
    if optimizer.name == "adam":
        params["step"] = step + 1
    cotangent = np.zeros(primal.shape, args[0].dtype)
    scenario = Scenario(optimizer.name, _dtype(args), args, params, cotangent, differentiable=())
    return Record("parameters", scenario, Evaluation(primal, impurity=impurity))


def malformation(got: Array | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
    """What is wrong about the structure of an array; empty where nothing is."""
    if got is None:
        return "None instead of an array"
    if got.shape != shape:
        return f"shape {got.shape} instead of {shape}"
    return "" if got.dtype == dtype else f"dtype {got.dtype.name} instead of {dtype.name}"


def _dtype(args: Sequence[Array]) -> str:
    """That of the first floating argument: results keep it."""
    return next((x for x in args if is_floating(x.dtype)), args[0]).dtype.name


def _end_to_end(arrays: Sequence[Array]) -> Array:
    return np.concatenate([array.reshape(-1) for array in arrays])
