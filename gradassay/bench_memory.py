"""The memory that a call needs at its peak beyond its arguments: pages, as the system counts them.

Two figures, since allocators differ. *Risen* is the high-water mark of resident memory above where it stood before
the call, free memory having been given back to the system: exact for NumPy and PyTorch, whose memory comes and goes
with each call. TensorFlow and JAX keep what they once had, and rise by nothing; so the pages without a file behind
them that a call *touches* are counted too, by the bit that the processor sets on access. From these go the arguments,
and what a tiny call of the same function touches, which is the interpreter's and the library's own. The larger of the
two is the peak. What is allocated and never touched is in neither. A page is 4 KiB or 2 MiB: up to 3 MiB are noise.
"""

from __future__ import annotations

import ctypes
import gc
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PROCESS = Path("/proc/self")
#: Written to clear_refs: forget which pages were accessed, and set the high-water mark back; see proc(5).
_FORGET_ACCESS, _RESET_MARK = "1", "5"
#: The line that begins a mapping with inode 0, that is without a file: ``7f00-7f01 rw-p 00000000 00:00 0 [heap]``.
_MAPPING = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ (\d+)", re.ASCII)


@dataclass(frozen=True)
class Footprint:
    """What one call did to the memory of its process, in bytes."""

    risen: int
    touched: int


def footprint(call: Callable[[], object]) -> Footprint | None:
    """Of one call, which should be a warm one; None where the system does not tell.

    It tells under Linux with glibc, where a process may write to /proc/self/clear_refs.
    """
    return _measured(call) if can_tell() else None


def beyond(found: Footprint, arguments: int, own: int) -> int:
    """Peak of a call beyond its ``arguments``' bytes; ``own`` is what a tiny call of that function touches."""
    return max(found.risen, found.touched - arguments - own, 0)


@cache
def can_tell() -> bool:
    """Whether marks can be reset and read, and free memory be given back."""
    try:
        _measured(lambda: None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def _measured(call: Callable[[], object]) -> Footprint:
    ctypes.CDLL(None).malloc_trim(0)
    for what in (_RESET_MARK, _FORGET_ACCESS):
        (_PROCESS / "clear_refs").write_text(what, encoding="ascii")
    before = _status("VmRSS")
    collecting = gc.isenabled()
    gc.disable()  # a collection touches every object that there is
    try:
        result = call()
        found = Footprint(max(0, _status("VmHWM") - before), _touched())
        del result  # its pages had to be there to be counted
    finally:
        if collecting:
            gc.enable()
    return found


def _status(key: str) -> int:
    """Bytes, of a line like ``VmRSS:   123 kB``."""
    lines = (_PROCESS / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    return int(dict(line.split(":", 1) for line in lines)[key].split()[0]) * 1024


def _touched() -> int:
    """Bytes of the pages without a file that were accessed."""
    total, of_no_file = 0, False
    with (_PROCESS / "smaps").open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("Referenced:"):
                total += int(line.split()[1]) * 1024 if of_no_file else 0
            elif mapping := _MAPPING.match(line):
                of_no_file = mapping[1] == "0"
    return total
