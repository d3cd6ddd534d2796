"""One labelled discrepancy: an implementation, and what a report has to say about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import gradassay
from comparators import registry
from gradassay.engine import compare
from gradassay.replay.source import located
from gradassay.vocabulary import Discrepancy, Row, Rule, Run, Verdict

WRONG, IMPRECISE, NONFINITE, STRUCTURE, IMPURE, RAISES, CONVENTION, SUBGRADIENT = (
    Verdict.WRONG,
    Verdict.IMPRECISE,
    Verdict.NONFINITE,
    Verdict.STRUCTURE,
    Verdict.IMPURE,
    Verdict.RAISES,
    Verdict.CONVENTION,
    Verdict.SUBGRADIENT,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """What a person who knows the mathematics says about an implementation, and how a report must say it.

    Patterns are regular expressions, searched for without regard to case.
    """

    name: str
    """What it does, in words."""
    operation: str
    """What it is held against."""
    source: str
    """Where such an implementation was met."""
    verdict: Verdict
    why: str
    """The cause in words."""
    cause: str
    """Pattern of the discrepancy's cause."""
    condition: str = ""
    """Pattern of the condition's words; empty where every scenario shows it, or the cause says when."""
    remarks: str = ""
    """Pattern that one of the remarks has to hold."""
    separates: bool = False
    """Whether the condition has to hold in all scenarios of the discrepancy and in no other."""
    beside: tuple[str, ...] = ()
    """Patterns of ``verdict (cause)`` that the implementation earns as well, and rightly."""
    rule: Rule | None = None
    """The implementation; None where it is one of ``gradassay compare``."""
    implementation: str = registry.NUMPY
    """Its name there; for a rule, whose packages it needs."""
    dtype: str = "float64"
    examples: int = 100
    inputs: Sequence[tuple[Any, ...]] | None = None
    """Arguments, where they are not those of the catalogue."""

    def missing(self) -> str | None:
        """Why it cannot run here, or None."""
        return registry.missing(self.implementation)

    def row(self) -> Row:
        """Hold it against its operation."""
        if self.rule is None:
            return _compared(self.operation, self.implementation, self.dtype, self.examples)
        report = gradassay.verify(
            self.rule,
            like=self.operation,
            inputs=self.inputs,
            dtypes=(self.dtype,),
            examples=self.examples,
        )
        (row,) = report.rows
        return row

    def run(self, row: Row) -> Run:
        """The row as a run that ``gradassay replay`` can read: its rule has the name that a module binds it to."""
        if self.rule is None:
            return Run((row,))
        return Run((row,), environment={"rule": ":".join(located(self.rule)), "like": self.operation})

    def main(self, row: Row) -> Discrepancy | None:
        """What the report says of it: of what is not merely beside it, the discrepancy with the most scenarios.

        The most, because a report that is right about two scenarios and not about sixty is none.
        """
        kinds = {self.verdict, CONVENTION, *(verdict for verdict in Verdict if verdict.fails)}
        own = [d for d in row.discrepancies if d.verdict in kinds and (self.names(d) or not self.allows(d))]
        return max(own, key=lambda d: d.count, default=None)

    def names(self, found: Discrepancy) -> bool:
        """Whether the discrepancy has this verdict and cause, under this condition."""
        return (
            found.verdict is self.verdict
            and _holds(self.cause, found.cause)
            and self._condition_of(found)
            and (not self.remarks or any(_holds(self.remarks, remark) for remark in found.remarks))
        )

    def allows(self, found: Discrepancy) -> bool:
        """Whether it is what the implementation earns: this discrepancy, or one beside it."""
        label = f"{found.verdict} ({found.cause})"
        return self.names(found) or any(_holds(pattern, label) for pattern in self.beside)

    def _condition_of(self, found: Discrepancy) -> bool:
        condition = found.condition
        if condition is None:
            return not self.condition
        exact = condition.precision == 1 and condition.recall == 1
        return _holds(self.condition, condition.words) and (exact or not self.separates)


@cache
def _compared(operation: str, implementation: str, dtype: str, examples: int) -> Row:
    """A row of ``gradassay compare``, which several entries may be about."""
    run = compare([operation], implementations=[implementation], dtypes=[dtype], examples=examples)
    (row,) = run.rows
    return row


def _holds(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None
