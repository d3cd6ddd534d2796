"""The memory that a call needs at its peak beyond its arguments: pages, as the system counts them.

Two figures, since allocators differ. *Risen* is the high-water mark of resident memory above where it stood before
the call, free memory having been given back to the system: exact for NumPy and PyTorch, whose memory comes and goes
with each call. TensorFlow and JAX keep what they once had, and rise by nothing; so the pages without a file behind
them that a call *touches* are counted too, by the bit that the processor sets on access. From these go the arguments,
and what a tiny call of the same function touches, which is the interpreter's and the library's own. The larger of the
two is the peak. What is allocated and never touched is in neither.

For the call the process takes pages of 4 KiB only: with pages of 2 MiB, which allocators ask for and some systems give
unasked, either figure is off by whole pages. Such pages as there were before stay, and one counts as touched where any
byte of it is: of what is kept, up to 3 MiB are noise.
"""

from __future__ import annotations

import ctypes
import mmap
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gradassay.bench.collection import no_collection

_PROCESS = Path("/proc/self")
#: Written to clear_refs: forget which pages were accessed, and set the high-water mark back; see proc(5).
_FORGET_ACCESS, _RESET_MARK = "1", "5"
#: Bytes of a mapping whose end makes the kernel drop the processor's cached translations; it does for over 33 pages.
_MANY_PAGES = 64 * mmap.PAGESIZE
#: Whether a process goes without huge pages: numbers of prctl(2).
_SET_THP_DISABLE, _GET_THP_DISABLE = 41, 42
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
    with _small_pages(), no_collection():
        for what in (_RESET_MARK, _FORGET_ACCESS):
            (_PROCESS / "clear_refs").write_text(what, encoding="ascii")
        _forget_translations()
        before = _status("VmRSS")
        result = call()
        found = Footprint(max(0, _status("VmHWM") - before), _touched())
        del result  # its pages had to be there to be counted
    return found


@contextmanager
def _small_pages() -> Iterator[None]:
    """Give the process no new huge page meanwhile."""
    was = _prctl(_GET_THP_DISABLE, 0)
    _prctl(_SET_THP_DISABLE, 1)
    try:
        yield
    finally:
        _prctl(_SET_THP_DISABLE, was)


def _prctl(what: int, value: int) -> int:
    told: int = ctypes.CDLL(None, use_errno=True).prctl(what, *map(ctypes.c_ulong, (value, 0, 0, 0)))
    if told < 0:
        raise OSError(ctypes.get_errno(), f"prctl({what}, {value})")
    return told


def _forget_translations() -> None:
    """Make the processor look up each page anew: it does not mark access to one whose translation it still holds.

    The kernel leaves them when it clears the marks; of 8 MiB in small pages 1 MiB went uncounted for it.
    """
    with mmap.mmap(-1, _MANY_PAGES) as pages:
        pages.write(bytes(_MANY_PAGES))


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
