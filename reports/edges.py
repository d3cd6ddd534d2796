"""The edges in words: who returns what at a kink, a bound or an infinity, those of one answer together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradassay.vocabulary import Answer, Array, EdgeRow
from reports.numbers import short
from reports.showing import show_value


@dataclass(frozen=True)
class EdgeLine:
    """One edge, ready to be laid out."""

    operation: str
    region: str
    title: str
    given: str
    """The arguments and parameters."""
    truth: str
    said: dict[str, tuple[str, ...]]
    """Answer -> who returns it, in the order of the run."""
    failing: frozenset[str]
    """The answers that fail."""


def edge_line(row: EdgeRow) -> EdgeLine:
    """The texts of one edge."""
    scenario = row.scenario
    given = ", ".join(map(_text, scenario.args))
    given += "".join(f", {name}={show_value(value)}" for name, value in scenario.params.items())
    if not np.all(scenario.cotangent == 1):
        given += f", ȳ={_text(scenario.cotangent)}"
    truth, *answers = row.answers
    said: dict[str, tuple[str, ...]] = {}
    for answer in answers:
        said[returned(answer)] = (*said.get(returned(answer), ()), answer.source)
    return EdgeLine(
        scenario.operation,
        scenario.region,
        row.title,
        given,
        _set(returned(truth), row.others),
        said,
        frozenset(returned(answer) for answer in answers if answer.verdict and answer.verdict.fails),
    )


def returned(answer: Answer) -> str:
    """``3 → [0 0.5 0.5]``: primal and gradients, or the kind of error."""
    if answer.error:
        return answer.error.split(":")[0]
    gradients = ", ".join(map(_unsigned, answer.gradients))
    return f"{_unsigned(answer.primal)} → {gradients}" if gradients else _unsigned(answer.primal)


def _set(truth: str, others: Mapping[str, tuple[Array, ...]]) -> str:
    """The even split, and what a tie gives when its first or last winner takes it."""
    winners = [f"{winner} {', '.join(map(_unsigned, x_bars))}" for winner, x_bars in others.items()]
    return f"{truth} (tie to the {' or the '.join(winners)}, or a mix)" if winners else truth


def _unsigned(array: Any) -> str:
    """An answer; zeros of both signs are one answer."""
    return "None" if array is None else _text(np.asarray(array) + 0)


def _text(array: Any) -> str:
    return _nested(np.asarray(array).tolist())


def _nested(value: Any) -> str:
    return f"[{' '.join(map(_nested, value))}]" if isinstance(value, list) else short(value, 4)
