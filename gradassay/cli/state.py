"""The approved state as a folder of files: read whole, and replaced together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from gradassay.cli.app import fail

if TYPE_CHECKING:
    from reports.gate.holding import State
    from reports.gate.places import Listed, Scope


def read(folder: Path) -> State:
    """The state in ``folder``; UsageError with file, line and remedy for a part that is missing or damaged."""
    from gradassay.replay import witnesses
    from reports.gate import accuracy_toml, expected_toml
    from reports.gate.breaches import File
    from reports.gate.holding import State

    expectations = expected_toml.read(folder / File.EXPECTED)
    expectations = replace(expectations, witnesses=expectations.witnesses or frozenset())
    accuracy = accuracy_toml.read(folder / File.ACCURACY)
    found = witnesses.read(folder / File.WITNESSES)

    positions = cache(partial(witnesses.positions, folder / File.WITNESSES))

    def position(name: str) -> tuple[str, int]:
        path, line = positions().get(name, (folder, 0))
        return f"{File.WITNESSES}/{path.name}", line

    return State(expectations, accuracy, {witness.id: witness for witness in found}, position)


def read_or_begin(folder: Path) -> State:
    """As ``read``, but a part that is not there yet is empty."""
    from gradassay.replay import witnesses
    from reports.gate import accuracy_toml, expected_toml
    from reports.gate.accuracy import Accuracy
    from reports.gate.breaches import File
    from reports.gate.expectations import Expectations
    from reports.gate.holding import State

    expected, accuracy, lines = (folder / name for name in File)
    return State(
        expected_toml.read(expected) if expected.exists() else Expectations(),
        accuracy_toml.read(accuracy) if accuracy.exists() else Accuracy({}),
        {w.id: w for w in witnesses.read(lines)} if lines.exists() else {},
    )


def contents(folder: Path) -> dict[str, bytes | None]:
    """The files of the state with what is in them; None where that cannot be read."""
    from gradassay.replay import witnesses
    from reports.gate.breaches import File

    files = [folder / File.EXPECTED, folder / File.ACCURACY, *witnesses.files(folder / File.WITNESSES)]
    return {path.relative_to(folder).as_posix(): _bytes(path) for path in files if path.exists()}


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def listing(after: State, before: State, scope: Scope, new_only: bool) -> State:
    """``after`` with the list of its witnesses, which says of what was not approved just now what ``before`` said.

    So whoever approves a part does not accept that a witness of another one was deleted, or added by hand.
    """
    listed = before.expectations.witnesses
    then, now = stored(before), stored(after)
    dtypes = then | now

    def settled(each: Listed) -> bool:
        return scope.lists(each[0], dtypes.get(each))

    there = set(now)
    if listed is not None:
        stays = {each for each in listed if new_only or not settled(each)}
        there = stays | {each for each in now if settled(each) or each not in then}
    return replace(after, expectations=replace(after.expectations, witnesses=frozenset(there)))


def stored(state: State) -> dict[Listed, str]:
    """The witnesses that are stored -> their dtypes."""
    return {(w.scenario.operation, name): w.scenario.dtype for name, w in state.witnesses.items()}


def write(folder: Path, state: State, found: Mapping[str, bytes | None] | None = None) -> None:
    """Replace the files in ``folder``, all of them or none; witnesses that have no list yet are listed.

    UsageError, and nothing was written, where the files are not as they were ``found`` any more, or cannot be written;
    where one of them is written and cannot be put in its place, it says what is new.
    """
    with _alone(folder):
        before = contents(folder)
        changed = [] if found is None else _differing(found, before)
        if changed:
            fail(f"{', '.join(changed)} in {folder} changed meanwhile, nothing was written: run it again")
        try:
            _replace(folder, state)
        except OSError as error:
            new = _differing(before, contents(folder))
            what = f"{', '.join(new)} are new, and all others as they were" if new else "nothing is new"
            fail(
                f"cannot write {error.filename or folder}: {error.strerror or error}; in {folder}, {what}: "
                "mend the cause and run it again"
            )


def _differing(then: Mapping[str, bytes | None], now: Mapping[str, bytes | None]) -> list[str]:
    return sorted(dict(then.items() ^ now.items()))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else who asks for it writes to ``folder`` meanwhile; where there are no such locks, somebody may."""
    try:
        import fcntl
    except ImportError:
        fcntl = None  # type: ignore[assignment]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = None if fcntl is None else os.open(folder, os.O_RDONLY)
    except OSError as error:
        fail(f"cannot write {folder}: {error.strerror or error}")
    try:
        if handle is not None:
            with suppress(OSError):  # some network folders have none
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle is not None:
            os.close(handle)  # which gives the lock back, as the end of the process does


def _replace(folder: Path, state: State) -> None:
    from gradassay.atomic import write_together
    from gradassay.replay import witnesses
    from reports.gate import accuracy_toml, expected_toml
    from reports.gate.breaches import File

    lines = folder / File.WITNESSES
    texts = witnesses.changes(lines, state.witnesses.values())
    if not state.witnesses:  # git keeps no empty folder, and one that is missing is a missing baseline
        texts[lines / ".gitkeep"] = ""
    expectations = state.expectations
    if expectations.witnesses is None:
        expectations = replace(expectations, witnesses=frozenset(stored(state)))
    texts[folder / File.EXPECTED] = expected_toml.text(expectations)
    texts[folder / File.ACCURACY] = accuracy_toml.text(state.accuracy)
    lines.mkdir(exist_ok=True)
    write_together(texts)
