"""Time against size: one panel an operation, one line an implementation, and the copy limit below them."""

from __future__ import annotations

import io
import math
from importlib.util import find_spec
from typing import Any

from gradassay.errors import UsageError
from gradassay.vocabulary.bench import OURS, BenchResult, BenchRow
from reports.audit_plot import STYLE
from reports.bench_figures import operations, others

#: Colours that remain apart for the colour-blind (Okabe and Ito), and marks that do on a grey print.
LOOKS = {
    OURS: ("#000000", "o"),
    "torch": ("#d55e00", "s"),
    "tensorflow": ("#0072b2", "^"),
    "tensorflow.function": ("#56b4e9", "v"),
    "jax": ("#009e73", "D"),
}
COPY_LIMIT, COPY_COLOUR = "copy limit", "#999999"
COLUMNS = 4


def check() -> None:
    """UsageError where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise UsageError("a plot needs matplotlib: pip install 'gradassay[plot]'")


def plot(result: BenchResult) -> str:
    """SVG text; the same result gives the same text under one version of matplotlib.

    Raises UsageError where matplotlib is not installed, or where there are no rows.
    """
    check()
    if not result.rows:
        raise UsageError("there are no rows to plot")
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    names = operations(result)
    columns = min(COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1 + 2.4 * max(columns, 3), 1.1 + 1.6 * rows), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, name in zip(panels, names, strict=False):
            axes.set_title(name, fontsize=9)
            _panel(axes, [row for row in result.rows if row.operation == name])
        for axes in panels[len(names) :]:
            axes.set_visible(False)
        figure.suptitle(
            f"Seconds of forward and pullback against entries, {result.environment['dtype']}", fontsize=9
        )
        _legend(figure, result)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _panel(axes: Any, rows: list[BenchRow]) -> None:
    rows = sorted(rows, key=lambda row: row.entries)
    copies = [(row.entries, row.copy_s) for row in rows]
    axes.plot(*zip(*copies, strict=True), color=COPY_COLOUR, linestyle="--", linewidth=1, zorder=1)
    for who, (colour, mark) in LOOKS.items():
        points = [(row.entries, row.seconds[who].total_s) for row in rows if who in row.seconds]
        if points:
            axes.plot(
                *zip(*points, strict=True), color=colour, marker=mark, markersize=3, linewidth=1.2,
                zorder=3 if who == OURS else 2,
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.minorticks_off()
    axes.grid(color="#eeeeee", linewidth=0.6)


def _legend(figure: Any, result: BenchResult) -> None:
    present = [who for who in (OURS, *others(result)) if any(who in row.seconds for row in result.rows)]
    axes = figure.axes[0]
    handles = [
        axes.plot([], [], color=LOOKS[who][0], marker=LOOKS[who][1], markersize=4, label=who)[0]
        for who in present
    ]
    handles += axes.plot([], [], color=COPY_COLOUR, linestyle="--", label=COPY_LIMIT)
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
