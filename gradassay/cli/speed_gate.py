"""``gradassay bench --against REV``: the speed gate."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradassay.cli import options
from gradassay.cli.app import Exit, fail
from gradassay.cli.output import note, ours_alone, say

if TYPE_CHECKING:
    from gradassay.speed.results import SpeedResult

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def gate_options(command: Decorated) -> Decorated:
    """Add ``--against`` and what goes with it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _complete_revision(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Branches and tags of the current folder's repository that begin so."""
    import subprocess

    try:
        listed = subprocess.run(
            ["git", "for-each-ref", "--format=%(refname:short)"], capture_output=True, text=True, check=False
        )
    except OSError:
        return []
    return [name for name in listed.stdout.split() if name.startswith(incomplete)]


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--against",
        multiple=True,
        metavar="REV",
        shell_complete=_complete_revision,
        callback=lambda ctx, param, given: tuple(options.not_empty(ctx, param, each) for each in given),
        help="The gate: fail where the rules are slower than in this git revision; may be repeated.",
    ),
    click.option(
        "--no-release",
        is_flag=True,
        help="With --against: leave out the last release, which is compared with as well.",
    ),
    click.option(
        "--rule",
        metavar="MODULE:RULE",
        callback=options.not_empty,
        help="With --against: a rule of your own, in the git repository that holds the module.",
    ),
    click.option(
        "--like",
        metavar="OP",
        callback=options.not_empty,
        shell_complete=options.complete_operation,
        help="The operation whose inputs RULE is timed on.",
    ),
)


def without_against(no_release: bool, rule: str | None, like: str | None) -> None:
    """Refuse what only the gate understands."""
    for name, given in (("--no-release", no_release), ("--rule", rule), ("--like", like)):
        if given:
            fail(f"{name} is for the gate: give --against REV, the git revision to compare with")


def speed_gate(
    operations: tuple[str, ...],
    against: tuple[str, ...],
    others: Mapping[str, object],
    sizes: tuple[tuple[int, int], ...] | None,
    dtype: str,
    seed: int,
    out: str | None,
    json_to: str | None,
    *,
    no_release: bool,
    rule: str | None,
    like: str | None,
) -> int:
    """Run the gate and report; 5 where the canaries say that speed was not gated.

    ``others`` are options of the bench that the gate has no use for, with what was given.
    """
    from gradassay.cli.measuring import progress
    from gradassay.cli.saving import Destination, write_atomically
    from gradassay.cli.speed_report import text
    from gradassay.speed.cells import TIMED
    from gradassay.speed.gate import gate

    if bool(rule) != bool(like):
        fail("--rule MODULE:RULE and --like OP go together: OP says which inputs the rule is timed on")
    if rule and operations:
        fail(f"{operations[0]} and --rule exclude each other: give operations of the catalogue, or your rule")
    for name, given in others.items():
        if given:
            fail(
                f"{name} and --against exclude each other: the gate times the NumPy rules alone, as long as it takes"
            )
    destination = Destination(out, json_to)
    with ours_alone(), progress() as report:
        result = gate(
            against,
            operations=operations,
            rule=rule,
            like=like,
            release=not no_release,
            dtype=dtype,
            seed=seed,
            sizes=sizes or TIMED,
            progress=report,
        )
    document = json.dumps(result.to_dict(), indent=1, allow_nan=False) + "\n"
    destination.write_json(document)
    if destination.folder is not None:
        write_atomically(destination.folder / "speed.json", document)
    code = outcome(result)
    told, tell = text(result, code), note if destination.json_on_stdout else say
    if destination.folder is not None:
        write_atomically(destination.folder / "speed.md", f"```text\n{click.unstyle(told)}\n```\n")
    tell(told)
    if os.environ.get("GITHUB_ACTIONS"):
        for line in github_lines(result):
            tell(line)
    return code


def outcome(result: SpeedResult) -> Exit:
    """Exit code of a gate."""
    if result.interrupted:
        return Exit.INTERRUPTED
    if result.breaches:
        return Exit.FAILED
    mended = any(each.mended for _, each in result.unmeasured)
    return Exit.FINE if (result.timed or mended) and result.canaries.trouble is None else Exit.NOTHING


def github_lines(result: SpeedResult) -> list[str]:
    """A workflow command of GitHub for each breach; one without a place annotates the run."""
    from gradassay.cli.annotations import annotation

    lines = []
    for each in result.breaches:
        sentence = f"{each.operation}: {each.sentence}" + (
            f". If meant: {each.trailer}" if each.trailer else ""
        )
        file, line = each.place or (".github", None)  # GitHub's own name for a run as a whole
        lines.append(annotation(file, line, each.kind, sentence))
    return lines
