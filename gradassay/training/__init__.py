"""The same training in every implementation: losses side by side, and the first operation that goes its own way.

Each implementation walks its own trajectory. At every step each operation of it (forward, pullback, update) is a
scenario at the inputs that this implementation had, held against certified truth within the budget: an operation that
is wrong is named with the first step at which it is, and what went before does not blur it.

The losses are compared besides. Where they part although every operation kept to its budget, the cause can only be
that the training amplifies rounding errors; that is shown by NumPy runs whose every operation keeps to its budget too,
and which part as far (:mod:`gradassay.training.moved`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from comparators import registry
from comparators import training as trainers
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.training.judging import Judge
from gradassay.training.parting import Progress, parted_at, partings
from gradassay.training.results import Training
from gradassay.training.setups import SETUPS, Setup
from gradassay.vocabulary import Array
from gradassay.vocabulary.training import ADD, Program, Recorded, Trainer, Values
from reference_impls.models.network import Rules, add, trainer
from reference_impls.models.optimizers import adam, sgd

DTYPES = ("float64", "float32")

#: Trained where nothing else is asked for.
IMPLEMENTATIONS = ("numpy", "torch", "tensorflow")


def train(
    setup: str | Setup,
    *,
    implementations: Sequence[str] = IMPLEMENTATIONS,
    steps: int = 1000,
    seed: int = 0,
    dtype: str = "float64",
    check_every: int = 1,
    rules: Rules | None = None,
    progress: Progress | None = None,
) -> Training:
    """Train one set-up in every implementation, judge their operations, compare their losses.

    ``rules`` replaces rules of ``numpy`` by name: operations of the catalogue, ``add``, and the updates ``sgd`` and
    ``adam`` (functions as in :mod:`reference_impls.models.optimizers`). With ``check_every`` above 1, operations are
    judged at one step in so many; before a fault or a parting all of them are.

    A rule that raises, or whose result is not of the structure that it has to be, ends the training of ``numpy`` with
    that fault; the losses are NaN from there on. UsageError for an unknown name or dtype, and for a number that is not
    whole or too small.
    """
    started = time.perf_counter()
    if isinstance(setup, str):
        if setup not in SETUPS:
            raise UsageError.unknown("set-up", setup, tuple(SETUPS))
        setup = SETUPS[setup]
    if dtype not in DTYPES:
        raise UsageError.unknown("dtype", dtype, DTYPES)
    for what, value, least in (("steps", steps, 1), ("check_every", check_every, 1), ("seed", seed, 0)):
        if not isinstance(value, int | np.integer) or value < least:
            raise UsageError(f"{what} is {value!r}; it has to be a whole number from {least}")
    ours = numpy_rules()
    _check_rules(rules or {}, tuple(ours), setup)
    ours |= rules or {}
    if isinstance(implementations, str):
        implementations = (implementations,)
    able, missing = _load(implementations, ours, setup.program)
    values = setup.values(seed, dtype)
    told = progress or (lambda label, done, total: None)

    judges = {name: Judge(setup.program) for name in able}
    losses = _race(setup, values, able, judges, steps, lambda step: step % check_every == 0, told)
    firsts = [parted_at(losses[a], losses[b], dtype) for a, b in combinations(losses, 2)]
    suspects = [step for step in firsts if step is not None]
    suspects += [fault.step for judge in judges.values() for fault in judge.faults.values()]
    if check_every > 1 and suspects:
        last = max(suspects) + 1
        _race(setup, values, able, judges, last, lambda step: step % check_every != 0, told)
        for name, judge in judges.items():
            if judge.ended is not None:
                losses[name][judge.ended + 1 :] = np.nan

    return Training(
        setup,
        steps,
        seed,
        dtype,
        tuple(judge.trajectory(name, losses[name]) for name, judge in judges.items()),
        partings(setup, values, losses, judges, dtype, told),
        check_every,
        missing,
        time.perf_counter() - started,
    )


def chosen_setups(names: Sequence[str]) -> tuple[Setup, ...]:
    """The set-ups whose name begins with one of ``names``, all where there is none; UsageError where none does."""
    for name in names:
        if not any(known.startswith(name) for known in SETUPS):
            raise UsageError.unknown("set-up", name, tuple(SETUPS))
    return tuple(setup for setup in SETUPS.values() if not names or setup.name.startswith(tuple(names)))


def numpy_rules() -> dict[str, Callable[..., Any]]:
    """The rules that ``numpy`` trains with."""
    catalogue = {name: operation.rule for name, operation in OPERATIONS.items()}
    return {**catalogue, ADD: add, "sgd": sgd, "adam": adam}


def _check_rules(rules: Rules, known: tuple[str, ...], setup: Setup) -> None:
    """UsageError for a rule that would replace nothing, or that is none."""
    used = (*dict.fromkeys(call.operation for call in setup.program.calls), ADD, setup.optimizer.name)
    for name, rule in rules.items():
        if name not in known:
            raise UsageError.unknown("operation", name, known)
        if name not in used:
            raise UsageError(f"rules: {name} is no part of {setup.name}, which is made of {', '.join(used)}")
        if not callable(rule):
            raise UsageError(
                f"rules: {name} is {rule!r}; a rule is a function that returns (primal, pullback)"
            )


def _load(names: Sequence[str], rules: Rules, program: Program) -> tuple[dict[str, Trainer], dict[str, str]]:
    """Those that can run, and why the others cannot."""
    known = trainers.names()
    for name in names:
        if name not in known:
            raise UsageError.unknown("implementation", name, known)
    able: dict[str, Trainer] = {}
    missing: dict[str, str] = {}
    for name in known:
        if name in names:
            try:
                able[name] = trainer(rules) if name == registry.NUMPY else trainers.load(name, program)
            except registry.Missing as error:
                missing[name] = str(error)
    return able, missing


def _race(
    setup: Setup,
    values: Values,
    able: Mapping[str, Trainer],
    judges: Mapping[str, Judge],
    steps: int,
    recorded: Recorded,
    told: Progress,
) -> dict[str, Array]:
    """All side by side; the losses of each, NaN after its end."""
    running = {
        name: run(setup.program, {k: x.copy() for k, x in values.items()}, setup.optimizer, recorded)
        for name, run in able.items()
    }
    losses = {name: np.full(steps, np.nan) for name in able}
    for number in range(steps):
        told(setup.name, number, steps)
        for name in tuple(running):
            step = next(running[name])
            losses[name][number] = step.loss
            judges[name].see(number, step)
            if judges[name].ended == number:
                del running[name]
    return losses
