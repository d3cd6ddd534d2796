"""What a condition is: a fact that holds for a scenario or does not, or a number above or below a threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradassay.why.conditions.view import View


@dataclass(frozen=True)
class Fact:
    """A condition that a scenario meets or not."""

    words: str
    holds: Callable[[View], bool]
    otherwise: str = ""
    """Its negation in words, where a person would name that as a cause; empty where not."""


@dataclass(frozen=True)
class Quantity:
    """A number of a scenario; the condition is that it lies above a threshold, or below one."""

    words: str
    value: Callable[[View], float]
    """NaN where the scenario has no such number; it is then neither above nor below."""
    above: bool = True
    """Whether a large value may be a cause."""
    below: bool = True
    """Whether a small value may be a cause."""
