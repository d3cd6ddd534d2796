"""The engine: scenarios through comparators to a run.

``compare`` measures the catalogue; ``gradassay.verify`` shares ``differentiate`` and the checks of names and numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from comparators import registry
from comparators.exact import Exact
from comparators.finite_differences import FiniteDifferences
from gradassay import edges
from gradassay.catalogue import OPERATIONS
from gradassay.environment import environment, simd
from gradassay.errors import UsageError
from gradassay.findings import Finding
from gradassay.formats import FORMATS
from gradassay.question import Question
from gradassay.second_order import operation_of, pullback_operation
from gradassay.sharing import ProcessDied, shared
from gradassay.tally import Tally
from gradassay.verdicts import judge
from gradassay.vocabulary import EdgeRow, Example, Operation, Row, Run, Scenario
from property_tests.strategies import draw_scenarios

FINITE_DIFFERENCES = "finite_differences"
#: ``progress(label, done, total)``
Progress = Callable[[str, int, int], None]


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
    order: int = 1,
    jobs: int = 1,
    subjects: Sequence[str] = (registry.NUMPY,),
    progress: Progress | None = None,
) -> Run:
    """Measure the catalogue: every implementation of every operation in every dtype on the same scenarios.

    ``examples`` scenarios for each operation and dtype; the same seed gives the same run.  With ``order=2`` the
    operations' pullbacks are the operations: grad(softmax) for softmax.  Operations are shared out over ``jobs``
    processes, which changes nothing but the time.  An interrupt gives the run so far, marked as interrupted.  Raises
    UsageError for a name that is not known, and for another order.
    """
    started = time.perf_counter()
    if order not in (1, 2):
        raise UsageError(f"order is {order!r}; it is 1 for gradients, or 2 for the pullbacks' own gradients")
    positive("jobs", jobs)
    asked = chosen("operation", operations, tuple(OPERATIONS))
    plan = Plan(
        asked,
        chosen("dtype", dtypes, tuple(FORMATS)),
        chosen("implementation", implementations, _every_implementation(order)),
        positive("examples", examples),
        seed,
        order,
    )
    measured = plan.alone(progress) if min(jobs, len(asked)) == 1 else plan.together(jobs, progress)
    return replace(
        measured,
        subjects=tuple(subjects),
        environment=environment() | {"simd": simd(), "seed": seed, "examples": examples, "order": order},
        seconds=time.perf_counter() - started,
    )


@dataclass(frozen=True)
class Plan:
    """What ``compare`` was asked for, all names checked."""

    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    implementations: tuple[str, ...]
    examples: int
    seed: int
    order: int

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations, or their pullbacks."""
        asked = tuple(OPERATIONS[name] for name in self.names)
        return asked if self.order == 1 else tuple(map(pullback_operation, asked))

    def alone(self, progress: Progress | None) -> Run:
        """Measure all of it in this process."""
        comparators, missing = _load(self)
        rows: list[Row] = []
        at_edges: list[EdgeRow] = []
        interrupted = False
        try:
            for row in self.rows(comparators, progress):
                rows.append(row)
            for edge in self.edges(comparators):
                at_edges.append(edge)
        except KeyboardInterrupt:
            interrupted = True
        return Run(tuple(rows), edges=tuple(at_edges), missing=missing, interrupted=interrupted)

    def together(self, jobs: int, progress: Progress | None) -> Run:
        """Measure each operation in one of ``jobs`` processes."""
        runs: list[Run] = []
        interrupted = False
        notes: tuple[str, ...] = ()
        plans = [replace(self, names=(name,)) for name in self.names]
        try:
            for run in shared(Plan.alone, plans, min(jobs, len(plans)), progress):
                runs += [run] if run is not None else []
        except KeyboardInterrupt:
            interrupted = True
        except ProcessDied as error:
            interrupted, notes = True, (str(error),)
        return Run(
            tuple(row for run in runs for row in run.rows),
            edges=tuple(edge for run in runs for edge in run.edges),
            missing={name: reason for run in runs for name, reason in run.missing.items()},
            notes=notes,
            interrupted=interrupted or any(run.interrupted for run in runs),
        )

    def rows(
        self, comparators: Sequence[registry.Implementation], progress: Progress | None
    ) -> Iterator[Row]:
        """The rows in the order of the report; those of an interrupted cell are given before it passes on."""
        total, done = len(self.operations) * len(self.dtypes) * self.examples, 0
        for operation in self.operations:
            for dtype in self.dtypes:
                scenarios = draw_scenarios(operation, dtype=dtype, examples=self.examples, seed=self.seed)
                able = [c for c in comparators if operation.name in c.operations]
                tallies = {c.name: self._tally(operation.name, c.name, dtype) for c in able}
                if FINITE_DIFFERENCES in self.implementations and dtype == "float64":
                    tallies[FINITE_DIFFERENCES] = self._tally(operation.name, FINITE_DIFFERENCES, dtype)
                try:
                    for i, scenario in enumerate(scenarios):
                        if progress is not None:
                            progress(f"{operation.name} {dtype}", done + i, total)
                        measure(operation, scenario, i, able, tallies)
                finally:
                    named = [name for name in self.implementations if name in tallies]
                    rows = (tallies[name].row() for name in named)
                    measured = [row for row in rows if row.scenarios or row.skipped]
                    yield from measured
                done += self.examples
        if progress is not None:
            progress("done", total, total)

    def edges(self, comparators: Sequence[registry.Implementation]) -> Iterator[EdgeRow]:
        """The edges of the operations, where float64 was asked for."""
        for operation in self.operations if edges.DTYPE in self.dtypes else ():
            yield from edges.edge_rows(operation, [c for c in comparators if operation.name in c.operations])

    def _tally(self, operation: str, implementation: str, dtype: str) -> Tally:
        command = f"gradassay compare {operation} --implementations {implementation} --dtypes {dtype}"
        if self.order == 2:
            command = command.replace(operation, f"{operation_of(operation)} --order 2", 1)
        return Tally(
            operation, implementation, dtype, f"{command} --examples {self.examples} --seed {self.seed}"
        )


