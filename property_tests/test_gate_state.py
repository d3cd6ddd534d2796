"""``gradassay check`` where there is nothing to hold, or nothing to hold it against; and what other platforms do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradassay.vocabulary import Run
from gradassay.vocabulary.audit import Audit
from property_tests.command_lines import Approve, Install, Shell, one_line
from property_tests.fake_runs import row, run
from property_tests.fake_states import WRONG

CLEAN, FAILED = run(row()), run(row(found=[WRONG]))
CHECK = ("check", "--approved", "st", "--no-audit")
APPROVE = ("approve", "--reason", "first", "--approved", "st")


@pytest.mark.parametrize("part", ["expected.toml", "accuracy.toml", "witnesses"])
def test_a_part_of_the_state_that_is_missing_is_exit_code_4_before_anything_is_measured(
    part: str, shell: Shell, approve: Approve
) -> None:
    fake = approve(FAILED)
    calls = len(fake.calls)
    Path("st", part).rename("elsewhere")
    code, _, err = shell(*CHECK)
    assert code == 4
    assert f"st/{part}" in one_line(err)
    assert re.search("gradassay approve.* --reason TEXT", err)
    assert len(fake.calls) == calls


def test_a_state_without_witnesses_survives_a_commit(shell: Shell, approve: Approve) -> None:
    approve(CLEAN)
    for folder in (Path("st/witnesses"), Path("st")):
        if not any(folder.iterdir()):  # git keeps no empty folder
            folder.rmdir()
    assert shell(*CHECK)[0] == 0


DAMAGE = {
    "expected.toml": ("seed = 0", "seed = 0 0"),
    "accuracy.toml": ("schema = 2", "schema ="),
    "witnesses/softmax.jsonl": ("0x", "1x"),
}


@pytest.mark.parametrize("part", DAMAGE)
@pytest.mark.parametrize("command", [CHECK, APPROVE], ids=["check", "approve"])
def test_a_damaged_part_is_exit_code_4_with_its_line_and_stays_as_it_is(
    command: tuple[str, ...], part: str, shell: Shell, approve: Approve
) -> None:
    fake = approve(FAILED)
    calls = len(fake.calls)
    path = Path("st", part)
    path.write_text(path.read_text().replace(*DAMAGE[part], 1))
    damaged = path.read_text()
    code, _, err = shell(*command)
    assert code == 4
    assert re.search(rf"{re.escape(str(path))}:\d+: ", one_line(err))
    assert "; " in err
    assert len(fake.calls) == calls
    assert path.read_text() == damaged


@pytest.mark.parametrize(("result", "code"), [(run(row(), interrupted=True), 2), (run(), 5)], ids=["2", "5"])
def test_half_a_run_is_held_against_nothing(
    result: Run, code: int, shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(CLEAN)
    measuring(result)
    found, out, err = shell(*CHECK, "--out", "out")
    assert found == code
    assert ("interrupted" if code == 2 else "nothing was measured") in err
    assert not re.search("PASSED|FAILED", out)
    assert Path("out/results.json").exists()


def test_an_audit_that_was_interrupted_is_none_that_failed(
    shell: Shell, approve: Approve, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(CLEAN)
    monkeypatch.setattr("gradassay.cli.gate._audit", lambda *_: Audit((), (), {}, interrupted=True))
    code, out, err = shell("check", "--approved", "st")
    assert code == 2
    assert "FAILED" not in out
    assert "the audit was not finished" in err


def test_what_is_not_gated_here_is_told_under_what_changed(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    there = {"seed": 0, "examples": 100, "torch": "2.4"}
    approve(run(row(), row(implementation="torch"), environment=there))
    measuring(run(row(), row(implementation="torch", found=[WRONG]), environment=there | {"torch": "2.5"}))
    code, out, _ = shell(*CHECK)
    assert code == 0
    assert "not gated: 1 difference where torch was 2.4 and is 2.5" in out
    assert "new  torch softmax float64  wrong (sum term missing)" in out


def test_what_is_not_installed_here_is_told(shell: Shell, measuring: Install, approve: Approve) -> None:
    approve(run(row(), row(implementation="jax")))
    measuring(run(row(), missing={"jax": "pip install it"}))
    code, out, _ = shell(*CHECK)
    assert code == 0
    assert "not checked: 1 row of jax, not installed here" in out
    assert "PASSED  as st has it: 1 row," in out
