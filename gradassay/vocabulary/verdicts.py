"""What can be found out about one scenario."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What was found out about one scenario, from good to bad (``docs/verdicts.md``)."""

    AGREES = "agrees"
    SUBGRADIENT = "subgradient"
    CONVENTION = "convention"
    UNDEFINED = "undefined"
    INCONCLUSIVE = "inconclusive"
    IMPRECISE = "imprecise"
    NONFINITE = "nonfinite"
    STRUCTURE = "structure"
    IMPURE = "impure"
    RAISES = "raises"
    WRONG = "wrong"

    @property
    def rank(self) -> int:
        """Position in the order from good (0) to bad."""
        return list(Verdict).index(self)

    @property
    def fails(self) -> bool:
        """Whether this verdict fails the subject: ``imprecise`` and everything worse."""
        return self.rank >= Verdict.IMPRECISE.rank
