"""Discrepancies shown again by ``gradassay replay``, all of them in one process that is started for it."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradassay.cli import main

#: Seconds that all of them may take together; most of it is spent on importing frameworks.
LIMIT_S = 120


@dataclass(frozen=True)
class Again:
    """What ``gradassay replay`` printed and left behind."""

    code: int
    """Its exit code."""
    verdict: str
    cause: str
    """As the example shows them now."""
    printed: str
    script: str
    """Where ``--script`` was written to."""


def replayed(asked: Sequence[tuple[str, str, str]], folder: Path) -> dict[str, Again]:
    """Replay each ``(name, id, results.json)`` in one new process; what it printed, by name."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(folder)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    return {name: Again(**found) for name, found in json.loads(done.stdout).items()}


def _again(number: int, name: str, file: str, folder: Path) -> dict[str, object]:
    script = folder / f"again_{number}.py"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = main(["replay", name, "--from", file, "--script", str(script)])
    now = next((line for line in printed.getvalue().splitlines() if line.startswith("now:")), "now:")
    verdict, _, cause = now.removeprefix("now:").strip().partition(", ")
    return {
        "code": code,
        "verdict": verdict,
        "cause": cause,
        "printed": printed.getvalue(),
        "script": str(script),
    }


if __name__ == "__main__":
    _folder = Path(sys.argv[1])
    _found = {
        name: _again(number, id_, file, _folder)
        for number, (name, id_, file) in enumerate(json.load(sys.stdin))
    }
    print(json.dumps(_found))