def measure(
    operation: Operation,
    scenario: Scenario,
    number: int,
    comparators: Sequence[registry.Implementation],
    tallies: dict[str, Tally],
) -> None:
    """Judge every comparator on the scenario of that number; they share its truth."""
    question = Question(scenario, Exact(operation.definition), operation.conventions)
    for comparator in comparators:
        reason = comparator.supports(scenario)
        if reason is None and number % comparator.stride:
            reason = f"{comparator.name} is slow at new shapes and takes one scenario in {comparator.stride}"
        if reason is not None:
            tallies[comparator.name].skip(reason)
            continue
        tallies[comparator.name].add(scenario, judge(question, comparator))
    if FINITE_DIFFERENCES in tallies:
        differentiate(FiniteDifferences(operation.rule), scenario, tallies[FINITE_DIFFERENCES])


def differentiate(differences: FiniteDifferences, scenario: Scenario, tally: Tally) -> None:
    """Hold a rule's pullback against the differences of its own forward."""
    reason = differences.supports(scenario)
    if reason is not None:
        tally.skip(reason)
        return
    found = differences.judge(scenario)
    example = Example(scenario, found.path or "", found.index, found.expected, found.got, found.error)
    cause = f"{found.verdict} by finite differences"
    if not found.verdict.fails:  # the reason without the numbers before it, so that scenarios group
        cause = found.sentence.rpartition("cannot be told: ")[2].split(":")[0].split(" (")[0]
    tally.add(scenario, Finding(found.verdict, cause, found.sentence, example))


def _load(plan: Plan) -> tuple[list[registry.Implementation], dict[str, str]]:
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
