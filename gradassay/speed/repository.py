"""What the gate asks of git: which commit, what was in it, and what the messages since then say."""

from __future__ import annotations

import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gradassay.errors import UsageError

#: The first releases of Python 3.11 have no filters.
_FILTER: dict[str, Any] = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}


class GitError(UsageError):
    """Git said no; the message is its own last line."""


@dataclass(frozen=True)
class Commit:
    """A revision by the name that was asked for and the commit that is compared."""

    name: str
    sha: str

    def __str__(self) -> str:
        """``main (merge base 1a2b3c4d)`` where the name alone would not say which."""
        return self.name if self.sha.startswith(self.name) else f"{self.name} ({self.sha[:8]})"


@dataclass(frozen=True)
class Repository:
    """The git repository whose working tree is ``root``."""

    root: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that ``folder`` lies in; UsageError where there is none, or no git."""
        try:
            return cls(Path(_git(folder, "rev-parse", "--show-toplevel").strip()).resolve())
        except GitError as error:
            raise UsageError(
                f"--against needs the git repository of {folder}, and git says: {error}; work in a clone"
            ) from error

    def base(self, revision: str) -> Commit:
        """The last commit that HEAD shares with ``revision``: what a branch off it has to be compared with.

        A revision that HEAD is itself an ancestor of is compared as it is. UsageError for a revision that is not
        known, has no common history, or whose common history a shallow clone lacks.
        """
        remedy = "; this clone is shallow: git fetch --unshallow" if self._shallow() else ""
        try:
            if revision.startswith("-"):
                raise GitError("a revision does not begin with a hyphen")
            sha = _git(self.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()
        except GitError as error:
            hint = remedy or "; see git branch --all and git tag, or git fetch it first"
            raise UsageError(
                f"--against {revision!r}: there is no such revision in {self.root}{hint}"
            ) from error
        try:
            shared = _git(self.root, "merge-base", "HEAD", sha).strip()
        except GitError as error:
            hint = remedy or "; name one that HEAD comes from"
            raise UsageError(f"--against {revision!r}: has no common commit with HEAD{hint}") from error
        return Commit(revision, sha if shared == self._head() else shared)

    def release(self) -> Commit | None:
        """The latest tag that HEAD comes from; None where there is none, or where it is HEAD itself."""
        try:
            tag = _git(self.root, "describe", "--tags", "--abbrev=0", "HEAD").strip()
        except GitError:
            return None
        found = self.base(tag)
        return None if found.sha == self._head() else found

    def messages(self, base: Commit) -> list[tuple[str, str]]:
        """(commit, message) of everything in HEAD that is not in ``base``, the latest first."""
        log = _git(self.root, "log", "--format=%H%n%B%x00", f"{base.sha}..HEAD")
        entries = (entry.lstrip("\n").partition("\n") for entry in log.split("\0"))
        return [(sha, message) for sha, _, message in entries if sha]

    def extract(self, commit: Commit, folder: Path) -> None:
        """Write the files of ``commit`` to ``folder``; links upwards and to absolute places are left out."""
        with subprocess.Popen(
            ["git", "archive", "--format=tar", commit.sha],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                    for member in archive:
                        if not _leads_out(member):
                            archive.extract(member, folder, **_FILTER)
            except tarfile.ReadError as error:
                said = process.stderr.read().decode(errors="replace").strip()
                raise UsageError(f"--against {commit}: git archive gave no files: {said or error}") from error

    def _head(self) -> str:
        return _git(self.root, "rev-parse", "HEAD").strip()

    def _shallow(self) -> bool:
        return _git(self.root, "rev-parse", "--is-shallow-repository").strip() == "true"


def _leads_out(member: tarfile.TarInfo) -> bool:
    """Whether ``member`` is a link to somewhere that need not be in the commit."""
    return member.issym() and (
        member.linkname.startswith("/") or ".." in PurePosixPath(member.linkname).parts
    )


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise UsageError("--against needs git, which is not installed (or not on PATH)") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise GitError(said[-1] if said else f"exit code {done.returncode}")
    return done.stdout.decode(errors="replace")
