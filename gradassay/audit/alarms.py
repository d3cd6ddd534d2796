"""False alarms: correct rules on many scenarios, where every failing verdict is a mistake of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from comparators.numpy_rules import RuleComparator
from gradassay.audit_vocabulary import Alarms
from gradassay.formats import FORMATS
from gradassay.judging import AgainstTruth
from gradassay.second_order import operation_named
from gradassay.vocabulary import Scenario
from property_tests.strategies import draw_scenarios

#: Scenarios that are drawn at a time.
BATCH = 200


@dataclass(frozen=True)
class Cell:
    """Scenarios of one operation in one dtype, by consecutive seeds."""

    operation: str
    dtype: str
    scenarios: int
    seed: int

    def batches(self) -> Iterator[list[Scenario]]:
        """``scenarios`` of them, a seed for each ``BATCH``."""
        operation = operation_named(self.operation)
        for i, begun in enumerate(range(0, self.scenarios, BATCH)):
            count = min(BATCH, self.scenarios - begun)
            yield draw_scenarios(operation, dtype=self.dtype, examples=count, seed=self.seed + i)


def cells(scenarios: int, *, operations: tuple[str, ...], seed: int) -> list[Cell]:
    """At least ``scenarios`` in all, evenly over operations and dtypes."""
    each = -(-scenarios // (len(operations) * len(FORMATS)))
    return [Cell(operation, dtype, each, seed) for operation in operations for dtype in FORMATS]


def alarms_of(cell: Cell, told: Callable[[int], None]) -> Alarms:
    """Our verdicts on the catalogue's own rule; ``told(n)`` after each batch of n."""
    operation = operation_named(cell.operation)
    judge = AgainstTruth(
        RuleComparator(operation.name, operation.rule), operation.definition, operation.conventions
    )
    judged, rejected = 0, []
    for i, batch in enumerate(cell.batches()):
        for number, scenario in enumerate(batch):
            case = judge(scenario)
            if isinstance(case, str):
                continue
            judged += 1
            if case.finding.verdict.fails:
                where = (
                    f"{cell.operation} {cell.dtype} seed {cell.seed + i} scenario {number} of {len(batch)}"
                )
                rejected.append(f"{where}: {case.finding.verdict}: {case.finding.sentence}")
        told(len(batch))
    return Alarms(
        (cell.operation,), (cell.operation,) if rejected else (), judged, len(rejected), tuple(rejected)
    )


def joined(parts: list[Alarms]) -> Alarms:
    """What was found out about several rules."""
    return Alarms(
        rules=tuple(dict.fromkeys(name for part in parts for name in part.rules)),
        alarmed=tuple(dict.fromkeys(name for part in parts for name in part.alarmed)),
        inputs=sum(part.inputs for part in parts),
        rejected=sum(part.rejected for part in parts),
        examples=tuple(example for part in parts for example in part.examples),
    )
