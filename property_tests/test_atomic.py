"""A file is replaced whole, and what killed processes left half written does not pile up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradassay.atomic import LEFT_BEHIND_S, write_together, write_whole
from property_tests.command_lines import FullDisk

posix = pytest.mark.skipif(os.name != "posix", reason="needs to ask whether a process lives")


def left(folder: Path, pid: int, name: str = "a.toml", age_s: float = 2 * LEFT_BEHIND_S) -> Path:
    """What a process of that number left half written."""
    path = folder / f".{name}.{pid}.abc_1x.tmp"
    path.write_text("half")
    written = time.time() - age_s
    os.utime(path, (written, written))
    return path


@pytest.fixture(scope="module")
def dead() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_file_is_replaced_and_nothing_else_is_there(tmp_path: Path) -> None:
    for text in ("one\n", "two ×\n"):
        write_whole(tmp_path / "a.toml", text)
        assert (tmp_path / "a.toml").read_bytes() == text.encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]


@posix
def test_what_a_dead_process_left_is_cleared_by_the_next_writer(tmp_path: Path, dead: int) -> None:
    path = left(tmp_path, dead)
    write_whole(tmp_path / "a.toml", "whole")
    assert not path.exists()


@posix
def test_what_may_be_somebody_s_yet_stays(tmp_path: Path, dead: int) -> None:
    """A process that lives; one of another machine, that wrote just now; another file; a name of another make."""
    kept = [
        left(tmp_path, os.getpid()),
        left(tmp_path, 1),
        left(tmp_path, dead, age_s=0),
        left(tmp_path, dead, "b.toml"),
        left(tmp_path, dead, "a.toml.x"),
    ]
    other = tmp_path / ".a.toml.tmp"
    other.write_text("mine")
    write_whole(tmp_path / "a.toml", "whole")
    assert all(path.exists() for path in (*kept, other))


@posix
def test_a_name_with_the_letters_of_a_pattern_is_a_name(tmp_path: Path, dead: int) -> None:
    path, other = left(tmp_path, dead, "[a].toml"), left(tmp_path, dead, "a.toml")
    write_whole(tmp_path / "[a].toml", "whole")
    assert (path.exists(), other.exists()) == (False, True)


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path, full_disk: FullDisk) -> None:
    write_whole(tmp_path / "a.toml", "old")
    full_disk(0)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "a.toml", "new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.toml": "old"}


def test_files_are_replaced_and_deleted_together(tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    write_together({a: "a", b: "b"})
    write_together({a: "new", b: None, c: "c"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "new", "c": "c"}


@pytest.mark.parametrize("fails_at", range(2))
def test_where_one_file_cannot_be_written_all_are_as_they_were(
    fails_at: int, tmp_path: Path, full_disk: FullDisk
) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    write_together({a: "a", b: "b", c: "c"})
    full_disk(fails_at)
    with pytest.raises(OSError, match="No space left"):
        write_together({a: "new", b: "new", c: None})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "a", "b": "b", "c": "c"}


@posix
def test_an_interrupt_waits_until_all_files_are_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: dict[Path, str | None] = {tmp_path / name: name for name in "abc"}
    put = os.replace

    def interrupted(source: str, target: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        put(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    # A shell that starts the tests in the background has them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            write_together(texts)
    finally:
        signal.signal(signal.SIGINT, before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_a_folder_in_the_place_of_a_file_is_found_before_anything_is_replaced(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    b.mkdir()
    with pytest.raises(IsADirectoryError):
        write_together({a: "new", b: "new"})
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@posix
def test_a_file_stays_as_private_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    write_whole(path, "one")
    path.chmod(0o600)
    write_whole(path, "two")
    assert path.stat().st_mode & 0o777 == 0o600
