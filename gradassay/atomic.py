"""Files replaced whole, or left as they were."""

from __future__ import annotations

import errno
import glob
import os
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

#: A file half written that is older belongs to nobody, if no process here has its number; else it may be one of
#: another machine, or container, that writes to the same folder.
LEFT_BEHIND_S = 60.0


def write_whole(path: Path, text: str) -> None:
    """Replace the file by ``text``, as UTF-8; OSError where that fails, and then nothing has changed."""
    write_together({path: text})


def write_together(texts: Mapping[Path, str | None]) -> None:
    """Replace each file by its text, as UTF-8, or delete it for None; OSError where that fails.

    All of them are written before the first is replaced: a full disk, a folder that is read-only or a kill until then
    leaves every one of them as it was.  A link stays one, its file is replaced.  What processes that were killed left
    half written is cleared away.
    """
    staged: list[tuple[str, Path]] = []
    try:
        for path, text in texts.items():
            if text is not None:
                _stage(Path(os.path.realpath(path)), text, staged)
        with _undisturbed():
            for temporary, path in staged:
                os.replace(temporary, path)
            for path, text in texts.items():
                if text is None:
                    path.unlink()
    except BaseException:
        for temporary, _ in staged:
            with suppress(OSError):  # those that were replaced are not there any more
                os.unlink(temporary)
        raise


def _stage(path: Path, text: str, staged: list[tuple[str, Path]]) -> None:
    """Write ``text`` beside ``path``; ``staged`` knows of the file before there is anything in it."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    _clear(path)
    prefix = f".{path.name}.{os.getpid()}."
    with _undisturbed():
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".tmp")
        staged.append((temporary, path))
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.chmod(temporary, _mode(path))


def _mode(path: Path) -> int:
    """Who may read a file of that name: as it was, or as any other new file has it; mkstemp makes them private."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C has to wait for a moment in which everything is to happen or nothing."""
    if threading.current_thread() is not threading.main_thread():  # where no interrupt arrives
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
        for number in came[:1]:
            signal.raise_signal(number)


def _clear(path: Path) -> None:
    """Delete what dead processes left half written of ``path``."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        number = left.name.removeprefix(f".{path.name}.").partition(".")[0]
        if number.isdecimal() and not _alive(int(number)):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > LEFT_BEHIND_S:
                    left.unlink()


def _alive(pid: int) -> bool:
    if os.name != "posix":  # elsewhere, asking would be a signal
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True
