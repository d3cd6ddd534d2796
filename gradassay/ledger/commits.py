"""The order of commits, their subjects, and what lies between two of them, from the repository of a folder."""

from __future__ import annotations

import subprocess
from bisect import bisect_right
from dataclasses import replace
from functools import cache, cached_property
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from gradassay.vocabulary.history import State

#: As many digits as a run names its commit with; abbreviations of both sides are cut to it.
DIGITS = 12

_PATIENCE_S = 20


class Commit(NamedTuple):
    """One commit of the history of HEAD."""

    position: int
    """In topological order, the oldest first."""
    at: float
    """When it was committed, in seconds since 1970."""
    subject: str


class Commits:
    """The history that HEAD of a folder's repository has; empty outside of one, or where git is not installed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def history(self) -> dict[str, Commit]:
        """The first digits of every commit that HEAD descends from, itself included."""
        said = _git(
            self._folder, "log", "--topo-order", "--reverse", "--format=%H%x09%ct%x09%s", "HEAD", "--"
        )
        lines = [line.split("\t", 2) for line in (said or "").splitlines()]
        return {
            name[:DIGITS]: Commit(position, float(at), subject)
            for position, (name, at, subject) in enumerate(lines)
        }

    @cached_property
    def elsewhere(self) -> frozenset[str]:
        """The first digits of the commits that only other branches and tags have."""
        said = _git(
            self._folder, "log", "--branches", "--remotes", "--tags", "--format=%H", "--not", "HEAD", "--"
        )
        return frozenset(name[:DIGITS] for name in (said or "").splitlines())

    def named(self, state: State) -> State:
        """The state with its commit's subject, where that is known."""
        known = self._known(state)
        return state if known is None else replace(state, subject=known.subject)

    def on_another_branch(self, state: State) -> bool:
        """Whether the commit is known, and none that HEAD descends from."""
        return state.base is not None and state.base[:DIGITS] in self.elsewhere

    def order(self, state: State) -> tuple[float, int, float]:
        """What states are sorted by: the place in the history; a commit not known to it stands where its time is.

        A changed working tree comes behind its commit.
        """
        known = self._known(state)
        if known is not None:
            return known.position, int(state.changed), state.at
        return bisect_right(self._times, state.at) - 0.5, 0, state.at

    def between(self, first: State, second: State) -> tuple[str, bool]:
        """Where a change from ``first`` to ``second`` was made, in words, and whether that is one commit."""
        if first.base == second.base and second.changed and not first.changed and first.base is not None:
            return f"in the working tree changed after {said(first)}", True
        pair = f"between {said(first)} and {said(second)}"
        if self._known(first) is None or self._known(second) is None:
            return pair, False
        assert first.base is not None
        assert second.base is not None
        missing, made = _counted(self._folder, first.base, second.base)
        if (missing, made) == (0, 1) and not first.changed and not second.changed:
            return f"at {said(second)}", True
        if missing:
            return f"{pair}, of two branches", False
        return (f"{pair} ({made} commits)" if made > 1 else pair), False

    @cached_property
    def _times(self) -> list[float]:
        # a commit may carry an earlier date than its parent's
        return list(accumulate((commit.at for commit in self.history.values()), max))

    def _known(self, state: State) -> Commit | None:
        return None if state.base is None else self.history.get(state.base[:DIGITS])


def said(state: State) -> str:
    """``1a2b3c4 "subject"``; without a commit, when it was."""
    if state.commit is None:
        return f"a run of {state.name}, of no known commit"
    return state.name if state.subject is None else f'{state.name} "{state.subject}"'


def head(folder: Path) -> str | None:
    """Commit of the repository of ``folder``, with ``+`` behind it where a tracked file is changed; None outside."""
    name = _git(folder, "rev-parse", f"--short={DIGITS}", "HEAD")
    if name is None:
        return None
    return name + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


@cache  # many changes lie between the same two commits, and what does is theirs for ever
def _counted(folder: Path, first: str, second: str) -> tuple[int, int]:
    """How many commits only ``first`` descends from, and how many only ``second``."""
    counts = _git(folder, "rev-list", "--left-right", "--count", f"{first}...{second}", "--")
    missing, made = (int(number) for number in (counts or "0 0").split())
    return missing, made


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
