"""``gradassay audit``: every defect and every correct rule before every checker."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from comparators.registry import Missing
from gradassay.audit import rivals as others
from gradassay.audit.alarms import alarms_of, alarms_on, cells, joined
from gradassay.audit.inputs import documented
from gradassay.audit.ours import assayed, first_failure, leading
from gradassay.audit.scenarios import DTYPES, Drawn
from gradassay.audit.witnesses import Witness
from gradassay.catalogue import OPERATIONS
from gradassay.engine import chosen, positive
from gradassay.environment import environment, installed, libraries
from gradassay.errors import UsageError
from gradassay.orders import pullback_name
from gradassay.sharing import ProcessDied, Progress, shared
from gradassay.vocabulary import Verdict
from gradassay.vocabulary.audit import Alarms, Assayed, Audit, Checker, Defect, Sighting
from reference_impls.defects import DEFECTS

OURS = "gradassay"
#: The others are made for double precision, and most of them ask for it.
LENT = "float64"
#: A quick audit asks for so many false alarms as this, and stops at the first failing scenario of a defect.
QUICK_ALARMS = 4_200
ALARMS = 100_800


@dataclass(frozen=True)
class Task:
    """The part of an audit that one operation has."""

    operation: str
    quick: bool
    rivals: tuple[str, ...]
    examples: int
    seed: int
    borrowed: int
    """How many of our scenarios the others are given."""
    alarms: int
    """On how many scenarios its correct rules are judged by us."""


@dataclass(frozen=True)
class Part:
    """What came of a task."""

    defects: list[Assayed] = field(default_factory=list)
    alarms: dict[str, list[Alarms]] = field(default_factory=dict)
    interrupted: bool = False


def audit(
    operations: Sequence[str] | None = None,
    *,
    rivals: Sequence[str] | None = None,
    quick: bool = False,
    alarms: int | None = None,
    borrowed: int = 100,
    examples: int = 100,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Audit:
    """Judge the checkers: every defect of the operations, and their correct rules.

    Ours takes the scenarios that ``gradassay.verify`` takes with ``examples`` and ``seed``, on which the correct rules
    have to pass as well, and they and their pullbacks on ``alarms`` scenarios more, of other seeds.  Each of the
    ``rivals`` is given documented inputs, and then ``borrowed`` of our scenarios in float64.  ``quick`` leaves the
    rivals out and stops at the first failing scenario of each defect.  UsageError for an unknown name.
    """
    began = time.perf_counter()
    asked = chosen("operation", operations, tuple(OPERATIONS))
    if quick and rivals is not None:
        raise UsageError("a quick audit asks no other checkers; leave out the rivals, or quick")
    wanted = () if quick else chosen("checker", rivals, others.names())
    checkers, missing = _checkers(wanted)
    number = alarms if alarms is not None else QUICK_ALARMS if quick else ALARMS
    present = tuple(dict.fromkeys(checker.name for checker in checkers if checker.name != OURS))
    tasks = [
        Task(
            name,
            quick,
            present,
            positive("examples", examples),
            seed,
            positive("borrowed", borrowed),
            -(-number // len(asked)),
        )
        for name in asked
    ]
    parts: list[Part] = []
    interrupted = False
    try:
        if min(positive("jobs", jobs), len(tasks)) == 1:
            for task in tasks:
                parts.append(perform(task, progress))
                if parts[-1].interrupted:
                    break
        else:
            parts += [part for part in shared(perform, tasks, jobs, progress) if part is not None]
    except (KeyboardInterrupt, ProcessDied):
        interrupted = True
    return Audit(
        checkers=checkers,
        defects=tuple(defect for part in parts for defect in part.defects),
        alarms={
            checker.title: joined([one for part in parts for one in part.alarms.get(checker.title, ())])
            for checker in checkers
        },
        environment=environment() | libraries() | {"seed": seed, "examples": examples, "dtypes": DTYPES},
        missing=missing,
        seconds=time.perf_counter() - began,
        interrupted=interrupted or any(part.interrupted for part in parts),
    )


def perform(task: Task, progress: Progress | None) -> Part:
    """One operation; what there is of it where it is interrupted."""
    part = Part()
    operation = OPERATIONS[task.operation]
    defects = [defect for defect in DEFECTS.values() if defect.operation == task.operation]
    ours = Drawn(task.operation, examples=task.examples, seed=task.seed)
    total = len(defects) + 1

    def told(number: int, label: str) -> None:
        if progress is not None:
            progress(label, number, total)

    try:
        told(0, f"{task.operation}: correct rules")
        witnesses = _witnesses(task, ours)
        names = (operation.name, pullback_name(operation.name))
        # what finds defects has to accept the correct rule
        part.alarms[_ours().title] = [alarms_on(operation, ours.of(dtype), task.seed) for dtype in DTYPES]
        part.alarms[_ours().title] += [
            alarms_of(cell, lambda _: told(0, f"{task.operation}: correct rules"))
            for cell in cells(task.alarms, operations=names, seed=task.seed + 1)
        ]
        for title, witness in witnesses.items():
            part.alarms[title] = [witness.alarms]
        for i, defect in enumerate(defects):
            told(i + 1, defect.name)
            part.defects.append(_assayed(defect, ours, witnesses, quick=task.quick))
    except KeyboardInterrupt:
        return Part(part.defects, part.alarms, interrupted=True)
    return part


def _assayed(defect: Defect, ours: Drawn, witnesses: Mapping[str, Witness], *, quick: bool) -> Assayed:
    verdicts: Mapping[Verdict, int] = {}
    if quick:
        sighting = first_failure(defect.rule, ours)
    else:
        sighting, verdicts = assayed(defect.rule, ours)
    others: dict[str, Sighting] = {title: witness.sight(defect.rule) for title, witness in witnesses.items()}
    return Assayed(
        defect.name,
        defect.operation,
        defect.verdict,
        defect.mistake,
        defect.shows,
        defect.source,
        verdicts,
        leading(verdicts),
        {_ours().title: sighting, **others},
    )


def _witnesses(task: Task, ours: Drawn) -> dict[str, Witness]:
    """Title -> each rival with its documented inputs, and with ours."""
    if not task.rivals:
        return {}
    scenarios = ours.of(LENT)
    borrowed = scenarios[:: -(-len(scenarios) // task.borrowed)]
    inputs = {"documented": documented(ours.operation), "our": borrowed}
    found = {}
    for name in task.rivals:
        rival = others.load(name)
        for kind, given in inputs.items():
            found[_checker(rival, kind).title] = Witness(rival, ours.operation, given)
    return found


def _checkers(rivals: Sequence[str]) -> tuple[tuple[Checker, ...], dict[str, str]]:
    """Ours and those that are installed, and for the others how to get them."""
    found, missing = [_ours()], {}
    for name in rivals:
        try:
            rival = others.load(name)
        except Missing as error:
            missing[name] = str(error)
            continue
        found += [_checker(rival, kind) for kind in ("documented", "our")]
    return tuple(found), missing


def _checker(rival: others.Rival, kind: str) -> Checker:
    return Checker(rival.name, rival.version, rival.call, kind)


def _ours() -> Checker:
    version = f"gradassay {installed('gradassay') or '(not installed)'}"
    return Checker(OURS, version, "gradassay.verify(rule, like=operation)", "our")
