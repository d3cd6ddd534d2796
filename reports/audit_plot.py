"""Sensitivity curves as a picture: the smallest error found at a glance, and below it every curve."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

from gradassay.errors import UsageError
from gradassay.vocabulary.audit import Curve, Sensitivity

#: Colours that remain apart for the colour-blind (Okabe and Ito) and on a grey print.
COLOURS = {"float64": "#0072b2", "float32": "#d55e00", "float16": "#009e73", "bfloat16": "#cc79a7"}
RIVAL_COLOUR = "#333333"
COLUMNS = 4
OURS, EVERY = "gradassay", "every entry"
#: Text stays text, ids do not depend on the run; the background is white on a dark page, too.
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gradassay",
    "font.family": "sans-serif",
    "font.size": 9,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def plot(sensitivity: Sensitivity) -> str:
    """SVG text; the same curves give the same text under one version of matplotlib.

    Raises UsageError where matplotlib is not installed, or where there are no curves.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError("a plot needs matplotlib: pip install 'gradassay[plot]'") from error
    if not sensitivity.curves:
        raise UsageError("there are no curves to plot")
    operations = tuple(dict.fromkeys(curve.operation for curve in sensitivity.curves))
    rows = math.ceil(len(operations) / COLUMNS)
    heights = [1.6 + 0.27 * len(operations), 0.5 + 1.35 * rows]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, sum(heights)), layout="constrained")
        FigureCanvasSVG(figure)
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
        _summary(above, operations, sensitivity.curves)
        _multiples(below, operations, rows, sensitivity.curves)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _summary(figure: Any, operations: Sequence[str], curves: Sequence[Curve]) -> None:
    """One line an operation: filled where every entry is off, open where one is."""
    axes = figure.subplots()
    figure.suptitle("Smallest relative error of a gradient that 100 scenarios find with probability 0.99")
    for curve in curves:
        row, filled = operations.index(curve.operation), curve.planted == EVERY
        colour = _colour(curve)
        if curve.smallest is None:
            continue
        low, high = (1.0 if end is None else end for end in curve.interval)
        axes.plot([low, high], [row, row], color=colour, linewidth=1)
        axes.plot(
            [curve.smallest], [row], linestyle="none", marker="o" if curve.checker == OURS else "D",
            markersize=6, color=colour, markerfacecolor=colour if filled else "white", zorder=3 if filled else 2,
        )  # fmt: skip
    for dtype, u in {curve.dtype: curve.u for curve in curves}.items():
        axes.axvline(u, color=COLOURS[dtype], linestyle=":", linewidth=1, zorder=1)
    axes.set_yticks(range(len(operations)), operations)
    axes.set_ylim(len(operations) - 0.4, -0.8)
    _delta_axis(axes, curves)
    axes.set_xlabel("relative error of the gradient (dotted: unit roundoff u of each dtype)")
    _legend(figure, axes, curves)


def _multiples(figure: Any, operations: Sequence[str], rows: int, curves: Sequence[Curve]) -> None:
    """One panel an operation: the probability that an error in every entry is found by 100 scenarios, and by one."""
    figure.suptitle(
        "Probability that 100 scenarios (thin: one scenario) find an error of that size in every entry"
    )
    panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, operation in zip(panels, operations, strict=False):
        axes.set_title(operation, fontsize=9)
        axes.axhline(0.99, color="#bbbbbb", linewidth=0.6, zorder=0)
        for curve in curves:
            if curve.operation == operation and curve.planted == EVERY and curve.alarms < curve.inputs:
                dashes, colour = "-" if curve.checker == OURS else "--", _colour(curve)
                alone = [hits / curve.inputs for hits in curve.hits]
                axes.plot(curve.deltas, alone, linestyle=dashes, linewidth=0.7, alpha=0.6, color=colour)
                axes.plot(curve.deltas, curve.probabilities, linestyle=dashes, linewidth=1.5, color=colour)
        axes.set_ylim(-0.03, 1.05)
        _delta_axis(axes, curves)
    figure.supxlabel("relative error of the gradient", fontsize=9)
    for axes in panels[len(operations) :]:
        axes.set_visible(False)


def _delta_axis(axes: Any, curves: Sequence[Curve]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(min(curve.u for curve in curves) / 8, 2)
    axes.minorticks_off()


def _legend(figure: Any, axes: Any, curves: Sequence[Curve]) -> None:
    named = {_name(curve): curve for curve in curves if curve.smallest is not None}
    for name, curve in named.items():
        marker = "o" if curve.checker == OURS else "D"
        axes.plot([], [], linestyle="none", marker=marker, color=_colour(curve), label=name)
    axes.plot([], [], linestyle="none", marker="o", color="#777777", label="in every entry")
    axes.plot(
        [], [], linestyle="none", marker="o", color="#777777", markerfacecolor="white", label="in one entry"
    )
    figure.legend(loc="outside lower center", ncols=4)


def _name(curve: Curve) -> str:
    return curve.dtype if curve.checker == OURS else f"{curve.checker}, {curve.dtype}"


def _colour(curve: Curve) -> str:
    return COLOURS[curve.dtype] if curve.checker == OURS else RIVAL_COLOUR
