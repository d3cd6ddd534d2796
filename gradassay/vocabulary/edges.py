"""The places where implementations part, and what everybody returns there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradassay.vocabulary.scenarios import Array, Scenario
from gradassay.vocabulary.verdicts import Verdict


@dataclass(frozen=True, eq=False)
class Edge:
    """A small input at a place where implementations part; the report says what each returns there."""

    region: str
    """The region of the operation that it belongs to."""
    title: str
    """What is special about it, in a few words: ``two equal maxima``."""
    args: tuple[Any, ...]
    """Numbers, nested lists or arrays; floating ones are taken in float64."""
    params: Mapping[str, Any] = field(default_factory=dict)
    cotangent: Any = 1.0
    """Broadcast to the primal's shape."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What the truth, or one implementation, returns at an edge."""

    source: str
    """``truth``, or the implementation's name."""
    primal: Array | None = None
    gradients: tuple[Array | None, ...] = ()
    error: str | None = None
    """What an implementation raised instead."""
    verdict: Verdict | None = None
    """None for the truth."""
    cause: str = ""


@dataclass(frozen=True, eq=False)
class EdgeRow:
    """One edge of one operation, and everybody's answer."""

    title: str
    scenario: Scenario
    answers: tuple[Answer, ...]
    """The truth first; where its gradient is a set, that is the even split."""
    others: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    """The gradients where each tie is given to its ``first`` or ``last`` winner; mixes of all are in the set."""
