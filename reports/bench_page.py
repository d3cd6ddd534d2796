"""A bench as a page: ours against each other implementation, then times, memory and the copy limit of all."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from gradassay.errors import UsageError
from gradassay.vocabulary.bench import OURS, BenchResult, BenchRow, Timing
from reports.bench_figures import (
    TOO_SLOW,
    conditions,
    duration,
    failures,
    interval,
    memory,
    operations,
    others,
    share,
    size,
    sizes,
    standing,
    times,
)
from reports.marking import bullets, code, escape, table

BEGIN, END = "<!-- begin: gradassay bench -->", "<!-- end: gradassay bench -->"


def page(result: BenchResult, plot: str | None = "scaling.svg") -> str:
    """The whole report; ``plot`` is the picture beside it, if there is one."""
    return "# How fast the rules are\n\n" + body(result, plot)


def replaced(text: str, result: BenchResult, plot: str | None) -> str:
    """``text`` with what stands between the marks written anew; UsageError where they are not there once each."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise UsageError(f"the page has to have one line {BEGIN!r} and after it one {END!r}")
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{body(result, plot)}\n{END}{rest.partition(END)[2]}"


def body(result: BenchResult, plot: str | None) -> str:
    """All but the title."""
    return "\n".join(_lines(result, plot)).rstrip() + "\n"


def _lines(result: BenchResult, plot: str | None) -> Iterator[str]:
    if result.interrupted:
        yield "**Interrupted:** this is what was measured so far.\n"
    yield from _standings(result)
    yield from bullets(f"Not timed: {code(name)}: {escape(why)}" for name, why in result.missing.items())
    yield from bullets(map(escape, failures(result)))
    if plot is not None and result.rows:
        yield f"![time against the number of entries, an operation a panel]({plot})\n"
    for other in others(result):
        yield f"## Our time over that of {code(other)}\n"
        yield "Forward and pullback, the interval of that, and behind it the forward alone.\n"
        yield from table(
            ["operation", *sizes(result)],
            [
                [code(operation), *(_ratio(_row(result, operation, at), other) for at in sizes(result))]
                for operation in operations(result)
            ],
        )
    for at in sizes(result):
        yield f"## {at}\n"
        yield "Forward and pullback; MiB at the peak beyond the arguments; share of the copy limit.\n"
        yield from _everything(result, at)
    yield "## Environment\n"
    yield from bullets(map(escape, conditions(result)))
    shown = {key: value for key, value in result.environment.items() if not isinstance(value, dict)}
    yield ", ".join(f"{name} {code(str(value))}" for name, value in shown.items() if value is not None)


def _standings(result: BenchResult) -> Iterator[str]:
    """How often we are proven quicker or slower, and where we are too slow."""
    header = ["our time over that of", *sizes(result)]
    rows = []
    for other in others(result):
        cells = []
        for at in sizes(result):
            found = [row.ratios[other] for row in result.rows if size(row) == at and other in row.ratios]
            counts = [standing(ratio) for ratio in found]
            slower = counts.count("slower") + counts.count("too slow")
            middle = times(median(ratio.median for ratio in found)) if found else "-"
            cells.append(f"{middle} ({counts.count('quicker')} quicker, {slower} slower of {len(found)})")
        rows.append([code(other), *cells])
    if rows:
        yield "The median over the operations, and how many are proven quicker or slower by their interval:\n"
        yield from table(header, rows)
    for other in others(result):
        slow = [
            f"{code(row.operation)} at {size(row)} ({times(row.ratios[other].median)})"
            for row in result.rows
            if other in row.ratios and standing(row.ratios[other]) == "too slow"
        ]
        yield f"Proven slower than {code(other)} by more than {TOO_SLOW:g}: {', '.join(slow) or 'none'}.\n"


def _everything(result: BenchResult, at: str) -> Iterator[str]:
    names = [OURS, *others(result)]
    rows = [row for row in result.rows if size(row) == at]
    yield from table(
        ["operation", *map(code, names)],
        [[code(row.operation), *(_timing(row.seconds.get(name)) for name in names)] for row in rows],
    )


def _timing(timing: Timing | None) -> str:
    if timing is None:
        return ""
    return f"{duration(timing.total_s)}; {escape(memory(timing.peak_bytes))}; {escape(share(timing.of_copy))}"


def _row(result: BenchResult, operation: str, at: str) -> BenchRow | None:
    return next((row for row in result.rows if (row.operation, size(row)) == (operation, at)), None)


def _ratio(row: BenchRow | None, other: str) -> str:
    if row is None or other not in row.ratios:
        return ""
    ratio = row.ratios[other]
    middle = f"**{times(ratio.median)}**" if standing(ratio) == "too slow" else times(ratio.median)
    return _unmarked(f"{middle} [{interval(ratio)}], {times(row.forward_ratios[other].median)}")


def _unmarked(cell: str) -> str:
    """``<`` alone; the stars are meant."""
    return cell.replace("<", "&lt;")
