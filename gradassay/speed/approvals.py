"""Slow-downs that are meant: trailers of the commit messages since the revision that is compared with.

    Slower: softmax 1.3 because the row maximum is now subtracted twice
    More-work: softmax because -inf is treated by itself
    Gone: softmax because it is called soft_max now

They end by themselves: once the revision compared with holds the commit, its message is no longer among them. Of
several for one operation the largest factor counts, and they do not multiply, since slow-downs that add up are what a
comparison with the last release is for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gradassay.errors import UsageError

SLOWER, MORE_WORK, GONE = "Slower", "More-work", "Gone"
#: A factor beyond this is a slip of the pen.
LARGEST = 1000.0

_OURS = re.compile(rf"({SLOWER}|{MORE_WORK}|{GONE})\s*:", re.IGNORECASE)
_SLOWER = re.compile(rf"{SLOWER}: (\S+) (\d+(?:\.\d+)?) because (\S.*)")
_OTHERS = re.compile(rf"({MORE_WORK}|{GONE}): (\S+) because (\S.*)")


@dataclass(frozen=True)
class Approval:
    """One trailer."""

    kind: str
    """``SLOWER``, ``MORE_WORK`` or ``GONE``."""
    operation: str
    factor: float | None
    """How much slower it may be; None for the other kinds."""
    reason: str
    commit: str


@dataclass(frozen=True)
class Approvals:
    """All trailers since a revision."""

    given: tuple[Approval, ...] = ()
    notes: tuple[str, ...] = ()
    """What is wrong with lines that look like approvals, where that was let pass."""

    def factor(self, operation: str) -> float | None:
        """How much slower ``operation`` may be; None where nothing was approved."""
        factors = [each.factor for each in self.given if each.operation == operation and each.factor]
        return max(factors, default=None)

    def more_work(self, operation: str) -> bool:
        """Whether ``operation`` may do more work."""
        return self._has(MORE_WORK, operation)

    def gone(self, operation: str) -> bool:
        """Whether there may be no ``operation`` any more that takes the arguments that it took."""
        return self._has(GONE, operation)

    def _has(self, kind: str, operation: str) -> bool:
        return any((each.kind, each.operation) == (kind, operation) for each in self.given)


def approvals(
    messages: Sequence[tuple[str, str]], operations: Collection[str] | None, *, strict: bool = True
) -> Approvals:
    """Read the trailers of (commit, message); UsageError for one that cannot be read, with commit and line.

    An operation that is not among ``operations`` is an error, unless they are None. Where not ``strict``, as for
    messages that are history and that nobody can mend, either is a note.
    """
    found, notes = [], []
    for commit, message in messages:
        for number, line in enumerate(message.splitlines(), 1):
            if number > 1 and _OURS.match(line):
                try:
                    found.append(
                        _read(line.rstrip(), f"commit {commit[:8]}, line {number}", commit, operations)
                    )
                except UsageError as error:
                    if strict:
                        raise
                    notes.append(str(error))
    return Approvals(tuple(found), tuple(notes))


def slower(operation: str, ratio: float) -> str:
    """The trailer that approves a slow-down by ``ratio``, rounded up to a tenth."""
    return f"{SLOWER}: {operation} {int(ratio * 10 + 1) / 10:.1f} because ..."


def more_work(operation: str) -> str:
    """The trailer that approves more work."""
    return f"{MORE_WORK}: {operation} because ..."


def gone(operation: str) -> str:
    """The trailer that approves that an operation, or its signature, is no longer there."""
    return f"{GONE}: {operation} because ..."


def _read(line: str, where: str, commit: str, operations: Collection[str] | None) -> Approval:
    if match := _SLOWER.fullmatch(line):
        operation, factor, reason = match[1], float(match[2]), match[3]
        if not 1 < factor <= LARGEST:
            raise UsageError(f"{where}: {line!r}: the factor has to lie between 1 and {LARGEST:g}")
        approval = Approval(SLOWER, operation, factor, reason, commit)
    elif match := _OTHERS.fullmatch(line):
        approval = Approval(match[1], match[2], None, match[3], commit)
    else:
        raise UsageError(
            f"{where}: {line!r} is no approval; write '{SLOWER}: softmax 1.3 because REASON', "
            f"'{MORE_WORK}: softmax because REASON' or '{GONE}: softmax because REASON', on one line"
        )
    if not approval.reason.strip(". "):
        raise UsageError(f"{where}: {line!r} gives no reason; say in a sentence why it is right")
    if operations is not None and approval.operation not in operations:
        unknown = UsageError.unknown("operation", approval.operation, sorted(operations))
        raise UsageError(f"{where}: {line!r}: {unknown}")
    return approval
