"""Every operation of a training step, held against certified truth at the very inputs that it had."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from comparators.exact import Exact
from gradassay.catalogue import OPERATIONS
from gradassay.findings import Finding
from gradassay.question import Question, hold
from gradassay.training_results import Fault, Trajectory
from gradassay.training_vocabulary import ADD, Program, Record, Step
from gradassay.vocabulary import Array, Verdict
from reference_impls.models.network import add_definition
from reference_impls.models.optimizers import UPDATE_CONVENTIONS, UPDATES


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

    def see(self, number: int, step: Step) -> None:
        """Judge all records of a step; among its faults the order is that of computation."""
        failing = []
        for record in step.records:
            finding = held(record)
            self.judged += 1
            if finding.verdict.fails:
                failing.append((self._turn(record, finding), record, finding))
            else:
                self.undecided += finding.verdict is Verdict.INCONCLUSIVE
                self.worst = max(self.worst, finding.worst.budget_ratio)
        for _, record, finding in sorted(failing, key=lambda found: found[0]):
            self._keep(number, record, finding)

    def _keep(self, number: int, record: Record, finding: Finding) -> None:
        key = record.scenario.operation, finding.cause
        known = self.faults.get(key)
        if known is not None and known.step <= number:
            self.faults[key] = replace(known, count=known.count + 1)
            return
        self.faults[key] = Fault(
            number,
            record.scenario.operation,
            record.result,
            finding.verdict,
            finding.cause,
            convention_of(record),
            finding.sentence,
            finding.worst.budget_ratio,
            1 if known is None else known.count + 1,
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

    def _turn(self, record: Record, finding: Finding) -> tuple[int, int]:
        """Primals run forward, then pullbacks back to the first call, then the update."""
        place = self.order.get(record.result)
        if place is None:
            return (2, 0) if record.scenario.operation == ADD else (3, 0)
        primal = finding.example is None or finding.example.path in ("", "y")
        return (0, place) if primal else (1, -place)


def held(record: Record) -> Finding:
    """The verdict on one record."""
    return hold(Question(record.scenario, exact(record.scenario.operation), {}), record.evaluation)


def convention_of(record: Record) -> str:
    """The named alternative definition that a failing record agrees with; empty where there is none."""
    operation = record.scenario.operation
    if operation in OPERATIONS:
        conventions = OPERATIONS[operation].conventions
    else:
        conventions = UPDATE_CONVENTIONS.get(operation, {})
    for name, alternative in conventions.items():
        if (
            hold(Question(record.scenario, Exact(alternative), {}), record.evaluation).verdict
            is Verdict.AGREES
        ):
            return name
    return ""


@cache
def exact(operation: str) -> Exact:
    """The truth of an operation of a training step."""
    if operation in OPERATIONS:
        return Exact(OPERATIONS[operation].definition)
    return Exact(add_definition if operation == ADD else UPDATES[operation])
