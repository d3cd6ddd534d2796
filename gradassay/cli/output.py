"""Standard output and standard error: what cannot be written is told, and never a crash."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

import click

from gradassay.errors import UsageError

#: What is written instead where an encoding lacks a character; ``?`` for any other.
_PLAIN = {"✓": "+", "✗": "-", "×": "x", "·": ",", "−": "-", "–": "-", "µ": "u", "…": "...", "’": "'"}
_PLAIN |= {"→": "->", **dict(zip("▁▂▃▄▅▆▇█", "12345678", strict=True))}
_DEGRADING = "gradassay.degrading"


def _degrade(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(letter, "?") for letter in error.object[error.start : error.end]), error.end


codecs.register_error(_DEGRADING, _degrade)


def prepare() -> None:
    """Let standard output degrade what its encoding lacks; UsageError where it is closed."""
    if sys.stdout is None:
        raise UsageError("cannot write to standard output: it is closed")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=_DEGRADING)


def say(text: str) -> None:
    """Write a result to standard output; UsageError where that fails.

    A reader that went away (``| head``) must not change the exit code of what was measured, so a broken pipe
    is swallowed.
    """
    _write(text if text.endswith("\n") else text + "\n")


def flush() -> None:
    """Write what still waits to be written to standard output; as ``say``."""
    _write("")


def note(text: str) -> None:
    """Write a line to standard error, if there is one that takes it."""
    try:
        click.echo(text, err=True)
    except OSError:
        abandon(sys.stderr)


@contextlib.contextmanager
def ours_alone() -> Iterator[None]:
    """Send to standard error what others (frameworks, modules of the user's) print meanwhile."""
    with contextlib.redirect_stdout(sys.stderr or io.StringIO()):
        yield


def coloured() -> bool:
    """Whether standard output wants colours."""
    return sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def style(text: str, **how: Any) -> str:
    """``click.style`` where standard output wants colours, else the text alone."""
    return click.style(text, **how) if coloured() else text


def abandon(stream: TextIO) -> None:
    """Point ``stream`` at nothing, so that the interpreter's last flush cannot fail."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        abandon(sys.stdout)
    except OSError as error:
        abandon(sys.stdout)
        raise UsageError(f"cannot write to standard output: {error.strerror or error}") from error
