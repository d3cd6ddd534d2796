"""``gradassay bench --against REV``: the speed gate."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradassay.cli import options
from gradassay.cli.app import Exit, fail
from gradassay.cli.output import coloured, note, ours_alone, say, style

if TYPE_CHECKING:
    from gradassay.bench_vocabulary import Ratio
    from gradassay.speed.results import Canaries, SpeedResult

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def gate_options(command: Decorated) -> Decorated:
    """Add ``--against`` and what goes with it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--against",
        multiple=True,
        metavar="REV",
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
    (note if destination.json_on_stdout else say)(text(result))
    if os.environ.get("GITHUB_ACTIONS") and not destination.json_on_stdout:
        for line in github_lines(result):
            say(line)
    return outcome(result)


def outcome(result: SpeedResult) -> Exit:
    """Exit code of a gate."""
    if result.interrupted:
        return Exit.INTERRUPTED
    if result.breaches:
        return Exit.FAILED
    return Exit.FINE if result.timed and result.canaries.trouble is None else Exit.NOTHING


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


def text(result: SpeedResult) -> str:
    """Breaches first, then what was not decided, then what the gate could see."""
    from reports.numbers import count

    lines = _slower(result)
    for each in result.breaches:
        if each.first is None:
            lines.append(
                f"{style(each.kind, fg='red', bold=True)} {each.operation} against {each.against}: {each.sentence}"
            )
    trailers = dict.fromkeys(each.trailer for each in result.breaches if each.trailer)
    if trailers:
        lines.append("what is meant is approved by its commit message, with the reason in place of the dots:")
        lines += [f"  {trailer}" for trailer in trailers]
    for name, group in (("inconclusive", result.inconclusive), ("not confirmed", result.unconfirmed)):
        lines += [
            f"{style(name, fg='yellow')} {each.task.cell} against {commit}: {_ratio(each.ratio)} after "
            f"{count(each.blocks, 'block')}"
            for commit, each in group
        ]
    for commit, refused in result.unmeasured:
        lines.append(
            f"{style('not measured', fg='yellow')} {refused.task.cell} against {commit}: {refused.after}"
        )
    if result.new:
        lines.append(f"new, nothing to compare with: {', '.join(result.new)}")
    for approval in result.approved:
        factor = f" up to {approval.factor:g} times slower" if approval.factor else " more work"
        lines.append(
            f"approved: {approval.operation}{factor} because {approval.reason} ({approval.commit[:8]})"
        )
    lines.append(_canaries(result.canaries))
    verdict, colour = {
        Exit.FINE: ("PASSED", "green"),
        Exit.FAILED: ("FAILED", "red"),
        Exit.INTERRUPTED: ("INTERRUPTED", "yellow"),
        Exit.NOTHING: ("NOT GATED", "yellow"),
    }[outcome(result)]
    against = " and ".join(str(each) for each in result.against)
    found = f"{count(len(result.breaches), 'breach', 'breaches')}; " if result.breaches else ""
    lines.append(
        f"{style(verdict, fg=colour, bold=True)}  {found}{result.passed} of {count(len(result.timed), 'cell')} "
        f"no slower than allowed, {count(len(result.counted), 'cell')} counted, against {against}, "
        f"{result.seconds:.1f} s"
    )
    return "\n".join(lines)


def _canaries(canaries: Canaries) -> str:
    from gradassay.speed.results import size
    from gradassay.speed.sequential import Finding

    if canaries.noise is None or canaries.detectable is None:
        return f"{style('speed was not gated', fg='red', bold=True)}: {canaries.trouble}"
    planted: dict[float, list[bool]] = {}
    for each in canaries.planted:
        planted.setdefault(size(each), []).append(each.finding is Finding.SLOWER)
    seen = [f"+{factor - 1:.0%} found {sum(found)} of {len(found)}" for factor, found in planted.items()]
    alarms = sum(each.finding is Finding.SLOWER for each in canaries.unchanged)
    facts = (
        f"canaries: noise ±{canaries.noise:.1%}, would detect +{canaries.detectable:.0%}; unchanged code called slower "
        f"{alarms} of {len(canaries.unchanged)}; planted {', '.join(seen)}"
    )
    if canaries.retried:
        facts += f"; {canaries.retried} tried again"
    if canaries.trouble is None:
        return facts
    return f"{facts}\n{style('speed was not gated', fg='red', bold=True)}: {canaries.trouble}"


def _slower(result: SpeedResult) -> list[str]:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("slower", style="bold red", no_wrap=True)
    for title in ("size", "before", "after", "ratio", "in a fresh process", "blocks"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("part, against")
    for each in result.breaches:
        if each.first is None or each.again is None or each.cell is None:
            continue
        first, again = each.first, each.again
        table.add_row(
            each.operation,
            "×".join(map(str, each.cell.size)),
            _time(first.before_s),
            _time(first.after_s),
            _ratio(first.ratio),
            _ratio(again.ratio),
            f"{first.blocks}+{again.blocks}",
            f"{each.cell.part}, {each.against}",
        )
    if not table.row_count:
        return []
    stream = io.StringIO()
    Console(file=stream, width=140, force_terminal=coloured(), highlight=False).print(table)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def _ratio(ratio: Ratio) -> str:
    return f"×{ratio.median:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"


def _time(seconds: float) -> str:
    value, unit = (seconds * 1e6, "µs") if seconds < 1e-3 else (seconds * 1e3, "ms")
    return f"{value:.{0 if value >= 100 else 1}f} {unit}"
