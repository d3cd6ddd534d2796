"""What the weights of ties are called: a choice where they are valid, and what is the matter with them where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from gradassay.vocabulary import Array, Verdict, Winners

BETWEEN = "tie: between the winners"
ONE_EACH = "tie: all to one winner"
FULL = "weights sum to k"
NOTHING = "weights sum to 0"
BELOW = "a weight below 0"
OTHER_SUM = "weights do not sum to 1"
OUTSIDE_UNIT = "weight outside 0 to 1"
#: What explains nothing more than that it is none of the winners' mixes.
OUTSIDE = "outside what the winners of a tie allow"

#: Why nothing is concluded where more precision would tell.
EDGE = "at the edge of the budget"

_FRACTIONS = {2: "½ and ½", 3: "⅓ each", 4: "¼ each"}
#: So many weights are written out.
_SHOWN = 4


class Told(NamedTuple):
    """What is to be thought of a gradient at a tie."""

    verdict: Verdict
    cause: str
    weights: str = ""
    """Those that were found, for the sentence."""


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights that were found for the contenders of ties."""

    of: Array
    """For each contender, the number of its tie."""
    values: Array
    slack: Array
    """By how much rounding may have moved each, and the sum of its tie."""
    constant: Array
    """For each contender, whether its tie is with a constant: then it is the only one, with a weight from 0 to 1."""

    @classmethod
    def join(cls, parts: Sequence[Weights]) -> Weights:
        """The weights of several arrays; the numbers of their ties have to differ."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def ties(self) -> list[Weights]:
        """Tie by tie, those with something to hand out."""
        order = np.argsort(self.of, kind="stable")
        ends = np.flatnonzero(np.diff(self.of[order])) + 1
        parts = [
            Weights(*(x[part] for x in (self.of, self.values, self.slack, self.constant)))
            for part in np.split(order, ends)
        ]
        return [part for part in parts if len(part.of) and np.isfinite(part.values).all()]

    @property
    def fault(self) -> str:
        """What is the matter with one tie's weights; empty where they are valid."""
        w, slack = self.values, self.slack.max()
        if self.constant.any():
            return "" if np.all((w >= -slack) & (w <= 1 + slack)) else OUTSIDE_UNIT
        if np.all(w >= -slack) and abs(w.sum() - 1) <= slack:
            return ""
        if np.all(np.abs(w - 1) <= slack):
            return FULL
        # The slack is that of the sum; each of its k weights has a part of it, and small weights are not none.
        if np.all(np.abs(w) <= slack / len(w)):
            return NOTHING
        return BELOW if np.any(w < -slack) else OTHER_SUM

    @property
    def single(self) -> bool:
        """Whether one winner of the tie gets everything."""
        return bool(np.all((np.abs(self.values) <= self.slack) | (np.abs(self.values - 1) <= self.slack)))


def fault_of(weights: Weights) -> tuple[str, str]:
    """Cause and words for what is the matter with the weights of some tie."""
    faults = [(tie.fault, tie) for tie in weights.ties() if tie.fault]
    kinds = {fault for fault, _ in faults}
    if not kinds:
        return OUTSIDE, ""
    if len(kinds) > 1:
        kinds -= {OUTSIDE_UNIT}
    cause = kinds.pop() if len(kinds) == 1 else BELOW if BELOW in kinds else OTHER_SUM
    tie = next((tie for fault, tie in faults if fault == cause), faults[0][1])
    if cause == OUTSIDE_UNIT:
        return cause, f"weight {_number(tie.values[0])} where the other side of the tie is a constant"
    if cause in (FULL, NOTHING):
        k = len(tie.values)
        return cause, f"the weights of {k} winners sum to {k if cause == FULL else 0}"
    return cause, f"{listed(tie.values)} sum to {_number(tie.values.sum())}"


def choice_of(weights: Weights) -> tuple[str, str]:
    """Cause and words for valid weights."""
    ties = weights.ties()
    if all(tie.single for tie in ties):
        return ONE_EACH, ""
    shown = next(tie for tie in ties if not tie.single)
    return BETWEEN, listed(shown.values)


def even_words(winners: Winners) -> str:
    """How the weights of an even split are written."""
    sizes = set(np.bincount(winners.ties).tolist())
    if len(sizes) > 1:
        return "the same weight for each winner of a tie"
    (k,) = sizes
    return _FRACTIONS.get(k, f"1/{k} each")


def listed(values: Sequence[float] | Array) -> str:
    """``weights 0.25 and 0.75``."""
    if len(values) == 1:
        return f"weight {_number(values[0])}"
    numbers = [_number(value) for value in values[:_SHOWN]]
    if len(values) > _SHOWN:
        return f"weights {', '.join(numbers)}, ..."
    return f"weights {', '.join(numbers[:-1])} and {numbers[-1]}"


def _number(value: float) -> str:
    return f"{round(float(value), 4) + 0.0:g}"
