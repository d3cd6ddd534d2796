"""One checker before the defects of one operation: it is believed where it accepts the correct rule."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property

from gradassay.audit.rivals.interface import Rival
from gradassay.vocabulary import Operation, Rule, Scenario
from gradassay.vocabulary.audit import Alarms, Judgement, Sighting


class Witness:
    """A rival with inputs of one operation."""

    def __init__(self, rival: Rival, operation: Operation, scenarios: Sequence[Scenario]) -> None:
        self.rival, self.operation, self.scenarios = rival, operation, scenarios

    @cached_property
    def of_correct(self) -> list[Judgement]:
        """What it says of the catalogue's rule, input by input."""
        return [self.rival.check(self.operation.rule, scenario) for scenario in self.scenarios]

    @property
    def alarms(self) -> Alarms:
        """What it says of the catalogue's rule."""
        rejected = sum(judgement.rejects is True for judgement in self.of_correct)
        judged = sum(judgement.rejects is not None for judgement in self.of_correct)
        return Alarms((self.operation.name,), (self.operation.name,) if rejected else (), judged, rejected)

    def sight(self, rule: Rule) -> Sighting:
        """Inputs and time until it rejects ``rule`` on an input on which it accepts the correct rule.

        A checker that rejects both knows nothing of the defect: a user who trusted it would look for a mistake that is
        not there, and learn to ignore it. The time that the correct rule takes is not counted.
        """
        accepted = [judgement.rejects is False for judgement in self.of_correct]
        began, judged, why = time.perf_counter(), 0, ""
        for scenario, right in zip(self.scenarios, accepted, strict=True):
            judgement = self.rival.check(rule, scenario)
            if judgement.rejects is None:
                why = judgement.reason
                continue
            judged += 1
            if judgement.rejects and right:
                return Sighting(True, judged, time.perf_counter() - began, judgement.reason)
        return Sighting(False, judged, time.perf_counter() - began, "" if judged else why, able=judged > 0)
