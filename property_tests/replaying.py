"""Discrepancies shown again: processes without Gradassay, and modules of the user's."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gradassay.replay.remembered import CACHE

#: What a clean process must not find: all of ours, and what only one format needs.
HIDDEN = ("comparators", "gradassay", "hypothesis", "property_tests", "reference_impls", "reports")


def clean(script: str, folder: Path, *hidden: str) -> tuple[int, str]:
    """Exit code and output of a script in a process that cannot import what is hidden."""
    file = folder / "again.py"
    file.write_text(script, encoding="utf-8")
    names = [*HIDDEN, *hidden]
    start = f"import runpy, sys; sys.modules.update(dict.fromkeys({names})); "
    start += f"runpy.run_path({str(file)!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-I", "-c", start], capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


#: What has to be installed for an implementation.
PACKAGES = {"torch": "torch", "tensorflow": "tensorflow", "tensorflow.keras": "keras", "jax": "jax"}


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember runs in a folder of this test's own."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))


@pytest.fixture
def write_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Write a module ``layers`` of the user's, and import it."""

    def write(source: str) -> Any:
        (tmp_path / "layers.py").write_text(textwrap.dedent(source), encoding="utf-8")
        importlib.invalidate_caches()
        return importlib.import_module("layers")

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "layers", raising=False)
    yield write
    sys.modules.pop("layers", None)
    from gradassay.replay import source as standalone_source

    standalone_source._MODULES.pop("layers", None)
