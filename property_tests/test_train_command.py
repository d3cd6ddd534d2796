"""Laws of ``gradassay train``: what it shows, what it writes, and how it leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from comparators import registry
from gradassay import cli
from gradassay import training as engine
from gradassay.training import numpy_rules, train
from gradassay.training.results import Training
from gradassay.training.setups import Setup
from gradassay.vocabulary import Array


def ascent(w: Array, w_bar: Array, *, rate: float) -> Array:
    return w + rate * w_bar


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.main(["train", *argv])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_shows_losses_and_leaves_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "001-softmax", "--implementations", "numpy", "--steps", "3")
    assert code == 0
    assert "1.098612288668" in out
    assert "\x1b" not in out


def test_the_command_names_our_fault_and_leaves_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {**numpy_rules(), "sgd": ascent}
    monkeypatch.setattr(engine, "numpy_rules", lambda: broken)
    code, out, _ = run(capsys, "001-softmax", "--implementations", "numpy", "--steps", "3")
    assert code == 1
    assert "step 0, sgd (parameters), the primal" in out


def test_a_missing_framework_is_said_and_does_not_count_as_agreement(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    code, out, _ = run(capsys, "001-softmax", "--implementations", "numpy,torch", "--steps", "3")
    assert code == 0
    assert "not trained: torch: torch is not installed; pip install" in out
    assert "nothing to compare its losses with" in out
    code, out, _ = run(capsys, "001-softmax", "--implementations", "torch", "--steps", "3")
    assert code == 5
    assert "nothing was trained" in out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("004",), "unknown set-up '004'"),
        (("000", "--implementations", "tork"), "unknown implementation 'tork'"),
        (("000", "--dtype", "float16"), "unknown dtype 'float16'"),
        (("000", "--steps", "0"), "--steps"),
    ],
)
def test_what_is_not_known_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], words: str
) -> None:
    code, _, err = run(capsys, *argv)
    assert code == 4
    assert words in err


def test_the_results_are_json_with_every_loss_to_the_last_bit(
    capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    argv = "001-rate", "--implementations", "numpy", "--steps", "4", "--seed", "2", "--out", str(tmp_path)
    assert run(capsys, *argv)[0] == 0
    written = json.loads((tmp_path / "train.json").read_text(encoding="utf-8"))
    assert [t["setup"] for t in written["trainings"]] == ["001-rate-0.1", "001-rate-1e5", "001-rate-1e-10"]
    ours = train("001-rate-1e5", implementations=("numpy",), steps=4, seed=2).trajectories[0]
    (trajectory,) = written["trainings"][1]["trajectories"]
    assert [float.fromhex(loss) for loss in trajectory["losses_hex"]] == ours.losses.tolist()
    assert "001-rate-1e-10" in (tmp_path / "train.txt").read_text(encoding="utf-8")


def test_an_interrupt_keeps_the_set_ups_that_were_finished(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    def interrupting(setup: Setup, **options: Any) -> Training:
        if setup.name == "001-rate-1e-10":
            raise KeyboardInterrupt
        return train(setup, **options)

    argv = "001-rate", "--implementations", "numpy", "--steps", "2", "--out", str(tmp_path)
    assert run(capsys, *argv)[0] == 0
    assert json.loads((tmp_path / "train.json").read_text(encoding="utf-8"))["interrupted"] is False
    monkeypatch.setattr(engine, "train", interrupting)
    code, out, err = run(capsys, *argv)
    assert code == 2
    assert "interrupted" in err
    assert "001-rate-1e5" in out
    written = json.loads((tmp_path / "train.json").read_text(encoding="utf-8"))
    assert written["interrupted"] is True
    assert [t["setup"] for t in written["trainings"]] == ["001-rate-0.1", "001-rate-1e5"]
    plain = (tmp_path / "train.txt").read_text(encoding="utf-8")
    assert "001-rate-1e5" in plain
    assert plain.endswith("interrupted: what comes after this is missing\n")
