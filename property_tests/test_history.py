"""``gradassay history``: commits in their order, the first of a change named, and what is said where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from gradassay.cli import main
from gradassay.ledger.commits import Commits
from gradassay.ledger.database import ledger_file
from gradassay.ledger.recording import record, record_bench
from gradassay.replay.remembered import CACHE
from gradassay.vocabulary.history import State
from property_tests.fake_benches import bench
from property_tests.fake_runs import row, run
from reports.history_text import BARS, sparkline
from reports.results_json import document

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Runs ``gradassay history`` in an empty folder with an empty cache."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def history(*arguments: str) -> tuple[int, str, str]:
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["history", *arguments])
        return int(code), out.getvalue(), err.getvalue()

    return history


class Repository:
    """A git repository whose commits are measured."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, 1_700_000_000
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        when = f"{self.clock} +0000"
        who = {f"GIT_{role}_{what}": "A" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **who, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, subject: str) -> str:
        self.clock += 60
        self.git("commit", "-q", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "--short=12", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def measure(commit: str | None, typical: float, **about: Any) -> None:
    environment = {"seed": 0, "examples": 50, "numpy": "2.4.6", "simd": "AVX2", "commit": commit, **about}
    record(run(row(typical=typical), environment=environment))


def changes(out: str) -> list[str]:
    return [
        line.strip()
        for line in out.splitlines()
        if line.startswith("    ") and (" at " in line or " between " in line)
    ]


def test_the_first_commit_of_a_change_is_named_with_its_subject(shell: Shell, repository: Repository) -> None:
    for subject, typical in (("Begin", 0.86), ("Go on", 0.86), ("Multiply first", 0.98), ("Rest", 0.98)):
        measure(commit := repository.commit(subject), typical)
        if subject == "Multiply first":
            guilty = commit
    code, out, err = shell()
    assert (code, err) == (0, "")
    assert changes(out) == [f'typical error 0.86 → 0.98 u at {guilty[:7]} "Multiply first"']


def test_commits_count_in_the_order_of_the_history_whenever_they_were_measured(
    shell: Shell, repository: Repository
) -> None:
    commits = [repository.commit(subject) for subject in ("one", "two", "three", "four")]
    for index in (3, 1, 0, 2):
        measure(commits[index], [1.0, 1.0, 2.0, 2.0][index])
    _, out, _ = shell()
    assert changes(out) == [f'typical error 1 → 2 u at {commits[2][:7]} "three"']


def test_commits_that_were_not_measured_are_not_accused_and_not_acquitted(
    shell: Shell, repository: Repository
) -> None:
    commits = [repository.commit(subject) for subject in ("one", "two", "three", "four")]
    measure(commits[0], 1.0)
    measure(commits[3], 2.0)
    _, out, _ = shell()
    (said,) = changes(out)
    assert said == (
        f'typical error 1 → 2 u between {commits[0][:7]} "one" and {commits[3][:7]} "four" (3 commits)'
    )


def test_uncommitted_changes_are_named_as_such(shell: Shell, repository: Repository) -> None:
    first = repository.commit("one")
    second = repository.commit("two")
    measure(first, 1.0)
    measure(first + "+", 2.0)
    measure(second, 3.0)
    _, out, _ = shell()
    assert changes(out) == [
        f'typical error 2 → 3 u between {first[:7]}+ "one" and {second[:7]} "two"',
    ]
    assert f'typical error 1 → 2 u in the working tree changed after {first[:7]} "one"' in out


def test_runs_of_another_branch_are_left_out_and_counted(shell: Shell, repository: Repository) -> None:
    measure(repository.commit("one"), 1.0)
    repository.git("checkout", "-q", "-b", "side")
    measure(repository.commit("aside"), 5.0)
    repository.git("checkout", "-q", "main")
    measure(repository.commit("two"), 1.0)
    _, out, _ = shell()
    assert changes(out) == []
    assert "left out: 1 run of commits that HEAD does not descend from" in out


def test_a_change_between_two_merged_branches_is_neither_s(repository: Repository) -> None:
    repository.commit("one")
    repository.git("checkout", "-q", "-b", "side")
    left = repository.commit("aside")
    repository.git("checkout", "-q", "main")
    right = repository.commit("two")
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    commits = Commits(repository.folder)
    said, exact = commits.between(commits.named(State(left, 0.0)), commits.named(State(right, 0.0)))
    assert (said, exact) == (f'between {left[:7]} "aside" and {right[:7]} "two", of two branches', False)


def test_a_rule_of_one_s_own_has_the_commits_of_the_repository_it_is_verified_in(
    shell: Shell, repository: Repository
) -> None:
    Path("layers.py").write_text("")
    repository.git("add", "layers.py")
    for subject, typical in (("one", 1.0), ("Round again", 2.0)):
        repository.commit(subject)
        about = {"commit": "of Gradassay", "rule": "layers:mine", "seed": 0}
        mine = row(implementation="layers:mine", typical=typical)
        record(run(mine, environment=about, subjects=("layers:mine",)))
    Path("layers.py").write_text("changed")
    record(run(row(implementation="layers:mine", typical=3.0), environment=about, subjects=("layers:mine",)))
    _, out, _ = shell()
    first, second = (line.strip() for line in out.splitlines() if "typical error" in line and '"' in line)
    assert first.startswith("typical error 1 → 2 u at ")
    assert first.endswith('"Round again"')
    assert second.startswith("typical error 2 → 3 u in the working tree changed after ")


def test_without_a_repository_runs_count_in_the_order_of_time(shell: Shell) -> None:
    for commit, typical in (("b" * 12, 1.0), ("a" * 12, 2.0), (None, 3.0)):
        measure(commit, typical)
    code, out, _ = shell()
    assert code == 0
    first, second = changes(out)
    assert first == "typical error 1 → 2 u between bbbbbbb and aaaaaaa"
    assert second.startswith("typical error 2 → 3 u between aaaaaaa and a run of 20")


def test_a_commit_that_the_repository_does_not_know_stands_where_its_time_is(repository: Repository) -> None:
    first, second = repository.commit("one"), repository.commit("two")
    commits = Commits(repository.folder)
    states = [State(second, 9e9), State("f" * 12, repository.clock - 30.0), State(first, 9e9)]
    assert [state.commit for state in sorted(states, key=commits.order)] == [first, "f" * 12, second]


def test_speed_is_told_beside_accuracy_and_its_change_named(shell: Shell, repository: Repository) -> None:
    for subject, ratio in (("one", 1.0), ("two", 1.0), ("Copy once more", 1.5), ("four", 1.5)):
        commit = repository.commit(subject)
        measure(commit, 0.5)
        for index in range(8):
            record_bench(bench(ratio * (1 + index / 1000), commit, float(index)))
    code, out, _ = shell("softmax")
    assert code == 0
    assert [line.split(" at ")[1][8:] for line in changes(out)] == ['"Copy once more"']
    assert "ratio to torch 1 [0.983, 1.02] → 1.51 [1.48, 1.54] at" in out
    assert "1% of such pages" in out


def test_json_and_the_table_hold_the_same_changes(shell: Shell, repository: Repository) -> None:
    for subject, typical in (("one", 1.0), ("two", float("inf"))):
        measure(repository.commit(subject), typical)
    code, out, _ = shell("--json", "-")
    assert code == 0
    told = json.loads(out)
    assert told["schema"] == 1
    (series,) = told["accuracy"]
    assert [point["typical"] for point in series["points"]] == [1.0, "inf"]
    (change,) = series["changes"]
    assert change["words"] == ["typical error 1.0 → inf u"] or change["words"] == ["typical error 1 → inf u"]
    assert change["exact"]
    assert change["place"] in shell()[1]


def test_a_limit_shows_the_last_commits_and_judges_by_all(shell: Shell, repository: Repository) -> None:
    for index, typical in enumerate((1.0, 2.0, 2.0, 3.0)):
        measure(repository.commit(f"commit {index}"), typical)
    told = json.loads(shell("--limit", "3", "--json", "-")[1])
    (series,) = told["accuracy"]
    assert [point["typical"] for point in series["points"]] == [2.0, 2.0, 3.0]
    assert [(change["index"], change["words"]) for change in series["changes"]] == [
        (0, ["typical error 1 → 2 u"]),
        (2, ["typical error 2 → 3 u"]),
    ]


def test_an_empty_ledger_says_what_fills_it(shell: Shell) -> None:
    code, out, err = shell()
    assert (code, out) == (5, "")
    assert "the ledger holds no run of that: run gradassay compare or gradassay bench" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sofmax"], "unknown operation in the ledger 'sofmax'; known: softmax; did you mean 'softmax'?"),
        (["--implementation", "nunpy"], "did you mean 'numpy'?"),
        (["--dtype", "float46"], "did you mean 'float64'?"),
        (["--from", "gone"], "--from gone: does not exist; name a results.json"),
        (["--from", ""], "--from is empty"),
        (["--db", "gone"], "--db gone: there is no such file"),
        (["--from", "broken.json"], "broken.json is no JSON"),
        (["--from", "list.json"], "list.json is not the results.json of a run or a bench"),
        (["--from", "half.json"], "half.json: 'worst' is missing; write it again with"),
        (["--from", "."], "broken.json is no JSON"),
        (["--limit", "0"], "--limit"),
    ],
)
def test_what_cannot_be_used_is_named_with_a_remedy(shell: Shell, arguments: list[str], said: str) -> None:
    measure("a" * 12, 1.0)
    Path("broken.json").write_text("{")
    Path("list.json").write_text("[]")
    half = document(run(row()))
    del half["rows"][0]["worst"]
    Path("half.json").write_text(json.dumps(half))
    code, out, err = shell(*arguments)
    assert (code, out) == (4, "")
    assert said in err


