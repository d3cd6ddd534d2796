"""A scenario that is stored and replayed, and what every implementation does on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradassay.vocabulary.scenarios import Scenario
from gradassay.vocabulary.verdicts import Verdict


@dataclass(frozen=True)
class Vote:
    """What one implementation does on a witness."""

    verdict: Verdict
    cause: str = ""
    errors: Mapping[str, float] = field(default_factory=dict)
    """Fingerprint of a platform (``gradassay.environment.fingerprint``) -> the norm-wise error that was seen there,
    in units of the dtype's unit roundoff; infinite where something is not finite that should be."""

    def alike(self, other: Vote) -> bool:
        """Whether both say the same, whatever their errors are."""
        return (self.verdict, self.cause) == (other.verdict, other.cause)


@dataclass(frozen=True, eq=False)
class Witness:
    """A stored scenario that is replayed, with what every implementation does on it."""

    id: str
    """Stable short name, derived from the scenario's content."""
    scenario: Scenario
    shows: str
    """Why it is kept, in a few words."""
    votes: Mapping[str, Vote] = field(default_factory=dict)
    """Implementation -> its vote."""
