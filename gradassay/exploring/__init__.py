"""Exploring: the search for scenarios that are worth keeping as witnesses (``gradassay explore``)."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from comparators import registry
from gradassay.catalogue import OPERATIONS
from gradassay.engine import chosen, positive
from gradassay.environment import environment, libraries
from gradassay.errors import UsageError
from gradassay.exploring.cell import Cell, New, Proposal, judged
from gradassay.formats import FORMATS
from gradassay.plan import Plan, Progress, load
from gradassay.replay.witnesses import merged
from gradassay.vocabulary import Row, Run, Witness

__all__ = ["Exploration", "Proposal", "explore"]

#: The part of a cell's time in which it is searched; in the rest, what was found is explained and shrunk.
SEARCHING = 0.6
MINUTE_S = 60


@dataclass(frozen=True, eq=False)
class Exploration:
    """What an exploration found."""

    run: Run
    """All scenarios, judged as in a comparison; ``replayed`` are the proposed witnesses with their votes."""
    proposals: tuple[Proposal, ...]


def explore(
    operations: Sequence[str] | None = None,
    *,
    implementations: Sequence[str] = (registry.NUMPY,),
    dtypes: Sequence[str] | None = None,
    minutes: float | None = None,
    examples: int | None = None,
    seed: int = 0,
    witnesses: Sequence[Witness] = (),
    new: New = lambda row, found: found.verdict.fails,
    subjects: Sequence[str] = (registry.NUMPY,),
    progress: Progress | None = None,
) -> Exploration:
    """Search each operation and dtype for large errors and new verdicts of the implementations, and propose witnesses.

    ``examples`` scenarios each, or as many as ``minutes`` allow for all together, shared out evenly; exactly one of the
    two. The scenarios are a function of operation, dtype, implementations, ``witnesses`` and seed, of which more time
    sees more; with ``examples`` so is the result. ``witnesses`` are looked at first, and nothing is proposed that they
    show. ``new`` tells which discrepancies nobody has approved. An interrupt gives what was found so far. Raises
    UsageError for a name that is not known, and for a number that cannot be one.
    """
    started = time.perf_counter()
    if (minutes is None) == (examples is None):
        raise UsageError("explore takes minutes or examples, one of the two")
    if minutes is not None and not 0 < minutes < math.inf:
        raise UsageError(f"minutes is {minutes!r}; it has to be a number above 0")
    plan = Plan(
        chosen("operation", operations, tuple(OPERATIONS)),
        chosen("dtype", dtypes, tuple(FORMATS)),
        chosen("implementation", implementations, registry.names()),
        0 if examples is None else positive("examples", examples),
        seed,
        order=1,
    )
    search = _Exploring(plan, minutes, tuple(witnesses), new, progress)
    run = replace(
        search.run(),
        subjects=tuple(subjects),
        environment=environment() | libraries() | {"seed": seed, "examples": examples, "minutes": minutes},
        seconds=time.perf_counter() - started,
    )
    return Exploration(run, tuple(search.proposals))


class _Exploring:
    """The cells one after the other, each with its share of what time is left."""

    def __init__(
        self,
        plan: Plan,
        minutes: float | None,
        witnesses: Sequence[Witness],
        new: New,
        progress: Progress | None,
    ) -> None:
        self.plan, self.minutes, self.witnesses, self.new = plan, minutes, witnesses, new
        self.progress = progress
        self.rows: list[Row] = []
        self.proposals: list[Proposal] = []
        self.cells = [(operation, dtype) for operation in plan.operations for dtype in plan.dtypes]

    def run(self) -> Run:
        comparators, missing = load(self.plan)
        began = time.perf_counter()
        interrupted = False
        try:
            for number, (operation, dtype) in enumerate(self.cells):
                mine = [c for c in comparators if operation.name in c.operations]
                known = [
                    w
                    for w in self.witnesses
                    if (w.scenario.operation, w.scenario.dtype) == (operation.name, dtype)
                ]
                tallies = self.plan.tallies(operation, dtype, comparators)
                cell = Cell(operation, dtype, tallies, mine, seed=self.plan.seed, known=known)
                self._explore(cell, number, began)
        except KeyboardInterrupt:
            interrupted = True
        kept: dict[str, Witness] = {}
        for witness in (proposal.witness for proposal in self.proposals):
            before = kept.get(witness.id)
            both = witness if before is None else replace(witness, shows=f"{before.shows}; {witness.shows}")
            kept[witness.id] = both if before is None else merged(before, both)
        return Run(tuple(self.rows), missing=missing, replayed=tuple(kept.values()), interrupted=interrupted)

    def _explore(self, cell: Cell, number: int, began: float) -> None:
        """Search one cell and take down what it showed, also where that is cut short."""
        now = time.perf_counter()
        until = math.inf
        if self.minutes is not None:
            left = began + MINUTE_S * self.minutes - now
            until = now + SEARCHING * left / (len(self.cells) - number)
        try:
            for done in judged(cell, self.plan.examples or None, lambda: time.perf_counter() < until):
                self._tell(f"{cell.operation.name} {cell.dtype}", number, done, began)
            self._take(cell, in_a_hurry=False)
        except KeyboardInterrupt:
            self._take(cell, in_a_hurry=True)
            raise

    def _take(self, cell: Cell, *, in_a_hurry: bool) -> None:
        rows = cell.rows(explain=not in_a_hurry)
        proposals = list(cell.proposals(rows, self.new, shrunk=not in_a_hurry))
        self.rows += rows
        self.proposals += proposals

    def _tell(self, label: str, number: int, done: int, began: float) -> None:
        if self.progress is None:
            return
        if self.minutes is None:
            self.progress(label, number * self.plan.examples + done, len(self.cells) * self.plan.examples)
        else:
            seconds = math.ceil(MINUTE_S * self.minutes)
            self.progress(f"{label}, seconds", min(int(time.perf_counter() - began), seconds), seconds)
