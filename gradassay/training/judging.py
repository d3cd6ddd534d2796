"""Every operation of a training step, held against certified truth at the very inputs that it had."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache

import numpy as np

from comparators.exact import Exact
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.explanations.rounding import small_as_rounding
from gradassay.findings import Finding, in_words
from gradassay.question import Question, hold, path_names
from gradassay.training.results import Fault, Trajectory
from gradassay.vocabulary import Array, Verdict
from gradassay.vocabulary.training import ADD, Program, Record, Step, malformation
from reference_impls.models.network import add_definition
from reference_impls.models.optimizers import UPDATE_CONVENTIONS, UPDATES

#: When something was computed in a step: forward or back, and where in the program.
Turn = tuple[int, int]
AFTER_ALL: Turn = (4, 0)

#: Verdicts that nothing goes on from: there is one of a trajectory, which may be met twice.
ENDS = (Verdict.STRUCTURE, Verdict.RAISES)


class Judge:
    """Judges the records of one trajectory, step by step, and keeps the first fault of each operation."""

    def __init__(self, program: Program) -> None:
        self.order = {call.result: i for i, call in enumerate(program.calls)}
        self.faults: dict[tuple[str, str], Fault] = {}
        """Operation and what is wrong about it -> where it first was."""
        self.judged = 0
        """How many operations."""
        self.undecided = 0
        """How many of them the comparator could not decide."""
        self.worst = 0.0
        """Largest error over budget among those within."""
        self.ended: int | None = None
        """The first step at which a result was not even of the right structure; nothing can go on from it."""
        self.shapes: dict[str, tuple[int, ...]] = {}
        """Result of the program -> its shape."""

    def see(self, number: int, step: Step) -> None:
        """Judge all records of a step; among its faults the order is that of computation.

        A result of the wrong structure ends the trajectory: what was computed from it is not judged, since it was not
        given what it should have been.
        """
        end = self._end(step.records)
        failing = [] if end is None else [end]
        last = AFTER_ALL if end is None else end[0]
        for whole in step.records:
            if self._turn(whole, pulled=False) >= last:
                continue
            record = whole if self._turn(whole, pulled=True) < last else primal_alone(whole)
            finding = held(record)
            self.judged += 1
            if finding.verdict.fails:
                pulled = finding.example is not None and finding.example.path.startswith("x_bar")
                failing.append((self._turn(record, pulled), record, finding))
            else:
                self.undecided += finding.verdict is Verdict.INCONCLUSIVE
                self.worst = max(self.worst, finding.worst.budget_ratio)
        for _, record, finding in sorted(failing, key=lambda found: found[0]):
            self._keep(number, record, finding)
        if end is not None:
            self.judged += 1
            self.ended = number

    def _keep(self, number: int, record: Record, finding: Finding) -> None:
        key = record.scenario.operation, finding.cause
        known = self.faults.get(key)
        if known is not None and known.step <= number:
            if finding.verdict not in ENDS:
                self.faults[key] = replace(known, count=known.count + 1)
            return
        named = finding.verdict not in (*ENDS, Verdict.IMPURE)
        convention = convention_of(record) if named else ""
        self.faults[key] = Fault(
            number,
            record.scenario.operation,
            record.result,
            verdict_of(finding, record.scenario.dtype, convention),
            finding.cause,
            convention,
            finding.sentence,
            finding.worst.budget_ratio,
            1 if known is None or finding.verdict in ENDS else known.count + 1,
            record.scenario,
        )

    def trajectory(self, implementation: str, losses: Array) -> Trajectory:
        """What was found out about the implementation."""
        return Trajectory(
            implementation,
            losses,
            self.judged,
            self.undecided,
            self.worst,
            tuple(sorted(self.faults.values(), key=lambda fault: fault.step)),
        )

    def _turn(self, record: Record, pulled: bool) -> Turn:
        """Primals run forward, then pullbacks back to the first call, then the update."""
        place = self.order.get(record.result)
        if place is None:
            return (2, 0) if record.scenario.operation == ADD else (3, 0)
        return (1, -place) if pulled else (0, place)

    def _end(self, records: Sequence[Record]) -> tuple[Turn, Record, Finding] | None:
        """The first, in the order of computation, that raised or is not shaped as it has to be."""
        turns = [
            (self._turn(record, pulled), record, pulled) for record in records for pulled in (False, True)
        ]
        for turn, record, pulled in sorted(turns, key=lambda part: part[0]):
            finding = self._malformed(record, pulled)
            if finding is not None:
                return turn, record, finding
        return None

    def _malformed(self, record: Record, pulled: bool) -> Finding | None:
        """What is wrong about the structure of a primal, or of what was pulled back."""
        scenario, evaluation = record.scenario, record.evaluation
        if pulled is (evaluation.primal is not None):
            if evaluation.error:
                return in_words(scenario, Verdict.RAISES, evaluation.error.split(":")[0], evaluation.error)
            if evaluation.structure:
                return in_words(scenario, Verdict.STRUCTURE, evaluation.structure, evaluation.structure)
        if pulled:
            wanted = [scenario.args[i] for i in scenario.differentiable]
            paths = path_names(len(wanted))[1:]
            whats = [
                malformation(got, x.shape, x.dtype)
                for got, x in zip(evaluation.gradients, wanted, strict=True)
            ]
        else:
            paths = ("y",)
            whats = [malformation(evaluation.primal, self._shape(record), np.dtype(scenario.dtype))]
        found = ((path, what) for path, what in zip(paths, whats, strict=True) if what)
        path, what = next(found, ("", ""))
        return in_words(scenario, Verdict.STRUCTURE, what, f"{path}: {what}") if what else None

    def _shape(self, record: Record) -> tuple[int, ...]:
        """The shape of the primal: what the definition gives for arguments of these shapes."""
        scenario = record.scenario
        if record.result not in self.order:
            return tuple(scenario.cotangent.shape)
        if record.result not in self.shapes:
            with np.errstate(all="ignore"):
                y = np.asarray(exact(scenario.operation).definition(*scenario.args, **scenario.params))
            self.shapes[record.result] = y.shape
        return self.shapes[record.result]


def primal_alone(record: Record) -> Record:
    """The record without its pullback."""
    scenario = replace(record.scenario, cotangent=np.zeros_like(record.evaluation.primal), differentiable=())
    return replace(record, scenario=scenario, evaluation=replace(record.evaluation, gradients=()))


def held(record: Record) -> Finding:
    """The verdict on one record of the right structure: its purity, then its numbers."""
    scenario, impurity = record.scenario, record.evaluation.impurity
    question = Question(scenario, exact(scenario.operation), ())
    finding = hold(question, record.evaluation)
    if impurity and finding.verdict is not Verdict.STRUCTURE:
        return replace(in_words(scenario, Verdict.IMPURE, impurity, impurity), worst=finding.worst)
    rounding = finding.verdict is Verdict.WRONG and scenario.dtype == "float64"
    if rounding and small_as_rounding(question, finding):
        return replace(finding, verdict=Verdict.IMPRECISE)
    return finding


def verdict_of(finding: Finding, dtype: str, convention: str) -> Verdict | None:
    """What ``compare`` calls the finding; None where it would have to run the implementation in more precision."""
    if convention:
        return Verdict.CONVENTION
    unknown = finding.verdict is Verdict.WRONG and dtype != "float64"
    return None if unknown else finding.verdict


def convention_of(record: Record) -> str:
    """The named alternative definition that a failing record agrees with; empty where there is none."""
    operation = record.scenario.operation
    known = (
        OPERATIONS[operation].conventions
        if operation in OPERATIONS
        else UPDATE_CONVENTIONS.get(operation, ())
    )
    definition = exact(operation).definition
    for convention in known:
        question = Question(record.scenario, Exact(convention.change(definition)), ())
        with suppress(UsageError):  # one with a result of another shape is none
            if convention.accepted and hold(question, record.evaluation).verdict is Verdict.AGREES:
                return convention.name
    return ""


@cache
def exact(operation: str) -> Exact:
    """The truth of an operation of a training step."""
    if operation in OPERATIONS:
        return Exact(OPERATIONS[operation].definition)
    return Exact(add_definition if operation == ADD else UPDATES[operation])
