"""What the speed gate found, for a person."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table

from gradassay.cli.app import Exit
from gradassay.cli.output import coloured, style
from gradassay.speed import approvals
from gradassay.speed.cells import Refused, Trouble
from gradassay.speed.repository import Commit
from gradassay.speed.results import Canaries, SpeedResult, size
from gradassay.speed.sequential import Finding
from gradassay.vocabulary.bench import Ratio
from reports.numbers import count

#: Kind of approval without a factor -> what it approves.
WORDS = {approvals.MORE_WORK: "more work", approvals.GONE: "gone, or with another signature"}


def text(result: SpeedResult, code: Exit) -> str:
    """Breaches first, then what was not decided, then what the gate could see."""
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
    lines += dict.fromkeys(_unmeasured(commit, refused) for commit, refused in result.unmeasured)
    if result.new:
        lines.append(f"new, nothing to compare with: {', '.join(result.new)}")
    for approval in result.approved:
        factor = f" up to {approval.factor:g} times slower" if approval.factor else f" {WORDS[approval.kind]}"
        lines.append(
            f"approved: {approval.operation}{factor} because {approval.reason} ({approval.commit[:8]})"
        )
    lines += [f"{style('note', fg='yellow')} {each}" for each in result.notes]
    lines.append(_canaries(result.canaries))
    verdict, colour = {
        Exit.FINE: ("PASSED", "green"),
        Exit.FAILED: ("FAILED", "red"),
        Exit.INTERRUPTED: ("INTERRUPTED", "yellow"),
        Exit.NOTHING: ("NOT GATED", "yellow"),
    }[code]
    against = " and ".join(str(each) for each in result.against)
    found = f"{count(len(result.breaches), 'breach', 'breaches')}; " if result.breaches else ""
    lines.append(
        f"{style(verdict, fg=colour, bold=True)}  {found}{result.passed} of {count(len(result.timed), 'cell')} "
        f"no slower than allowed, {count(len(result.counted), 'cell')} counted, against {against}, "
        f"{result.seconds:.1f} s"
    )
    return "\n".join(lines)


def _unmeasured(commit: Commit, refused: Refused) -> str:
    """Once for all parts and dtypes of one size that fare alike."""
    cell = refused.task.cell
    if refused.mended:
        what = f"nothing to compare with, {refused.trouble}:"
    else:
        what = "not measured" if refused.trouble is Trouble.RAISES else refused.trouble.value
    return (
        f"{style(what, fg='yellow')} {cell.operation} {cell.size[0]}×{cell.size[1]} against {commit}: "
        f"{refused.after or refused.before}"
    )


def _canaries(canaries: Canaries) -> str:
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
