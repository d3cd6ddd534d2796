"""The benchmarks are of the code as it is."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLANTED = runpy.run_path(str(ROOT / "benchmarks" / "regressions.py"))["PLANTED"]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.name)
def test_what_a_planted_regression_changes_is_there_once(planted: Any) -> None:
    text = (ROOT / planted.file).read_text()
    assert text.count(planted.old) == 1
    compile(text.replace(planted.old, planted.new), planted.file, "exec")
