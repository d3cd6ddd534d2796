"""A history for a person: a block for each operation, a line for each figure, and its changes below."""

from __future__ import annotations

import math
from collections.abc import Sequence

import click

from gradassay.vocabulary.history import AccuracySeries, Change, History, SpeedSeries, interval
from reports.numbers import count, short

#: The lines of one series, and its changes.
Block = tuple[list[str], tuple[Change, ...]]

BARS = "▁▂▃▄▅▆▇█"

#: A sparkline's top is at least so many times its bottom: noise within an interval has to look flat.
LEAST_SPAN = 1.5

SPEED_NOTE = (
    "Speed: our time over that of the reference, taken in turns in one process; times of different days do not\n"
    "compare. A change is named where {runs} or more runs on either side show it, which happens without one on\n"
    "{rate:.0%} of such pages at most. Two revisions are told apart sooner by: gradassay bench --against REV"
)


def text(history: History, *, coloured: bool = False) -> str:
    """The blocks, and what was left out."""

    def styled(words: str, **how: bool | str) -> str:
        return click.style(words, **how) if coloured else words  # type: ignore[arg-type]

    lines: list[str] = []
    for operation in history.operations:
        lines.append(styled(operation, bold=True))
        for setting, blocks in _by_setting(history, operation).items():
            for heading, changes in blocks:
                lines += [f"  {line}".rstrip() for line in heading]
                lines += [f"    {styled(said(change), fg=_colour(change))}" for change in changes]
            lines.append(f"  {styled(setting, dim=True)}")
        lines.append("")
    if history.speed:
        lines.append(styled(SPEED_NOTE.format(runs=history.fewest_runs, rate=history.false_rate), dim=True))
    lines += history.notes
    return "\n".join(lines).rstrip() + "\n"


def sparkline(values: Sequence[float]) -> str:
    """One bar a value, from the least to the largest, or ``LEAST_SPAN`` times the least; ``!`` is not finite."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return "!" * len(values)
    low = min(finite)
    span = max(*finite, LEAST_SPAN * low) - low
    return "".join(
        BARS[round((value - low) / span * (len(BARS) - 1)) if span else 0] if math.isfinite(value) else "!"
        for value in values
    )


def said(change: Change) -> str:
    """A change in a sentence."""
    words = f"{', '.join(change.words)} {change.place}"
    if not change.confirmed:
        words = f"not confirmed, run gradassay bench there again: {words}"
    return f"{words}; {change.remark}" if change.remark else words


def _by_setting(history: History, operation: str) -> dict[str, list[Block]]:
    """What a figure was made with -> the blocks of all that share it."""
    found: dict[str, list[Block]] = {}
    series: tuple[AccuracySeries | SpeedSeries, ...] = (*history.accuracy, *history.speed)
    for each in series:
        if each.operation == operation:
            kind, block = (
                ("speed", _speed_block(each))
                if isinstance(each, SpeedSeries)
                else ("accuracy", _accuracy_block(each))
            )
            setting = ", ".join(f"{name} {value}" for name, value in each.setting.items())
            found.setdefault(f"({kind}: {setting}; {_span(each)})", []).append(block)
    return found


def _span(series: AccuracySeries | SpeedSeries) -> str:
    first, last = series.points[0].state.name, series.points[-1].state.name
    return f"{count(len(series.points), 'commit')}: {first if first == last else f'{first} to {last}'}"


def _accuracy_block(series: AccuracySeries) -> Block:
    figures = [
        ("typical error", [point.typical for point in series.points], " u"),
        ("worst error/budget", [point.budget_ratio for point in series.points], ""),
    ]
    told = [figure for figure in figures if not all(map(math.isnan, figure[1]))]
    named = [f"{series.implementation} {series.dtype}", ""]
    heading = [
        f"{name:24} {what:18} {sparkline(values)} {_first_to_last(list(map(short, values)))}{unit}"
        for name, (what, values, unit) in zip(named, told, strict=False)
    ]
    return heading, series.changes


def _speed_block(series: SpeedSeries) -> Block:
    ratios = [point.ratio for point in series.points]
    name = f"{series.implementation} {series.dtype} {'×'.join(map(str, series.size))}"
    bars = sparkline([ratio.median for ratio in ratios])
    told = _first_to_last(list(map(interval, ratios)))
    return [f"{name:24} {f'ratio to {series.reference}':18} {bars} {told}"], series.changes


def _first_to_last(values: Sequence[str]) -> str:
    return " → ".join(dict.fromkeys((values[0], values[-1])))


def _colour(change: Change) -> str:
    return "yellow" if change.confirmed else "cyan"
