"""Sensitivity curves: the smallest relative error planted in a gradient that 100 scenarios find, beside gradcheck's.

An error is planted in the gradients of the catalogue's own, correct rule (``sensitivity_plants``), and the smallest of
a ladder of powers of two is sought that makes a scenario fail. The truth of a scenario is computed once and the rule
is run once; only the judgement is repeated, and it is that of ``gradassay.verify`` up to explanations. These change the
word (imprecise or wrong) and not whether it fails, but for a convention that a planted error happens to equal in one
scenario, which a row takes back, as it fits fewer scenarios than it leaves off. What probability in 100 scenarios
follows from many batches of them, and how sure that is, says ``sensitivity_curves``.

The rival gets the inputs that its documentation tells to give, 100 of them drawn anew, and the same errors through its
own documented call; where it rejects the correct rule it has found nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

import numpy as np

from comparators.exact import Exact
from comparators.interface import evaluate_rule
from gradassay.audit import rivals
from gradassay.audit.inputs import documented
from gradassay.audit.sensitivity_curves import BATCH, Measured, estimate
from gradassay.audit.sensitivity_plants import Plant, ladder, smallest_found
from gradassay.catalogue import OPERATIONS
from gradassay.engine import chosen, positive
from gradassay.environment import environment
from gradassay.formats import FORMATS, is_floating
from gradassay.plan import Progress
from gradassay.question import Question, hold
from gradassay.sharing import ProcessDied, shared
from gradassay.vocabulary import Array, Operation, Scenario
from gradassay.vocabulary.audit import Curve, Sensitivity
from property_tests.strategies import draw_scenarios

OURS = "gradassay"
#: Whom we stand beside, and the dtypes it takes: its differences need a step that 16 bits do not have.
RIVAL, RIVAL_DTYPES = "torch gradcheck slow", ("float64", "float32")
#: Whether a checker rejects the correct rule with that error in its gradients.
Finds = Callable[[Plant], bool]
#: Where errors are planted.
EVERY, ONE = "every entry", "one entry"


def sensitivity(
    operations: Sequence[str] | None = None,
    dtypes: Sequence[str] | None = None,
    *,
    batches: int = 10,
    seed: int = 0,
    rival: bool = True,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Sensitivity:
    """Two curves (an error in every entry, in one) for each operation and dtype, and the first of them for the rival.

    ``batches`` of 100 scenarios each, drawn with the seeds ``seed``, ``seed + 1``, ...; the rival gets 100 inputs. The
    same arguments give the same curves. An interrupt gives those so far, marked as interrupted. Raises UsageError for a
    name that is not known.
    """
    started = time.perf_counter()
    asked = chosen("operation", operations, tuple(OPERATIONS)), chosen("dtype", dtypes, tuple(FORMATS))
    positive("batches", batches), positive("jobs", jobs)
    missing = _missing() if rival else {}
    checkers = (OURS, RIVAL) if rival and not missing else (OURS,)
    cells = [
        Cell(operation, dtype, checker, batches, seed)
        for operation in asked[0]
        for dtype in asked[1]
        for checker in checkers
        if checker == OURS or dtype in RIVAL_DTYPES
    ]
    curves: list[Curve] = []
    interrupted = False
    try:
        for of_cell in _measured(cells, jobs, progress):
            curves += of_cell
    except (KeyboardInterrupt, ProcessDied):
        interrupted = True
    return Sensitivity(
        tuple(curves),
        environment() | {"seed": seed, "batches": batches},
        missing,
        time.perf_counter() - started,
        interrupted,
    )


@dataclass(frozen=True)
class Cell:
    """One operation in one dtype before one checker."""

    operation: str
    dtype: str
    checker: str
    batches: int
    seed: int

    def curves(self, progress: Progress) -> tuple[Curve, ...]:
        """One for each place that errors are planted in."""
        operation, form = OPERATIONS[self.operation], FORMATS[self.dtype]
        deltas = ladder(form)
        ours = self.checker == OURS
        batches, places = (self.batches, (EVERY, ONE)) if ours else (1, (EVERY,))
        measured: dict[str, list[Measured]] = {planted: [] for planted in places}
        alarms, near = 0, dict.fromkeys(places, 0)
        for batch in range(batches):
            progress(f"{self.operation} {self.dtype} {self.checker}", batch, batches)
            chance = np.random.default_rng((self.seed, batch))
            for finds, region in self._inputs(operation, batch):
                alarm = finds(Plant(0.0))
                alarms += alarm
                one = float(chance.random())
                for planted, levels in measured.items():
                    place = None if planted == EVERY else one
                    level = -1 if alarm else _level(finds, place, deltas, near[planted])
                    near[planted] = level
                    levels.append(Measured(batch, region, level))
        return tuple(
            Curve(
                self.operation, self.dtype, self.checker, planted, form.u, len(levels), alarms, batches,
                deltas, *estimate(levels, batches, deltas),
            )
            for planted, levels in measured.items()
        )  # fmt: skip

    def _inputs(self, operation: Operation, batch: int) -> Iterator[tuple[Finds, str]]:
        """For each input whether the checker finds an error there, and its region."""
        if self.checker == OURS:
            drawn = draw_scenarios(operation, dtype=self.dtype, examples=BATCH, seed=self.seed + batch)
            yield from ((by_us(operation, scenario), scenario.region) for scenario in drawn)
        else:
            checker = rivals.load(self.checker)
            drawn = list(islice(_documented(operation, self.dtype, self.seed), BATCH))
            yield from ((by_rival(checker, operation, scenario), scenario.region) for scenario in drawn)


def _level(finds: Finds, place: float | None, deltas: tuple[float, ...], near: int) -> int:
    return smallest_found(lambda delta: finds(Plant(delta, place)), deltas, near)


def by_us(operation: Operation, scenario: Scenario) -> Finds:
    """What ``gradassay.verify`` finds on the scenario, its truth computed once."""
    question = Question(scenario, Exact(operation.definition), operation.conventions)
    evaluation = evaluate_rule(operation.rule, scenario)
    if evaluation.error or not scenario.valid:
        return lambda plant: scenario.valid or not evaluation.error
    return lambda plant: hold(question, plant.into(evaluation)).verdict.fails


def by_rival(checker: rivals.Rival, operation: Operation, scenario: Scenario) -> Finds:
    """What the rival finds on the scenario; where it cannot say anything, nothing."""
    return lambda plant: bool(checker.check(plant.into_rule(operation.rule), scenario).rejects)


def _documented(operation: Operation, dtype: str, seed: int) -> Iterator[Scenario]:
    """The inputs of the rival's documentation, drawn again and again, cast where it asks for none of that dtype."""
    form = FORMATS[dtype]

    def cast(x: Array) -> Array:
        return x.astype(form.dtype) if is_floating(x.dtype) else x

    for again in count(seed):
        for scenario in documented(operation, seed=again):
            args = tuple(map(cast, scenario.args))
            yield replace(scenario, dtype=dtype, args=args, cotangent=cast(scenario.cotangent))


def _missing() -> dict[str, str]:
    """Why the rival cannot run, if it cannot."""
    try:
        rivals.load(RIVAL)
    except rivals.Missing as error:
        return {RIVAL: str(error)}
    return {}


def _measured(cells: Sequence[Cell], jobs: int, progress: Progress | None) -> Iterator[tuple[Curve, ...]]:
    """The curves of each cell, in the order of the cells."""
    if min(jobs, len(cells)) > 1:
        for curves in shared(Cell.curves, cells, min(jobs, len(cells)), progress):
            yield curves or ()
        return
    for i, cell in enumerate(cells):

        def told(label: str, done: int, total: int, i: int = i) -> None:
            if progress is not None:
                progress(label, i * total + done, len(cells) * total)

        yield cell.curves(told)
