"""A file replaced whole, or left as it was."""

from __future__ import annotations

import glob
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

#: A file half written that is older belongs to nobody, if no process here has its number; else it may be one of
#: another machine, or container, that writes to the same folder.
LEFT_BEHIND_S = 60.0


def write_whole(path: Path, text: str) -> None:
    """Replace the file by ``text``, as UTF-8; OSError where that fails, and then nothing has changed.

    A link stays one, its file is replaced. What a process that was killed left half written is cleared away.
    """
    path = Path(os.path.realpath(path))
    _clear(path)
    prefix = f".{path.name}.{os.getpid()}."
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes files private; this one is as public as any other new file
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


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