def test_a_damaged_ledger_is_named_with_a_remedy(shell: Shell) -> None:
    ledger_file().parent.mkdir()
    ledger_file().write_text("damaged")
    code, _, err = shell()
    assert code == 4
    assert f"cannot read the ledger {ledger_file()}" in err
    assert "delete it" in err


def test_a_folder_may_hold_other_files(shell: Shell) -> None:
    Path("runs/later").mkdir(parents=True)
    for name, typical in (("runs/a.json", 1.0), ("runs/later/b.json", 2.0)):
        about = {"commit": name[-6] * 12, "seed": 0}
        Path(name).write_text(json.dumps(document(run(row(typical=typical), environment=about))))
        os.utime(name, (typical, typical))
    Path("runs/audit.json").write_text('{"schema": 1, "rows": 5}')
    Path("runs/interrupted.json").write_text(json.dumps(document(run(row(), interrupted=True))))
    code, out, err = shell("--from", "runs")
    assert code == 0
    assert "typical error 1 → 2 u" in out
    assert "left out: 1 JSON file without a run" in err
    assert "left out: 1 interrupted run" in err


def test_a_file_of_an_earlier_version_has_no_typical_error(shell: Shell) -> None:
    old = document(run(row(), environment={"commit": "a" * 12}))
    for each in old["rows"]:
        del each["typical"], each["typical_hex"]
    Path("old.json").write_text(json.dumps(old))
    code, out, _ = shell("--from", "old.json")
    assert code == 0
    assert "worst error/budget" in out
    assert "typical" not in out


