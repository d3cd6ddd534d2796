"""The gate on a rule in a repository of its own, with made-up times or real ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradassay.cli import main
from gradassay.speed import gate as gate_module
from gradassay.speed.cells import Outcome, Task, Timed, Timing
from gradassay.speed.running import perform
from gradassay.speed.sequential import decide
from gradassay.vocabulary.bench import Ratio
from property_tests.test_speed_revisions import Git

RULE = """
import numpy as np

def softmax(x, *, axis=-1):
    e = np.exp(x)
    p = e / e.sum(axis=axis, keepdims=True)

    def pullback(y_bar):
        return p * (y_bar - (p * y_bar).sum(axis=axis, keepdims=True))

    return p, pullback
"""
WASTEFUL = RULE.replace("e = np.exp(x)", "e = np.exp(x) * 1")

#: How many times slower a cell is; the second argument counts the processes.
Slowness = Callable[[Timing, int], float]
Shell = Callable[..., tuple[int, str, str]]


def nothing_is_slower(_task: Timing, _process: int) -> float:
    """Unchanged code on a quiet machine."""
    return 1.0


def canary(task: Timing) -> bool:
    """Whether a revision is timed against itself."""
    return task.before.folder == task.after.folder


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Slowness], None]:
    """Put made-up times in the place of a process that measures; work is counted as ever, but here."""

    def install(slowness: Slowness) -> None:
        processes = 0

        def run(tasks: Sequence[Task], _progress: Any) -> tuple[dict[Task, Outcome], bool]:
            nonlocal processes
            processes += 1
            return {task: outcome(task, processes) for task in tasks}, False

        def outcome(task: Task, process: int) -> Outcome:
            real = perform(task, lambda *_: None) if not isinstance(task, Timing) else None
            if real is not None or not isinstance(task, Timing):
                assert real is not None
                return real
            ratio = slowness(task, process) * task.planted[1] / task.planted[0]
            decision = decide(lambda: math.log(ratio), task.margin)
            return Timed(
                task,
                decision.finding,
                Ratio(ratio, ratio, ratio, 1.0),
                1e-5,
                1e-5 * ratio,
                decision.slowdowns,
            )

        monkeypatch.setattr(gate_module, "run", run)

    return install


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository of the user's with a rule, and the current folder in it."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    git = Git(tmp_path / "mine")
    git.commit("The rule", mylayers=RULE)
    monkeypatch.chdir(git.root)
    monkeypatch.syspath_prepend(git.root)
    return git


@pytest.fixture
def gated(layers: Git, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Run the gate on the rule in that repository."""

    def call(*more: str, against: str = "HEAD", rule: str = "mylayers:softmax") -> tuple[int, str, str]:
        code = main(["bench", "--against", against, "--rule", rule, "--like", "softmax", *more])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure here and for real, one block of each cell."""
    monkeypatch.setattr(
        gate_module,
        "run",
        lambda tasks, _: ({task: perform(brief(task), lambda *_: None) for task in tasks}, False),
    )


def brief(task: Task) -> Task:
    """The same, one block long."""
    return replace(task, most=1, least=1) if isinstance(task, Timing) else task
