"""Command lines in the process of the tests: the types of ``shell``, ``measuring`` and ``approve`` of the conftest."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gradassay.vocabulary import Run

#: Runs a command line in an empty directory; gives exit code, standard output, standard error.
Shell = Callable[..., tuple[int, str, str]]
#: ``full_disk(n)``: from now on n files fit; gives the handles of those that were written.
FullDisk = Callable[[int], list[int]]
#: Puts a finished run, or a function that makes one, in the engine's place.
Install = Callable[[Any], Any]
#: Approves a run in the folder ``st``; gives the engine that made it.
Approve = Callable[[Run], Any]


def commands(out: str) -> list[str]:
    """The commands that a check prints beside its breaches."""
    return re.findall(r"if this is right: (.*) \(edits ", out)


def one_line(error: str) -> str:
    """The only line of ``error``, which must be a complaint and no traceback."""
    lines = error.strip().splitlines()
    assert len(lines) == 1, error
    assert lines[0].startswith("error: ")
    return lines[0]
