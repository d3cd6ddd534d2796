"""``gradassay approve --from``: the results.json of a check is approved as if it had been measured here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradassay.vocabulary import Row, Run
from property_tests.command_lines import Install, Shell, one_line
from property_tests.fake_runs import row, run
from property_tests.fake_states import TIE, WRONG
from property_tests.killing import files

CLEAN, FAILED = run(row(), row("max")), run(row(found=[WRONG]), row("max", found=[TIE]))
APPROVE = ("approve", "--approved", "st", "--reason", "because")
FROM = (*APPROVE, "--from", "out/results.json")
CHECK = ("check", "--approved", "st", "--no-audit")


def state() -> dict[str, bytes]:
    return {path.name: content for path, content in files(Path("st")).items()}


@pytest.fixture
def from_ci(shell: Shell, measuring: Install) -> Callable[[Run], None]:
    """Approve CLEAN; the run of CI is in out/."""

    def call(what: Run) -> None:
        measuring(CLEAN)
        assert shell(*APPROVE)[0] == 0
        measuring(what)
        shell(*CHECK, "--out", "out")

    return call


def test_the_file_of_a_check_does_what_measuring_does(shell: Shell, from_ci: Callable[[Run], None]) -> None:
    from_ci(FAILED)
    Path("st").rename("before")
    made = []
    for command in (FROM, APPROVE):
        shutil.copytree("before", "st")
        assert shell(*command)[0] == 0
        assert shell(*CHECK)[0] == 0
        made.append(state())
        shutil.rmtree("st")
    assert made[0] == made[1]


def test_the_file_of_a_check_of_real_rules_does_what_measuring_does(shell: Shell) -> None:
    """As above, with the real engine, whose examples are read back from the file to become witnesses."""
    narrow = ("max", "softmax", "--implementations", "numpy", "--dtypes", "float32")
    assert shell(*APPROVE, "softmax", *narrow[2:], "--examples", "6")[0] == 0
    assert shell(*CHECK, *narrow, "--out", "out")[0] == 1
    Path("st").rename("before")
    made = []
    for command in (FROM, APPROVE):
        shutil.copytree("before", "st")
        code, _, err = shell(*command, *narrow)
        assert code == 0, err
        made.append(state())
        shutil.rmtree("st")
    assert made[0] == made[1]
    assert "max.jsonl" in made[0]


def test_what_was_seen_in_ci_stands_where_it_is_another_answer_here(shell: Shell, measuring: Install) -> None:
    """A file of CI is approved for what CI does; who is asked here fills in the votes that it does not tell."""
    measuring(CLEAN)
    shell(*APPROVE)
    measuring(run(row(), row("max"), row("max", "torch", found=[WRONG])))
    shell(*CHECK, "--out", "out")
    measuring(run(row(), row("max"), row("max", "torch"), row("max", "jax")))
    assert shell(*FROM)[0] == 0
    votes = json.loads(Path("st/witnesses/max.jsonl").read_text())["votes"]
    assert {name: vote["verdict"] for name, vote in votes.items()} == {
        "numpy": "agrees",
        "torch": "wrong",
        "jax": "agrees",
    }


DAMAGE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "another schema": (lambda whole: {**whole, "schema": 7}, "schema is 7"),
    "no rows": (lambda whole: {**whole, "rows": None}, "rows: "),
    "a row that is none": (lambda whole: {**whole, "rows": [7]}, "rows[0]"),
    "an unknown dtype": (lambda whole: with_row(whole, dtype="float99"), "unknown dtype 'float99'"),
    "no name of an operation": (
        lambda whole: with_row(whole, operation="grad(softmax"),
        "'grad(softmax' is no name of an operation",
    ),
    "an unknown verdict": (lambda whole: with_row(whole, verdicts={"inexact": 3}), "inexact"),
    "an error that is no number": (lambda whole: with_row(whole, typical_hex="nan"), "typical is nan"),
    "a rule of one's own": (lambda whole: with_environment(whole, rule="m:f"), "a rule of your own"),
    "no seed": (lambda whole: with_environment(whole, seed=None), "with which seed"),
    "another seed": (lambda whole: with_environment(whole, seed=9), "seed 9, 100 examples"),
}


def with_row(whole: Any, **changes: Any) -> Any:
    return {**whole, "rows": [{**whole["rows"][0], **changes}, *whole["rows"][1:]]}


def with_environment(whole: Any, **changes: Any) -> Any:
    return {**whole, "environment": {**whole["environment"], **changes}}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_is_damaged_or_of_something_else_changes_nothing(
    damage: str, shell: Shell, from_ci: Callable[[Run], None]
) -> None:
    from_ci(FAILED)
    before = state()
    change, words = DAMAGE[damage]
    path = Path("out/results.json")
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    code, _, err = shell(*FROM, "softmax", "max")
    assert code == 4
    assert words in one_line(err)
    assert state() == before


@pytest.mark.parametrize("content", [None, "", "{", "[]", "\0"])
def test_a_file_that_is_no_results_json_changes_nothing(
    content: str | None, shell: Shell, from_ci: Callable[[Run], None]
) -> None:
    from_ci(FAILED)
    before = state()
    Path("out/results.json").unlink()
    if content is not None:
        Path("out/results.json").write_text(content)
    code, _, err = shell(*FROM)
    assert code == 4
    assert "out/results.json" in one_line(err)
    assert state() == before


@pytest.mark.parametrize(
    ("result", "code"), [(replace(FAILED, interrupted=True), 2), (run(), 5)], ids=["2", "5"]
)
def test_the_file_of_half_a_run_changes_nothing(
    result: Run, code: int, shell: Shell, from_ci: Callable[[Run], None]
) -> None:
    from_ci(result)
    before = state()
    assert shell(*FROM, "--new-only")[0] == code
    assert state() == before


@pytest.mark.parametrize(
    ("part", "lost"),
    [((row(),), "max"), ((row(), row("max", "torch")), "float32")],
    ids=["operations", "dtypes"],
)
def test_the_file_of_a_part_does_not_lose_the_rest(
    part: tuple[Row, ...], lost: str, shell: Shell, measuring: Install
) -> None:
    whole = (row(), row("max"), row("max", dtype="float32")) if lost == "float32" else (row(), row("max"))
    measuring(run(*whole))
    shell(*APPROVE)
    before = state()
    measuring(run(*part))
    shell(*CHECK, "--out", "out")
    code, _, err = shell(*FROM)
    assert code == 4
    assert f"has nothing of {lost}" in one_line(err)
    assert state() == before
    assert shell(*FROM, "softmax", "--dtypes", "float64")[0] == 0
    assert shell(*FROM, "--new-only")[0] == 0
