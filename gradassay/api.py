"""``gradassay.verify``: hold one rule of your own against truth, and the report that comes out."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from comparators.finite_differences import FiniteDifferences
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.engine import chosen, positive
from gradassay.environment import environment
from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.judging import AgainstDifferences, AgainstTruth, ByLaws
from gradassay.orders import operation_of
from gradassay.plan import Progress
from gradassay.second_order import flattened, operation_named
from gradassay.tally import Tally
from gradassay.vocabulary import Convention, Definition, Discrepancy, Operation, Row, Rule, Run, Scenario
from gradassay.why.cases import Judge
from gradassay.why.rows import Explainer
from property_tests.strategies import draw_scenarios, explicit_scenarios

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    Inputs = Iterable[tuple[Any, ...]] | SearchStrategy[tuple[Any, ...]]


class VerificationError(AssertionError):
    """A verified rule failed; the message is the report."""


@dataclass(frozen=True, eq=False)
class Report:
    """What ``verify`` found out."""

    run: Run

    @property
    def ok(self) -> bool:
        """True when something was measured and no verdict fails."""
        return self.run.ok

    @property
    def rows(self) -> tuple[Row, ...]:
        """One for each dtype (and one for finite differences where there is no definition)."""
        return self.run.rows

    @property
    def discrepancies(self) -> tuple[Discrepancy, ...]:
        """Everything that does not simply agree, the worst first; ``ok`` if no verdict among them fails."""
        return tuple(
            sorted((d for row in self.rows for d in row.discrepancies), key=lambda d: -d.verdict.rank)
        )

    def raise_if_failed(self) -> None:
        """Raise VerificationError with the whole report unless ``ok``."""
        if not self.ok:
            raise VerificationError(str(self))

    def __str__(self) -> str:
        from reports.registry import reporter

        stream = io.StringIO()
        reporter("terminal").write(self.run, stream)
        return stream.getvalue()


def verify(
    rule: Rule,
    *,
    like: str | None = None,
    definition: Definition | None = None,
    inputs: Inputs | None = None,
    params: Mapping[str, Any] | None = None,
    dtypes: Sequence[str] = ("float64", "float32"),
    examples: int = 100,
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Hold a hand-written gradient against certified truth.

    ``rule(*args, **params) -> (primal, pullback)``; ``pullback(y_bar)`` has the shape of the argument, a tuple of
    them for several.  ``like`` names an operation of the catalogue: its definition, conventions and scenarios (those
    whose parameters the rule's signature accepts; the others are counted as skipped), or its pullback as an operation:
    ``grad(softmax)`` for a rule ``(x, y_bar, *, axis) -> (x_bar, pullback)``.  ``definition`` is a formula of
    your own in plain NumPy; then ``inputs`` is a Hypothesis strategy of argument tuples, or a list of them, and
    ``params`` are given to rule and definition.  With ``inputs`` and ``like``, your inputs replace the catalogue's.
    With neither, only finite differences, purity and linearity in the cotangent are checked, and the report says so.

    Raises UsageError for arguments that do not fit together, an unknown name, or something that is not a rule.
    """
    started = time.perf_counter()
    if not callable(rule):
        raise UsageError(f"the rule is {rule!r}; a rule is a function that returns (primal, pullback)")
    if like is not None and definition is not None:
        raise UsageError("like and definition exclude each other; give one of them")
    if like is None and inputs is None:
        raise UsageError("there is nothing to verify on: give like=, or inputs= (argument tuples)")
    dtypes = chosen("dtype", dtypes, tuple(FORMATS))
    positive("examples", examples)
    target = _Target.of(rule, like, definition)
    name = getattr(rule, "__name__", None) or type(rule).__name__
    if like is not None and like != operation_of(like):
        rule = flattened(rule, OPERATIONS[operation_of(like)].differentiable)
    again = f"gradassay.verify({name}, dtypes=({{!r}},), seed={seed}, examples={examples}, ...)"
    rows: list[Row] = []
    interrupted = False
    try:
        for dtype in dtypes:
            if inputs is None:
                assert target.operation is not None  # without inputs there is like
                scenarios = draw_scenarios(target.operation, dtype=dtype, examples=examples, seed=seed)
            else:
                scenarios = explicit_scenarios(
                    target.name, target.shape_of(rule), target.differentiable, inputs,
                    dtype=dtype, examples=examples, seed=seed, params=params,
                )  # fmt: skip
            tally = target.tally(name, rule, dtype, again.format(dtype))
            try:
                _measure(scenarios, tally, progress)
                rows.append(tally.row())
            except KeyboardInterrupt:
                rows.append(tally.row(explain=False))
                raise
    except KeyboardInterrupt:
        interrupted = True
    notes = () if target.definition is not None else (
        "No definition was given: nothing was held against truth, only finite differences, purity and linearity.",
    )  # fmt: skip
    return Report(
        Run(
            tuple(rows),
            subjects=(name,),
            environment=environment() | {"seed": seed, "examples": examples},
            notes=notes,
            seconds=time.perf_counter() - started,
            interrupted=interrupted,
        )
    )


@dataclass(frozen=True)
class _Target:
    """What the rule is held against."""

    name: str
    definition: Definition | None
    """None where nothing but laws and differences can be checked."""
    conventions: tuple[Convention, ...] = ()
    differentiable: tuple[int, ...] | None = None
    operation: Operation | None = None
    """Whose scenarios are drawn where no inputs are given."""

    @classmethod
    def of(cls, rule: Rule, like: str | None, definition: Definition | None) -> _Target:
        if like is not None:
            operation = operation_named(like)
            wanted = operation.differentiable
            return cls(like, operation.definition, operation.conventions, wanted, operation)
        if definition is not None:
            return cls(getattr(definition, "__name__", "definition"), definition)
        return cls(getattr(rule, "__name__", "rule"), None)

    def tally(self, name: str, rule: Rule, dtype: str, again: str) -> Tally:
        """A tally that judges the rule by what it is held against."""
        comparator = RuleComparator(name, rule)
        judge: Judge = (
            AgainstTruth(comparator, self.definition, self.conventions)
            if self.definition is not None
            else ByLaws(comparator, AgainstDifferences(FiniteDifferences(rule)))
        )
        explainer = Explainer(self.name, judge, self.shape_of(rule), comparator, rule)
        return Tally(self.name, name, dtype, judge, explainer, reproduce=again)

    def shape_of(self, rule: Rule) -> Definition:
        """A function with the primal's shape."""
        return self.definition or (lambda *args, **params: rule(*args, **params)[0])


def _measure(scenarios: Sequence[Scenario], tally: Tally, progress: Progress | None) -> None:
    name = tally.implementation
    for i, scenario in enumerate(scenarios):
        if progress is not None:
            progress(f"{name} {tally.dtype}", i, len(scenarios))
        case = tally.measure(scenario)
        if case is not None:
            _insist_on_a_rule(name, case.finding.sentence)


def _insist_on_a_rule(name: str, sentence: str) -> None:
    if sentence.startswith("a rule returns"):
        raise UsageError(f"{name} is not a rule: {sentence}")
