"""Two revisions in one process: each finds its own modules, and git is asked politely."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.errors import UsageError
from gradassay.speed.approvals import approvals, more_work, slower
from gradassay.speed.repository import Repository
from gradassay.speed.revisions import Revision

LAYERS = """
from scales import BY
def times(x):
    from lazily import late
    return x * BY, late()
"""


class Git:
    """A repository of files and messages."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self("init", "-q", "-b", "main")

    def __call__(self, *arguments: str) -> str:
        who = ("-c", "user.name=tests", "-c", "user.email=tests@localhost", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message: str = "Change", **files: str) -> str:
        for name, text in files.items():
            (self.root / f"{name}.py").write_text(text, "utf-8")
        self("add", "-A")
        self("commit", "-q", "--allow-empty", "-m", message)
        return self("rev-parse", "HEAD")


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return Git(tmp_path / "repository")


def folder(path: Path, by: int, late: str) -> Path:
    """The three modules of a revision."""
    path.mkdir()
    texts = {"layers": LAYERS, "scales": f"BY = {by}", "lazily": f"def late(): return {late!r}"}
    for name, text in texts.items():
        (path / f"{name}.py").write_text(text, "utf-8")
    return path


def test_revisions_of_a_module_live_side_by_side_each_with_its_own_imports(tmp_path: Path) -> None:
    old, new = (
        Revision(folder(tmp_path / name, by, name)).load("layers") for name, by in (("a", 2), ("b", 3))
    )
    again = Revision(tmp_path / "a").load("layers")
    assert [each.times(10) for each in (old, new, again, old)] == [
        (20, "a"),
        (30, "b"),
        (20, "a"),
        (20, "a"),
    ]
    assert old is not again
    assert not {"layers", "scales", "lazily"} & set(sys.modules)


def test_a_module_that_is_imported_already_stays_and_is_not_taken_for_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(folder(tmp_path / "head", 5, "head"))
    import scales  # type: ignore[import-not-found]

    assert Revision(folder(tmp_path / "base", 2, "base")).load("scales").BY == 2
    assert sys.modules.pop("scales") is scales


def test_a_package_finds_its_parts_relatively_and_in_functions(tmp_path: Path) -> None:
    package = tmp_path / "root" / "parts"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "from .one import ONE\ndef two():\n from . import late\n return late.TWO\n"
    )
    (package / "one.py").write_text("ONE = 1\n")
    (package / "late.py").write_text("TWO = 2\n")
    parts = Revision(tmp_path / "root").load("parts")
    assert (parts.ONE, parts.two(), parts.two()) == (1, 2, 2)
    assert not any(name.startswith("parts") for name in sys.modules)


def test_what_a_revision_lacks_is_not_taken_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(folder(tmp_path / "head", 5, "head"))
    base = folder(tmp_path / "base", 2, "base")
    (base / "scales.py").unlink()
    (base / "scales").mkdir()
    (base / "scales" / "other.py").write_text("", "utf-8")
    with pytest.raises(UsageError, match=r"cannot be imported here: ImportError: .*BY"):
        Revision(base).load("layers")


def test_the_archive_of_a_commit_is_the_commit(git: Git, tmp_path: Path) -> None:
    first = git.commit(layers="OLD = 1")
    git.commit(layers="NEW = 1")
    repository = Repository.around(git.root)
    repository.extract(repository.base(first), tmp_path / "out")
    assert (tmp_path / "out" / "layers.py").read_text("utf-8") == "OLD = 1"


def test_links_out_of_a_commit_are_left_out_of_its_archive(git: Git, tmp_path: Path) -> None:
    for name, target in (("up", "../.."), ("away", "/tmp"), ("beside", "layers.py")):
        (git.root / name).symlink_to(target)
    repository, commit = Repository.around(git.root), git.commit(layers="HERE = 1")
    repository.extract(repository.base(commit), tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"layers.py", "beside"}


