"""Two branches that each approve something merge without a conflict, and the merged state holds both."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gradassay.cli.state import read, write
from gradassay.errors import UsageError
from gradassay.vocabulary import Row, Run
from property_tests.fake_runs import row, run
from property_tests.fake_states import IMPRECISE, TIE, WRONG, checked, state_of

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository whose approved files are merged line by line, as ours are."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "somebody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@example.org")

    def call(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call("init", "-q", "-b", "main")
    union = "reports/*.toml merge=union\nreports/witnesses/*.jsonl merge=union\n"
    (tmp_path / ".gitattributes").write_text(union)
    return call


BASE = (row("exp"), row("max", found=[TIE]), row("tanh", found=[IMPRECISE]), row("tanh", "torch"))
ADDITIONS: dict[str, tuple[Row, Row]] = {
    "operations far apart": (row("affine", found=[WRONG]), row("relu", found=[IMPRECISE])),
    "operations next to each other": (row("max_a", found=[WRONG]), row("max_b", found=[WRONG])),
    "implementations of one operation": (row("exp", "tensorflow"), row("exp", "tensorflow.keras")),
    "dtypes of one row": (
        row("max", dtype="float32", found=[TIE]),
        row("max", dtype="float16", found=[WRONG]),
    ),
    "the same": (row("relu", found=[WRONG]), row("relu", found=[WRONG])),
}


@pytest.mark.parametrize("case", ADDITIONS)
def test_what_two_branches_add_merges_and_holds(case: str, git: Git, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    base = state_of(run(*BASE))
    commit(folder, git, "base", base)
    for branch, added in zip(("ours", "theirs"), ADDITIONS[case], strict=True):
        git("checkout", "-q", "-b", branch, "main")
        commit(folder, git, branch, state_of(run(*BASE, added), base))
    git("merge", "-q", "-m", "both", "ours")
    assert git("status", "--porcelain") == ""
    merged = read(folder)
    assert checked(together(*BASE, *ADDITIONS[case]), merged).breaches == ()
    assert checked(run(*BASE), merged).breaches, "what was added is held"
    ids = frozenset((witness.scenario.operation, name) for name, witness in merged.witnesses.items())
    assert merged.expectations.witnesses == ids
    write(folder, merged)
    once = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    write(folder, read(folder))
    assert {path: path.read_bytes() for path in once} == once


def test_what_one_branch_removes_and_the_other_adds_far_away_merges(git: Git, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    rows = [row(f"operation_{letter}", found=[IMPRECISE]) for letter in "abcdefgh"]
    base = state_of(run(*rows))
    commit(folder, git, "base", base)
    added = row("operation_i", found=[WRONG])
    for branch, now in {"ours": rows[2:], "theirs": [*rows, added]}.items():
        git("checkout", "-q", "-b", branch, "main")
        commit(folder, git, branch, state_of(run(*now), base))
    git("merge", "-q", "-m", "both", "ours")
    assert checked(run(*rows[2:], added), read(folder)).breaches == ()


@pytest.mark.parametrize("theirs", ["2.5", "2.6"])
def test_two_upgrades_of_a_framework_merge_unless_they_are_to_different_versions(
    theirs: str, git: Git, tmp_path: Path
) -> None:
    folder = tmp_path / "reports"
    platform = {"numpy": "2.4", "torch": "2.13"}
    commit(folder, git, "base", state_of(run(*BASE, environment=platform)))
    for branch, version in {"ours": "2.5", "theirs": theirs}.items():
        git("checkout", "-q", "-b", branch, "main")
        added = row(f"of_{branch}")
        commit(folder, git, branch, state_of(run(*BASE, added, environment=platform | {"numpy": version})))
    git("merge", "-q", "-m", "both", "ours")
    if theirs == "2.5":
        assert read(folder).expectations.platform == platform | {"numpy": "2.5"}
    else:
        with pytest.raises(UsageError, match=r"expected\.toml:\d+: two lines name numpy, .*; keep one$"):
            read(folder)


def test_two_seeds_of_two_branches_are_told_with_what_a_merge_does(git: Git, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    base = state_of(run(*BASE))
    commit(folder, git, "base", base)
    for branch, seed in {"ours": 1, "theirs": 2}.items():
        git("checkout", "-q", "-b", branch, "main")
        commit(folder, git, branch, replace(base, expectations=replace(base.expectations, seed=seed)))
    git("merge", "-q", "-m", "both", "ours")
    with pytest.raises(UsageError, match=r"expected\.toml:5: two lines name seed, .*merge.*; keep one"):
        read(folder)


def commit(folder: Path, git: Git, subject: str, state) -> None:  # type: ignore[no-untyped-def]
    folder.mkdir(exist_ok=True)
    write(folder, state)
    git("add", "-A")
    git("commit", "-q", "-m", subject)


def together(*rows: Row) -> Run:
    """A run of these rows, each once."""
    by_place = {(each.operation, each.implementation, each.dtype): each for each in rows}
    return run(*by_place.values())
