"""A finding that a pullback is wrong: confirmed at finer steps, and led back from a direction to an entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from comparators.finite_differences.confirmation import refute
from comparators.finite_differences.directions import locate
from comparators.finite_differences.estimate import scale_of, slopes_along
from comparators.finite_differences.findings import Differences, Finding
from comparators.finite_differences.judgement import judge_directions, judge_entries, place
from comparators.finite_differences.moves import Entry, Move
from comparators.finite_differences.slopes import ENTRIES, split
from comparators.finite_differences.subject import Subject
from gradassay.vocabulary import Array, Verdict


def confirmed(
    subject: Subject, found: Differences, moves: Sequence[Move], x: Array | None = None
) -> tuple[Finding, Differences, int]:
    """The finding, what it rests on, and the line it is about; a slope that speaks against the pullback is heard twice.

    Those that finer steps do not confirm are withdrawn, one after the other, until one is confirmed or none is left.
    """
    if x is None:
        x = np.concatenate([arg.ravel() for arg in subject.functional.moved])
    while True:
        finding, worst = judge_directions(found) if found.directions else judge_entries(found)
        if finding.verdict is not Verdict.WRONG:
            return finding, found, worst
        value, error, width = (
            float(np.concatenate([getattr(e, name).ravel() for e in found.estimates])[worst])
            for name in ("value", "error", "width")
        )
        own = 1.0 if found.directions else float(scale_of(x[worst]))
        assert finding.got is not None  # every wrong finding about a line has the numbers
        estimate = value, error, width
        functional, along = subject.functional, bool(found.directions)
        reason = refute(functional, moves[worst], own, estimate, finding.got, subject.outputs, along)
        if not reason:
            return finding, found, worst
        found = found.without(worst, reason)


def pinned(finding: Finding, subject: Subject, found: Differences, worst: int) -> Finding:
    """The finding about a direction, led back to a wrong entry; as it was where the trail is lost.

    It is inconclusive where the trail ends at an entry that cannot be told.
    An infinite entry is right where the slope is too large for float64; then no direction tells anything.
    """
    flat = np.concatenate([gradient.ravel() for gradient in found.gradients])
    infinite = np.flatnonzero(~np.isfinite(flat))[:ENTRIES].tolist()
    suspects = infinite or locate(subject.functional, found.directions[worst], found.gradients, subject.noise)
    judged = [_judge_entry(subject, found, suspect) for suspect in suspects]
    wrong = next((one for one in judged if one.verdict is Verdict.WRONG), None)
    if wrong is not None:
        return replace(wrong, sentence=f"{wrong.sentence} (found along direction {worst})")
    unclear = next((one for one in judged if one.verdict is Verdict.INCONCLUSIVE), None)
    if infinite and len(infinite) < ENTRIES:
        unclear = judged[0]
    return finding if unclear is None else replace(unclear, verdict=Verdict.INCONCLUSIVE, ratio=None)


def _judge_entry(subject: Subject, found: Differences, flat: int) -> Finding:
    """The finding about one entry, counted through all moved arguments."""
    path, at = place(found, flat)
    k = found.paths.index(path)
    x = subject.functional.moved[k]
    entry = Entry(found.positions[k], int(np.ravel_multi_index(at, x.shape)) if at else 0)
    lines = slopes_along(subject.functional, [entry], x[at].reshape(1), subject.noise)
    one = replace(
        found,
        estimates=split(lines, [(1,)]),
        gradients=(found.gradients[k][at].reshape(1),),
        noise=(found.noise[k][at].reshape(1),),
        paths=(path,),
        directions=(),
    )
    finding, _, _ = confirmed(subject, one, [entry], x[at].reshape(1))
    where = f"{path}{list(at)}" if at else path
    return replace(finding, index=at, sentence=finding.sentence.replace(f"{path}[0]", where))
