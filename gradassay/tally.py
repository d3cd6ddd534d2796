"""Cases add up to a row: counts, the worst, and one discrepancy for each verdict and cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from hashlib import blake2b
from math import exp, fsum, log

from gradassay.question import Question
from gradassay.vocabulary import Discrepancy, Example, Row, Scenario, Verdict, Worst
from gradassay.why.cases import Case, Judge
from gradassay.why.rows import Explainer, Group, plain

#: Entries of arguments that a person looks at.
LOOKED_AT = 8

#: Norm-wise errors, in u, between which one of a region counts as what it is.  A quarter of a rounding is as good as
#: none, and beyond 64 u the scenario cancels: whether it is 10^3 or 10^15 is up to the last bits.
LEAST, MOST = 0.25, 64.0


class Tally:
    """One operation × implementation × dtype: its scenarios as they are judged, and the row that they make."""

    def __init__(
        self,
        operation: str,
        implementation: str,
        dtype: str,
        judge: Judge,
        explainer: Explainer,
        *,
        stride: int = 1,
        reproduce: str = "",
    ) -> None:
        self.operation, self.implementation, self.dtype = operation, implementation, dtype
        self.judge, self.explainer = judge, explainer
        self.stride = stride
        """It takes one scenario in so many."""
        self.reproduce = reproduce
        """How to see a discrepancy again where ``gradassay replay`` cannot show it."""
        self.skipped: Counter[str] = Counter()
        self.cases: list[Case] = []

    def skip(self, reason: str) -> None:
        self.skipped[reason] += 1

    def measure(self, scenario: Scenario, question: Question | None = None) -> Case | None:
        """Judge a scenario, or count it as skipped."""
        case = self.judge(scenario, question)
        if isinstance(case, str):
            self.skip(case)
            return None
        self.cases.append(case)
        return case

    def row(self, *, explain: bool = True) -> Row:
        """The row; what does not agree in it with its cause, unless there is no time to ``explain``."""
        explained, groups, remarks = self.explainer.explained(self.cases) if explain else plain(self.cases)
        verdicts = Counter(case.finding.verdict for case in explained)
        regions = Counter(case.scenario.region for case in explained)
        layouts = Counter(f"layout: {case.scenario.layout}" for case in explained)
        errors = _by_region(explained)
        return Row(
            self.operation,
            self.implementation,
            self.dtype,
            scenarios=verdicts.total(),
            skipped=dict(sorted(self.skipped.items())),
            verdicts={verdict: verdicts[verdict] for verdict in Verdict if verdicts[verdict]},
            worst=_worst(case.finding.worst for case in explained),
            hardest=_hardest(self.cases),
            hardest_by_region={region: _largest(cases) for region, cases in errors.items()},
            typical=_interquartile_mean([case.finding.worst.normwise for case in explained]),
            typical_by_region={
                region: geometric_mean([case.finding.worst.normwise for case in cases])
                for region, cases in errors.items()
            },
            discrepancies=tuple(
                self._discrepancy(group)
                for group in sorted(groups, key=lambda group: (-group.verdict.rank, group.cause))
            ),
            regions=dict(regions) | dict(sorted(layouts.items())),
            remarks=remarks,
        )

    def _discrepancy(self, group: Group) -> Discrepancy:
        words = (self.operation, self.implementation, self.dtype, group.verdict, group.cause)
        name = blake2b("\x1f".join(words).encode(), digest_size=4).hexdigest()
        example = group.shown.example
        assert example is not None  # every verdict but agrees has one
        where = f"{self.operation} by {self.implementation} in {self.dtype}"
        return Discrepancy(
            id=name,
            verdict=group.verdict,
            cause=group.cause,
            dtype=self.dtype,
            count=group.count,
            example=example,
            message=f"{where}: {group.shown.sentence} {_where(example)}",
            reproduce=self.reproduce or f"gradassay replay {name}",
            found=group.shown.cause,
            condition=group.condition,
            remarks=group.remarks,
        )


def _where(example: Example) -> str:
    scenario = example.scenario
    params = ", ".join(f"{name}={value!r:.80}" for name, value in scenario.params.items())
    shapes = " ".join(str(list(x.shape)) for x in scenario.args)
    return f"[{', '.join(part for part in (params, f'shapes {shapes}', scenario.region, scenario.layout) if part)}]"


def _hardest(cases: Iterable[Case]) -> Scenario | None:
    agreeing = [c for c in cases if c.finding.verdict is Verdict.AGREES and c.entries <= LOOKED_AT]
    hardest = max(agreeing, key=lambda case: case.finding.worst.budget_ratio, default=None)
    return None if hardest is None else hardest.scenario


def _by_region(cases: Iterable[Case]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(case.scenario.region, []).append(case)
    return found


def _largest(cases: Sequence[Case]) -> Scenario:
    """The one with the largest norm-wise error; small ones first, and what cancels last."""

    def order(case: Case) -> tuple[bool, bool, float]:
        error = case.finding.worst.normwise
        return case.entries <= LOOKED_AT, error <= MOST, error

    return max(cases, key=order).scenario


def geometric_mean(errors: Sequence[float]) -> float:
    """Of norm-wise errors in u, each taken as ``LEAST`` at least and ``MOST`` at most; of none that is ``LEAST``.

    A region has too few scenarios for a middle half: one in thirteen that cancels today, and not with sums in another
    order, moves this by half, and the mean of the middle half by any factor.
    """
    logs = [log(min(max(error, LEAST), MOST)) for error in errors]
    return exp(fsum(logs) / len(logs)) if logs else LEAST


def _interquartile_mean(errors: Sequence[float]) -> float:
    """Mean of the middle half: what neither exact scenarios nor catastrophic ones say anything about."""
    middle = sorted(errors)[len(errors) // 4 : len(errors) - len(errors) // 4]
    return fsum(middle) / len(middle) if middle else 0.0


def _worst(worsts: Iterable[Worst]) -> Worst:
    """The largest of each measure."""
    return Worst(*map(max, zip((0.0, 0.0, 0.0), *map(astuple, worsts), strict=True)))
