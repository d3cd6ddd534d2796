"""``gradassay approve``: refused or done whole, measured here or read from a file of CI."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gradassay.vocabulary import Run
from property_tests.command_lines import FullDisk, Install, Shell, one_line
from property_tests.fake_runs import row, run
from property_tests.fake_states import IMPRECISE, TIE, WRONG
from property_tests.killing import Killed, files

CLEAN, FAILED = run(row(), row("max")), run(row(found=[WRONG]), row("max", found=[TIE]))
APPROVE = ("approve", "--approved", "st", "--reason", "because")
CHECK = ("check", "--approved", "st", "--no-audit")


def state() -> dict[str, bytes]:
    return {path.name: content for path, content in files(Path("st")).items()}


@pytest.mark.parametrize("value", ["true", "1", "True"])
def test_it_is_refused_in_ci(
    value: str, shell: Shell, measuring: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = measuring(CLEAN)
    monkeypatch.setenv("CI", value)
    code, _, err = shell(*APPROVE)
    assert code == 4
    assert "CI" in one_line(err)
    assert fake.calls == []
    assert not Path("st").exists()


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_an_environment_that_says_it_is_not_ci_is_not(
    value: str, shell: Shell, measuring: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring(CLEAN)
    monkeypatch.setenv("CI", value)
    assert shell(*APPROVE)[0] == 0


@pytest.mark.parametrize("reason", ["", " \n"])
def test_an_empty_reason_is_refused_before_anything_is_measured(
    reason: str, shell: Shell, measuring: Install
) -> None:
    fake = measuring(CLEAN)
    code, _, err = shell("approve", "--approved", "st", "--reason", reason)
    assert code == 4
    assert "--reason is empty" in one_line(err)
    assert fake.calls == []


def test_a_reason_is_demanded(shell: Shell, measuring: Install) -> None:
    measuring(CLEAN)
    code, _, err = shell("approve", "--approved", "st")
    assert code == 4
    assert "--reason" in one_line(err)


@pytest.mark.parametrize(("result", "code"), [(run(row(), interrupted=True), 2), (run(), 5)], ids=["2", "5"])
def test_half_a_run_is_not_approved(result: Run, code: int, shell: Shell, measuring: Install) -> None:
    measuring(CLEAN)
    shell(*APPROVE)
    before = state()
    measuring(result)
    found, out, err = shell(*APPROVE)
    assert (found, out) == (code, "")
    assert "st is unchanged" in err
    assert state() == before


def test_an_interrupt_while_votes_are_taken_changes_nothing(
    shell: Shell, measuring: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring(CLEAN)
    shell(*APPROVE)
    before = state()

    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring(FAILED), "replayed", interrupted)
    code, out, err = shell(*APPROVE)
    assert (code, out) == (2, "")
    assert "interrupted" in err
    assert state() == before


@pytest.mark.parametrize("fails_at", range(3))
def test_a_full_disk_is_exit_code_4_and_nothing_has_changed(
    fails_at: int, shell: Shell, measuring: Install, full_disk: FullDisk
) -> None:
    measuring(CLEAN)
    shell(*APPROVE)
    before = state()
    written = full_disk(fails_at)
    measuring(FAILED)
    code, _, err = shell(*APPROVE)
    assert (code, len(written)) == (4, fails_at + 1)
    assert "No space left on device; in st, nothing is new" in err
    assert state() == before
    assert not list(Path("st").rglob("*.tmp"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_measured(
    shell: Shell, measuring: Install
) -> None:
    fake = measuring(CLEAN)
    Path("st").mkdir(mode=0o500)
    code, _, err = shell(*APPROVE)
    assert code == 4
    assert "--approved st" in one_line(err)
    assert fake.calls == []


def test_a_file_in_the_place_of_the_folder_is_told_before_anything_is_measured(
    shell: Shell, measuring: Install
) -> None:
    fake = measuring(CLEAN)
    Path("st").write_text("")
    code, _, err = shell(*APPROVE)
    assert code == 4
    assert "st" in one_line(err)
    assert fake.calls == []


def test_what_changed_is_told(shell: Shell, measuring: Install) -> None:
    measuring(run(row(found=[IMPRECISE]), row("max")))
    shell(*APPROVE)
    measuring(run(row(found=[WRONG]), row("max", typical=9.0)))
    _, out, _ = shell(*APPROVE)
    lines = out.splitlines()
    assert lines[0] == "+ softmax numpy float64 wrong (sum term missing)"
    assert lines[1] == "- softmax numpy float64 imprecise (stagnation)"
    assert lines[2].startswith("~ max numpy float64: error/budget 0.718, norm-wise 0.001 u -> 0.718, 9.45")
    assert lines[3].startswith("st: 1 added, 1 removed, 0 unchanged; 2 rows, 2 bounds, ")


def test_a_part_has_the_seed_and_the_examples_of_the_whole(shell: Shell, measuring: Install) -> None:
    measuring(CLEAN)
    shell(*APPROVE, "--seed", "3", "--examples", "7")
    before = state()
    for part in (("softmax",), ("--implementations", "numpy"), ("--new-only",)):
        code, _, err = shell(*APPROVE, *part, "--seed", "4")
        assert code == 4
        assert "seed 4, 7 examples, and the approved state seed 3, 7 examples" in one_line(err)
        assert state() == before
    assert shell(*APPROVE, "softmax", "--seed", "3")[0] == 0
    assert shell(*APPROVE, "--seed", "4")[0] == 0
    assert b"seed = 4" in state()["expected.toml"]


def test_an_operation_that_is_gone_is_approved_by_its_name(shell: Shell, measuring: Install) -> None:
    measuring(run(row(), row("soft_max", found=[TIE])))
    shell(*APPROVE)
    fake = measuring(run(row()))
    assert shell(*APPROVE, "soft_max")[0] == 0
    assert fake.calls == []
    assert not any(b"soft_max" in content for content in state().values())
    assert shell(*CHECK)[0] == 0


def test_a_name_that_nothing_has_is_exit_code_4(shell: Shell) -> None:
    code, _, err = shell(*APPROVE, "sofmax")
    assert code == 4
    assert "unknown operation 'sofmax'" in one_line(err)


def test_witnesses_that_were_proposed_are_kept_with_everybody_s_vote(
    shell: Shell, measuring: Install
) -> None:
    measuring(run(row(found=[TIE]), row(implementation="torch")))
    shell(*APPROVE)
    lines = Path("st/witnesses/softmax.jsonl").read_text()
    proposed = json.loads(lines)
    Path("proposed").mkdir()
    without = json.dumps({**proposed, "votes": {}}, ensure_ascii=False)
    Path("proposed/softmax.jsonl").write_text(without + "\n")
    Path("st/witnesses/softmax.jsonl").unlink()
    measuring(run(row(), row(implementation="torch")))
    assert shell(*APPROVE)[0] == 0
    assert not list(Path("st/witnesses").glob("*.jsonl"))
    measuring(run(row(), row(implementation="torch")))
    assert shell(*APPROVE, "--witnesses", "proposed")[0] == 0
    (kept,) = map(json.loads, Path("st/witnesses/softmax.jsonl").read_text().splitlines())
    assert kept["id"] == proposed["id"]
    assert {name: vote["verdict"] for name, vote in kept["votes"].items()} == {
        "numpy": "agrees",
        "torch": "agrees",
    }
    assert shell(*CHECK)[0] == 0


def test_witnesses_of_a_folder_that_is_not_there_are_exit_code_4(shell: Shell, measuring: Install) -> None:
    measuring(CLEAN)
    code, _, err = shell(*APPROVE, "--witnesses", "nowhere")
    assert code == 4
    assert "nowhere" in one_line(err)
    assert not Path("st").exists()


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_a_kill_at_any_moment_leaves_every_file_whole(tmp_path: Path) -> None:
    """Ten times here; benchmarks/kill_approve.py does it 200 times, and says when they came."""
    killed = Killed(tmp_path, operations=20)
    assert sum(killed.kills(10).values()) == 10
