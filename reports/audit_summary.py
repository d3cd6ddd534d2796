"""What an audit comes to, computed once for every reporter."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cached_property

from gradassay.vocabulary.audit import Alarms, Assayed, Audit, Checker

#: The part of the defects that has to get the verdict that was expected.
MATCHED = 0.95


@dataclass(frozen=True)
class Line:
    """One checker: a line of the table."""

    checker: Checker
    found: int
    defects: int
    unable: int
    """Defects of which it could say nothing, on any of its inputs; they count as not found."""
    alarms: Alarms
    inputs: float | None
    """Median of the inputs until a defect was found; None where none was."""
    seconds: float | None
    """The same in time."""

    @property
    def rate(self) -> float:
        """Part of the defects that it found; 0 where there were none."""
        return self.found / self.defects if self.defects else 0.0


@dataclass(frozen=True)
class AuditSummary:
    """An audit in the order in which it is told."""

    audit: Audit

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """A line for each checker, ours first."""
        return tuple(map(self._line, self.audit.checkers))

    @property
    def ours(self) -> Line:
        """Our own line."""
        return self.lines[0]

    @cached_property
    def survivors(self) -> tuple[Assayed, ...]:
        """Defects that we did not find."""
        return tuple(each for each in self.audit.defects if not each.sightings[self._title].found)

    @cached_property
    def mistaken(self) -> tuple[Assayed, ...]:
        """Defects that most scenarios gave another failing verdict than was expected; a quick audit does not tell."""
        return tuple(each for each in self._counted if each.leading is not each.expected)

    @property
    def matched(self) -> tuple[int, int]:
        """How many defects have the expected verdict, of how many whose verdicts were counted."""
        return len(self._counted) - len(self.mistaken), len(self._counted)

    @property
    def unproven(self) -> tuple[str, ...]:
        """What fails in a framework and is not approved, with the framework's name."""
        return tuple(
            f"{each.implementation} {told}" for each in self.audit.frameworks for told in each.unproven
        )

    @property
    def ok(self) -> bool:
        """No survivor, no false alarm, the expected verdicts, all proven of frameworks, and something measured."""
        matched, counted = self.matched
        return (
            bool(self.audit.defects)
            and self.ours.alarms.inputs > 0
            and not (self.survivors or self.ours.alarms.rejected or self.unproven or self.audit.interrupted)
            and matched >= MATCHED * counted
        )

    @cached_property
    def _counted(self) -> tuple[Assayed, ...]:
        return tuple(each for each in self.audit.defects if each.verdicts)

    @property
    def _title(self) -> str:
        return self.audit.checkers[0].title

    def _line(self, checker: Checker) -> Line:
        sightings = [each.sightings[checker.title] for each in self.audit.defects]
        found = [sighting for sighting in sightings if sighting.found]
        return Line(
            checker,
            len(found),
            len(sightings),
            sum(not sighting.able for sighting in sightings),
            self.audit.alarms[checker.title],
            statistics.median(each.inputs for each in found) if found else None,
            statistics.median(each.seconds for each in found) if found else None,
        )
