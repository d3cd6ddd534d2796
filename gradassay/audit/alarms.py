"""False alarms: correct rules on many scenarios, where every failing verdict is a mistake of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gradassay.audit.ours import judge_of
from gradassay.formats import FORMATS
from gradassay.second_order import operation_named
from gradassay.vocabulary import Operation, Scenario
from gradassay.vocabulary.audit import Alarms
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
    parts = []
    for i, batch in enumerate(cell.batches()):
        parts.append(alarms_on(operation, batch, cell.seed + i))
        told(len(batch))
    return joined(parts)


def alarms_on(operation: Operation, scenarios: Sequence[Scenario], seed: int) -> Alarms:
    """The same on scenarios that were drawn with that seed, all of one dtype."""
    judge = judge_of(operation, operation.rule)
    judged, rejected = 0, []
    for number, scenario in enumerate(scenarios):
        case = judge(scenario)
        if isinstance(case, str):
            continue
        judged += 1
        if case.finding.verdict.fails:
            where = f"{operation.name} {scenario.dtype} seed {seed} scenario {number} of {len(scenarios)}"
            rejected.append(f"{where}: {case.finding.verdict}: {case.finding.sentence}")
    names = (operation.name,)
    return Alarms(names, names if rejected else (), judged, len(rejected), tuple(rejected))


def joined(parts: list[Alarms]) -> Alarms:
    """What was found out about several rules."""
    return Alarms(
        rules=tuple(dict.fromkeys(name for part in parts for name in part.rules)),
        alarmed=tuple(dict.fromkeys(name for part in parts for name in part.alarmed)),
        inputs=sum(part.inputs for part in parts),
        rejected=sum(part.rejected for part in parts),
        examples=tuple(example for part in parts for example in part.examples),
    )
