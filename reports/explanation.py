"""The explanation for a terminal: each discrepancy with its cause, its smallest example, and everybody's answer."""

from __future__ import annotations

from typing import TextIO

import numpy as np
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradassay.vocabulary import Answer, Discrepancy, Example, Run, Verdict
from reports.edges import returned
from reports.numbers import short
from reports.showing import reasons, show_entry
from reports.snippets import snippet
from reports.summary import Group, Summary
from reports.terminal import heading, on_canvas

#: Arrays up to here are shown whole; of larger ones the entry that gives the discrepancy away.
ENTRIES = 8


class ExplanationReporter:
    """Readable at 80 columns; colours where the stream is a terminal and NO_COLOR is not set."""

    name = "explanation"
    filename = None

    def write(self, run: Run, stream: TextIO) -> None:
        """Write each discrepancy of ``run``, the worst first."""
        summary = Summary(run)
        with on_canvas(stream) as console:
            for group in summary.groups:
                _discrepancy(console, group, run.environment.get("rule"))
            for row in run.rows:
                for remark in row.remarks:
                    console.print(Text(f"{row.implementation} in {row.dtype}: {remark}", style="dim"))
            style = "bold green" if run.ok and not run.interrupted else "bold red"
            console.print(Text.assemble((summary.word, style), f"  {summary.headline}"))


def _discrepancy(console: Console, group: Group, rule: str | None) -> None:
    found = group.first
    code = snippet(found.example, group.operation, group.implementation, rule)
    console.print(heading(group))
    lines = [Text(found.message)]
    lines += [Text(line) for line in reasons(found)]
    console.print(Padding(Text("\n").join(lines), (0, 0, 0, 2), expand=False))
    console.print(Padding(Text(code.rstrip(), style="cyan"), (0, 0, 0, 2), expand=False))
    entry = show_entry(found.example)
    if entry:
        console.print(Padding(Text(f"at {entry}"), (0, 0, 0, 2), expand=False))
    if found.beside is not None:
        console.print(Padding(_answers(found), (0, 0, 0, 2), expand=False))
    console.print(Padding(Text(found.reproduce, style="dim"), (0, 0, 1, 2), expand=False))


def _answers(found: Discrepancy) -> Table:
    """Truth and every implementation, side by side."""
    assert found.beside is not None
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("", "returns", "error/budget", "verdict"):
        table.add_column(title, no_wrap=title != "returns", justify="left", overflow="fold")
    for answer in found.beside.answers:
        verdict = "" if answer.verdict is None else answer.verdict.value
        cause = f": {answer.cause}" if answer.cause else ""
        style = "yellow" if answer.verdict is not None and answer.verdict.fails else ""
        table.add_row(
            Text(answer.source, style="bold" if answer.source == "truth" else ""),
            Text(_value(answer, found.example)),
            Text(_ratio(answer, found.example)),
            Text(f"{verdict}{cause}", style=style),
        )
    return table


def _value(answer: Answer, example: Example) -> str:
    arrays = [array for array in (answer.primal, *answer.gradients) if array is not None]
    if answer.error or sum(array.size for array in arrays) <= ENTRIES:
        return returned(answer)
    got = _entry(answer, example)
    return "…" if got is None else short(got, 6)


def _ratio(answer: Answer, example: Example) -> str:
    got = _entry(answer, example)
    if got is None or example.expected is None or not example.budget or answer.verdict is None:
        return ""
    if answer.verdict is Verdict.UNDEFINED or not np.isfinite(got - example.expected):
        return ""
    return short(abs(got - example.expected) / example.budget, 2)


def _entry(answer: Answer, example: Example) -> float | None:
    """What an answer has at the entry that gives the discrepancy away."""
    if example.index is None:
        return None
    names = [
        "y",
        *(f"x_bar[{i}]" if len(answer.gradients) > 1 else "x_bar" for i in range(len(answer.gradients))),
    ]
    array = dict(zip(names, (answer.primal, *answer.gradients), strict=True)).get(example.path)
    if array is None or array.ndim != len(example.index):
        return None
    return (
        float(array[example.index])
        if all(i < n for i, n in zip(example.index, array.shape, strict=True))
        else None
    )
