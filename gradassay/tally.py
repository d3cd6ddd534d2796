"""Findings add up to a row: counts, the worst, and one discrepancy for each verdict and cause."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b

from gradassay.findings import Finding
from gradassay.vocabulary import Discrepancy, Example, Row, Scenario, Verdict, Worst


class Tally:
    """The findings of one operation × implementation × dtype, as they come in."""

    def __init__(self, operation: str, implementation: str, dtype: str, reproduce: str) -> None:
        self.operation, self.implementation, self.dtype = operation, implementation, dtype
        self.reproduce = reproduce
        self.skipped: Counter[str] = Counter()
        self.regions: Counter[str] = Counter()
        self.verdicts: Counter[Verdict] = Counter()
        self.worst = Worst()
        self._groups: dict[tuple[Verdict, str], tuple[int, Finding]] = {}

    def skip(self, reason: str) -> None:
        self.skipped[reason] += 1

    def add(self, scenario: Scenario, finding: Finding) -> None:
        self.verdicts[finding.verdict] += 1
        self.regions[scenario.region] += 1
        self.regions[f"layout: {scenario.layout}"] += 1
        self.worst = Worst(
            max(self.worst.budget_ratio, finding.worst.budget_ratio),
            max(self.worst.ulp, finding.worst.ulp),
            max(self.worst.normwise, finding.worst.normwise),
        )
        if finding.verdict is Verdict.AGREES:
            return
        key = (finding.verdict, finding.cause)
        count, smallest = self._groups.get(key, (0, finding))
        self._groups[key] = (count + 1, min(smallest, finding, key=_size))

    def row(self) -> Row:
        order = sorted(self._groups, key=lambda key: (-key[0].rank, key[1]))
        regions = {name: n for name, n in self.regions.items() if not name.startswith("layout: ")}
        layouts = {name: n for name, n in sorted(self.regions.items()) if name.startswith("layout: ")}
        return Row(
            self.operation,
            self.implementation,
            self.dtype,
            scenarios=self.verdicts.total(),
            skipped=dict(sorted(self.skipped.items())),
            verdicts={verdict: self.verdicts[verdict] for verdict in Verdict if self.verdicts[verdict]},
            worst=self.worst,
            discrepancies=tuple(self._discrepancy(*key) for key in order),
            regions=regions | layouts,
        )

    def _discrepancy(self, verdict: Verdict, cause: str) -> Discrepancy:
        count, finding = self._groups[verdict, cause]
        words = (self.operation, self.implementation, self.dtype, verdict, cause)
        example = finding.example
        assert example is not None  # every verdict but agrees has one
        return Discrepancy(
            id=blake2b("\x1f".join(words).encode(), digest_size=4).hexdigest(),
            verdict=verdict,
            cause=cause,
            dtype=self.dtype,
            count=count,
            example=example,
            message=f"{self.operation} by {self.implementation} in {self.dtype}: {finding.sentence} {_where(example)}",
            reproduce=self.reproduce,
        )


def _where(example: Example) -> str:
    scenario = example.scenario
    params = ", ".join(f"{name}={value!r:.80}" for name, value in scenario.params.items())
    shapes = " ".join(str(list(x.shape)) for x in scenario.args)
    return f"[{', '.join(part for part in (params, f'shapes {shapes}', scenario.region, scenario.layout) if part)}]"


def _size(finding: Finding) -> tuple[int, int]:
    """Fewest entries first, plain memory layout before others."""
    if finding.example is None:
        return 0, 0
    scenario = finding.example.scenario
    return sum(x.size for x in scenario.args), int(scenario.layout != "C")