def test_a_branch_is_compared_where_it_was_left(git: Git) -> None:
    left = git.commit()
    git("checkout", "-q", "-b", "work")
    git.commit("Mine")
    git("checkout", "-q", "main")
    ahead = git.commit("Theirs")
    git("checkout", "-q", "work")
    assert Repository.around(git.root).base("main").sha == left
    git("checkout", "-q", left)
    assert Repository.around(git.root).base("main").sha == ahead, "HEAD is behind it, so it is as it is"


def test_the_last_release_is_the_latest_tag_but_not_head_itself(git: Git) -> None:
    repository = Repository.around(git.root)
    git.commit()
    assert repository.release() is None
    git("tag", "v1")
    assert repository.release() is None
    git.commit()
    released = repository.release()
    assert released is not None
    assert released.name == "v1"


def test_messages_are_those_since_the_base(git: Git) -> None:
    base = git.commit("First")
    second = git.commit("Second\n\nSlower: softmax 1.3 because it is right now")
    repository = Repository.around(git.root)
    ((sha, message),) = repository.messages(repository.base(base))
    assert sha == second
    assert message.splitlines()[-1].startswith("Slower: softmax 1.3")


@pytest.mark.parametrize("revision", ["nowhere", "--all", "main:layers.py"])
def test_an_unknown_revision_is_named_with_a_remedy(git: Git, revision: str) -> None:
    git.commit(layers="")
    with pytest.raises(UsageError, match=r"there is no such revision in .*git fetch"):
        Repository.around(git.root).base(revision)


def test_a_shallow_clone_says_how_to_become_deep(git: Git, tmp_path: Path) -> None:
    first = git.commit()
    git.commit()
    clone = tmp_path / "clone"
    git("clone", "-q", "--depth", "1", git.root.as_uri(), str(clone))
    with pytest.raises(UsageError, match="git fetch --unshallow"):
        Repository.around(clone).base(first)


def test_histories_that_share_nothing_cannot_be_compared(git: Git) -> None:
    git.commit()
    git("checkout", "-q", "--orphan", "other")
    git.commit("Another beginning")
    with pytest.raises(UsageError, match="has no common commit with HEAD"):
        Repository.around(git.root).base("main")


def test_without_a_repository_and_without_git_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match=r"needs the git repository of .*work in a clone"):
        Repository.around(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="needs git, which is not installed"):
        Repository.around(tmp_path)


@given(st.lists(st.floats(1.001, 100), min_size=1))
def test_the_largest_approved_factor_counts(ratios: list[float]) -> None:
    messages = [
        (f"{i:040x}", f"Subject\n\n{slower('softmax', ratio)[:-3]}it is right")
        for i, ratio in enumerate(ratios)
    ]
    factor = approvals(messages, {"softmax"}).factor("softmax")
    assert factor is not None
    assert max(ratios) < factor <= max(ratios) + 0.1 + 1e-9
    assert approvals(messages, {"softmax"}).factor("log") is None


def test_more_work_is_approved_by_itself() -> None:
    read = approvals([("a" * 40, f"Subject\n\n{more_work('exp')[:-3]}it has to")], {"exp"})
    assert read.more_work("exp")
    assert read.factor("exp") is None
    assert not read.more_work("log")


@pytest.mark.parametrize(
    "line",
    [
        "Slower: softmax",
        "Slower: softmax because it is right",
        "Slower: softmax 1.3",
        "Slower: softmax 1.3 because ...",
        "Slower: softmax 0.9 because it is right",
        "Slower: softmax 1e3 because it is right",
        "slower: softmax 1.3 because it is right",
        "Slower: sofmax 1.3 because it is right",
        "More-work: softmax 2 because it is right",
        "More-work: softmax",
    ],
)
def test_an_approval_that_cannot_be_read_is_named_by_commit_and_line(line: str) -> None:
    with pytest.raises(UsageError, match=r"^commit abcdabcd, line 3: '"):
        approvals([("abcd" * 10, f"Subject\n\n{line}")], {"softmax"})
