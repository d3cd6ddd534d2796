"""Hypothesis profiles: `ci` tries the same inputs every time, `explore` new ones (GRADASSAY_PROFILE=explore).

Without that variable it is `ci`: a test command that a newcomer runs has to say the same thing twice.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from gradassay.vocabulary import Run
from property_tests.command_lines import Approve, FullDisk, Install, Shell

# How fast inputs are drawn depends on the machine, and says nothing about a law.
_any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("ci", _any_speed, derandomize=True, database=None, print_blob=True)
settings.register_profile("explore", _any_speed)
settings.load_profile(os.environ.get("GRADASSAY_PROFILE", "ci"))

#: What decides how a command behaves or looks, and is set by where it runs.
_OUTSIDE = ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS")


@pytest.fixture(autouse=True, scope="session")
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the runs of tests out of the ledger of whoever runs them, and what CI and a terminal set out of the tests.

    For the processes that a test starts too: `gradassay approve` is refused where CI is set.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADASSAY_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name in (*_OUTSIDE, *(name for name in os.environ if name.startswith("GITHUB_"))):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Run a command line in an empty directory; gives exit code, standard output, standard error."""
    from gradassay.cli import main

    monkeypatch.chdir(tmp_path)

    def call(*argv: str) -> tuple[int, str, str]:
        code = main(argv)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    """Let the disk be full once so many files were written."""

    def install(fits: int) -> list[int]:
        written: list[int] = []

        def fsync(handle: int) -> None:
            written.append(handle)
            if len(written) > fits:
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", fsync)
        return written

    return install


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a finished run, or a function that makes one, in the engine's place."""
    from property_tests.fake_runs import engine

    def install(result: Any) -> Any:
        fake = engine(result)
        monkeypatch.setitem(sys.modules, "gradassay.engine", fake)
        return fake

    return install


@pytest.fixture
def approve(shell: Shell, measuring: Install) -> Approve:
    """Approve a run in ``st``; gives the engine that made it."""

    def call(what: Run) -> Any:
        fake = measuring(what)
        code, _, err = shell("approve", "--reason", "first", "--approved", "st")
        assert code == 0, err
        return fake

    return call
