"""What the gate is asked for, the run that it holds, and whether one fits the state that it is to become a part of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import contains
from typing import TYPE_CHECKING

from gradassay.cli.app import fail
from gradassay.errors import UsageError

if TYPE_CHECKING:
    from gradassay.vocabulary import Run
    from reports.gate.holding import State
    from reports.gate.places import Place, Scope


def insist_on_names(scope: Scope, also: Iterable[Place] = ()) -> None:
    """UsageError for a name in ``scope`` that neither the catalogue has nor ``also``, and for what is not held."""
    from comparators.registry import FORWARD
    from gradassay.orders import operation_of
    from reports.gate.places import OURS

    for name in scope.implementations or ():
        if name in FORWARD:
            fail(f"--implementations {name}: is not held; gradassay compare --order 2 has it")
    others = [place._replace(operation=operation_of(place.operation)) for place in also]
    for i, (kind, asked, known) in enumerate(_names(scope)):
        names = tuple(dict.fromkeys((*known, *sorted(place[i] for place in others if place[i]))))
        for name in asked or ():
            if name not in names:
                raise UsageError.unknown(kind, name, names)
    if scope.order == 2 and OURS not in (scope.implementations or (OURS,)):
        fail(f"--order 2 holds {OURS} alone, and --implementations leaves it out; compare has the others")


def still_there(scope: Scope) -> Scope | None:
    """The part of ``scope`` that the catalogue has; None where it has nothing of it."""
    operations, implementations, dtypes = (
        None if asked is None else tuple(name for name in asked if name in known)
        for _, asked, known in _names(scope)
    )
    if () in (operations, implementations, dtypes):
        return None
    return replace(scope, operations=operations, implementations=implementations, dtypes=dtypes)


def places(state: State, run: Run | None) -> Iterator[Place]:
    """What a state and a run name: their rows, and the votes on witnesses; empty where an operation is all there is."""
    from reports.gate.expectations import measured
    from reports.gate.places import Place

    yield from (*state.expectations.measured, *state.accuracy.bounds)
    yield from () if run is None else measured(run)
    for witness in state.witnesses.values():
        for who in ("", *witness.votes):
            yield Place(witness.scenario.operation, who, "")
    for operation, _ in state.expectations.witnesses or ():
        yield Place(operation, "", "")


def _names(scope: Scope) -> Iterator[tuple[str, Sequence[str] | None, tuple[str, ...]]]:
    """What names are of, those of ``scope``, and those that the catalogue has, in the order of a place."""
    from gradassay.catalogue import OPERATIONS
    from gradassay.engine import implementations
    from gradassay.formats import FORMATS

    yield "operation", scope.operations, tuple(OPERATIONS)
    yield "implementation", scope.implementations, implementations()
    yield "dtype", scope.dtypes, tuple(FORMATS)


def measured(
    state: State,
    operations: Sequence[str],
    scope: Scope,
    jobs: int | None,
    *,
    examples: int | None = None,
    seed: int | None = None,
) -> Run:
    """``operations``, as far as they are in ``scope``: seed and examples are those of the state unless given.

    The gradients of every implementation, and the pullbacks' own of our rules.
    """
    from gradassay.cli.measuring import measure
    from reports.gate.places import OURS

    insist_on_names(scope)
    return measure(
        operations,
        implementations=(OURS,) if scope.order == 2 else scope.implementations,
        dtypes=scope.dtypes,
        examples=state.expectations.examples if examples is None else examples,
        seed=state.expectations.seed if seed is None else seed,
        order=scope.order,
        jobs=jobs,
        witnesses=list(state.witnesses.values()),
    )


def insist_on_all(run: Run, before: State, scope: Scope, source: str) -> None:
    """UsageError where ``run`` is of a part of ``scope``: the rest would be lost, and nothing is the matter with it."""
    from gradassay.catalogue import OPERATIONS
    from gradassay.engine import implementations
    from gradassay.formats import FORMATS
    from gradassay.orders import pullback_name
    from reports.gate.expectations import absent, measured

    there = ((*OPERATIONS, *map(pullback_name, OPERATIONS)), implementations(), FORMATS)
    approved = [
        place
        for place in before.expectations.measured
        if place in scope and not absent(run, place) and all(map(contains, there, place))
    ]
    lost = [
        name
        for i, known in enumerate(there)
        for name in known
        if name in {place[i] for place in approved} - {place[i] for place in measured(run)}
    ]
    if lost:
        part = "name the part that it is of (OP, --order, --implementations, --dtypes), or say --new-only"
        fail(f"{source} has nothing of {', '.join(lost)}, which would be lost; {part}")


def drawn(run: Run, before: State, scope: Scope, new_only: bool) -> tuple[int, int]:
    """Seed and number of examples of ``run``; UsageError where a part would have others than the rest."""
    found = tuple(run.environment.get(name) for name in ("seed", "examples"))
    known = (before.expectations.seed, before.expectations.examples)
    if not all(isinstance(number, int) for number in found):
        fail(
            "the run does not say with which seed and how many examples it was made; run gradassay check --out DIR"
        )
    if found != known and before.expectations.measured and not (scope.whole and not new_only):
        given = "seed {}, {} examples".format(*found)
        fail(
            f"the run has {given}, and the approved state seed {known[0]}, {known[1]} examples; use the same"
        )
    return int(found[0] or 0), int(found[1] or 0)
