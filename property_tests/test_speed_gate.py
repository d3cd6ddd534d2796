"""The gate on made-up times: what is a breach, what it takes to be one, and what the command says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from gradassay.cli import main
from gradassay.speed import gate as gate_module
from gradassay.speed.cells import Cell, Side, Timed, Timing
from gradassay.speed.measuring import timed
from property_tests.speed_gating import RULE, WASTEFUL, Shell, Slowness, canary, nothing_is_slower
from property_tests.test_speed_revisions import Git

pytest_plugins = ("property_tests.speed_gating",)


def test_what_has_not_changed_passes(gated: Shell, machine: Callable[[Slowness], None]) -> None:
    machine(nothing_is_slower)
    code, out, err = gated()
    assert code == 0, err
    assert "PASSED  6 of 6 cells" in out
    assert "would detect +5%" in out


def test_a_slow_down_fails_with_cell_ratio_and_the_trailer_that_approves_it(
    gated: Shell, machine: Callable[[Slowness], None]
) -> None:
    machine(lambda task, _: 1.24 if not canary(task) and task.cell.size == (8, 10) else 1.0)
    code, out, _ = gated()
    assert code == 1
    assert re.search(r"mylayers:softmax +8×10 .*×1.240 \[1.240, 1.240\]", out)
    assert "Slower: mylayers:softmax 1.3 because ..." in out
    assert "FAILED  2 breaches; 4 of 6 cells" in out


def test_a_slow_down_that_a_fresh_process_does_not_confirm_is_told_and_passes(
    gated: Shell, machine: Callable[[Slowness], None]
) -> None:
    machine(lambda task, process: 1.3 if process == 1 and not canary(task) else 1.0)
    code, out, _ = gated()
    assert code == 0
    assert out.count("not confirmed mylayers:softmax") == 6


@pytest.mark.parametrize(("approved", "code"), [("1.3", 0), ("1.2", 1)])
def test_an_approved_slow_down_passes_up_to_its_factor(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git, approved: str, code: int
) -> None:
    layers.commit(f"Slower\n\nSlower: mylayers:softmax {approved} because it is exact now")
    machine(lambda task, _: 1.0 if canary(task) else 1.25)
    found, out, _ = gated(against="HEAD~1")
    assert found == code
    assert f"approved: mylayers:softmax up to {approved} times slower because it is exact now" in out


def test_a_malformed_approval_is_a_usage_error(gated: Shell, layers: Git) -> None:
    sha = layers.commit("Slower\n\nSlower: mylayers:softmax a bit because it is exact now")
    code, _, err = gated(against="HEAD~1")
    assert code == 4
    assert f"commit {sha[:8]}, line 3" in err


def test_a_temporary_more_is_a_breach_of_its_own_and_can_be_approved(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git
) -> None:
    machine(nothing_is_slower)
    layers.commit("Waste", mylayers=WASTEFUL)
    code, out, _ = gated(against="HEAD~1")
    assert code == 1
    assert "more work mylayers:softmax" in out
    assert "forward ufunc calls 2 → 3" in out
    assert "bytes of new arrays 672 → 992" in out
    layers.commit("Approve\n\nMore-work: mylayers:softmax because it has to")
    assert gated(against="HEAD~2")[0] == 0


def test_a_rule_that_vanished_fails_and_a_new_one_does_not(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git
) -> None:
    machine(nothing_is_slower)
    layers.commit("Rename", mylayers=RULE.replace("def softmax", "def softermax"))
    code, out, _ = gated(against="HEAD~1")
    assert code == 1
    assert "vanished mylayers:softmax" in out
    code, out, _ = gated(against="HEAD~1", rule="mylayers:softermax")
    assert "new, nothing to compare with: mylayers:softermax" in out
    assert code == 5, "nothing was measured"
    code, _, err = gated(rule="mylayers:nothing")
    assert code == 4
    assert "there is no such rule" in err


@pytest.mark.parametrize(
    ("slowness", "trouble"),
    [
        (lambda task, _: 1.2 if canary(task) else 1.0, "unchanged code was called slower, twice"),
        (lambda task, _: 0.5 if canary(task) else 1.3, "a planted slow-down of +20% was not found"),
    ],
)
def test_where_a_canary_misbehaves_speed_was_not_gated(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git, slowness: Slowness, trouble: str
) -> None:
    machine(slowness)
    code, out, _ = gated()
    assert code == 5
    assert f"speed was not gated: {trouble}" in out
    layers.commit("Waste", mylayers=WASTEFUL)
    assert gated(against="HEAD~1")[0] == 1, "counted work needs no clock"


def test_a_canary_that_misbehaves_once_is_forgiven(gated: Shell, machine: Callable[[Slowness], None]) -> None:
    machine(lambda task, process: 1.2 if canary(task) and process == 1 else 1.0)
    code, out, _ = gated()
    assert code == 0
    assert "tried again" in out


def test_the_last_release_is_compared_with_as_well_unless_it_is_left_out(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git
) -> None:
    machine(nothing_is_slower)
    layers("tag", "v1.0")
    layers.commit("One")
    layers.commit("Two")
    assert "12 of 12 cells" in (told := gated(against="HEAD~1")[1])
    assert "and v1.0 (" in told
    assert "6 of 6 cells" in gated("--no-release", against="HEAD~1")[1]


def test_the_document_holds_every_cell_and_github_is_told_the_line(
    gated: Shell, machine: Callable[[Slowness], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(lambda task, _: 1.0 if canary(task) else 1.5)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    code, out, _ = gated("--out", str(tmp_path / "out"))
    found = json.loads((tmp_path / "out" / "speed.json").read_text("utf-8"))
    assert (code, found["gated"], len(found["rows"]), len(found["breaches"])) == (1, True, 6, 6)
    assert found["breaches"][0]["file"] == "mylayers.py"
    assert out.count("::error file=mylayers.py,line=4,title=slower::mylayers:softmax: ") == 6


def test_what_was_found_until_an_interrupt_is_kept(gated: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "run", lambda tasks, _: ({}, True))
    code, out, _ = gated("--json", "-")
    assert code == 2
    assert json.loads(out)["interrupted"]


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("--no-release",), "--no-release is for the gate"),
        (("--rule", "a:b"), "--rule is for the gate"),
        (("--against", "HEAD", "--rule", "a:b"), "go together"),
        (("--against", "HEAD", "--rule", "a:b", "--like", "sofmax"), "did you mean 'softmax'"),
        (("--against", "HEAD", "--rule", "ab", "--like", "softmax"), "write MODULE:RULE"),
        (("--against", "HEAD", "softmax", "--rule", "a:b", "--like", "softmax"), "exclude each other"),
        (("--against", "HEAD", "--rounds", "3"), "--rounds and --against exclude each other"),
        (("--against", ""), "is empty"),
        (("--against", "HEAD", "--dtype", "float8"), "unknown dtype 'float8'"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    argv: Sequence[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *argv]) == 4
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert complaint in line


def test_a_cell_of_the_catalogue_is_timed_in_two_loads_of_it() -> None:
    root = Path(gate_module.__file__).resolve().parents[2]
    cell = Cell("softmax", "softmax", (2, 3), "pullback")
    found = timed(Timing(cell, Side(root), Side(root, copy=1), most=1))
    assert isinstance(found, Timed)
    assert found.blocks == 1
    assert np.isfinite(found.slowdowns).all()
