"""Votes in words, and their errors."""

from __future__ import annotations

from gradassay.environment import fingerprint
from gradassay.vocabulary import Vote, Witness
from reports.numbers import short


def votes(then: Witness, now: Witness) -> tuple[str, ...]:
    """What every implementation does on a witness, and what it did where that is something else."""
    lines = []
    for name in dict.fromkeys((*then.votes, *now.votes)):
        old, new = then.votes.get(name), now.votes.get(name)
        was = "no vote" if old is None else said(old, name)
        is_ = "not asked" if new is None else said(new, name)
        lines.append(f"{name}: {is_}" + (f" (was {was})" if is_ != was else ""))
    return tuple(lines)


def said(vote: Vote, implementation: str) -> str:
    """A vote in words."""
    error = error_of(vote, implementation)
    words = f"{vote.verdict} ({vote.cause})" if vote.cause else str(vote.verdict)
    return words if error is None else f"{words}, norm-wise error {short(error, 3)} u"


def error_of(vote: Vote, implementation: str) -> float | None:
    """The error on this platform, or else the largest that is recorded."""
    here = vote.errors.get(fingerprint(implementation))
    return max(vote.errors.values(), default=None) if here is None else here


def risen(then: Witness, now: Witness, implementation: str) -> float:
    """The error now over the one recorded, both at least a unit roundoff; 1 where there is none."""
    errors = [
        None if vote is None else error_of(vote, implementation)
        for vote in (then.votes.get(implementation), now.votes.get(implementation))
    ]
    was, is_ = errors
    return 1.0 if was is None or is_ is None else max(is_, 1.0) / max(was, 1.0)
