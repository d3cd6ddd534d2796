"""Trainers: who runs a training program step by step, and what those of the frameworks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from comparators import registry
from comparators.adapters import Function, Native
from gradassay.errors import UsageError
from gradassay.vocabulary import Array
from gradassay.vocabulary.training import ADD, Call, Program, Record, Trainer, call_record, sum_record

#: implementation -> our module with ``TRAINERS``: name -> trainer; importing it imports no framework.
TRAINERS: Mapping[str, str] = {
    "torch": "comparators.pytorch.training",
    "tensorflow": "comparators.tensorflow.training",
    "tensorflow.keras": "comparators.tensorflow.training",
}


def names() -> tuple[str, ...]:
    """Every implementation that trains, installed or not."""
    return (registry.NUMPY, *TRAINERS)


def load(name: str, program: Program) -> Trainer:
    """The framework's trainer of that name, its framework imported.

    Missing with the remedy where a package is not installed or the framework lacks an operation of the program;
    UsageError for a name that is not known.
    """
    if name not in TRAINERS:
        raise UsageError.unknown("implementation", name, names())
    registry.load(name)
    able = {ADD, *registry.operations(name.partition(".")[0])}
    lacking = [call.operation for call in program.calls if call.operation not in able]
    if lacking:
        raise registry.Missing(f"{name} has no {', '.join(dict.fromkeys(lacking))}")
    trainer: Trainer = import_module(TRAINERS[name]).TRAINERS[name]
    return trainer


@dataclass(frozen=True)
class Ran:
    """One call on native tensors."""

    call: Call
    args: tuple[Native, ...]
    result: Native


def forward(
    program: Program,
    values: Mapping[str, Native],
    functions: Mapping[str, Function],
    alias: Callable[[Native], Native],
) -> list[Ran]:
    """Run the program's calls; every use of a shared name is an alias of its own, so that each has its cotangent."""
    known, ran = dict(values), []
    for call in program.calls:
        args = tuple(alias(known[name]) if name in program.shared else known[name] for name in call.args)
        function = total if call.operation == ADD else functions[call.operation]
        known[call.result] = function(*args, **call.params)
        ran.append(Ran(call, args, known[call.result]))
    return ran


def total(*terms: Native) -> Native:
    """The sum of tensors of one shape."""
    y = terms[0]
    for term in terms[1:]:
        y = y + term
    return y


def sources(program: Program, ran: Sequence[Ran], parameters: Sequence[Native]) -> list[Native]:
    """The tensors to differentiate with respect to: results, arguments with a gradient, then the parameters."""
    wanted = [part for r in ran for part in (r.result, *(r.args[i] for i in program.differentiable(r.call)))]
    return [*wanted, *parameters]


def records(
    program: Program, ran: Sequence[Ran], found: Sequence[Any], array_of: Callable[[Any], Array]
) -> list[Record]:
    """What every call was given and returned; ``found`` are the gradients with respect to :func:`sources`."""
    gradients, made = iter(found), []
    uses: dict[str, list[Array]] = {name: [] for name in program.shared}
    for r in ran:
        cotangent = array_of(next(gradients))
        wanted = program.differentiable(r.call)
        pulled = [None if g is None else array_of(g) for g in (next(gradients) for _ in wanted)]
        args = [array_of(x) for x in r.args]
        made.append(call_record(program, r.call, args, array_of(r.result), cotangent, pulled))
        for i, g in zip(wanted, pulled, strict=True):
            if r.call.args[i] in uses and g is not None:
                uses[r.call.args[i]].append(g)
    totals = dict(zip(program.parameters, gradients, strict=True))
    made += [
        sum_record(name, terms, array_of(totals[name])) for name, terms in uses.items() if name in totals
    ]
    return made
