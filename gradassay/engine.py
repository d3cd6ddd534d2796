"""The engine: ``compare`` measures the catalogue; ``gradassay.verify`` shares its checks of names and numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from comparators import registry
from gradassay.catalogue import OPERATIONS
from gradassay.environment import environment, libraries
from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.orders import pullback_name
from gradassay.plan import FINITE_DIFFERENCES, Plan, Progress
from gradassay.plans import measured
from gradassay.plans import replayed as voted
from gradassay.vocabulary import Run, Witness


def implementations(order: int = 1) -> tuple[str, ...]:
    """Every name that ``compare --implementations`` takes, installed or not.

    Not finite differences for pullbacks: their slopes change over steps that no ladder meets, such as |w| = 1e-68 in
    w / |w|, and there truth has judged the slope already.
    """
    numpy, *frameworks = registry.names(order)
    return (numpy, FINITE_DIFFERENCES, *frameworks) if order == 1 else (numpy, *frameworks)


#: ``compare`` has a parameter of that name.
_every_implementation = implementations


def compare(
    operations: Sequence[str] | None = None,
    *,
    implementations: Sequence[str] | None = None,
    dtypes: Sequence[str] | None = None,
    examples: int = 100,
    seed: int = 0,
    order: int | None = 1,
    jobs: int = 1,
    subjects: Sequence[str] = (registry.NUMPY,),
    witnesses: Sequence[Witness] = (),
    progress: Progress | None = None,
) -> Run:
    """Measure the catalogue: every implementation of every operation in every dtype on the same scenarios.

    ``examples`` scenarios for each operation and dtype; the same seed gives the same run.  With ``order=2`` the
    operations' pullbacks are the operations: grad(softmax) for softmax; with None these are measured beside those, of
    the ``subjects`` alone, which is what the gate holds.  ``witnesses`` of them are replayed as well.
    Operations are shared out over ``jobs`` processes, which changes nothing but the time.  An interrupt gives the run
    so far, marked as interrupted.  Raises UsageError for a name that is not known, and for another order.
    """
    started = time.perf_counter()
    if order not in (1, 2, None):
        raise UsageError(f"order is {order!r}; it is 1 for gradients, or 2 for the pullbacks' own gradients")
    plan = Plan(
        chosen("operation", operations, tuple(OPERATIONS)),
        chosen("dtype", dtypes, tuple(FORMATS)),
        chosen("implementation", implementations, _every_implementation(order or 1)),
        positive("examples", examples),
        seed,
        order or 1,
        tuple(witnesses),
    )
    ours = tuple(name for name in plan.implementations if name in subjects)
    plans = [plan, replace(plan, implementations=ours, order=2)] if order is None and ours else [plan]
    orders = [each.order for each in plans]
    drawn = {"seed": seed, "examples": examples, "order": orders if len(orders) > 1 else orders[0]}
    return replace(
        measured(plans, positive("jobs", jobs), progress),
        subjects=tuple(subjects),
        environment=environment() | libraries() | drawn,
        seconds=time.perf_counter() - started,
    )


def replayed(
    witnesses: Sequence[Witness], *, jobs: int = 1, progress: Progress | None = None
) -> tuple[Witness, ...]:
    """``witnesses`` with the votes of every installed implementation."""
    there = {witness.scenario.operation for witness in witnesses}
    plans = [
        Plan(names, tuple(FORMATS), implementations(order), 1, 0, order, tuple(witnesses))
        for order, called in ((1, str), (2, pullback_name))
        if (names := tuple(name for name in OPERATIONS if called(name) in there))
    ]
    return voted(plans, positive("jobs", jobs), progress)


def chosen(kind: str, names: Sequence[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """The names asked for, in the report's order; all where none were."""
    if isinstance(names, str):
        names = (names,)
    if names is not None and not all(isinstance(name, str) for name in names):
        raise UsageError(f"{kind}s are given by name, as {known[0]!r}; this is {names!r}")
    for name in names or ():
        if name not in known:
            raise UsageError.unknown(kind, name, known)
    return tuple(name for name in known if not names or name in names)


def positive(what: str, value: int) -> int:
    """``value``, or UsageError where it is no whole number from 1."""
    if not isinstance(value, int) or value < 1:
        raise UsageError(f"{what} is {value!r}; it has to be a whole number from 1")
    return value
