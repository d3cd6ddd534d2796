"""What the shell completes: commands, options, operations, trainings, and the names behind a comma."""

from __future__ import annotations

import contextlib
import io

import pytest

from gradassay.catalogue import OPERATIONS
from gradassay.cli import main
from gradassay.cli.app import COMMANDS
from gradassay.training.setups import SETUPS


def completed(monkeypatch: pytest.MonkeyPatch, line: str) -> list[str]:
    """What bash is offered for the last word of ``line``."""
    words = line.split(" ")
    monkeypatch.setenv("_GRADASSAY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    said = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(said, encoding="utf-8", write_through=True)) as stream:
        assert main([]) == 0
        stream.detach()
    return [item.partition(",")[2] for item in said.getvalue().decode().splitlines()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gradassay ", list(COMMANDS)),
        ("gradassay compare ", list(OPERATIONS)),
        ("gradassay compare softmax get_", ["get_item", "get_item_grad"]),
        ("gradassay bench soft", ["softmax", "softmax_cross_entropy", "softmax_regression"]),
        ("gradassay verify layers:mine --like log", ["log_softmax", "log"]),
        ("gradassay train ", list(SETUPS)),
        ("gradassay train 003", ["003-classifier"]),
        ("gradassay train --implementations numpy,tor", ["numpy,torch"]),
        ("gradassay compare --implementations numpy,torch.ma", ["numpy,torch.max", "numpy,torch.maximum"]),
        ("gradassay compare --dtypes float64,b", ["float64,bfloat16"]),
        ("gradassay compare --or", ["--order"]),
        ("gradassay train --check", ["--check-every"]),
    ],
)
def test_the_shell_is_offered(monkeypatch: pytest.MonkeyPatch, line: str, offered: list[str]) -> None:
    assert completed(monkeypatch, line) == offered
