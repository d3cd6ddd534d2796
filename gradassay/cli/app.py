"""The command group, and the one place where an exception becomes an exit code."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum
from typing import NoReturn

import click

from gradassay.cli import output
from gradassay.errors import UsageError

#: command -> its module in this package; a command is one file and one line here.
COMMANDS = {
    "compare": "compare",
    "explain": "explain",
    "check": "gate",
    "approve": "approving",
    "explore": "explore",
    "bench": "bench",
    "history": "history",
    "audit": "audit",
    "verify": "verify",
    "replay": "replay",
    "train": "train",
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

        output.say(f"gradassay {installed('gradassay') or '(not installed)'}")
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


def run(argv: Sequence[str] | None, interrupted: Sequence[bool]) -> int:
    """Run ``argv`` and return its exit code; KeyboardInterrupt once ``interrupted`` holds anything."""
    try:
        output.prepare()
        code = group.main(
            args=None if argv is None else list(argv), prog_name="gradassay", standalone_mode=False
        )
        output.flush()
        return int(code or Exit.FINE)
    except SystemExit as left:
        # click leaves with 1 where the reader of --help went away, having wrapped the stream; that is no verdict
        gone = type(sys.stdout).__name__.endswith("PacifyFlushWrapper")
        return Exit.FINE if gone else int(left.code or Exit.FINE)
    except Exception as error:
        if interrupted or isinstance(error, click.Abort):
            raise KeyboardInterrupt from error
        return _explain(error)


def fail(message: str) -> NoReturn:
    """End the command with exit code 4 and one line."""
    raise UsageError(message)


def _explain(error: Exception) -> Exit:
    if isinstance(error, UsageError):
        return _complain(str(error))
    if isinstance(error, click.ClickException):
        hint = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            hint = f"; see: {error.ctx.command_path} --help"
        return _complain(error.format_message().rstrip(".") + hint)
    try:
        output.flush()  # fails once more where click could not write its help
    except UsageError as unwritten:
        return _complain(str(unwritten))
    output.note("".join(traceback.format_exception(error)).rstrip())
    output.note(f"internal error: {type(error).__name__}: {error} (a defect of Gradassay, please report it)")
    return Exit.CRASHED


def _complain(message: str) -> Exit:
    output.note(f"{click.style('error:', fg='red', bold=True)} {message}")
    return Exit.USAGE
