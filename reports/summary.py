"""What every report for people needs of a run, computed once: rows by place, groups of discrepancies, totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from gradassay.vocabulary import Discrepancy, Row, Run, Verdict
from reports.numbers import count


@dataclass(frozen=True, eq=False)
class Group:
    """One discrepancy of one implementation, over all dtypes that show it."""

    operation: str
    implementation: str
    verdict: Verdict
    cause: str
    discrepancies: tuple[Discrepancy, ...]
    """One a dtype, in the order of the run; the first one's example stands for all."""
    fails: bool
    """True when it fails the run: a failing verdict on a subject."""

    @property
    def first(self) -> Discrepancy:
        """The discrepancy whose example is shown."""
        return self.discrepancies[0]

    @property
    def dtypes(self) -> str:
        """``float32 ×3, float16 ×12``."""
        return ", ".join(f"{found.dtype} ×{found.count:,}" for found in self.discrepancies)


@dataclass(frozen=True, eq=False)
class Summary:
    """A run seen from a reader's side."""

    run: Run

    @cached_property
    def operations(self) -> tuple[str, ...]:
        """Names in the order of the run."""
        return _ordered(row.operation for row in self.run.rows)

    @cached_property
    def dtypes(self) -> tuple[str, ...]:
        """Names in the order of the run."""
        return _ordered(row.dtype for row in self.run.rows)

    def implementations(self, operation: str | None = None) -> tuple[str, ...]:
        """Names in the order of the run, of one operation or of all."""
        rows = self.run.rows
        return _ordered(row.implementation for row in rows if operation in (None, row.operation))

    @cached_property
    def cells(self) -> dict[tuple[str, str, str], Row]:
        """(operation, implementation, dtype) -> row."""
        return {(row.operation, row.implementation, row.dtype): row for row in self.run.rows}

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All discrepancies, what fails the run first, then from bad to good."""
        found: dict[tuple[str, str, Verdict, str], list[Discrepancy]] = {}
        for row in self.run.rows:
            for each in row.discrepancies:
                found.setdefault((row.operation, row.implementation, each.verdict, each.cause), []).append(
                    each
                )
        groups = [
            Group(*key, tuple(members), fails=key[1] in self.run.subjects and key[2].fails)
            for key, members in found.items()
        ]
        return tuple(sorted(groups, key=lambda group: (not group.fails, -group.verdict.rank)))

    @cached_property
    def failures(self) -> tuple[Group, ...]:
        """Groups that fail the run."""
        return tuple(group for group in self.groups if group.fails)

    @cached_property
    def findings(self) -> tuple[Group, ...]:
        """Failing verdicts on implementations that are no subject: reported, not failed."""
        return tuple(group for group in self.groups if group.verdict.fails and not group.fails)

    @cached_property
    def remarks(self) -> tuple[Group, ...]:
        """Conventions and whatever else has an example without being a fault."""
        return tuple(group for group in self.groups if not group.verdict.fails)

    def totals(self, implementation: str) -> Counter[Verdict]:
        """Verdict -> how many scenarios of one implementation."""
        total: Counter[Verdict] = Counter()
        for row in self.run.rows:
            if row.implementation == implementation:
                total.update(row.verdicts)
        return total

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts that occur, from good to bad."""
        seen = {verdict for row in self.run.rows for verdict, number in row.verdicts.items() if number}
        return tuple(verdict for verdict in Verdict if verdict in seen)

    @cached_property
    def regions(self) -> dict[str, int]:
        """Region -> scenarios; implementations share scenarios, so each is counted once."""
        most: dict[tuple[str, str], Row] = {}
        for row in self.run.rows:
            place = row.operation, row.dtype
            if place not in most or row.scenarios > most[place].scenarios:
                most[place] = row
        total: Counter[str] = Counter()
        for row in most.values():
            total.update(row.regions)
        return dict(total)

    @cached_property
    def skipped(self) -> dict[str, dict[str, int]]:
        """Reason -> implementation -> how many scenarios."""
        reasons: dict[str, Counter[str]] = {}
        for row in self.run.rows:
            for reason, number in row.skipped.items():
                reasons.setdefault(reason, Counter())[row.implementation] += number
        return {reason: dict(counter) for reason, counter in sorted(reasons.items())}

    @cached_property
    def judged(self) -> int:
        """How many verdicts were given."""
        return sum(row.scenarios for row in self.run.rows)

    @property
    def word(self) -> str:
        """The run in one word."""
        if self.run.interrupted:
            return "INTERRUPTED"
        if not self.judged:
            return "NOTHING WAS MEASURED"
        return "PASSED" if self.run.ok else "FAILED"

    @property
    def headline(self) -> str:
        """The run in one sentence, behind its word."""
        subjects = ", ".join(self.run.subjects)
        failing = sum(
            number for row in self.run.failing for verdict, number in row.verdicts.items() if verdict.fails
        )
        judgement = (
            f"{count(failing, 'failing verdict')} on {subjects}"
            if failing
            else f"no failing verdict on {subjects}"
        )
        size = (
            f"{count(len(self.operations), 'operation')}"
            f" × {count(len(self.implementations()), 'implementation')}"
            f" × {count(len(self.dtypes), 'dtype')}, {count(self.judged, 'verdict')}"
        )
        others = f"{count(len(self.findings), 'finding')} on the others"
        return f"{judgement}; {others}; {size}, {self.run.seconds:.1f} s"


def agreeing(row: Row) -> int:
    """How many scenarios of a row are right: equal to the truth, or a valid subgradient."""
    return row.verdicts.get(Verdict.AGREES, 0) + row.verdicts.get(Verdict.SUBGRADIENT, 0)


def remarkable(row: Row) -> list[tuple[Verdict, int]]:
    """The verdicts of a row that a reader of the table must see, from bad to good."""
    return [
        (verdict, row.verdicts[verdict])
        for verdict in reversed(Verdict)
        if row.verdicts.get(verdict) and (verdict.fails or verdict is Verdict.CONVENTION)
    ]


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
