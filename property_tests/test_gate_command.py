"""``gradassay check``: the exit code, and everything that a person needs in order to look, or to accept."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from gradassay.catalogue import OPERATIONS
from gradassay.cli.annotations import place_of_rule
from gradassay.vocabulary import Operation, Run
from property_tests.command_lines import Approve, Install, Shell, commands
from property_tests.fake_runs import realistic, row, run
from property_tests.fake_states import IMPRECISE, TIE, WRONG

CLEAN, FAILED = run(row()), run(row(found=[WRONG]))
CHECK = ("check", "--approved", "st", "--no-audit")
APPROVE = ("approve", "--reason", "first", "--approved", "st")


def test_what_was_approved_passes(shell: Shell, approve: Approve) -> None:
    approve(realistic())
    code, out, err = shell(*CHECK)
    assert (code, err) == (0, "")
    assert re.match(r"PASSED  as st has it: 80 rows, \d+ approved discrepancies, \d+ witnesses\n", out)


def test_check_draws_what_was_approved(shell: Shell, measuring: Install) -> None:
    fake = measuring(realistic())
    shell(*APPROVE, "--examples", "7", "--seed", "3")
    shell(
        *CHECK, "softmax", "max", "--implementations", "numpy", "--dtypes", "float32,float64", "--jobs", "1"
    )
    (asked,), options = fake.calls[-1]
    assert asked == ["softmax", "max"]
    wanted = {
        "examples": 7,
        "seed": 3,
        "implementations": ("numpy",),
        "dtypes": ("float32", "float64"),
        "jobs": 1,
    }
    assert wanted.items() <= options.items()


CHANGES: dict[str, tuple[Run, Run, tuple[str, ...]]] = {
    "new": (CLEAN, FAILED, ("new  numpy softmax float64", "wrong (sum term missing)", "expected.toml")),
    "worse": (
        run(row(found=[IMPRECISE])),
        FAILED,
        ("worse  numpy softmax float64", "where imprecise (stagnation) was approved", "expected.toml:7"),
    ),
    "less accurate": (
        CLEAN,
        run(row(typical=9.0)),
        ("worse  numpy softmax float64", "9 u", "accuracy.toml:5"),
    ),
    "stale": (FAILED, CLEAN, ("stale  numpy softmax float64", "no longer seen", "expected.toml:7")),
    "witness": (FAILED, CLEAN, ("changed  numpy softmax float64", "witness ", "witnesses/softmax.jsonl:1")),
    "vanished": (run(row(), row("max")), CLEAN, ("vanished  max", "expected.toml:")),
    "renamed": (
        run(row("soft_max", found=[TIE]), row("max")),
        run(row("softmax", found=[TIE]), row("max")),
        ("renamed  soft_max", "it is softmax now", "expected.toml:"),
    ),
    "unlisted": (CLEAN, run(row(), row("max")), ("unlisted  max", "expected.toml")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_difference_fails_and_names_the_file_to_edit(
    change: str, shell: Shell, measuring: Install, approve: Approve
) -> None:
    before, now, words = CHANGES[change]
    approve(before)
    measuring(now)
    code, out, _ = shell(*CHECK)
    assert code == 1
    assert "FAILED" in out
    for word in words:
        assert word in out


@pytest.mark.parametrize("change", CHANGES)
def test_the_commands_it_prints_make_it_pass(
    change: str, shell: Shell, measuring: Install, approve: Approve
) -> None:
    before, now, _ = CHANGES[change]
    approve(before)
    measuring(now)
    _, out, _ = shell(*CHECK)
    printed = set(commands(out))
    assert printed
    for command in printed:
        assert shell(*words_of(command)[1:])[0] == 0
    code, out, _ = shell(*CHECK)
    assert code == 0, out


@pytest.fixture
def catalogue() -> Iterator[dict[str, Operation]]:
    """The operations, to be changed: all of them come back in their order, which monkeypatch leaves at the end."""
    with patch.dict(OPERATIONS) as changed:
        yield changed


@pytest.mark.parametrize("audit", ["--audit", "--no-audit"])
def test_an_operation_that_is_gone_has_vanished_where_it_is_named_too(
    audit: str, shell: Shell, measuring: Install, approve: Approve, catalogue: dict[str, Operation]
) -> None:
    there = [row(name) for name in OPERATIONS]
    approve(run(*there, row("grad(relu)")))
    del catalogue["relu"]
    fake = measuring(run())
    calls = len(fake.calls)
    code, out, _ = shell("check", "relu", "--approved", "st", audit)
    assert (code, len(fake.calls)) == (1, calls), "there is nothing to measure"
    assert "vanished  relu" in out
    assert "vanished  grad(relu)" in out
    for command in set(commands(out)):
        assert shell(*words_of(command)[1:])[0] == 0


def test_an_operation_that_has_another_name_is_renamed_where_the_old_one_is_named(
    shell: Shell, measuring: Install, approve: Approve, catalogue: dict[str, Operation]
) -> None:
    others = [row(name) for name in OPERATIONS if name != "relu"]
    approve(run(*others, row("relu", found=[TIE])))
    catalogue["relu_"] = catalogue.pop("relu")
    fake = measuring(run(row("relu_", found=[TIE])))
    code, out, _ = shell(*CHECK, "relu")
    assert (code, fake.calls[-1][0]) == (1, (["relu_"],))
    assert "renamed  relu  it is relu_ now" in out
    for command in set(commands(out)):
        assert shell(*words_of(command)[1:])[0] == 0
    assert shell(*CHECK, "relu_")[0] == 0


def words_of(command: str) -> list[str]:
    """The words of ``command`` as a shell gives them to it."""
    script = f"gradassay() {{ printf '%s\\n' gradassay \"$@\"; }}; {command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_command_names_the_folder_only_where_it_is_another_one(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(CLEAN)
    measuring(FAILED)
    Path("st").rename("my state's")
    _, out, _ = shell("check", "--no-audit", "--approved", "my state's")
    (command,) = commands(out)
    words = words_of(command)
    assert words == shlex.split(command)
    assert words[words.index("--approved") + 1] == "my state's"
    Path("my state's").rename("reports")
    _, out, _ = shell("check", "--no-audit")
    assert "(edits reports/expected.toml)" in out
    assert "--approved" not in out


def test_the_command_is_as_narrow_as_the_row_and_as_the_check_where_no_row_is_named(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(run(row(), row(implementation="torch"), row("max")))
    measuring(run(row(found=[WRONG]), row(implementation="torch", found=[WRONG])))
    _, out, _ = shell(*CHECK, "--implementations", "numpy,jax", "--dtypes", "float64")
    of_row, of_max = commands(out)
    narrow = ["--order", "1", "--implementations", "numpy", "--dtypes", "float64"]
    assert words_of(of_row)[2:9] == ["softmax", *narrow]
    narrow[3] = "numpy,jax"
    assert words_of(of_max)[2:9] == ["max", *narrow]


def test_approving_a_row_by_its_command_leaves_the_others_as_they_are(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    def both(*found: Any) -> Run:
        return run(
            row(found=found), row(dtype="float32", found=found), row(implementation="torch", found=found)
        )

    approve(both())
    measuring(both(WRONG))
    printed = commands(shell(*CHECK)[1])
    assert len(printed) == len(set(printed)) == 3
    for i, command in enumerate(printed):
        assert shell(*words_of(command)[1:])[0] == 0
        left = commands(shell(*CHECK)[1])
        assert left == printed[i + 1 :]


def test_what_is_new_is_told_with_values_votes_and_how_to_look(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    both = run(row(), row(implementation="torch"))
    approve(both)
    measuring(run(row(found=[WRONG]), row(implementation="torch")))
    _, out, _ = shell(*CHECK)
    lines = [line.strip() for line in out.splitlines()]
    for begin in ("x = ", "axis = -1", "numpy: wrong (sum term missing)", "torch: agrees", "look: gradassay"):
        assert any(line.startswith(begin) for line in lines), begin
    assert re.search(r"0\.25000003.*0\.25|0\.25.*0\.25000003", out)


def test_check_json_says_the_same_for_programs(shell: Shell, measuring: Install, approve: Approve) -> None:
    approve(CLEAN)
    measuring(FAILED)
    assert shell(*CHECK, "--out", "out")[0] == 1
    told = json.loads(Path("out/check.json").read_text())
    (breach,) = told.pop("breaches")
    assert told == {
        "schema": 1,
        "passed": False,
        "not_gated": [],
        "another_platform": {},
        "not_installed": {},
        "rows_without_regions": 0,
        "rows_without_second_order": 0,
        "audit": None,
    }
    assert (breach["kind"], breach["operation"], breach["implementation"]) == ("new", "softmax", "numpy")
    assert (breach["dtype"], breach["verdict"], breach["file"]) == ("float64", "wrong", "expected.toml")
    assert breach["votes"] == ["numpy: wrong (sum term missing), norm-wise error 1.25 u"]
    assert shlex.split(breach["approve"])[:3] == ["gradassay", "approve", "softmax"]
    found = json.loads(Path("out/results.json").read_text())["rows"][0]["discrepancies"][0]
    assert breach["id"] == found["id"]


def test_json_on_standard_output_is_alone_there(
    shell: Shell, measuring: Install, approve: Approve, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(CLEAN)
    measuring(FAILED)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    code, out, err = shell(*CHECK, "--json", "-")
    assert code == 1
    assert json.loads(out)["rows"][0]["verdicts"]["wrong"] == 3
    assert "FAILED" in err
    assert "::error file=" in err


def test_no_colour_goes_into_a_pipe(shell: Shell, measuring: Install, approve: Approve) -> None:
    approve(CLEAN)
    measuring(FAILED)
    assert "\x1b[" not in "".join(shell(*CHECK)[1:])


def test_colours_go_to_a_terminal_unless_no_color_is_set(
    shell: Shell, measuring: Install, approve: Approve, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(CLEAN)
    measuring(FAILED)
    monkeypatch.setattr("gradassay.cli.output.sys.stdout.isatty", lambda: True, raising=False)
    assert "\x1b[31m" in shell(*CHECK)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in shell(*CHECK)[1]


def annotated(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    found = re.findall(r"^::error (.*?)::(.*)$", shell(*CHECK)[1], re.M)
    return [dict(part.split("=", 1) for part in place.split(",")) | {"said": said} for place, said in found]


def test_a_breach_of_a_rule_of_ours_is_annotated_at_the_rule(
    shell: Shell, measuring: Install, approve: Approve, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(CLEAN)
    measuring(FAILED)
    root = Path(__file__).resolve().parent.parent
    monkeypatch.setenv("GITHUB_WORKSPACE", str(root))
    (told,) = annotated(shell, monkeypatch)
    line = (root / told["file"]).read_text().splitlines()[int(told["line"]) - 1]
    assert (told["file"], line.split("(")[0]) == ("reference_impls/softmax.py", "def softmax")
    assert told["title"] == "gradassay new"
    assert told["said"].startswith("new: numpy softmax float64: wrong (sum term missing)")
    row = "softmax --order 1 --implementations numpy --dtypes float64"
    assert f"gradassay approve {row} --approved st --reason" in told["said"]


def test_a_breach_of_another_is_annotated_at_the_file_to_edit(
    shell: Shell, measuring: Install, approve: Approve, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(run(row(implementation="torch", found=[IMPRECISE])))
    measuring(run(row(implementation="torch", found=[WRONG])))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path(__file__).resolve().parent.parent))
    found = {each["file"]: each["line"] for each in annotated(shell, monkeypatch)}
    assert found == {"st/expected.toml": "7", "st/witnesses/softmax.jsonl": "1"}


def test_a_rule_outside_of_the_repository_has_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert place_of_rule(OPERATIONS["softmax"].rule) is None
