"""Which revisions of which rules are compared: found, extracted and loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from gradassay.errors import UsageError
from gradassay.speed.approvals import Approvals, approvals
from gradassay.speed.cells import Side
from gradassay.speed.measuring import rules
from gradassay.speed.repository import Commit, Repository
from gradassay.vocabulary import Rule


@dataclass(frozen=True)
class Base:
    """A revision that the present one is compared with."""

    commit: Commit
    side: Side
    operations: frozenset[str]
    approvals: Approvals
    """What the commits since then say."""


@dataclass(frozen=True)
class Comparison:
    """The present rules, and the revisions that they are compared with."""

    head: Side
    rules: Mapping[str, Rule]
    bases: tuple[Base, ...]
    repository: Repository

    def place(self, operation: str) -> tuple[str, int] | None:
        """File, relative to the repository, and line of a present rule, where Python can tell."""
        code = getattr(self.rules.get(operation), "__code__", None)
        if code is None or not Path(code.co_filename).is_relative_to(self.repository.root):
            return None
        return Path(code.co_filename).relative_to(self.repository.root).as_posix(), code.co_firstlineno


@contextmanager
def comparison(revisions: Sequence[str], rule: str | None, release: bool) -> Iterator[Comparison]:
    """The working tree and ``revisions``, with the last release where that is wanted and there is one.

    Gradassay's own catalogue is compared, or else ``rule`` (``MODULE:RULE``), in the git repository that holds the
    module. UsageError for a revision that cannot be had, a rule that is not there, an approval since one of
    ``revisions`` that cannot be read.
    """
    rules.cache_clear()  # the working tree may have changed since this process last looked
    folder = _folder(rule)
    repository = Repository.around(folder)
    commits = {commit.sha: commit for commit in reversed([repository.base(name) for name in revisions])}
    last = repository.release() if release else None
    found = [*reversed(commits.values()), *([last] if last and last.sha not in commits else [])]
    head = Side(folder, rule)
    present = rules(head)
    with TemporaryDirectory(prefix="gradassay-") as temporary:
        sides = {}
        for commit in found:
            root = Path(temporary).resolve() / commit.sha
            repository.extract(commit, root)
            sides[commit] = Side(root / folder.relative_to(repository.root), rule)
        old = {commit: _operations(side, commit) for commit, side in sides.items()}
        known = None if rule else set(present).union(*old.values())
        if rule and not present and not any(old.values()):
            raise UsageError(f"--rule {rule}: there is no such rule in {folder}, nor was there")
        bases = tuple(
            Base(
                commit,
                side,
                old[commit],
                approvals(repository.messages(commit), known, strict=commit.sha in commits),
            )
            for commit, side in sides.items()
        )
        yield Comparison(head, present, bases, repository)


def _folder(rule: str | None) -> Path:
    """Where the top-level package is imported from; the current folder comes first for a rule of the user's."""
    if rule is None:
        return Path(__file__).resolve().parents[2]
    module, colon, path = rule.partition(":")
    if not (module and colon and path):
        raise UsageError(f"--rule {rule!r}: write MODULE:RULE, for instance layers:softmax")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    top = module.partition(".")[0]
    spec = find_spec(top)
    if spec is None:
        return Path(here).resolve()  # a module that is no longer there has vanished, if it ever was
    origin = spec.origin if spec.origin not in (None, "namespace", "built-in", "frozen") else None
    inside = list(spec.submodule_search_locations or ())
    if not (origin or inside):
        raise UsageError(f"--rule {rule}: {top} is part of Python; name a module of yours")
    return Path(inside[0] if inside else str(origin)).resolve().parent


def _operations(side: Side, commit: Commit) -> frozenset[str]:
    if not side.folder.is_dir() or (
        side.rule is None and not (side.folder / "gradassay" / "catalogue.py").is_file()
    ):
        if side.rule is not None:
            return frozenset()
        raise UsageError(
            f"--against {commit}: holds no catalogue of Gradassay. Without --rule its own rules are compared, for "
            "which it has to be run from its clone; a rule of yours: --rule MODULE:RULE --like OP"
        )
    try:
        return frozenset(rules(side))
    except UsageError as error:
        raise UsageError(f"--against {commit}: {error}") from error