def test_sparklines_show_the_order_of_their_values() -> None:
    assert sparkline([1.0, 2.0, 3.0]) == "▁▅█"
    assert sparkline([5.0, 5.0]) == "▁▁"
    assert sparkline([1.0, 1.02, 0.99]) == "▁▁▁", "what an interval holds looks flat"
    assert sparkline([0.0, 0.0]) == "▁▁"
    assert sparkline([1.0, float("inf")]) == "▁!"
    assert sparkline([float("inf")]) == "!"


def test_a_terminal_without_bars_gets_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    for index, typical in enumerate((1.0, 2.0)):
        measure("ab"[index] * 12, typical)
    said = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(said, encoding="ascii", write_through=True))
    assert main(["history"]) == 0
    told = said.getvalue().decode("ascii")
    assert "typical error      18 1 -> 2 u" in told
    assert "?" not in told
    assert "\x1b" not in told
    assert len(BARS) == 8


def test_names_are_completed_from_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    measure("a" * 12, 1.0)
    from property_tests.test_completion import completed

    assert completed(monkeypatch, "gradassay history s") == ["softmax"]
    assert completed(monkeypatch, "gradassay history --implementation n") == ["numpy"]
    assert completed(monkeypatch, "gradassay history --dtype float") == ["float64"]
    assert completed(monkeypatch, "gradassay history --li") == ["--limit"]


def test_a_plot_is_the_same_again_and_shows_both(shell: Shell, repository: Repository) -> None:
    pytest.importorskip("matplotlib")
    for subject, value in (("one", 1.0), ("two", 2.0)):
        commit = repository.commit(subject)
        measure(commit, value)
        record_bench(bench(value, commit))
    assert shell("--plot", "first.svg")[0] == 0
    assert shell("--plot", "again.svg")[0] == 0
    first = Path("first.svg").read_text(encoding="utf-8")
    assert first == Path("again.svg").read_text(encoding="utf-8")
    for words in ("softmax: typical error / u", "numpy float64", "float32 64×100 / torch", commit[:7]):
        assert words in first


def test_a_plot_without_matplotlib_says_how_to_get_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    measure("a" * 12, 1.0)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, _, err = shell("--plot", "x.svg")
    assert code == 4
    assert "pip install 'gradassay[plot]'" in err
    assert not Path("x.svg").exists()
