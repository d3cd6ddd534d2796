"""The command group, and the one place where an exception becomes an exit code."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NoReturn

import click

from gradassay.errors import UsageError

#: command -> its module in this package; a command is one file and one line here.
COMMANDS = {
    "compare": "compare",
    "check": "gate",
    "approve": "gate",
    "bench": "bench",
    "verify": "verify",
    "list": "catalogue",
    "doctor": "doctor",
    "completion": "completion",
}


class Exit(IntEnum):
    """Exit codes, as pytest has them."""

    FINE = 0
    FAILED = 1
    INTERRUPTED = 2
    CRASHED = 3
    USAGE = 4
    NOTHING = 5


class LazyGroup(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order of the table above, which is the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command by its name; None lets click say what there is instead."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"gradassay.cli.{COMMANDS[cmd_name]}")
        found = getattr(module, f"{cmd_name}_command")
        assert isinstance(found, click.Command)
        return found


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from gradassay.environment import installed

        click.echo(f"gradassay {installed('gradassay') or '(not installed)'}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 a verdict failed, 2 interrupted, 3 internal error, "
    "4 usage error or missing baseline, 5 nothing was measured.",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version."
)
def group() -> None:
    """Verify gradients against certified truth, PyTorch, TensorFlow and finite differences."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: the process's own) and return its exit code."""
    try:
        code = group.main(
            args=None if argv is None else list(argv), prog_name="gradassay", standalone_mode=False
        )
        _flush()
        return int(code or Exit.FINE)
    except UsageError as error:
        return _complain(str(error))
    except click.ClickException as error:
        hint = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            hint = f"; see: {error.ctx.command_path} --help"
        return _complain(error.format_message().rstrip(".") + hint)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted: nothing was measured", err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        abandon_stdout()
        return Exit.FINE
    except SystemExit as left:
        # click leaves with 1 where the reader of --help went away, having wrapped the stream; that is no verdict
        gone = type(sys.stdout).__name__.endswith("PacifyFlushWrapper")
        return Exit.FINE if gone else int(left.code or Exit.FINE)
    except Exception as error:
        traceback.print_exc()
        sentence = (
            f"internal error: {type(error).__name__}: {error} (a defect of Gradassay, please report it)"
        )
        click.echo(sentence, err=True)
        return Exit.CRASHED


def fail(message: str) -> NoReturn:
    """End the command with exit code 4 and one line."""
    raise UsageError(message)


def say(text: str) -> None:
    """Write a result to standard output.

    A reader that went away (``| head``) must not change the exit code of what was measured, so a broken
    pipe is swallowed here; any other failure (a full disk) is the caller's to mend.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_stdout()
    except OSError as error:
        abandon_stdout()
        fail(f"cannot write to standard output: {error.strerror or error}")


def coloured() -> bool:
    """Whether standard output wants colours."""
    return sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def style(text: str, **how: Any) -> str:
    """``click.style`` where standard output wants colours, else the text alone."""
    return click.style(text, **how) if coloured() else text


def abandon_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush cannot fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (lives as long as the process)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _complain(message: str) -> Exit:
    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True)
    return Exit.USAGE
