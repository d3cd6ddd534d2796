"""The command line. Nothing heavier than click is imported before a command needs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gradassay.cli.interrupts import remembered_interrupt

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: the process's own) and return its exit code.

    Ctrl-C is heeded from here on, before anything is imported that takes its time.
    """
    with remembered_interrupt() as interrupted:
        try:
            from gradassay.cli.app import run

            return run(argv, interrupted)
        except BaseException as error:
            if not (interrupted or isinstance(error, KeyboardInterrupt)):
                raise
            if sys.stderr is not None:
                sys.stderr.write("interrupted\n")
            return 2  # as Exit.INTERRUPTED, which may be what could not be imported
