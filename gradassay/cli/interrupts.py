"""Ctrl-C: never lost, never a traceback. Imports nothing that takes time."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any


@contextlib.contextmanager
def remembered_interrupt() -> Iterator[list[bool]]:
    """A list that is no longer empty once SIGINT has come; KeyboardInterrupt is raised as ever.

    Python prints and drops an interrupt that arrives inside a callback of the garbage collector (Hypothesis has
    one), and an import in C can turn it into an ImportError: whoever looks at the list knows better.
    """
    interrupted: list[bool] = []

    def remember(signum: int, frame: FrameType | None) -> None:
        interrupted.append(True)
        raise KeyboardInterrupt

    def unraisable(told: Any) -> None:
        if not (interrupted and isinstance(told.exc_value, KeyboardInterrupt)):
            hook(told)

    try:
        before = signal.signal(signal.SIGINT, remember)
    except ValueError:  # only the main thread hears of signals
        yield interrupted
        return
    hook, sys.unraisablehook = sys.unraisablehook, unraisable
    try:
        yield interrupted
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
