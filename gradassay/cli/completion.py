"""``gradassay completion SHELL``: the script that makes the shell complete commands and options."""

from __future__ import annotations

import click

from gradassay.cli.app import fail, group
from gradassay.cli.output import say

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> int:
    """Print the completion script of SHELL.

    \b
    gradassay completion bash > ~/.local/share/bash-completion/completions/gradassay
    """  # noqa: D301 - click wants the character itself
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        fail(f"SHELL {shell}: unknown; one of {', '.join(SHELLS)}")
    try:
        script = kind(group, {}, "gradassay", "_GRADASSAY_COMPLETE").source()
    except RuntimeError as error:  # click asks bash for its version
        fail(f"SHELL {shell}: {error}")
    say(script)
    return 0
