"""The run that the gate holds, and whether one fits the approved state that it is to become a part of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradassay.cli.app import fail

if TYPE_CHECKING:
    from gradassay.vocabulary import Run
    from reports.gate.holding import State
    from reports.gate.places import Scope


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

    of_ours = scope.implementations is None or OURS in scope.implementations
    if scope.order == 2 and not of_ours:
        fail(f"--order 2 holds {OURS} alone, and --implementations leaves it out; compare has the others")
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

    approved = [place for place in before.expectations.measured if place in scope and not absent(run, place)]
    lost = [
        name
        for i, known in enumerate(
            ((*OPERATIONS, *map(pullback_name, OPERATIONS)), implementations(), FORMATS)
        )
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
