"""What the gate measured, judged: a slow-down by its second try and by what the canaries say, work by its counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradassay.speed.breaches import (
    fails,
    more_work_breaches,
    refusal_breaches,
    slower_breaches,
    vanished_breaches,
)
from gradassay.speed.cells import Counted, Outcome, Refused, Task, Timed, Timing
from gradassay.speed.preparing import Base, Comparison
from gradassay.speed.results import Canaries, SpeedResult
from gradassay.speed.sequential import Finding


def judged(
    compared: Comparison,
    tasks: Sequence[tuple[Base | None, Task]],
    outcomes: Mapping[Task, Outcome],
    confirmed: Mapping[Timing, Outcome],
    wanted: set[str],
) -> SpeedResult:
    """What of the outcomes is a breach, and what is only told; ``confirmed`` is what came of a second try."""
    done = [(base, task, outcomes[task]) for base, task in tasks if task in outcomes]
    last = [
        confirmed.get(task, outcome)
        for base, task, outcome in done
        if base is None and isinstance(task, Timing)
    ]
    own = [each for each in last if isinstance(each, Timed)]
    canaries = Canaries(
        tuple(each for each in own if each.task.planted == (1, 1)),
        tuple(each for each in own if each.task.planted != (1, 1)),
        sum(base is None and task in confirmed for base, task, _ in done),
    )
    pairs = [(base, outcome) for base, _, outcome in done if base is not None]
    times = [(base, each) for base, each in pairs if isinstance(each, Timed)]
    slow = [(base, each, confirmed.get(each.task)) for base, each in times if each.finding is Finding.SLOWER]
    sure = [
        (base, first, again)
        for base, first, again in slow
        if isinstance(again, Timed) and again.finding is Finding.SLOWER and canaries.trouble is None
    ]
    counts = [(base, each) for base, each in pairs if isinstance(each, Counted)]
    refused = [(base, each) for base, each in pairs if isinstance(each, Refused)]
    return SpeedResult(
        tuple(base.commit for base in compared.bases),
        (
            *vanished_breaches(compared, wanted),
            *refusal_breaches(compared, refused),
            *slower_breaches(compared, sure),
            *more_work_breaches(compared, counts),
        ),
        tuple((base.commit, each) for base, each in times),
        tuple((base.commit, each) for base, each in counts),
        canaries,
        tuple(
            name
            for name in compared.rules
            if name in wanted and not any(name in base.operations for base in compared.bases)
        ),
        tuple(
            (base.commit, each) for base, each, _ in slow if all(each is not first for _, first, _ in sure)
        ),
        tuple((base.commit, each) for base, each in refused if not fails(each)),
        tuple(dict.fromkeys(each for base in compared.bases for each in base.approvals.given)),
        tuple(dict.fromkeys(each for base in compared.bases for each in base.approvals.notes)),
    )
