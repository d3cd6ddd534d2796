"""One operation in one dtype explored: scenarios judged as a comparison judges them, and what is worth keeping."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from comparators import registry
from comparators.exact import Exact
from gradassay.exploring.search import Aim, Search
from gradassay.findings import Finding
from gradassay.formats import FORMATS
from gradassay.plan import filled
from gradassay.question import Question
from gradassay.replay.witnesses import small_enough, witness_of
from gradassay.tally import Tally
from gradassay.vocabulary import Discrepancy, Operation, Row, Scenario, Verdict, Witness
from gradassay.voting import vote
from gradassay.why.cases import Case
from gradassay.why.shrinking import STEPS, shrink

#: Error over budget, and the norm-wise error in units of the dtype's unit roundoff, as long as half of the digits are
#: right: where the truth cancels further, a search would find nothing but zeros, and the budget knows what is due.
RATIO, NORMWISE = "error/budget", "norm-wise error"
#: What is proposed for its verdict.
VERDICT = "verdict"
#: A smaller input is worth a twentieth of the error that it shows.
KEPT = 0.95
#: What surpasses the witnesses there are by less than that is no news.
NEWS = 1.1
#: ``new(row, discrepancy)``: whether nobody has approved that yet.
New = Callable[[Row, Discrepancy], bool]


@dataclass(frozen=True, eq=False)
class Proposal:
    """A scenario that is worth keeping, and why."""

    witness: Witness
    implementation: str
    """Whom it is about."""
    aim: str
    """``error/budget`` or ``norm-wise error``: the largest that was found; ``verdict``: one that is not approved."""
    verdict: Verdict
    cause: str
    before: float = 0.0
    """The largest of the scenarios that were drawn, and of the witnesses there are; 0 for a verdict."""
    found: float = 0.0
    """The largest that was found; the witness, which is smaller, may show a little less."""


class Cell:
    """The scenarios of one operation and dtype, and what they showed so far."""

    def __init__(
        self,
        operation: Operation,
        dtype: str,
        tallies: Sequence[Tally],
        comparators: Sequence[registry.Implementation],
        *,
        seed: int,
        known: Sequence[Witness] = (),
    ) -> None:
        self.operation, self.dtype, self.tallies = operation, dtype, tallies
        self.comparators = comparators
        self.judged = 0
        self._kept = {witness.id for witness in known}
        self._search = Search(operation, dtype, seed, [witness.scenario for witness in known])
        self._scenarios = self._search.scenarios()
        self._at_first: dict[Aim, float] = {}
        self._bar: dict[Aim, float] = {}
        self._best: dict[Aim, tuple[float, Scenario]] = {}

    def step(self) -> None:
        """Judge the next scenario, and let the search know."""
        scenario, given = next(self._scenarios)
        question = Question(scenario, Exact(self.operation.definition), self.operation.conventions)
        scores: dict[Aim, float] = {}
        shown: list[object] = []
        for tally in self.tallies:
            if self.judged % tally.stride == 0:
                case = tally.measure(scenario, question)
                if case is not None:
                    found = {
                        Aim(tally.implementation, m): s for m, s in _scores(case.finding, self.dtype).items()
                    }
                    scores |= found
                    shown.append((case.finding.verdict, case.finding.cause, _magnitude(found.values())))
        for aim, score in scores.items():
            if given:
                self._at_first[aim] = max(score, self._at_first.get(aim, 0.0))
            if self.judged < len(self._kept):
                self._bar[aim] = max(score, self._bar.get(aim, 0.0))
            if score > self._best.get(aim, (0.0, None))[0]:
                self._best[aim] = score, scenario
        self._search.tell(scenario, scores, tuple(shown))
        self.judged += 1

    def rows(self, *, explain: bool) -> list[Row]:
        """What the scenarios come to, as in a comparison; without causes of rows and shrunk examples in a hurry."""
        return list(filled(tally.row(explain=explain) for tally in self.tallies))

    def proposals(self, rows: Sequence[Row], new: New, *, shrunk: bool) -> Iterator[Proposal]:
        """What is worth keeping: the largest errors, and each verdict that is new, with everybody's votes."""
        for aim, (score, scenario) in sorted(self._best.items()):
            if score > NEWS * self._bar.get(aim, 0.0):
                yield from self._largest(aim, score, scenario, shrunk=shrunk)
        for row in rows:
            for found in row.discrepancies:
                if new(row, found):
                    shows = f"{row.implementation} {found.verdict}: {found.cause}"
                    witness = self._witness(found.example.scenario, shows)
                    if witness is not None:
                        yield Proposal(witness, row.implementation, VERDICT, found.verdict, found.cause)

    def _largest(self, aim: Aim, score: float, scenario: Scenario, *, shrunk: bool) -> Iterator[Proposal]:
        tally = next(tally for tally in self.tallies if tally.implementation == aim.implementation)

        def told(candidate: Scenario) -> tuple[Finding | None, float]:
            case = tally.judge(candidate)
            if not isinstance(case, Case):
                return None, 0.0
            return case.finding, _scores(case.finding, self.dtype).get(aim.measure, 0.0)

        first, _ = told(scenario)
        if first is None:
            return

        def same(candidate: Scenario) -> bool:
            finding, reached = told(candidate)
            return (
                finding is not None
                and (finding.verdict, finding.cause) == (first.verdict, first.cause)
                and reached >= KEPT * score
            )

        if shrunk:
            steps = STEPS if tally.stride == 1 else max(1, STEPS // (2 * tally.stride))
            scenario = shrink(scenario, same, self.operation.definition, steps=steps)
        finding, reached = told(scenario)
        unit = " u" if aim.measure == NORMWISE else ""
        witness = self._witness(scenario, f"{aim.measure} {reached:.3g}{unit} of {aim.implementation}")
        if witness is not None and finding is not None:
            before = self._at_first.get(aim, 0.0)
            yield Proposal(
                witness, aim.implementation, aim.measure, finding.verdict, finding.cause, before, score
            )

    def _witness(self, scenario: Scenario, shows: str) -> Witness | None:
        """The witness with its votes; None where it is one already, or too large to be one."""
        if not small_enough(scenario):
            return None
        witness = witness_of(scenario, shows)
        if witness.id in self._kept:
            return None
        return vote(witness, self.operation, self.comparators)


def judged(cell: Cell, most: int | None, in_time: Callable[[], bool]) -> Iterator[int]:
    """Judge scenario after scenario, as many as ``most`` or as long as there is time; gives how many so far."""
    while (most is None or cell.judged < most) and in_time():
        cell.step()
        yield cell.judged


def _scores(finding: Finding, dtype: str) -> dict[str, float]:
    """What can be aimed for, where everything agrees: an error that is not of rounding has a verdict to tell of it."""
    if finding.verdict is not Verdict.AGREES:
        return {}
    worst, most = finding.worst, FORMATS[dtype].u ** -0.5
    return {RATIO: worst.budget_ratio, NORMWISE: worst.normwise if worst.normwise < most else 0.0}


def _magnitude(scores: Iterable[float]) -> tuple[int, ...]:
    return tuple(math.frexp(score)[1] for score in scores)
