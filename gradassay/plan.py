"""What ``compare`` was asked for, and how it is measured: scenarios through comparators to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from comparators import registry
from comparators.exact import Exact
from comparators.finite_differences import FiniteDifferences
from gradassay.catalogue import OPERATIONS
from gradassay.edges import DTYPE, edge_rows
from gradassay.judging import AgainstDifferences, AgainstTruth
from gradassay.orders import operation_of
from gradassay.question import Question
from gradassay.second_order import pullback_operation
from gradassay.tally import Tally
from gradassay.vocabulary import EdgeRow, Operation, Row, Run, Scenario, Witness
from gradassay.voting import vote
from gradassay.why.cases import Judge
from gradassay.why.rows import Explainer
from gradassay.why.shrinking import STEPS
from property_tests.strategies import draw_scenarios

FINITE_DIFFERENCES = "finite_differences"
#: ``progress(label, done, total)``
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """What ``compare`` was asked for, all names checked."""

    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    implementations: tuple[str, ...]
    examples: int
    seed: int
    order: int
    witnesses: tuple[Witness, ...] = ()
    """Stored scenarios that are replayed, where they are of these operations and dtypes."""

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations, or their pullbacks."""
        asked = tuple(OPERATIONS[name] for name in self.names)
        return asked if self.order == 1 else tuple(map(pullback_operation, asked))

    def alone(self, progress: Progress | None) -> Run:
        """Measure all of it in this process."""
        comparators, missing = load(self)
        rows: list[Row] = []
        at_edges: list[EdgeRow] = []
        replayed: list[Witness] = []
        interrupted = False
        try:
            for row in self.rows(comparators, progress):
                rows.append(row)
            for edge in self.edges(comparators):
                at_edges.append(edge)
            for witness in self.votes(comparators, progress):
                replayed.append(witness)
        except KeyboardInterrupt:
            interrupted = True
        return Run(
            tuple(rows),
            edges=tuple(at_edges),
            replayed=tuple(replayed),
            missing=missing,
            interrupted=interrupted,
        )

    def replayed(self, progress: Progress | None) -> tuple[Witness, ...]:
        """The witnesses alone, in this process."""
        return tuple(self.votes(load(self)[0], progress))

    def by_operation(self) -> list[Plan]:
        """A plan for each operation."""
        return [
            replace(self, names=(name,), witnesses=tuple(w for w in self.witnesses if _is_of(w, name)))
            for name in self.names
        ]

    def rows(
        self, comparators: Sequence[registry.Implementation], progress: Progress | None
    ) -> Iterator[Row]:
        """The rows in the order of the report; those of an interrupted cell are given before it passes on."""
        total, done = len(self.operations) * len(self.dtypes) * self.examples, 0
        for operation in self.operations:
            for dtype in self.dtypes:
                scenarios = draw_scenarios(operation, dtype=dtype, examples=self.examples, seed=self.seed)
                tallies = self.tallies(operation, dtype, comparators)
                try:
                    for i, scenario in enumerate(scenarios):
                        if progress is not None:
                            progress(f"{operation.name} {dtype}", done + i, total)
                        measure(operation, scenario, i, tallies)
                    measured = [tally.row() for tally in tallies]
                except KeyboardInterrupt:
                    yield from filled(tally.row(explain=False) for tally in tallies)
                    raise
                yield from filled(measured)
                done += self.examples
        if progress is not None:
            progress("done", total, total)

    def edges(self, comparators: Sequence[registry.Implementation]) -> Iterator[EdgeRow]:
        """The edges of the operations, where float64 was asked for."""
        for operation in self.operations if DTYPE in self.dtypes else ():
            yield from edge_rows(operation, [c for c in comparators if operation.name in c.operations])

    def votes(
        self, comparators: Sequence[registry.Implementation], progress: Progress | None
    ) -> Iterator[Witness]:
        """The witnesses of these operations and dtypes with the votes of now."""
        operations = {operation.name: operation for operation in self.operations}
        mine = [
            w
            for w in self.witnesses
            if w.scenario.operation in operations and w.scenario.dtype in self.dtypes
        ]
        for i, witness in enumerate(mine):
            if progress is not None:
                progress(f"{witness.scenario.operation} witnesses", i, len(mine))
            operation = operations[witness.scenario.operation]
            yield vote(witness, operation, [c for c in comparators if operation.name in c.operations])

    def tallies(
        self, operation: Operation, dtype: str, comparators: Sequence[registry.Implementation]
    ) -> list[Tally]:
        """One for each implementation, in the order of the report."""

        def tally(name: str, judge: Judge, comparator: registry.Implementation | None) -> Tally:
            rule = operation.rule if name == registry.NUMPY else None
            stride = 1 if comparator is None else comparator.stride
            steps = max(1, STEPS // (2 * stride)) if stride > 1 else STEPS
            explainer = Explainer(
                operation.name, judge, operation.definition, comparator, rule, steps, name == registry.NUMPY
            )
            return Tally(operation.name, name, dtype, judge, explainer, stride=stride)

        found = {
            c.name: tally(c.name, AgainstTruth(c, operation.definition, operation.conventions), c)
            for c in comparators
            if operation.name in c.operations
        }
        if FINITE_DIFFERENCES in self.implementations and dtype == "float64":
            judge = AgainstDifferences(FiniteDifferences(operation.rule))
            found[FINITE_DIFFERENCES] = tally(FINITE_DIFFERENCES, judge, None)
        return [found[name] for name in self.implementations if name in found]


def _is_of(witness: Witness, name: str) -> bool:
    return operation_of(witness.scenario.operation) == name


def filled(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows in which there is something."""
    return (row for row in rows if row.scenarios or row.skipped)


def measure(operation: Operation, scenario: Scenario, number: int, tallies: Sequence[Tally]) -> None:
    """Judge every implementation on the scenario of that number; they share its truth."""
    question = Question(scenario, Exact(operation.definition), operation.conventions)
    for tally in tallies:
        if number % tally.stride:
            tally.skip(
                f"{tally.implementation} is slow at new shapes and takes one scenario in {tally.stride}"
            )
        else:
            tally.measure(scenario, question)


def load(plan: Plan) -> tuple[list[registry.Implementation], dict[str, str]]:
    """The comparators that can run, and for the others why not and what to do."""
    loaded: list[registry.Implementation] = []
    missing: dict[str, str] = {}
    rules = {operation.name: operation.rule for operation in plan.operations}
    for name in plan.implementations:
        if name == FINITE_DIFFERENCES or not (name == registry.NUMPY or _covers(name, plan)):
            continue
        try:
            loaded.append(registry.load(name, rules=rules, order=plan.order))
        except registry.Missing as error:
            missing[name] = str(error)
    return loaded, missing


def _covers(name: str, plan: Plan) -> bool:
    """Whether an implementation has any of the operations; what has none is neither loaded nor missed."""
    covered = registry.operations(name, plan.order)
    return any(operation.name in covered for operation in plan.operations)
