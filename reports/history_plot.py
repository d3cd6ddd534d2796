"""A history as a picture: for each operation accuracy on the left and speed on the right, commit by commit."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

from gradassay.errors import UsageError
from gradassay.vocabulary.history import AccuracySeries, History, SpeedSeries
from reports.audit_plot import COLOURS, STYLE

#: Sizes of one dtype, from the smallest: the larger, the longer the dashes.
DASHES = (":", "-.", "--", "-")

#: Beyond this many commits the axis names only some of them.
MOST_LABELS = 12


def plot(history: History) -> str:
    """SVG text; the same history gives the same text under one version of matplotlib.

    Raises UsageError where matplotlib is not installed, or where there is nothing to plot.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError("a plot needs matplotlib: pip install 'gradassay[plot]'") from error
    if not history.operations:
        raise UsageError("there is no history to plot")
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, 0.6 + 2.6 * len(history.operations)), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(len(history.operations), 2, squeeze=False)
        for (left, right), operation in zip(panels, history.operations, strict=True):
            _panel(
                left,
                f"{operation}: typical error / u",
                [series for series in history.accuracy if series.operation == operation],
                history.names,
            )
            _panel(
                right,
                f"{operation}: our time over the reference's",
                [series for series in history.speed if series.operation == operation],
                history.names,
            )
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _panel(
    axes: Any, title: str, found: Sequence[AccuracySeries] | Sequence[SpeedSeries], order: Sequence[str]
) -> None:
    """One line a series over the commits of all of them, and a thin line at each confirmed change."""
    axes.set_title(title, fontsize=9)
    if not found:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "not measured", ha="center", transform=axes.transAxes, color="#777777")
        return
    measured = {point.state.name for series in found for point in series.points}
    names = [name for name in order if name in measured]
    places = {name: place for place, name in enumerate(names)}
    sizes = sorted({series.size for series in found if isinstance(series, SpeedSeries)})
    for series in found:
        at = [places[point.state.name] for point in series.points]
        colour = COLOURS.get(series.dtype, "#333333")
        if isinstance(series, SpeedSeries):
            ratios = [point.ratio for point in series.points]
            label = f"{series.dtype} {'×'.join(map(str, series.size))} / {series.reference}"
            dashes = DASHES[sizes.index(series.size) * (len(DASHES) - 1) // max(1, len(sizes) - 1)]
            axes.plot(at, [ratio.median for ratio in ratios], dashes, marker=".", color=colour, label=label)
            axes.vlines(at, [r.low for r in ratios], [r.high for r in ratios], color=colour, linewidth=0.7)
        else:
            values = [point.typical if math.isfinite(point.typical) else math.nan for point in series.points]
            axes.plot(
                at, values, "-", marker=".", color=colour, label=f"{series.implementation} {series.dtype}"
            )
        for change in series.changes:
            if change.confirmed:
                axes.axvline(
                    places[series.points[change.index].state.name], color=colour, linewidth=0.5, zorder=0
                )
    shown = range(0, len(names), math.ceil(len(names) / MOST_LABELS))
    axes.set_xticks(shown, [names[place] for place in shown], rotation=45, ha="right", fontsize=7)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=6, loc="best")
