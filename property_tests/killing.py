"""``gradassay approve`` killed at random moments: what a kill -9 leaves of the approved state.

Half of the kills come at any moment of its life, half while it writes, which the size of the state makes long.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gradassay.cli.state import read, write
from gradassay.vocabulary import Run, Verdict
from property_tests.fake_runs import row, run, voted
from property_tests.fake_states import state_of
from reports.results_json import JsonReporter

Files = Mapping[Path, bytes]

#: A process may take so much longer than the one that was timed, and still be killed at its end.
SLACK = 1.5


class Killed:
    """A state in ``folder``, and the command that replaces all of its files by others."""

    def __init__(self, folder: Path, operations: int) -> None:
        """Write the state and the results.json, and let the command finish once, to know what it makes of it."""
        self.state = folder / "state"
        old, new = (_run(operations, verdict, typical) for verdict, typical in _RUNS)
        approved = state_of(old)
        write(self.state, approved)
        self.old = files(self.state)
        source = folder / "results.json"
        replayed = voted(new, approved.witnesses.values())
        with source.open("w", encoding="utf-8") as stream:
            JsonReporter().write(replace(new, replayed=replayed), stream)
        self.command = [
            sys.executable,
            "-m",
            "gradassay",
            "approve",
            "--reason",
            "another",
            "--from",
            str(source),
        ]
        self.command += ["--approved", str(self.state)]
        began = time.perf_counter()
        process = self._start()
        self._wait_for_writing(process)
        writing = time.perf_counter()
        assert process.wait(timeout=120) == 0
        ended = time.perf_counter()
        self.life_s, self.writing_s = ended - began, ended - writing
        self.new = files(self.state)
        assert all(self.old[path] != self.new[path] for path in self.old)

    def kill(self, chance: random.Random, *, writing: bool) -> str:
        """Kill it once; gives before, during or after its writing. AssertionError for a file that is damaged."""
        self._restore()
        process = self._start()
        if writing:
            self._wait_for_writing(process)
        time.sleep(chance.uniform(0, SLACK * (self.writing_s if writing else self.life_s)))
        process.kill()
        process.wait(timeout=120)
        now = files(self.state)
        assert now.keys() == self.old.keys()
        assert all(now[path] in (self.old[path], self.new[path]) for path in now)
        read(self.state)
        renewed = sum(now[path] == self.new[path] for path in now)
        return "before" if not renewed else "after" if renewed == len(now) else "during"

    def kills(self, number: int, seed: int = 0) -> Counter[str]:
        """How many of ``number`` kills came before, during and after writing."""
        chance = random.Random(seed)
        return Counter(self.kill(chance, writing=bool(i % 2)) for i in range(number))

    def finish(self) -> None:
        """Let the command finish on the old state."""
        self._restore()
        assert self._start().wait(timeout=120) == 0
        assert files(self.state) == self.new

    def left_behind(self) -> list[Path]:
        """Files that were half written."""
        return sorted(self.state.rglob("*.tmp"))

    def _restore(self) -> None:
        for path, content in self.old.items():
            path.write_bytes(content)

    def _start(self) -> subprocess.Popen[bytes]:
        by_a_person = {name: value for name, value in os.environ.items() if name != "CI"}
        return subprocess.Popen(
            self.command, env=by_a_person, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _wait_for_writing(self, process: subprocess.Popen[bytes]) -> None:
        before = (self.state / "witnesses").stat().st_mtime_ns
        while process.poll() is None and (self.state / "witnesses").stat().st_mtime_ns == before:
            time.sleep(0.0005)


_RUNS = ((Verdict.SUBGRADIENT, 1.0), (Verdict.WRONG, 9.0))


def _run(operations: int, verdict: Verdict, typical: float) -> Run:
    rows = (
        row(f"operation_{i:03d}", found=[(verdict, "tie: split", 3)], typical=typical)
        for i in range(operations)
    )
    return run(*rows, environment={"seed": 0, "examples": 200})


def files(folder: Path) -> dict[Path, bytes]:
    """Every file of the state with its content."""
    return {
        path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in (".toml", ".jsonl")
    }
