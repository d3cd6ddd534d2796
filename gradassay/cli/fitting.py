"""Whether a run fits the approved state that it is to become a part of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradassay.cli.app import fail

if TYPE_CHECKING:
    from gradassay.vocabulary import Run
    from reports.gate.expectations import Scope
    from reports.gate.holding import State


def insist_on_all(run: Run, before: State, scope: Scope, source: str) -> None:
    """UsageError where ``run`` is of a part of ``scope``: the rest would be lost, and nothing is the matter with it."""
    from gradassay.catalogue import OPERATIONS
    from gradassay.engine import implementations
    from gradassay.formats import FORMATS
    from reports.gate.expectations import absent, measured

    approved = [place for place in before.expectations.measured if place in scope and not absent(run, place)]
    lost = [
        name
        for i, known in enumerate((OPERATIONS, implementations(), FORMATS))
        for name in known
        if name in {place[i] for place in approved} - {place[i] for place in measured(run)}
    ]
    if lost:
        part = "name the part that it is of (OP, --implementations, --dtypes), or say --new-only"
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
